"""HTML: what a reader of the page sees or can make it show, without its navigation.

Nothing is fetched and no script is run: what only a script or a click would show is read where
it is in the file. Passages are cited by the lines of the source (`html_source.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.cleaning import RAISED
from bienc_cli.formats.decoding import decode
from bienc_cli.formats.html_layout import OpenList, OpenTable, row_line
from bienc_cli.formats.html_source import MARK, marked, unmarked
from bienc_cli.formats.html_visibility import Visibility, around, is_called_folded
from bienc_cli.formats.mathml import SIGNS
from bienc_cli.types import Document

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = frozenset({"ul", "ol", "menu"})
_PREFORMATTED = frozenset({"pre", "textarea"})
_KEPT_TOGETHER = _LISTS | _PREFORMATTED | {"dl", "blockquote", "select"}
_LINES = _KEPT_TOGETHER | frozenset(
    (
        "address article aside body button caption center dd details dialog div dt fieldset "
        "figcaption figure footer form header hgroup hr legend li main noscript option p section "
        "summary svg table tbody td text tfoot th thead tr"
    ).split()
)
_TYPED = frozenset({"", "text", "email", "tel", "url", "number", "date", "time", "datetime-local"})
"""Kinds of fields that show their value."""

_SET_HIGHER = re.compile(
    r"vertical-align\s*:\s*(?:super|text-top|0?[1-9.][\d.]*(?:r?em|ex|px|pt|%))", re.IGNORECASE
)
_RULE = re.compile(r"\.([\w-]{1,100})(?![\w-])[^{}]{0,200}\{([^{}]{0,2000})\}")
_STRUCK = frozenset({"del", "s", "strike"})
"""What is struck out, and no part of the word that stands in its place."""

_LAID_OUT = "table, h1, h2, h3, h4, h5, h6"
_PARAGRAPHS, _GRID = "p + p", "th, tr + tr > td + td"
"""In a table: it arranges a page, and is no table to a reader; paragraphs do so where there is no
grid of cells around them."""

_ENCLOSED = frozenset("aside blockquote details dialog fieldset figure li".split())
"""Elements that a heading in them heads, and nothing behind them."""

_SECTIONS = frozenset({"article", "section"})
"""Elements that a heading in them heads, and nothing behind them, if they hold its text, too."""

_MATH = frozenset(element for element, _ in SIGNS)
_MOST_PARTS = 3
_LINE_BREAK = "\v"


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read an HTML page; see `table.ReadFunction`."""
    yield document_of(path.read_bytes(), doc_id)


def raising_classes(sheet: str) -> set[str]:
    """The classes that a style sheet sets higher than the line."""
    return {rule[1] for rule in _RULE.finditer(sheet) if _SET_HIGHER.search(rule[2])}


def document_of(
    data: bytes, doc_id: str, declared: str | None = None, raising: Set[str] = frozenset()
) -> Document:
    """Read a page that may be part of another file: of a message, of a book.

    Args:
        data: the page.
        doc_id: of the document.
        declared: encoding that is declared outside the page.
        raising: classes that style sheets outside the page set higher than the line.

    Raises:
        UnreadableFile: binary, or without text.
    """
    from selectolax.lexbor import LexborHTMLParser

    source = decode(data, declared)
    tree = LexborHTMLParser(marked(source))
    of_page = [raising_classes(sheet.text()) for sheet in tree.css("style")]
    raising = {*raising, *(name for names in of_page for name in names)}
    try:
        return _document(tree, doc_id, Visibility(tree, source), raising)
    except UnreadableFile:
        # A page that is all navigation, such as an index of links, or that a script would show, is
        # still its text.
        return _document(tree, doc_id, Visibility(tree, source, everything=True), raising)


def _document(
    tree: LexborHTMLParser, doc_id: str, visibility: Visibility, raising: Set[str]
) -> Document:
    laid_out = around(tree.css(_PARAGRAPHS)) - around(tree.css(_GRID)) | around(tree.css(_LAID_OUT))
    page = _Page(laid_out, raising)
    if description := _description(tree):
        page.builder.block(description)
    if tree.root is not None:
        for node, entering in _walk(tree.root, visibility):
            (page.enter if entering else page.leave)(node)
    page.end_block()
    if page.is_empty and not visibility.everything:
        raise UnreadableFile("empty", "holds no text")
    named = tree.css_first("head > title")
    document = page.builder.build(doc_id, "html", named.text() if named is not None else None)
    return unmarked(document)


def _description(tree: LexborHTMLParser) -> str:
    """What the page says of itself, unless that stands in it too."""
    node = tree.css_first("meta[name=description i], meta[property='og:description']")
    description = " ".join((node.attributes.get("content") or "").split()) if node else ""
    body = tree.body
    shown = MARK.sub("", body.text()) if description and body is not None else ""
    return "" if MARK.sub("", description) in " ".join(shown.split()) else description


