"""Every citation opens: the file, opened at the cited place by other means than its reader,
has the first words of the passage there.

A reader that is new adds a row with a file of real structure.
"""

from __future__ import annotations

import io
import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bienc_cli.chunking.chunker import chunk
from bienc_cli.chunking.places import Places
from bienc_cli.formats.decoding import decode
from bienc_cli.formats.grammars import GRAMMARS
from bienc_cli.formats.reading import read_documents
from bienc_cli.formats.table import FORMATS
from bienc_cli.types import ChunkingParameters, Document, Passage, Place
from fakes import FakeBiEncoder
from grammar_samples import SOURCES
from markup_place_rows import MARKUP_ROWS
from office_place_rows import OFFICE_ROWS
from place_rows import ROWS, Row, in_lines, words

TOKENIZER = FakeBiEncoder().tokenizer
AT_LEAST = 3
"""Passages of a file, so that a place is more than its beginning."""


LINE_ENDS = ("\n", "\r\n", "\r")
EVERY_ROW = [*ROWS, *MARKUP_ROWS, *OFFICE_ROWS]
IN_LINES = [row for row in EVERY_ROW if row.opened is in_lines]


def passages_of(path: Path) -> list[Passage]:
    made = [one for one in read_documents(path, path.name) if isinstance(one, Document)]
    parameters = ChunkingParameters(48, 8)
    return [passage for one in made for passage in chunk(one, TOKENIZER, parameters)]


def check(row: Row, path: Path, at_least: int = AT_LEAST) -> None:
    path.write_bytes(row.content)
    cut = passages_of(path)
    assert len(cut) >= at_least
    assert {passage.place.kind for passage in cut} == row.kinds
    for passage in cut:
        first, seen = words(passage.text)[:5], list(row.opened(path, passage.place))
        assert first, passage
        starts = range(len(seen) - len(first) + 1)
        assert any(seen[at : at + len(first)] == first for at in starts), (passage, seen)


def test_every_format_has_a_row() -> None:
    # Of a picture, pages are all that there is: `test_scans`.
    assert set(FORMATS) - {"image"} <= {row.format for row in EVERY_ROW}


@pytest.mark.parametrize("row", EVERY_ROW, ids=lambda row: row.format + row.suffix)
def test_a_citation_opens_where_the_passage_stands(tmp_path: Path, row: Row) -> None:
    check(row, tmp_path / f"file{row.suffix or FORMATS[row.format].suffixes[0]}")


def test_every_grammar_has_a_source() -> None:
    assert set(GRAMMARS.values()) == {GRAMMARS[Path(name).suffix] for name in SOURCES}


@pytest.mark.parametrize("name", SOURCES)
def test_code_of_every_grammar_opens_at_its_lines(tmp_path: Path, name: str) -> None:
    check(Row("code", SOURCES[name].encode(), in_lines), tmp_path / name, at_least=2)


@pytest.mark.parametrize("line_end", LINE_ENDS, ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("row", IN_LINES, ids=lambda row: row.format)
def test_lines_are_those_of_an_editor(tmp_path: Path, row: Row, line_end: str) -> None:
    content = row.content.replace(b"\n", line_end.encode())
    check(replace(row, content=content), tmp_path / f"file{FORMATS[row.format].suffixes[0]}")


@given(st.text(st.sampled_from("ab \t\n\r\f\v\x85\u2028\u2029é")))
@example("\ra\r\n\r\nb\n\rc")
def test_a_character_is_on_the_line_that_an_editor_shows_it_on(text: str) -> None:
    """Whatever else breaks lines in Python: only what ends lines in files counts."""
    editor = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8", newline=None)
    lines = editor.read().split("\n")
    document = Document("d", decode(text.encode()), "text")
    letters = [re.findall("[abé]", line) for line in document.text.split("\n")]
    assert letters == [re.findall("[abé]", line) for line in lines]
    places = Places(document)
    lines = document.text.split("\n")
    at = itertools.chain.from_iterable(
        [number] * (len(one) + 1) for number, one in enumerate(lines, 1)
    )
    for position, number in zip(range(len(document.text)), at, strict=False):
        assert places.of(position, position + 1, ()) == Place("line", number, number)
