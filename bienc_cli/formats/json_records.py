"""Blocks of JSON: members of the outermost value, and records of lists."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass, replace

from bienc_cli.formats.lines import spans_to_blocks
from bienc_cli.types import Block

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},:]', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
_NAMES = ("title", "name", "subject", "heading")
"""Members that name their record, in order of preference."""

_OF_RECORDS = "[{"
"""Marks an open list that begins with an object."""

_LONGEST_NAME = 200
"""In characters: a longer value is a text."""


@dataclass(slots=True)
class _Record:
    """An open object in a list.

    Attributes:
        start: its offset.
        depth: number of brackets around it.
        name: the best so far.
        rank: of that name, an index into `_NAMES`.
    """

    start: int
    depth: int
    name: str = ""
    rank: int = len(_NAMES)

    def add_member(self, key: str, value: str) -> None:
        """Process a string member of the object itself."""
        rank = _NAMES.index(key) if key in _NAMES else self.rank
        name = " ".join(_ESCAPED.sub(_unescaped, value).split())
        if rank < self.rank and 0 < len(name) <= _LONGEST_NAME:
            self.name, self.rank = name, rank


def record_blocks(text: str) -> tuple[Block, ...]:
    """Blocks of valid JSON; the name of a record becomes the header of its block."""
    cuts: list[int] = []
    named: list[_Record] = []
    end = len(text)
    open_: list[str] = []
    record: _Record | None = None
    key, string, before = "", "", ""
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "[{":
            if mark == "{" and before == "[":
                open_[-1] = _OF_RECORDS
            if mark == "{" and record is None and open_[-1:] == [_OF_RECORDS]:
                record = _Record(token.start(), len(open_))
                # The first record stays with the name of its list.
                cuts += [token.start()] if before != "[" else []
            open_.append(mark)
            key = ""
            if len(open_) == 1:
                cuts.append(token.end())
        elif mark in "]}":
            open_.pop()
            if record is not None and record.depth == len(open_):
                named += [record] if record.name else []
                record = None
            if not open_:
                end = token.start()
        elif mark == ",":
            key = ""
            if len(open_) == 1:
                cuts.append(token.end())
        elif mark == ":":
            key = string
        else:
            string = mark[1:-1]
            if key and record is not None and record.depth == len(open_) - 1:
                record.add_member(key, string)
        before = mark
    blocks = [*spans_to_blocks(text, cuts, end)]
    for header in named:
        index = bisect.bisect_right(blocks, header.start, key=_start_of) - 1
        blocks[index] = replace(blocks[index], header=header.name)
    return tuple(blocks)


def _unescaped(escape: re.Match[str]) -> str:
    """The escaped character; a space for white space and control characters."""
    return " " if escape[1] in "bfnrt" else escape[1]


def _start_of(block: Block) -> int:
    return block.start
