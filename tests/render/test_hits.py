"""A hit's place and what it is about, as every screen shows them."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, Group

from bienc_cli.render import hits as hit_
from bienc_cli.store import StoredPassage
from bienc_cli.types import Passage, Place


def stored(
    place: Place,
    doc_id: str = "deep/a.md",
    path: str = "docs/deep/a.md",
    heading: tuple[str, ...] = (),
    title: str | None = None,
) -> StoredPassage:
    return StoredPassage(1, 1, Passage(doc_id, 0, 0, 1, "x", place, heading), path, title, "text")


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Place("line", 13, 20), "docs/deep/a.md:13"),
        (Place("page", 3, 3), "docs/deep/a.md p.3"),
        (Place("slide", 4, 4), "docs/deep/a.md slide 4"),
        (Place("row", 12, 20, "Sheet1"), "docs/deep/a.md Sheet1!12"),
        (Place("row", 12, 20, "Bob's costs"), "docs/deep/a.md 'Bob''s costs'!12"),
        (Place("row", 12, 12, "2024"), "docs/deep/a.md '2024'!12"),
        (Place("row", 12, 20), "docs/deep/a.md row 12"),
        (Place("cell", 5, 7), "docs/deep/a.md cell 5"),
        (Place("heading", name="How to: 3 steps"), "docs/deep/a.md#How to: 3 steps"),
        (Place("file"), "docs/deep/a.md"),
    ],
)
def test_a_place_is_cited_by_what_its_file_has(place: Place, shown: str) -> None:
    assert hit_.location(stored(place)) == shown
    assert hit_.short_location(stored(place)) == shown.removeprefix("docs/")


@pytest.mark.parametrize(
    ("doc_id", "path", "long", "short"),
    [
        ("d42", "c.jsonl", "c.jsonl:7 (d42)", "d42 (line 7)"),
        # Without an id of its own it is called by its line, which is said once.
        ("sub/c.jsonl#7", "sub/c.jsonl", "sub/c.jsonl:7", "sub/c.jsonl#7"),
        ("a#7", "c.jsonl", "c.jsonl:7 (a#7)", "a#7 (line 7)"),
    ],
)
def test_a_record_is_cited_by_its_line_and_its_id(
    doc_id: str, path: str, long: str, short: str
) -> None:
    record = stored(Place("line", 7, 7), doc_id, path)
    assert hit_.location(record) == long
    assert hit_.short_location(record) == short


@pytest.mark.parametrize(
    ("doc_id", "place", "shown"),
    [
        ("in/a.eml", Place("heading", name="Lock"), "docs/in/a.eml#Lock"),
        ("in/a.eml/r.pdf", Place("page", 2, 2), "docs/in/a.eml/r.pdf p.2"),
        ("in/a.eml/a.eml/b.txt", Place("line", 3, 3), "docs/in/a.eml/a.eml/b.txt:3"),
    ],
)
def test_a_file_in_a_file_is_cited_by_both(doc_id: str, place: Place, shown: str) -> None:
    inner = stored(place, doc_id, "docs/in/a.eml")
    assert hit_.location(inner) == shown
    assert hit_.short_location(inner) == shown.removeprefix("docs/")


def test_a_message_is_cited_by_its_line_in_the_mailbox() -> None:
    message = stored(Place("line", 40, 40), "in/box.mbox#2", "docs/in/box.mbox")
    assert hit_.location(message) == "docs/in/box.mbox:40 (in/box.mbox#2)"
    assert hit_.short_location(message) == "in/box.mbox#2 (line 40)"


@pytest.mark.parametrize(
    ("title", "heading", "shown"),
    [
        (None, (), ""),
        ("Guide", (), "Guide"),
        ("Guide", ("Set up",), "Guide > Set up"),
        ("Guide", ("Guide", "Set up"), "Guide > Set up"),
        ("GUIDE", ("Guide!", "Set up"), "GUIDE > Set up"),
        (
            "git-stash(1)",
            ("git-stash(1) Manual Page", "OPTIONS"),
            "git-stash(1) Manual Page > OPTIONS",
        ),
        ("Tasks — Python 3.12", ("Tasks", "Groups"), "Tasks — Python 3.12 > Groups"),
        ("Python 3.12 | Tasks", ("Tasks", "Groups"), "Python 3.12 | Tasks > Groups"),
        ("Tasks - The Manual", ("The Manual", "Tasks", "Groups"), "Tasks - The Manual > Groups"),
        (None, ("Install", "Install on Linux"), "Install on Linux"),
        (None, ("Install", "On Linux", "Install"), "Install > On Linux"),
        # A part of another's words is none of its repetitions.
        ("Options of stash", ("Options of", "Use"), "Options of stash > Use"),
        (None, ("Guide to pears", "Guide"), "Guide to pears > Guide"),
        ("Pears", ("Pear", "Pearson"), "Pears > Pear > Pearson"),
        ("§", ("¶", "§", "–"), "§ > ¶ > –"),
    ],
)
def test_a_trail_says_nothing_twice(
    title: str | None, heading: tuple[str, ...], shown: str
) -> None:
    assert hit_.heading(stored(Place("file"), heading=heading, title=title)) == shown


def test_what_the_place_has_named_is_shown_once() -> None:
    use, sheet = Place("heading", name="Use"), Place("row", 2, 9, "Costs")
    for place, heading, shown in [
        (use, ("Guide", "Use"), ["a#Use", "Guide"]),
        (use, ("Use",), ["a#Use"]),
        (sheet, ("Costs", "Name, Fee"), ["a Costs!2", "Name, Fee"]),
        (Place("line", 1, 1), ("Costs",), ["a:1", "Costs"]),
    ]:
        found = stored(place, "a", "a", heading)
        stream = io.StringIO()
        console = Console(file=stream, width=60, color_system=None)
        console.print(Group(*hit_.place_and_heading(found, hit_.location(found))))
        assert stream.getvalue().splitlines() == shown
