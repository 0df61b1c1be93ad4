"""Determines the line of an HTML file that each piece of text is on.

The parser does not report lines, so the source is marked before it is parsed: each run of text
gets, before the first visible character of each line, the line's number in private-use characters,
which to a parser are text like any other. The marks are removed from the parsed page's text, where
each becomes an anchor. White space is never marked: that would move tables and end a page's head.
"""

from __future__ import annotations

import bisect
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from bienc_cli.formats.decoding import require_text
from bienc_cli.types import Anchor, Block, Document, Heading, Numbering

_DIGITS = 0xFFF0
_LOW, _HIGH = 0xF0000, 0x100000
MARK = re.compile("[\U00100000-\U0010ffef]?[\U000f0000-\U000fffef]")
"""A line's number in two digits of base 65,520, without a leading zero."""

# Private-use characters of the source: pictures of icon fonts.
_PRIVATE = re.compile(
    "[\U000f0000-\U0010ffff]"
    r"|&#(?:[xX]0*(?:[fF]|10)[0-9a-fA-F]{4}"
    r"|0*(?:98[3-9]\d{3}|99\d{4}|10\d{5}|110\d{4}|111[0-4]\d{3}))(?![0-9a-fA-F]);?"
)

_TAG = re.compile(
    r"<(?P<name>/?[a-zA-Z][^\s/>]*)(?:=\s*(?:\"[^\"]*\"|'[^']*')|[^>])*+>"
    r"|<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<[!?/][^>]*>",
    re.DOTALL,
)
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}
"""Elements whose content is not parsed, with their end tags."""

_VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr path circle".split()
)
_SPOKEN = re.compile(r"(?<=\s)((?:alt|content|value)\s*=\s*[\"'])(?=[^\"'\s])", re.IGNORECASE)
_FRAMED = re.compile(r"\ssrcdoc\s*=\s*(?:\"([^\"]+)\"|'([^']+)')", re.IGNORECASE)
_VISIBLE = re.compile(r"[^ \t\n\f]")


def marked(source: str, first: int = 1) -> str:
    """The source with its line number before every piece of text.

    A `template`, and a page inside an attribute of a frame, become a `div`. In XHTML, a
    self-closing element gets an end tag, because a parser of HTML ignores the slash.

    Args:
        source: a page.
        first: number of its first line.
    """
    source = _PRIVATE.sub(" ", source)
    line_starts = [tag_match.end() for tag_match in re.finditer("\n", source)]

    def line(offset: int) -> int:
        return bisect.bisect_right(line_starts, offset) + first

    is_xml = source.lstrip().startswith("<?xml")
    # No tag ends after the last ">".
    last = source.rfind(">") + 1
    pieces: list[str] = []
    end = 0
    while end < len(source):
        start = source.find("<", end, last)
        tag_match = _TAG.match(source, start) if start >= 0 else None
        if tag_match is None:
            # An angle bracket that opens no tag is text.
            stop = start + 1 if start >= 0 else len(source)
            _add_marked(pieces, source, end, stop, line)
            end = stop
            continue
        _add_marked(pieces, source, end, start, line)
        end = tag_match.end()
        tag = tag_match.group()
        name = (tag_match["name"] or "").lower()
        ending = _RAW[name].search(source, end) if name in _RAW else None
        closed = tag.endswith("/>") and (
            name.removeprefix("/") not in _VOID if is_xml else name in _RAW and ending is None
        )
        if name in ("img", "input", "meta"):
            tag = _marked_attributes(tag, start, line)
        elif name.removeprefix("/") == "template":
            tag = tag.replace(tag_match["name"], name.replace("template", "div"), 1)
        elif name == "iframe" and (framed := _FRAMED.search(tag)):
            pieces.append(_inner_page(framed[1] or framed[2], line(start + framed.start())))
        pieces.append(f"{tag[:-2]}></{name}>" if closed else tag)
        if name in _RAW and not closed:
            stop = ending.start() if ending else len(source)
            if name == "textarea":
                _add_marked(pieces, source, end, stop, line)
            else:
                pieces.append(source[end:stop])
            end = stop
    return "".join(pieces)


