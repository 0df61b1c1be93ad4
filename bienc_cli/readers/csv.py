"""CSV and TSV: the file's own text, a block a row, the header row above every passage."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bienc_cli.readers.decoding import read_text
from bienc_cli.readers.lines import line_starts
from bienc_cli.types import Block, Document, Heading

_DELIMITERS = ",;\t|"
_SAMPLED_LINES = 20
_NUMBER = re.compile(r"[-+(]?[$€£]?\s*\d[\d.,:/\s-]*[)%]?\Z")


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a table of delimited values; see `table.ReadFunction`."""
    text = read_text(path)
    default = "\t" if path.suffix.lower() in {".tsv", ".tab"} else ","
    blocks: list[Block] = []
    header: list[str] | None = None
    for start, end, row in _rows(text, _delimiter(text, default)):
        body = text[start:end].rstrip()
        if body:
            blocks.append(Block(start, start + len(body)))
            header = row if header is None else header
    headings: tuple[Heading, ...] = ()
    if header is not None and len(blocks) > 1 and _is_header(header):
        names = ", ".join(" ".join(name.split()) for name in header)
        headings = (Heading(blocks[0].start, 1, names),)
    yield Document(doc_id, text, "csv", headings=headings, blocks=tuple(blocks))


def _delimiter(text: str, default: str) -> str:
    """The delimiter that cuts the first lines into equally many fields, the most of them.

    `csv.Sniffer` is not asked: its expressions take minutes on some inputs.
    """
    sample = [line for line in text[: 1 << 14].split("\n")[:_SAMPLED_LINES] if line.strip()]
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


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """Span and fields of each row; a quoted field may hold line breaks.

    A quotation mark that is never closed would make one row of the whole rest: the parser
    refuses fields beyond its limit, and from there on every line is taken for a row.
    """
    starts = line_starts(text)
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


def _is_header(row: Sequence[str]) -> bool:
    """Names, none twice: a header has no numbers and seldom a gap."""
    names = [field.strip() for field in row]
    return (
        bool(names)
        and names.count("") <= 1
        and len({*names}) == len(names)
        and not any(_NUMBER.match(name) for name in names)
    )
