"""AsciiDoc: the raw source, with its sections."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.lines import spans_to_blocks, split_lines
from bienc_cli.types import Document, Heading

_SECTION = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?[ \t]*\Z")
_DELIMITER = re.compile(
    r"(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|```|--|[|,:!]={3,})[ \t]*\Z"
)
_UNDERLINES = "=-~^+"
"""Of titles in two lines, by level."""

_LONGEST_HEADING = 500
"""Characters."""

_MACRO = re.compile(
    # A reference with words of its own, or none; a link, a key, a picture; an anchor; what a word
    # is drawn as.
    r"<<(?:[^<>,]*,\s*)?#?([^<>,]*)>>|(?:https?://|[a-z]+::?)[^\s\[\]]*\[([^\]]*)\]|\[\[[^\]]*\]\]"
    r"|\[[.#][\w.#-]*\](?=[*_`#])"
)
_EMPHASIS = re.compile(
    r"(\*\*|__|``|\+\+|##)(?=\S)(.{1,200}?)(?<=\S)\1|(?<![\w\\])([*_`+#])(?=\S)(.{1,200}?)(?<=\S)\3(?!\w)"
)
_DEEPEST = 3
"""Kinds of emphasis within one another."""

_ATTRIBUTE = re.compile(r":([\w-]+):[ \t]+(\S.*)\Z")
_NAMED = re.compile(r"\{([\w-]+)\}")


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read an AsciiDoc file; see `table.ReadFunction`."""
    text = read_text(path)
    headings, cuts = _outline(text)
    yield Document(
        doc_id,
        text,
        "asciidoc",
        title=headings[0].title if headings and headings[0].level == 1 else None,
        headings=tuple(headings),
        blocks=spans_to_blocks(text, cuts, len(text)),
    )


def _outline(text: str) -> tuple[list[Heading], list[int]]:
    """Sections, and where blocks begin; what is between delimiters is one of them."""
    headings: list[Heading] = []
    cuts: list[int] = []
    closing: str | None = None
    above = ""
    above_start = 0
    attributes: dict[str, str] = {}
    for start, line in split_lines(text):
        line = line.rstrip()
        blank = not line
        if closing is not None:
            closing = None if line == closing else closing
            above = line
            continue
        if not blank and not above:
            cuts.append(start)
        if level := _underlined(above, line):
            headings.append(Heading(above_start, level, _plain(above, attributes)))
            above = ""
            continue
        if found := _SECTION.match(line):
            headings.append(Heading(start, len(found[1]), _plain(found[2], attributes)))
            cuts += [start] if cuts[-1:] != [start] else []
            above = ""
            continue
        if _DELIMITER.match(line):
            closing = line
        elif stated := _ATTRIBUTE.match(line):
            attributes[stated[1]] = stated[2]
        above, above_start = line, start
    return headings, cuts


def _underlined(title: str, line: str) -> int:
    """The level of a title in two lines; 0 for what is none."""
    drawn = line[:1]
    if not drawn or drawn not in _UNDERLINES or line.strip(drawn) or not title[:1].isalnum():
        return 0
    # As Asciidoctor has it; anything else delimits a block.
    fits = abs(len(title) - len(line)) <= 1 and len(line) > 1
    return _UNDERLINES.index(drawn) + 1 if fits else 0


def _plain(title: str, attributes: Mapping[str, str]) -> str:
    """As read, without mark-up; what is no title any more is left as it is."""
    if len(title) > _LONGEST_HEADING:
        return title.strip()
    shown = _NAMED.sub(lambda found: attributes.get(found[1], found[0]), title)
    shown = _MACRO.sub(lambda found: found[1] or found[2] or "", shown)
    for _ in range(_DEEPEST):
        shown = _EMPHASIS.sub(lambda found: found[2] or found[4], shown)
    return " ".join(shown.split()) or title.strip()
