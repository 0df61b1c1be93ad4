"""Org mode: the raw source, with its headlines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.lines import paragraph_cuts, spans_to_blocks, split_lines
from bienc_cli.types import Document, Heading

# Org's own words for the state of a headline, such as TODO, stand before its title in what people
# write, and are no part of it.
_HEADLINE = re.compile(
    r"(?P<stars>\*+)[ \t]+(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED)[ \t]+)?(?:\[#\w\][ \t]*)?"
    r"(?P<title>.*?)(?:[ \t]+:[\w@#%:]+:)?[ \t]*\Z"
)
_BEGIN = re.compile(r"[ \t]*#\+begin_(\S+)", re.IGNORECASE)
_TITLE = re.compile(r"^[ \t]*#\+title:[ \t]*(\S.*?)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_LINK = re.compile(r"\[\[[^\[\]]*\](?:\[([^\[\]]*)\])?\]")
_MARKUP = re.compile(r"(?<!\w)[*/_=~+](?=\S)|(?<=\S)[*/_=~+](?!\w)")


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read an Org file; see `table.ReadFunction`."""
    text = read_text(path)
    headings, within = _headlines(text)
    named = _TITLE.search(text)
    cuts = {cut for cut in paragraph_cuts(text) if cut not in within}
    yield Document(
        doc_id,
        text,
        "org",
        title=_plain(named[1]) if named else None,
        headings=tuple(headings),
        blocks=spans_to_blocks(
            text, sorted(cuts | {heading.start for heading in headings}), len(text)
        ),
    )


def _headlines(text: str) -> tuple[list[Heading], set[int]]:
    """Headlines, and the lines that are within a block, where stars are bullets or code."""
    headings: list[Heading] = []
    within: set[int] = set()
    ending: str | None = None
    for start, line in split_lines(text):
        if ending is not None:
            within.add(start)
            ending = None if line.strip().lower() == ending else ending
        elif begun := _BEGIN.match(line):
            ending = f"#+end_{begun[1].lower()}"
        elif (found := _HEADLINE.match(line)) and (title := _plain(found["title"])):
            headings.append(Heading(start, len(found["stars"]), title))
    return headings, within


def _plain(title: str) -> str:
    shown = _LINK.sub(lambda found: found[1] or found.group().strip("[]"), title)
    return " ".join(_MARKUP.sub("", shown).split())
