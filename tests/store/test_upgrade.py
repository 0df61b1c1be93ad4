"""An index of an earlier format is brought up to date by the next writer, or left as it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bienc_cli.errors import IndexDamaged, IndexMismatch
from bienc_cli.store import Root, StoredPassage, check, open_reader, open_writer
from bienc_cli.store.schema import FORMAT_VERSION
from bienc_cli.types import Document, Passage, Place
from earlier import Numbers, make_format_1, make_format_2, make_format_3, make_format_4
from stores import CHUNKING, build, encode, identity, numbered, state

MAKE = {1: make_format_1, 2: make_format_2, 3: make_format_3, 4: make_format_4}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    build(tmp_path / ".bienc", tmp_path / "keys", {"a.md": numbered(9), "b.md": ["a pear"]})
    return tmp_path


@pytest.mark.parametrize("version", MAKE)
def test_a_writer_brings_it_up_to_date(home: Path, version: int) -> None:
    directory, keys = home / ".bienc", home / "keys"
    with open_reader(directory, key_dir=keys) as index:
        right = index.bm25("number 7 pears", 99), list(index.iter_passages())
        files = list(index.files())
    MAKE[version](directory)
    with pytest.raises(IndexMismatch, match=f"format {version}") as refused:
        open_reader(directory, key_dir=keys)
    assert "bienc index" in (refused.value.hint or "")
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        report = writer.commit()
    assert report.committed
    assert report.graph_rebuilt == (version < 4)
    assert report.info.format_version == FORMAT_VERSION
    with open_reader(directory, key_dir=keys) as index:
        assert (index.bm25("number 7 pears", 99), list(index.iter_passages())) == right
        assert list(index.files()) == files
    assert check(directory, key_dir=keys).problems == ()


@pytest.mark.parametrize("version", MAKE)
def test_a_change_comes_along(home: Path, version: int) -> None:
    directory, keys = home / ".bienc", home / "keys"
    MAKE[version](directory)
    build(directory, keys, {"a.md": numbered(9), "c.md": ["a plum"]})
    with open_reader(directory, key_dir=keys) as index:
        assert index.bm25("pear", 9) == []
        assert len(index.bm25("plums", 9)) == 1
    assert check(directory, key_dir=keys).problems == ()


@pytest.mark.parametrize("version", MAKE)
def test_what_is_not_committed_leaves_it_as_it_was(home: Path, version: int) -> None:
    directory, keys = home / ".bienc", home / "keys"
    MAKE[version](directory)
    for _ in range(2):
        with open_writer(directory, key_dir=keys) as writer:
            writer.begin(identity(), CHUNKING)
        with pytest.raises(IndexMismatch):
            open_reader(directory, key_dir=keys)


@pytest.mark.parametrize("version", MAKE)
def test_only_the_tables_of_that_format_will_do(home: Path, version: int) -> None:
    directory, keys = home / ".bienc", home / "keys"
    MAKE[version](directory)
    connection = sqlite3.connect(directory / "catalog.sqlite")
    connection.execute("CREATE VIEW other AS SELECT 1")
    connection.commit()
    connection.close()
    with pytest.raises(IndexDamaged):
        open_writer(directory, key_dir=keys)


@pytest.mark.parametrize("version", MAKE)
def test_a_changed_bit_in_the_version_makes_no_earlier_format(home: Path, version: int) -> None:
    connection = sqlite3.connect(home / ".bienc" / "catalog.sqlite")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    for opened in (open_reader, open_writer):
        with pytest.raises(IndexDamaged):
            opened(home / ".bienc", key_dir=home / "keys")


# -------------------------------------------------------------------- places

OLD: dict[str, tuple[Document, tuple[str, ...], Numbers, Place]] = {
    "a.md": (Document("a.md", "one\ntwo", "markdown"), ("A",), (3, 4, None), Place("line", 3, 4)),
    "p.pdf": (Document("p.pdf", "scan", "pdf"), (), (70, 71, 12), Place("page", 12, 12)),
    # Their lines were those of a text that nobody has but the index.
    "w.docx": (
        Document("w.docx", "steps", "docx"),
        ("Guide", "Set up"),
        (13, 13, None),
        Place("heading", name="Set up"),
    ),
    "x.docx": (Document("x.docx", "bare", "docx"), (), (1, 1, None), Place("file")),
    "h.html": (
        Document("h.html", "text", "html"),
        ("T",),
        (80, 84, None),
        Place("heading", name="T"),
    ),
    # Lines of a record were counted on from the record's own.
    "r.jsonl": (Document("d42", "record\nof two", "jsonl"), (), (7, 8, None), Place("line", 7, 7)),
    "s.jsonl": (Document("d43", "\n\n deep", "jsonl"), (), (11, 11, None), Place("line", 9, 9)),
}


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """An index of format 2 with a file of each kind."""
    directory = tmp_path / ".bienc"
    with open_writer(directory, key_dir=tmp_path / "keys") as writer:
        writer.begin(identity(), CHUNKING)
        root_id = writer.put_root(Root(tmp_path / "docs"))
        for path, (made, heading, _, place) in OLD.items():
            start = len(made.text) - len(made.text.lstrip())
            text = made.text[start:]
            passage = Passage(made.doc_id, 0, start, len(made.text), text, place, heading)
            file_id = writer.replace_file(root_id, state(path, [made.text]))
            writer.add_document(file_id, made, [passage])
            writer.add_vectors([text], encode([text]))
        writer.commit()
    make_format_2(directory, lambda stored: OLD[_file(stored)][2])
    return tmp_path


def _file(stored: StoredPassage) -> str:
    return Path(stored.path).name


def _brought_up_to_date(home: Path) -> None:
    with open_writer(home / ".bienc", key_dir=home / "keys") as writer:
        writer.begin(identity(), CHUNKING)
        writer.commit()


def test_lines_become_places_of_the_file(mixed: Path) -> None:
    _brought_up_to_date(mixed)
    with open_reader(mixed / ".bienc", key_dir=mixed / "keys") as index:
        places = {_file(one): one.passage.place for one in index.iter_passages()}
    assert places == {path: place for path, (_, _, _, place) in OLD.items()}
    assert check(mixed / ".bienc", key_dir=mixed / "keys").problems == ()


@pytest.mark.parametrize(
    "change",
    [
        "passages SET line_start = line_start + 1",
        "passages SET heading = 'broken ' || heading",
        "passages SET page = 13 WHERE page = 12",
        "texts SET text = x'00'",
    ],
)
def test_damage_is_not_made_good(mixed: Path, change: str) -> None:
    connection = sqlite3.connect(mixed / ".bienc" / "catalog.sqlite")
    connection.execute(f"UPDATE {change}")
    connection.commit()
    connection.close()
    with pytest.raises(IndexDamaged):
        _brought_up_to_date(mixed)
    with pytest.raises(IndexMismatch):
        open_reader(mixed / ".bienc", key_dir=mixed / "keys")
