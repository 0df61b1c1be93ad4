"""Org mode: the raw source, with its headlines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.lines import paragraph_cuts, spans_to_blocks, split_lines
from bienc_cli.formats.table_headers import org_tables, with_headers
from bienc_cli.types import Document, Heading

# The state of a headline, such as TODO, precedes its title.
_HEADLINE = re.compile(r"(?P<stars>\*+)[ \t]+(?P<title>.*?)(?:[ \t]+:[\w@#%:]+:)?[ \t]*\Z")
_STATES = frozenset("TODO DONE NEXT WAITING CANCELLED".split())
_OWN_STATES = re.compile(r"[ \t]*#\+(?:(?:seq_|typ_)?todo):(.*)", re.IGNORECASE)
"""A definition of custom states: `TODO REVIEW(r) | DONE`."""

_COUNTED = re.compile(r"\[#\w\]|\[(?:\d*/\d*|\d*%)\]")
"""A headline's priority, and the progress of the items below it."""

_BEGIN = re.compile(r"[ \t]*#\+begin_(\S+)", re.IGNORECASE)
_TITLE = re.compile(r"^[ \t]*#\+title:[ \t]*(\S.*?)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_LINK = re.compile(r"\[\[[^\[\]]*\](?:\[([^\[\]]*)\])?\]")
_EMPHASIS = re.compile(
    r"""(?<![^\s\-("'{*/_=~+])([*/_=~+])(?=\S)((?:(?!\1).){1,200})(?<=\S)\1"""
    r"""(?![^\s\-.,;:!?'")}\[\]*/_=~+])"""
)
_DEEPEST = 3
"""Levels of nested emphasis."""


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read an Org file; see `table.ReadFunction`."""
    text = read_text(path)
    headings, in_block = _headlines(text)
    title = _TITLE.search(text)
    cuts = {cut for cut in paragraph_cuts(text) if cut not in in_block}
    yield Document(
        doc_id,
        text,
        "org",
        title=_plain(title[1]) if title else None,
        headings=tuple(headings),
        blocks=with_headers(
            spans_to_blocks(
                text, sorted(cuts | {heading.start for heading in headings}), len(text)
            ),
            org_tables((line for line in split_lines(text) if line[0] not in in_block), _plain),
        ),
    )


def _headlines(text: str) -> tuple[list[Heading], set[int]]:
    """Headlines, and the starts of lines inside blocks, where stars are bullets or code."""
    headings: list[Heading] = []
    in_block: set[int] = set()
    ending: str | None = None
    states = {*_STATES}
    for start, line in split_lines(text):
        if ending is not None:
            in_block.add(start)
            ending = None if line.strip().lower() == ending else ending
        elif begin := _BEGIN.match(line):
            ending = f"#+end_{begin[1].lower()}"
        elif own_states := _OWN_STATES.match(line):
            states |= {word.partition("(")[0] for word in own_states[1].split()}
        elif headline := _HEADLINE.match(line):
            state, _, rest = headline["title"].partition(" ")
            if title := _plain(rest if state in states else headline["title"]):
                headings.append(Heading(start, len(headline["stars"]), title))
    return headings, in_block


def _plain(title: str) -> str:
    shown = _COUNTED.sub("", title)
    shown = _LINK.sub(lambda link: link[1] or link.group().strip("[]"), shown)
    for _ in range(_DEEPEST):
        shown = _EMPHASIS.sub(r"\2", shown)
    return " ".join(shown.split())
