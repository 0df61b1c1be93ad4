"""AsciiDoc: the raw source, with its sections."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.lines import spans_to_blocks, split_lines
from bienc_cli.formats.table_headers import asciidoc_tables, with_headers
from bienc_cli.formats.titles import title_of
from bienc_cli.types import Document, Heading

_SECTION = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?[ \t]*\Z")
_DELIMITER = re.compile(
    r"(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|```|--|[|,:!]={3,})[ \t]*\Z"
)
_UNDERLINES = "=-~^+"
"""The characters that underline a title, by level."""

_LONGEST_HEADING = 500
"""In characters."""

_MACRO = re.compile(
    # A cross-reference with or without a label; a link, a key, an image; an anchor; the role of a
    # word.
    r"<<(?:[^<>,]*,\s*)?#?([^<>,]*)>>|(?:https?://|[a-z]+::?)[^\s\[\]]*\[([^\]]*)\]|\[\[[^\]]*\]\]"
    r"|\[[.#][\w.#-]*\](?=[*_`#])"
)
_EMPHASIS = re.compile(
    r"(\*\*|__|``|\+\+|##)(?=\S)(.{1,200}?)(?<=\S)\1|(?<![\w\\])([*_`+#])(?=\S)(.{1,200}?)(?<=\S)\3(?!\w)"
)
_DEEPEST = 3
"""Levels of nested emphasis."""

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
        title=title_of(headings),
        headings=tuple(headings),
        blocks=with_headers(
            spans_to_blocks(text, cuts, len(text)),
            asciidoc_tables(text, lambda cell: _plain(cell, {})),
        ),
    )


def _outline(text: str) -> tuple[list[Heading], list[int]]:
    """Sections, and where blocks start; a delimited block is one of them."""
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
        if section := _SECTION.match(line):
            headings.append(Heading(start, len(section[1]), _plain(section[2], attributes)))
            cuts += [start] if cuts[-1:] != [start] else []
            above = ""
            continue
        if _DELIMITER.match(line):
            closing = line
        elif attribute := _ATTRIBUTE.match(line):
            attributes[attribute[1]] = attribute[2]
        above, above_start = line, start
    return headings, cuts


def _underlined(title: str, line: str) -> int:
    """The level of a title underlined by `line`; 0 if it is not one."""
    mark = line[:1]
    if not mark or mark not in _UNDERLINES or line.strip(mark) or not title[:1].isalnum():
        return 0
    # Asciidoctor's rule; any other such line delimits a block.
    fits = abs(len(title) - len(line)) <= 1 and len(line) > 1
    return _UNDERLINES.index(mark) + 1 if fits else 0


def _plain(title: str, attributes: Mapping[str, str]) -> str:
    """A title without mark-up; one too long to be a title is left as it is."""
    if len(title) > _LONGEST_HEADING:
        return title.strip()
    shown = _NAMED.sub(lambda match: attributes.get(match[1], match[0]), title)
    shown = _MACRO.sub(lambda match: match[1] or match[2] or "", shown)
    for _ in range(_DEEPEST):
        shown = _EMPHASIS.sub(lambda match: match[2] or match[4], shown)
    return " ".join(shown.split()) or title.strip()
