"""What BM25 finds passages by, in either store: any writing of a word, and a file's path."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bienc_cli.store import IndexReader, check
from bienc_cli.store.searched_text import searched_text
from bienc_cli.types import Passage
from bienc_cli.types import Place as FilePlace
from places import Place

FILES = {
    "leases/2023/Lease_Zebrowski.txt": ["nothing of it in here"],
    "src/retryPolicy.py.txt": ["await loop.run_in_executor(None, f)", "run in no executor"],
    "灯台/0001.md": ["港の灯台は夜に光ります。", "पुस्तकालय", "pi is 3.14", "the oﬃce"],
    "parts.md": ["order MX-7731-B of 314 pieces", "see .git/info/exclude"],
}


@pytest.fixture
def index(place: Place) -> Iterator[IndexReader]:
    place.build(FILES)
    assert check(place.index, key_dir=place.keys).problems == ()
    with place.read() as reader:
        yield reader


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("Zebrowski", "nothing of it in here"),
        ("leases", "nothing of it in here"),
        ("run_in_executor", "await loop.run_in_executor(None, f)"),
        ("灯", "港の灯台は夜に光ります。"),
        ("पुस्तकालय", "पुस्तकालय"),
        ("3.14", "pi is 3.14"),
        ("office", "the oﬃce"),
        ("mx-7731-b", "order MX-7731-B of 314 pieces"),
        ("info/exclude", "see .git/info/exclude"),
    ],
)
def test_found_first(index: IndexReader, query: str, text: str) -> None:
    (first, *_) = index.bm25(query, 5)
    assert index.passages([first[0]])[0].passage.text == text


@pytest.mark.parametrize("query", ["पुस", "0001", "zebra"])
def test_not_found(index: IndexReader, query: str) -> None:
    assert index.bm25(query, 5) == []


@pytest.mark.parametrize(
    ("doc_id", "format_name", "context", "added"),
    [
        ("a/Lease_Zebrowski.txt", "text", "", "Lease Zebrowski"),
        ("leases/old/Zebrowski.txt", "text", "", "leases old Zebrowski"),
        ("leases/Zebrowski.txt", "text", "Zebrowski > Part", "leases"),
        ("kernelNotes-v2.tar.md", "markdown", "", "kernel Notes v2 tar"),
        ("MED-10", "jsonl", "", None),
        ("a/0001.txt", "text", "", None),
        ("3f2a9c1b44d0.txt", "text", "", None),
    ],
)
def test_the_words_of_a_path(
    doc_id: str, format_name: str, context: str, added: str | None
) -> None:
    passage = Passage(doc_id, 0, 0, 4, "text", FilePlace("line", 1, 1), context=context)
    expected = [passage.embedded_text, *([added] if added else [])]
    assert searched_text(passage, format_name, None) == "\n".join(expected)


@pytest.mark.parametrize(
    ("context", "text", "added"),
    [
        ("fences > def strip", "return text", "Front matter."),
        ("Front matter. > def strip", "return text", None),
        ("fences", '"""Front matter."""', None),
    ],
)
def test_a_title_that_stands_nowhere_counts_by_its_words(
    context: str, text: str, added: str | None
) -> None:
    passage = Passage("fences.py", 0, 0, len(text), text, FilePlace("line", 1, 1), context=context)
    got = searched_text(passage, "code", "Front matter.").split("\n")
    assert got[2:] == [*([added] if added else []), *([] if "fences" in context else ["fences"])]
