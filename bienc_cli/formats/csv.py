"""CSV and TSV: the file's own text, one block per row, the header row as the heading."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.lines import line_starts
from bienc_cli.types import Block, Document, Heading

_DELIMITERS = ",;\t|"
_SAMPLED_LINES = 20
_COMMENT = re.compile(r"[ \t]*(?:#|//|%)")
_SEPARATOR = re.compile(r"\A[\"']?sep=(?P<delimiter>[^\n])[\"']?[ \t]*(?:\n|\Z)", re.IGNORECASE)
"""A line that tells spreadsheets the delimiter."""

_PERIOD = re.compile(r"\s*(?:1[89]|20)\d\d(?:[-./]\d{1,2}){0,2}\s*\Z")
_FEWEST_PERIODS = 2
_NUMBER = re.compile(r"[-+(]?[$€£]?\s*\d[\d.,:/\s-]*[)%]?\Z")

_Rows: TypeAlias = list[tuple[int, list[str]]]
"""The start of each row, and its fields."""


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a table of delimited values; see `table.ReadFunction`."""
    text = read_text(path)
    default = "\t" if path.suffix.lower() in {".tsv", ".tab"} else ","
    declared = _SEPARATOR.match(text)
    delimiter = declared["delimiter"] if declared else _delimiter(text, default)
    blocks: list[Block] = []
    # The first rows of each group between blank lines.
    groups: list[_Rows] = [[]]
    for start, end, row in _rows(text, delimiter, declared.end() if declared else 0):
        body = text[start:end].rstrip()
        if body:
            blocks.append(Block(start, start + len(body)))
            if len(groups[-1]) < _SAMPLED_LINES and not _COMMENT.match(text, start):
                groups[-1].append((start, row))
        elif groups[-1]:
            groups.append([])
    yield Document(doc_id, text, "csv", headings=tuple(_headers(groups)), blocks=tuple(blocks))


def _headers(groups: Sequence[_Rows]) -> Iterator[Heading]:
    """The header row of each table as a heading, in force up to the next table."""
    tables: list[tuple[int, _Rows]] = []
    for rows in filter(None, groups):
        width = _width(rows)
        if tables and width in (1, tables[-1][0]):
            # A title, or the same table after a gap.
            tables[-1][1].extend(rows[: _SAMPLED_LINES - len(tables[-1][1])])
        elif tables and tables[-1][0] == 1:
            tables[-1] = (width, rows)
        else:
            tables.append((width, rows))
    for (width, rows), following in itertools.zip_longest(tables, tables[1:]):
        header = _header(width, rows)
        if header is not None:
            yield replace(header, end=following[1][0][0] if following else None)


def _width(rows: _Rows) -> int:
    """The commonest number of fields in a row."""
    lengths = [len(row) for _, row in rows]
    return max(lengths, key=lambda length: (lengths.count(length), length))


def _header(width: int, rows: _Rows) -> Heading | None:
    """The header row as a heading, if there is one; a title may precede it."""
    # Rows with at most half of the fields filled are titles, or head several columns.
    while width > 1 and rows and sum(1 for field in rows[0][1] if field.strip()) * 2 <= width:
        rows = rows[1:]
    if len(rows) < 2:
        return None
    (start, header), *others = rows
    if not _is_header(header, [row for _, row in others]):
        return None
    names = ", ".join(" ".join(name.split()) for name in header)
    return Heading(start, 1, names)


def _delimiter(text: str, default: str) -> str:
    """The delimiter that splits the most of the first lines into the same number of fields.

    `csv.Sniffer` takes minutes on some inputs.
    """
    sample = [
        line for line in text[: 1 << 14].split("\n") if line.strip() and not _COMMENT.match(line)
    ][:_SAMPLED_LINES]
    best, best_key = default, (0.0, 0)
    for delimiter in dict.fromkeys(default + _DELIMITERS):
        counts = [len(row) for row in _parse(sample, delimiter) if row]
        fields = max(set(counts), key=counts.count, default=1)
        if fields > 1 and (key := (counts.count(fields) / len(counts), fields)) > best_key:
            best, best_key = delimiter, key
    return best


def _parse(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []


def _rows(text: str, delimiter: str, begin: int = 0) -> Iterator[tuple[int, int, list[str]]]:
    """Span and fields of each row from `begin` on; a quoted field may contain line breaks.

    An unclosed quotation mark would make the rest of the file one row, but the parser refuses
    fields beyond its limit; from there on, every line is a row.
    """
    starts = [begin + start for start in line_starts(text[begin:])]
    consumed = 0

    def feed() -> Iterator[str]:
        nonlocal consumed
        while consumed < len(starts) - 1:
            line = text[starts[consumed] : starts[consumed + 1]]
            consumed += 1
            yield line

    rows = csv.reader(feed(), delimiter=delimiter)
    first = 0
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            break
        yield starts[first], starts[consumed], row
        first = consumed
    for line in range(first, len(starts) - 1):
        start, end = starts[line], starts[line + 1]
        yield start, end, text[start:end].split(delimiter)


def _is_header(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row is a header: distinct names, no numbers but periods, at most one gap."""
    names = [field.strip() for field in row]
    numbers = [column for column, name in enumerate(names) if _NUMBER.match(name)]
    return (
        bool(names)
        and names.count("") <= 1
        and len({*names}) == len(names)
        and (not numbers or _are_periods(names, numbers, below))
    )


def _are_periods(
    names: Sequence[str], columns: Sequence[int], below: Sequence[Sequence[str]]
) -> bool:
    """Whether years or months head these columns, with values of another kind below them."""
    if len(columns) < _FEWEST_PERIODS or len(columns) == len(names):
        return False
    if not all(_PERIOD.match(names[column]) for column in columns):
        return False
    values = [row[column] for row in below for column in columns if column < len(row)]
    periods = sum(1 for value in values if _PERIOD.match(value))
    return periods * 2 < len(values)