def _walk(root: LexborNode, visibility: Visibility) -> Iterator[tuple[LexborNode, bool]]:
    """Every visible node when it begins (True) and when it ends (False).

    Without recursion: a page may be nested as deeply as it likes.
    """
    node = root
    while True:
        seen = visibility.is_seen(node)
        if seen:
            yield node, True
            if node.child is not None:
                node = node.child
                continue
            yield node, False
        while node.next is None:
            if node.parent is None or node.mem_id == root.mem_id:
                return
            node = node.parent
            yield node, False
        node = node.next


class _Page:
    """Turns the walk into headings and blocks: inline text to lines, lines to blocks."""

    def __init__(self, laid_out: set[int], raising: Set[str]) -> None:
        self.builder = DocumentBuilder()
        self._inline: list[str] = []
        self._lines: list[str] = []
        # How many lists, tables, quotations and such are open: their lines make one block.
        self._together = 0
        self._preformatted = 0
        self._marker = ""
        self._lists: list[OpenList] = []
        # What stands in small letters above others, and behind them here.
        self._above: list[str] | None = None
        self._readings: list[str] = []
        # How many formulas are open.
        self._formulas = 0
        # The open tables, and the cells of the current row.
        self._tables: list[OpenTable] = []
        self._laid_out = laid_out
        self._raising = raising
        self._cells: list[str] | None = None
        # The level of the open heading, 0 for none: whatever is in it is its title.
        self._heading = 0
        # How many blocks and headings there were when each element began that ends the scope of
        # its own; and up to the last main heading.
        self._enclosing: list[tuple[int, int]] = []
        self._main = 0
        # A definition has ended, so that the next term begins another entry.
        self._defined = False
        self.is_empty = True

    def enter(self, node: LexborNode) -> None:
        """Begin a node."""
        tag = node.tag or ""
        if self._formulas:
            self._inline.append(_sign(node))
        if node.is_text_node:
            (self._inline if self._above is None else self._above).append(self._text(node))
        elif tag == "math":
            self._formulas += 1
        elif tag == "rt":
            self._above = []
        elif tag == "input":
            self._inline.append(f" {_value(node)} ")
        elif tag == "label":
            self._inline.append(" ")
        elif tag == "br":
            self._inline.append("\n" if self._preformatted else _LINE_BREAK)
        elif tag in ("img", "area"):
            attributes = node.attributes
            self._inline.append(f" {attributes.get('alt') or attributes.get('title') or ''} ")
        elif (level := _level(node)) and not self._heading:
            self.end_block()
            self._heading = level
        elif tag in _LINES:
            if self._heading:
                self._inline.append(_LINE_BREAK)
                return
            self._end_line()
            self._open(tag, node)
            if tag in _ENCLOSED or _is_section(node):
                self._enclosing.append((self.builder.blocks, self.builder.headings))
        if tag == "svg" or _is_drawn(node):
            self._inline.append(f" {node.attributes.get('aria-label') or ''} ")

    def leave(self, node: LexborNode) -> None:
        """End a node."""
        tag = node.tag or ""
        if self._heading and _level(node):
            self._add_readings()
            title = "".join(self._inline).replace(_LINE_BREAK, " ")
            self._inline.clear()
            self.builder.heading(self._heading, title)
            self._main = self.builder.headings if self._heading == 1 else self._main
            self._heading = 0
            self.is_empty = False
        elif tag in _LINES:
            if self._heading:
                self._inline.append(_LINE_BREAK)
                return
            self._end_line()
            self._close(tag)
            if tag in _ENCLOSED:
                self._end_headings(self._enclosing.pop()[1])
            elif _is_section(node):
                blocks, headings = self._enclosing.pop()
                if self.builder.blocks > blocks:
                    self._end_headings(max(headings, self._main))
        elif tag == "math":
            self._formulas -= 1
        elif tag == "rt" and self._above is not None:
            self._readings.append("".join(self._above))
            self._above = None
        elif tag in _STRUCK or tag == "label" or (tag == "a" and _touches_another(node)):
            self._inline.append(" ")
        elif tag in ("abbr", "acronym") and (meaning := node.attributes.get("title")):
            self._inline.append(f" ({meaning})")

    def end_block(self) -> None:
        """What follows belongs to another block."""
        self._end_line()
        self._end_entry()

    def _end_entry(self) -> None:
        self._defined = False
        if self._lines:
            self.builder.block("\n".join(self._lines))
            self._lines.clear()
            self.is_empty = False

    def _end_headings(self, first: int) -> None:
        if self.builder.headings > first:
            self._end_entry()
            self.builder.end_headings(first)

    def _open(self, tag: str, node: LexborNode) -> None:
        if not self._together:
            self.end_block()
        if tag in _KEPT_TOGETHER:
            self._together += 1
        if tag == "dt" and self._together == 1 and self._defined:
            self._end_entry()
        if tag in _PREFORMATTED:
            self._preformatted += 1
        elif tag in _LISTS:
            self._lists.append(OpenList.of(node))
        elif tag == "li" and self._lists:
            self._marker = "  " * (len(self._lists) - 1) + self._lists[-1].marker(node)
        elif tag == "table":
            self._tables.append(OpenTable(node.mem_id not in self._laid_out))
            self._together += self._tables[-1].tabular
        elif tag == "tr" and self._tables and self._tables[-1].tabular:
            self._cells = []
        elif tag in {"td", "th"} and self._cells is not None:
            self._tables[-1].begin_cell(self._cells, node)

    def _close(self, tag: str) -> None:
        if tag == "dd":
            self._defined = True
        elif tag in _PREFORMATTED:
            self._preformatted -= 1
        elif tag in _LISTS:
            self._lists.pop()
        elif tag == "tr" and self._cells is not None:
            if line := row_line(self._cells):
                self._lines.append(line)
            self._cells = None
        elif tag == "table":
            self._together -= self._tables.pop().tabular
        if tag in _KEPT_TOGETHER:
            self._together -= 1
        if not self._together:
            self.end_block()

    def _text(self, node: LexborNode) -> str:
        text = node.text_content or ""
        # Most texts end in no digit, which costs less to see than what is around them.
        if text.rstrip()[-1:].isdecimal() and MARK.sub("", text).strip().isdecimal():
            raised = node.parent is not None and _is_raised(node.parent, self._raising)
            return text.translate(RAISED) if raised else text
        return text

    def _add_readings(self) -> None:
        if self._readings:
            self._inline.append(f" ({' '.join(self._readings)})")
            self._readings.clear()

    def _end_line(self) -> None:
        self._add_readings()
        if not self._inline:
            return
        text = "".join(self._inline)
        self._inline.clear()
        if not self._preformatted:
            lines = (" ".join(line.split()) for line in text.split(_LINE_BREAK))
            text = "\n".join(line for line in lines if line)
        if not text or text.isspace():
            return
        if self._cells:
            self._cells[-1] = f"{self._cells[-1]}\n{text}".strip("\n")
        else:
            self._lines.append(self._marker + text.strip("\n"))
        self._marker = ""