def _inner_page(source: str, first: int) -> str:
    """The body of a page inside another one, parsed by itself so that its tags are balanced."""
    from selectolax.lexbor import LexborHTMLParser

    # The recursion ends, because the value of an attribute is shorter than the page.
    body = LexborHTMLParser(marked(html.unescape(source), first)).body
    inner = "" if body is None else body.html or ""
    return f"<div>{inner.removeprefix('<body>').removesuffix('</body>')}</div>"


def _marked_attributes(tag: str, start: int, line: Callable[[int], int]) -> str:
    return _SPOKEN.sub(lambda attribute: attribute[1] + _mark(line(start + attribute.end())), tag)


def _add_marked(
    pieces: list[str], source: str, start: int, stop: int, line: Callable[[int], int]
) -> None:
    """Append the text in [start, stop) with its marks to `pieces`."""
    while start < stop:
        first_visible = _VISIBLE.search(source, start, stop)
        if first_visible is None:
            break
        visible = first_visible.start()
        line_end = source.find("\n", visible, stop)
        line_end = stop if line_end < 0 else line_end
        pieces += (source[start:visible], _mark(line(visible)), source[visible:line_end])
        start = line_end
    pieces.append(source[start:stop])


def _mark(line: int) -> str:
    high, low = divmod(line, _DIGITS)
    return (chr(_HIGH + high) if high else "") + chr(_LOW + low)


def _number(mark: str) -> int:
    high = ord(mark[0]) - _HIGH if len(mark) > 1 else 0
    return high * _DIGITS + ord(mark[-1]) - _LOW


def unmarked(document: Document) -> Document:
    """The document without marks, its lines numbered by them.

    Raises:
        UnreadableFile: there is no text besides the marks.
    """
    text = document.text
    pieces: list[str] = []
    # Where marks end in the marked text, and how much shorter the unmarked text is from there on.
    ends, shifts = [0], [0]
    anchors = [Anchor(0, 1)]
    line_start = 0
    end = 0
    for mark in MARK.finditer(text):
        pieces.append(text[end : mark.start()])
        line_break = text.rfind("\n", end, mark.start()) + 1
        offset = mark.start() - shifts[-1]
        if line_break or not end:
            # The first mark of a line also covers what precedes it: a bullet, a bar.
            line_start = (line_break or 0) - shifts[-1]
            offset = line_start
        end = mark.end()
        ends.append(end)
        shifts.append(shifts[-1] + len(mark.group()))
        number = _number(mark.group())
        # A parser moves text out of tables, and anchors must not descend.
        if number > anchors[-1].number:
            if anchors[-1].start == offset:
                anchors.pop()
            anchors.append(Anchor(offset, number))
    pieces.append(text[end:])

    def moved(position: int) -> int:
        return position - shifts[bisect.bisect_right(ends, position) - 1]

    headings = (
        Heading(
            moved(heading.start),
            heading.level,
            title,
            None if heading.end is None else moved(heading.end),
        )
        for heading in document.headings
        if (title := " ".join(MARK.sub("", heading.title).split()))
    )
    spans = (
        Block(moved(block.start), moved(block.end), MARK.sub("", block.header))
        for block in document.blocks
    )
    unmarked_text = require_text("".join(pieces))
    return replace(
        document,
        text=unmarked_text,
        headings=_each_start_once(headings),
        # A mark may be followed by nothing but spaces that the parser takes for text.
        blocks=tuple(block for block in spans if unmarked_text[block.start : block.end].strip()),
        numbering=Numbering("line", tuple(anchors)),
    )


def _each_start_once(headings: Iterator[Heading]) -> tuple[Heading, ...]:
    return tuple({heading.start: heading for heading in headings}.values())
