"""Judgments in every form, and what an index makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bienc_cli.citations import citation
from bienc_cli.errors import UsageError
from bienc_cli.evaluation.qrels import (
    Item,
    JudgedIndex,
    Qrels,
    Unit,
    best_first,
    item_of,
    judged_in,
    read_qrels,
)
from bienc_cli.store import StoredPassage
from bienc_cli.types import Passage, Place


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "qrels"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


A, B = Item("a.md"), Item("my notes/b.md")
PAGES = Item("r.pdf", Place("page", 3, 3)), Item("r.pdf", Place("page", 7, 7))
LINES = Item("a.md", Place("line", 3, 9)), Item("a.md", Place("line", 12, 12))


@pytest.mark.parametrize(
    ("content", "unit", "expected"),
    [
        (
            "query-id\tcorpus-id\tscore\nq1\ta.md\t2\nq1\tmy notes/b.md\t0\nq2\ta.md\t1\n",
            Unit.DOCUMENT,
            {"q1": {A: 2, B: 0}, "q2": {A: 1}},
        ),
        (
            "\ufeffquery-id\tcorpus-id\tscore\r\nq1\ta.md\t2\r\n",
            Unit.DOCUMENT,
            {"q1": {A: 2}},
        ),
        (
            "qid\tdoc_id\tpage\tscore\nq1\tr.pdf\t3\t1\nq1\tr.pdf\t7\t2\n",
            Unit.PAGE,
            {"q1": {PAGES[0]: 1, PAGES[1]: 2}},
        ),
        (
            "query-id\tcorpus-id\tscore\tpage\nq1\ta.md\t1\t\n",
            Unit.DOCUMENT,
            {"q1": {A: 1}},
        ),
        (
            "q1 0 a.md 2\nq1 Q0 my notes/b.md 0\n\nq2\t0\ta.md\t1\n",
            Unit.DOCUMENT,
            {"q1": {A: 2, B: 0}, "q2": {A: 1}},
        ),
        ("q1 0 two  blanks.md 1\n", Unit.DOCUMENT, {"q1": {Item("two  blanks.md"): 1}}),
        ("q1 0 a.md:3-9 1\nq1 0 a.md:12-12 2\n", Unit.LINES, {"q1": {LINES[0]: 1, LINES[1]: 2}}),
        ("q1 0 r.pdf#page=3 1\n", Unit.PAGE, {"q1": {PAGES[0]: 1}}),
        (
            '{"query_id": "q1", "doc_id": "a.md", "relevance": 2}\n'
            '{"_id": 7, "corpus_id": "a.md"}\n',
            Unit.DOCUMENT,
            {"q1": {A: 2}, "7": {A: 1}},
        ),
        (
            '{"query_id": "q1", "doc_id": "r.pdf", "page": 3, "score": 1}\n',
            Unit.PAGE,
            {"q1": {PAGES[0]: 1}},
        ),
        (
            '{"query_id": "q1", "doc_id": "a.md", "lines": [3, 9]}\n',
            Unit.LINES,
            {"q1": {LINES[0]: 1}},
        ),
        (
            '{"query_id": "q1", "doc_id": "w.docx", "heading": "How to: 3 steps"}\n',
            Unit.HEADING,
            {"q1": {Item("w.docx", Place("heading", name="How to: 3 steps")): 1}},
        ),
        (
            "q1 0 r.pdf p.3 1\nq1 0 r.pdf#page=7 2\n",
            Unit.PAGE,
            {"q1": {PAGES[0]: 1, PAGES[1]: 2}},
        ),
        (
            "q1 0 my talk.pptx slide 4 1\n",
            Unit.SLIDE,
            {"q1": {Item("my talk.pptx", Place("slide", 4, 4)): 1}},
        ),
        ("q1 0 a.md 1\nq1 0 a.md 2\n", Unit.DOCUMENT, {"q1": {A: 2}}),
        ("q1 0 a.md 2.0\nq1 0 my notes/b.md -1.\n", Unit.DOCUMENT, {"q1": {A: 2, B: -1}}),
        ("query-id\tcorpus-id\tscore\nq1\ta.md\t1.00\n", Unit.DOCUMENT, {"q1": {A: 1}}),
        (
            '{"query_id": null, "_id": "q1", "doc_id": null, "corpus_id": "a.md", "score": 2.0}\n',
            Unit.DOCUMENT,
            {"q1": {A: 2}},
        ),
    ],
)
def test_every_form_is_read(
    tmp_path: Path, content: str, unit: Unit, expected: dict[str, dict[Item, int]]
) -> None:
    assert read_qrels(written(tmp_path, content)) == Qrels(unit, expected)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "There is no judgment"),
        ("query-id\tcorpus-id\tscore\n", "There is no judgment"),
        ("q1 0 a.md 1\nq1 0 a.md\n", "Line 2 of .* is not a judgment"),
        ("q1 0 a.md 1\nq1 0 b.md high\n", "Line 2 of .* is not a judgment"),
        ("q1 0 a.md 0.5\n", "Line 1 of .* the grade '0.5', which is not a whole number"),
        ("q1 0 a.md 1.00000000000000000000001\n", "Line 1 of .* the grade"),
        ("q1 0 a.md 9999999999999999999999\n", "Line 1 of .* the grade"),
        ("q1 0 a.md nan\n", "Line 1 of .* the grade 'nan'"),
        ('{"query_id": "q1", "doc_id": "a.md", "relevance": Infinity}\n', "Line 1 of .* 'inf'"),
        ('{"query_id": "q1", "doc_id": "a.md", "relevance": true}\n', "Line 1 of .* is not a"),
        ('{"query_id": null, "doc_id": "a.md", "relevance": 1}\n', "Line 1 of .* is not a"),
        ("query-id\tcorpus-id\tscore\nq1\ta.md\n", "Line 2 of .* is not a judgment"),
        ("query-id\tcorpus-id\tscore\n\nq1\t\t1\n", "Line 3 of .* is not a judgment"),
        ("query-id\tscore\nq1\t1\n", "Line 2 of .* is not a judgment"),
        ("query-id\tcorpus-id\tscore\tpage\nq1\ta.md\t1\tiv\n", "Line 2 of .* is not a judgment"),
        ("{broken\n", "Line 1 of .* is not valid JSON"),
        ('{"query_id": "q1"}\n', "Line 1 of .* is not a judgment"),
        ('{"doc_id": "a.md"}\n', "Line 1 of .* is not a judgment"),
        ('{"query_id": "q1", "doc_id": "a.md", "relevance": null}\n', "Line 1 of .* is not a"),
        ("q1 0 a.md 1\nq1 0 a.md:1-2 1\n", "judges document and lines"),
        ("q1 0 a.md#page=1 1\nq2 0 a.md 1\n", "judges document and page"),
        (b"q1 0 caf\xe9 1\n", "is not UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        read_qrels(written(tmp_path, content))


OTHERS = (
    Item("t.pptx", Place("slide", 4, 4)),
    Item("my sheets.xlsx", Place("row", 12, 20, "Costs of 2024")),
    Item("b.xlsx", Place("row", 12, 12, "Bob's")),
    Item("b.xlsx", Place("row", 3, 3)),
    Item("n.ipynb", Place("cell", 5, 6)),
    Item("w.docx", Place("heading", name="How to: 3 steps")),
)


@pytest.mark.parametrize("item", [A, B, *PAGES, *LINES, *OTHERS])
def test_an_item_is_written_as_it_is_read(item: Item) -> None:
    assert item_of(str(item)) == item
    # TREC's columns end at a blank: an item has none but its document's and its name's.
    assert str(item).count(" ") == (item.document + item.place.name).count(" ")


@pytest.mark.parametrize("item", [A, B, *PAGES, *LINES, *OTHERS[:-1]])
def test_what_is_cited_can_be_judged(item: Item) -> None:
    assert item_of(citation(item.document, item.place, whole=True)) == item


@pytest.mark.parametrize(
    "name",
    ["PMID:123", "records.jsonl#4", "v1.0 p", "a#page=iv", "x row", "Chapter 4", "a.md:3", "1-2"],
)
def test_what_only_looks_like_a_place_is_a_document(name: str) -> None:
    assert item_of(name) == Item(name)


# ---------------------------------------------------------------- in an index


DOCUMENTS = [
    ("a.md", "docs/a.md"),
    ("x", "notes/records.jsonl"),
    ("y", "notes/records.jsonl"),
    ("same.md", "one/same.md"),
    ("same.md", "two/same.md"),
]


def known(unit: Unit, *documents: str) -> JudgedIndex:
    return judged_in(Qrels(unit, {"q": {item_of(name): 1 for name in documents}}), DOCUMENTS)


def test_documents_are_known_by_id_and_by_path() -> None:
    assert known(Unit.DOCUMENT, "a.md").by_query == {"q": {"a.md": 1}}
    assert known(Unit.DOCUMENT, "docs/a.md").by_query == {"q": {"a.md": 1}}
    assert known(Unit.DOCUMENT, "x", "y").missing == ()
    assert known(Unit.LINES, "docs/a.md:3-9").by_query == {"q": {"a.md:3-9": 1}}
    assert known(Unit.PAGE, "docs/a.md#page=2").by_query == {"q": {"a.md#page=2": 1}}


def test_a_name_of_two_documents_is_none_but_their_paths_are() -> None:
    assert known(Unit.DOCUMENT, "same.md").ambiguous == ("same.md",)
    found = known(Unit.DOCUMENT, "one/same.md", "two/same.md")
    assert found.missing == ()
    assert found.by_query == {"q": {"one/same.md": 1, "two/same.md": 1}}
    # A file of several records is not one of them.
    assert known(Unit.DOCUMENT, "notes/records.jsonl").missing == ("notes/records.jsonl",)


def test_what_is_missing_stays_relevant() -> None:
    found = known(Unit.DOCUMENT, "gone.md", "a.md", "also gone.md")
    assert found.missing == ("also gone.md", "gone.md")
    assert found.by_query == {"q": {"gone.md": 1, "a.md": 1, "also gone.md": 1}}


def test_a_document_judged_by_both_names_has_its_better_grade() -> None:
    qrels = Qrels(Unit.DOCUMENT, {"q": {Item("a.md"): 1, Item("docs/a.md"): 3}})
    assert judged_in(qrels, DOCUMENTS).by_query == {"q": {"a.md": 3}}


def test_another_systems_names_are_ours() -> None:
    found = known(Unit.DOCUMENT, "a.md")
    assert found.item_named("docs/a.md") == "a.md"
    assert found.item_named("elsewhere.md") == "elsewhere.md"
    assert known(Unit.LINES, "a.md:1-2").item_named("docs/a.md:1-2") == "a.md:1-2"


ONE_LINE = Place("line", 1, 1)


def stored(doc_id: str, path: str, place: Place = ONE_LINE) -> StoredPassage:
    passage = Passage(doc_id, 0, 0, 1, "x", place)
    return StoredPassage(1, 1, passage, path, None, "text")


def test_a_passage_stands_for_its_document_page_or_lines() -> None:
    here = stored("a.md", "docs/a.md", Place("line", 3, 9))
    page = stored("a.md", "docs/a.md", Place("page", 2, 2))
    assert known(Unit.DOCUMENT, "a.md").items_of(here) == ("a.md",)
    assert known(Unit.PAGE, "a.md#page=1").items_of(page) == ("a.md#page=2",)
    # A number of another kind is not taken for a page.
    assert known(Unit.PAGE, "a.md#page=3").items_of(here) == ("a.md:3-9 (passage)",)
    for judged, touched in [
        ("a.md:1-2", False),
        ("a.md:1-3", True),
        ("a.md:5-5", True),
        ("a.md:9-20", True),
        ("a.md:10-20", False),
        ("x:3-9", False),
    ]:
        items = known(Unit.LINES, judged).items_of(here)
        assert items == ((judged,) if touched else ("a.md:3-9 (passage)",))
    assert known(Unit.LINES, "a.md:1-4", "a.md:8-8").items_of(here) == ("a.md:1-4", "a.md:8-8")


@pytest.mark.parametrize(
    ("judged", "place", "item"),
    [
        ("a.md slide 4", Place("slide", 4, 4), "a.md#slide=4"),
        ("a.md#slide=5", Place("slide", 4, 4), "a.md#slide=4"),
        ("a.md Costs!3-9", Place("row", 9, 12, "Costs"), "a.md#row=Costs!3-9"),
        ("a.md Costs!3-9", Place("row", 9, 12, "Income"), "a.md#row=Income!9-12 (passage)"),
        # Without the sheet's name it is any sheet's row.
        ("a.md row 9", Place("row", 9, 12, "Costs"), "a.md#row=9"),
        ("a.md cell 2-3", Place("cell", 3, 3), "a.md#cell=2-3"),
        ("a.md#heading=Use", Place("heading", name="Use"), "a.md#heading=Use"),
        ("a.md#heading=Use", Place("heading", name="Set up"), "a.md#heading=Set up"),
        ("a.md#heading=Use", Place("file"), "a.md (passage)"),
    ],
)
def test_a_passage_stands_for_what_is_judged_of_its_kind(
    judged: str, place: Place, item: str
) -> None:
    found = known(item_of(judged).unit, judged)
    assert found.items_of(stored("a.md", "docs/a.md", place)) == (item,)


def test_a_passage_of_an_ambiguous_document_goes_by_its_path() -> None:
    found = known(Unit.DOCUMENT, "one/same.md")
    assert found.items_of(stored("same.md", "one/same.md")) == ("one/same.md",)
    assert found.items_of(stored("same.md", "two/same.md")) == ("two/same.md",)
    assert found.items_of(stored("x", "notes/records.jsonl")) == ("x",)


def test_items_come_in_the_order_of_their_best_passage() -> None:
    assert best_first([("a",), ("b", "c"), ("a",), (), ("c", "d")]) == ["a", "b", "c", "d"]


def test_a_name_of_several_documents_is_no_missing_one(tmp_path: Path) -> None:
    qrels = read_qrels(written(tmp_path, "q 0 a.md 1\nq 0 gone.md 1\nq 0 x/b.md 1\n"))
    judged = judged_in(qrels, [("a.md", "one/a.md"), ("a.md", "two/a.md"), ("b.md", "x/b.md")])
    assert (judged.ambiguous, judged.missing) == (("a.md",), ("gone.md",))
    (said,) = judged.warnings
    assert said.endswith("judge them by their paths: a.md")
    one = read_qrels(written(tmp_path, "q 0 one/a.md 1\n"))
    assert judged_in(one, [("a.md", "one/a.md"), ("a.md", "two/a.md")]).warnings == ()
