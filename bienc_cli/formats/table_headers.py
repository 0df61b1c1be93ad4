"""Header rows of the tables in markup that is read as its source."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from bienc_cli.formats.lines import split_lines
from bienc_cli.types import Block

Table: TypeAlias = tuple[int, int, str]
"""Start, end and the names of the columns."""

Plain: TypeAlias = Callable[[str], str]
"""Removes the markup of a cell."""

_Lines: TypeAlias = list[tuple[int, str]]

_LONGEST = 1000
"""In characters; longer names of columns are a misread table."""

_ORG_RULE = re.compile(r"\s*\|-[-+|]*\s*\Z")
_GRID_RULE = re.compile(r"\s*\+(?:[-=]+\+)+\s*\Z")
_SIMPLE_RULE = re.compile(r"\s*=+(?:[ \t]+=+)+\s*\Z")
_DIRECTIVE = re.compile(r"(?P<indent>\s*)\.\. (?P<kind>list|csv)-table::")
_OPTION = re.compile(r"\s+:(?P<name>header|header-rows):\s*(?P<value>\S.*)")
_ITEM = re.compile(r"\s+(?P<row>\*\s+)?-(?:\s+(?P<cell>.*)|\Z)")

_ASCIIDOC_RULE = re.compile(r"\|={3,}\s*\Z")
_ASCIIDOC_CELL = re.compile(r"(?:(?<=\s)|^)[\d.+*<^>]{0,9}[adehlmsv]?\|")
_HEADED = re.compile(r"%[\w%]*header|options=\"?[\w,]*header")
_COUNT = re.compile(r"cols=\"?(?P<cols>[^\"\]]+)")

_TABULAR = re.compile(
    r"\\begin\{(?P<name>tabular[*xy]?|longtable|xltabular|tblr|supertabular)\}"
    r"|\\end\{(?:tabular[*xy]?|longtable|xltabular|tblr|supertabular)\}"
)
_GROUP = re.compile(r"\s*(?:\[[^\]\n]{0,99}\]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})")
_TEX_ROW = re.compile(
    r"(?<!\\)\\\\(?:\[[^\]\n]{0,99}\])?\s*(?P<rule>\\(?:[hc]line|c?midrule|end(?:first)?head))?"
)
_TEX_RULE = re.compile(r"\\(?:hline|toprule|(?:cline|cmidrule)(?:\([^)\n]*\))?\{[^{}\n]*\})")
_SPANNED = re.compile(r"\\multi(?:column|row)\{[^{}]*\}\{[^{}]*\}")


def with_headers(blocks: Iterable[Block], tables: Iterable[Table]) -> tuple[Block, ...]:
    """The blocks, with those of each table joined to one that has its header.

    Args:
        blocks: in order.
        tables: likewise.
    """
    headed: list[Block] = []
    pending = list(blocks)[::-1]
    for start, end, header in tables:
        while pending and pending[-1].end <= start:
            headed.append(pending.pop())
        inside = []
        while pending and pending[-1].start < end:
            inside.append(pending.pop())
        if inside:
            headed.append(Block(inside[0].start, inside[-1].end, header))
    return (*headed, *reversed(pending))


def org_tables(lines: Iterable[tuple[int, str]], plain: Plain) -> Iterator[Table]:
    """Tables whose first rows a rule divides from the others."""
    for rows in _runs(lines, "|"):
        begin = 1 if _ORG_RULE.match(rows[0][1]) else 0
        head = list(itertools.takewhile(lambda row: not _ORG_RULE.match(row[1]), rows[begin:]))
        if len(head) + begin + 1 < len(rows):
            yield from _table(rows, [_cells(line) for _, line in head], plain)


def rst_tables(text: str, plain: Plain) -> Iterator[Table]:
    """Grids, simple tables, and directives with a header."""
    lines = list(split_lines(text))
    found = [*_grids(lines, plain), *_simple_tables(lines, plain), *_directives(lines, plain)]
    end = 0
    for table in sorted(found):
        if table[0] >= end:
            yield table
            end = table[1]


def _grids(lines: _Lines, plain: Plain) -> Iterator[Table]:
    for rows in _runs(lines, "+|"):
        rules = [n for n, (_, line) in enumerate(rows) if "=" in line and _GRID_RULE.match(line)]
        if rules:
            head = [line for _, line in rows[: rules[0]] if not _GRID_RULE.match(line)]
            yield from _table(rows, map(_cells, head), plain)


def _simple_tables(lines: _Lines, plain: Plain) -> Iterator[Table]:
    rules = [n for n, (_, line) in enumerate(lines) if _SIMPLE_RULE.match(line)]
    number = 0
    while number + 2 < len(rules):
        first, second, last = rules[number : number + 3]
        head = lines[first + 1 : second]
        if second + 1 == last or not lines[second + 1][1].strip() or not head:
            # Without a header, it ends at the second rule.
            number += 2
            continue
        starts = [column.start() for column in re.finditer("=+", lines[first][1])]
        bounds = list(zip(starts, [*starts[1:], None], strict=True))
        cells = [[line[begin:end] for begin, end in bounds] for _, line in head]
        yield from _table(lines[first : last + 1], cells, plain)
        number += 3


def _directives(lines: _Lines, plain: Plain) -> Iterator[Table]:
    position = 0
    while position < len(lines):
        directive = _DIRECTIVE.match(lines[position][1])
        first, position = position, position + 1
        if directive is None:
            continue
        indent = directive["indent"] + " "
        while position < len(lines) and (
            not lines[position][1].strip() or lines[position][1].startswith(indent)
        ):
            position += 1
        body = [line for _, line in lines[first + 1 : position]]
        found = filter(None, map(_OPTION.match, body))
        options = {option["name"]: option["value"] for option in found}
        if "header" in options:
            names = _values(options["header"])
        elif options.get("header-rows", "0").strip() == "0":
            continue
        elif directive["kind"] == "csv":
            blank = next((n for n, line in enumerate(body) if not line.strip()), 0)
            row = next((line.strip() for line in body[blank:] if line.strip()), "")
            names = _values(row)
        else:
            names = _first_item(body)
        yield from _table(lines[first:position], [names], plain)


def _values(line: str) -> list[str]:
    try:
        return next(csv.reader([line[:_LONGEST]], skipinitialspace=True), [])
    except csv.Error:
        return []


def _first_item(body: Sequence[str]) -> list[str]:
    names: list[str] = []
    for line in body:
        item = _ITEM.match(line)
        if names and ((item and item["row"]) or len(names[-1]) > _LONGEST):
            break
        if item and (names or item["row"]):
            names.append(item["cell"] or "")
        elif names:
            names[-1] += f" {line.strip()}"
    return names


def asciidoc_tables(text: str, plain: Plain) -> Iterator[Table]:
    """Tables with the option, or with a blank line after the first row."""
    lines = list(split_lines(text))
    rules = [n for n, (_, line) in enumerate(lines) if _ASCIIDOC_RULE.match(line)]
    for first, last in zip(rules[::2], rules[1::2], strict=False):
        options = " ".join(
            line[:_LONGEST] for _, line in lines[max(first - 2, 0) : first] if line[:1] == "["
        )
        rows = [line for _, line in lines[first + 1 : last]]
        implied = len(rows) > 1 and bool(rows[0].strip()) and not rows[1].strip()
        if "noheader" in options or not (implied or _HEADED.search(options)):
            continue
        names = _ASCIIDOC_CELL.split(next(filter(str.strip, rows), ""))[1:]
        if len(names) == 1 and (columns := _COUNT.search(options)):
            count = columns["cols"].count(",") + 1
            cells = _ASCIIDOC_CELL.split("\n".join(rows[:count]))[1:] if not implied else names
            names = cells[:count]
        yield from _table(lines[first : last + 1], [names], plain)


def latex_tables(text: str, plain: Plain) -> Iterator[Table]:
    """Tables whose first row a rule divides from the others."""
    marks = list(_TABULAR.finditer(text))
    for begin, ending in itertools.pairwise(marks):
        if not begin["name"] or ending["name"]:
            continue
        position = begin.end()
        limit = min(ending.start(), position + _LONGEST)
        while (group := _GROUP.match(text, position, limit)) is not None:
            position = group.end()
        for row in _TEX_ROW.finditer(text, position, ending.start()):
            source = _SPANNED.sub("", _TEX_RULE.sub("", text[position : row.start()]))
            cells = re.split(r"(?<!\\)&", source)
            # A caption may come first.
            if len(cells) > 1 and row["rule"]:
                yield from _named(begin.start(), ending.end(), cells, plain)
            if len(cells) > 1:
                break
            position = row.end()


def _runs(lines: Iterable[tuple[int, str]], marks: str) -> Iterator[_Lines]:
    """Lines in a row that begin with one of these marks."""
    rows: _Lines = []
    for start, line in itertools.chain(lines, [(0, "")]):
        if line.lstrip()[:1] in marks and line.strip():
            rows.append((start, line))
        elif rows:
            yield rows
            rows = []


def _cells(line: str) -> list[str]:
    return line.strip().strip("|").split("|")


def _table(lines: _Lines, head: Iterable[Sequence[str]], plain: Plain) -> Iterator[Table]:
    columns = itertools.zip_longest(*head, fillvalue="")
    end = lines[-1][0] + len(lines[-1][1])
    yield from _named(lines[0][0], end, [" ".join(column) for column in columns], plain)


def _named(start: int, end: int, names: Iterable[str], plain: Plain) -> Iterator[Table]:
    header = ", ".join(filter(None, (plain(" ".join(name.split())) for name in names)))
    if any(map(str.isalpha, header)) and len(header) <= _LONGEST:
        yield start, end, header
