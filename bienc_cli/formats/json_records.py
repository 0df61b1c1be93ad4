"""Where JSON is best cut: between the members of the outermost value and the records of lists."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bienc_cli.formats.lines import spans_to_blocks
from bienc_cli.types import Block

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},:]', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
_NAMES = ("title", "name", "subject", "heading")
"""Members that say what their record is called, the best first."""

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
        name = " ".join(_ESCAPED.sub(r"\1", value).split())
        if rank < self.rank and 0 < len(name) <= _LONGEST_NAME:
            self.name, self.rank = name, rank


def record_blocks(text: str) -> tuple[Block, ...]:
    """Blocks of valid JSON; a record's name goes with what is cut out of it (`Block.header`)."""
    cuts: list[int] = []
    names: dict[int, str] = {}
    end = len(text)
    open_: list[str] = []
    record: _Record | None = None
    key, said = "", ""
    for found in _TOKEN.finditer(text):
        mark = found.group()
        if mark in "[{":
            if mark == "{" and record is None and open_[-1:] == ["["]:
                record = _Record(found.start(), len(open_))
                cuts.append(found.start())
            open_.append(mark)
            key = ""
            if len(open_) == 1:
                cuts.append(found.end())
        elif mark in "]}":
            open_.pop()
            if record is not None and record.depth == len(open_):
                names[record.start] = record.name
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
    blocks = spans_to_blocks(text, cuts, end)
    return tuple(Block(one.start, one.end, names.get(one.start, "")) for one in blocks)