def _is_section(node: LexborNode) -> bool:
    return node.tag in _SECTIONS or (node.tag == "div" and is_called_folded(node))


def _touches_another(link: LexborNode) -> bool:
    """Whether another link follows at once: they look apart, and lead to different places."""
    following = link.next
    return (
        following is not None
        and following.tag == "a"
        and following.attributes.get("href") != link.attributes.get("href")
    )


def _is_drawn(node: LexborNode) -> bool:
    """Whether an element without content stands for a picture."""
    return node.child is None and node.is_element_node and node.attributes.get("role") == "img"


def _sign(node: LexborNode) -> str:
    """What stands in front of a part of a formula."""
    parent = node.parent
    if parent is None or parent.tag not in _MATH or not node.is_element_node:
        return ""
    place = 0
    before = node.prev
    while before is not None and place < _MOST_PARTS:
        place += before.is_element_node
        before = before.prev
    return SIGNS.get((parent.tag, place), "")


def _value(control: LexborNode) -> str:
    """What is typed into a field of a form."""
    attributes = control.attributes
    typed = (attributes.get("type") or "").lower() in _TYPED
    return (attributes.get("value") or "") if typed else ""


def _level(node: LexborNode) -> int:
    """The level of a heading, 0 for anything else."""
    tag = node.tag or ""
    if tag in _HEADINGS:
        return _HEADINGS[tag]
    if node.is_text_node or node.attributes.get("role") != "heading":
        return 0
    level = node.attributes.get("aria-level") or ""
    return int(level) if re.fullmatch("[1-9]", level) else 2


def _is_raised(node: LexborNode, raising: Set[str]) -> bool:
    """Whether digits in it are a note's: raised, or said to call one, as in books."""
    attributes = node.attributes
    calls = (attributes.get("epub:type") or "", attributes.get("role") or "")
    return (
        node.tag == "sup"
        or "noteref" in calls[0].split()
        or calls[1] == "doc-noteref"
        or _SET_HIGHER.search(attributes.get("style") or "") is not None
        or not raising.isdisjoint((attributes.get("class") or "").split())
        or (node.tag in ("a", "span") and node.parent is not None and node.parent.tag == "sup")
    )
