"""Where JSON is best cut: between the members of the outermost value and the records of lists."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass

from bienc_cli.formats.lines import spans_to_blocks
from bienc_cli.types import Block

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},:]', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
_NAMES = ("title", "name", "subject", "heading")
"""Members that say what their record is called, the best first."""

_OF_RECORDS = "[{"
"""An open list that begins with an object."""

_LONGEST_NAME = 200
"""Characters; what is longer is a text."""


@dataclass(slots=True)
class _Record:
    """An object in a list that is open: where it began, and its name so far."""

    start: int
    depth: int
    name: str = ""
    rank: int = len(_NAMES)

    def meet(self, key: str, value: str) -> None:
        """A string among its own members."""
        rank = _NAMES.index(key) if key in _NAMES else self.rank
        name = " ".join(_ESCAPED.sub(_unescaped, value).split())
        if rank < self.rank and 0 < len(name) <= _LONGEST_NAME:
            self.name, self.rank = name, rank


def record_blocks(text: str) -> tuple[Block, ...]:
    """Blocks of valid JSON; a record's name goes with what is cut out of it (`Block.header`)."""
    cuts: list[int] = []
    named: list[_Record] = []
    end = len(text)
    open_: list[str] = []
    record: _Record | None = None
    key, said, before = "", "", ""
    for found in _TOKEN.finditer(text):
        mark = found.group()
        if mark in "[{":
            if mark == "{" and before == "[":
                open_[-1] = _OF_RECORDS
            if mark == "{" and record is None and open_[-1:] == [_OF_RECORDS]:
                record = _Record(found.start(), len(open_))
                # The first one stays with the name of its list.
                cuts += [found.start()] if before != "[" else []
            open_.append(mark)
            key = ""
            if len(open_) == 1:
                cuts.append(found.end())
        elif mark in "]}":
            open_.pop()
            if record is not None and record.depth == len(open_):
                named += [record] if record.name else []
                record = None
            if not open_:
                end = found.start()
        elif mark == ",":
            key = ""
            if len(open_) == 1:
                cuts.append(found.end())
        elif mark == ":":
            key = said
        else:
            said = mark[1:-1]
            if key and record is not None and record.depth == len(open_) - 1:
                record.meet(key, said)
        before = mark
    blocks = [*spans_to_blocks(text, cuts, end)]
    for one in named:
        index = bisect.bisect_right(blocks, one.start, key=_start_of) - 1
        blocks[index] = Block(blocks[index].start, blocks[index].end, one.name)
    return tuple(blocks)


def _unescaped(found: re.Match[str]) -> str:
    """The escaped character; a blank for one of those that only move on."""
    return " " if found[1] in "bfnrt" else found[1]


def _start_of(block: Block) -> int:
    return block.start
