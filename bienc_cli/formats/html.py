"""HTML: what a visitor sees or can unfold, without the page's navigation.

Nothing is fetched and no script runs: what only a script or a click would show is read where it is
in the file. Passages are cited by the lines of the source (`html_source.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.cleaning import RAISED
from bienc_cli.formats.decoding import decode
from bienc_cli.formats.encoded_data import without_keys
from bienc_cli.formats.html_layout import OpenList, OpenTable, row_line
from bienc_cli.formats.html_nodes import (
    bookmarked_address,
    encloses,
    heading_level,
    is_aside,
    is_drawn,
    is_raised,
    raising_classes,
    sign_before,
    touches_another,
    typed_value,
)
from bienc_cli.formats.html_source import MARK, marked, unmarked
from bienc_cli.formats.html_visibility import Visibility, around, is_called_folded, is_of_page
from bienc_cli.formats.sheets import columns
from bienc_cli.formats.titles import says_something, title_of
from bienc_cli.types import Document

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_LISTS = frozenset({"ul", "ol", "menu"})
_PREFORMATTED = frozenset({"pre", "textarea"})
_KEPT_TOGETHER = _LISTS | _PREFORMATTED | {"dl", "blockquote", "select"}
_LINES = _KEPT_TOGETHER | frozenset(
    (
        "address article aside body button caption center dd details dialog div dt fieldset "
        "figcaption figure footer form header hgroup hr legend li main nav noscript option p "
        "section summary svg table tbody td text tfoot th thead tr"
    ).split()
)
_INLINE = frozenset("area br img input label math rt".split())
_STRUCK = frozenset({"del", "s", "strike"})
"""Struck-out text, which is not part of the word that replaces it."""

_LAID_OUT = "table, h1, h2, h3, h4, h5, h6"
_PARAGRAPHS, _GRID = "p + p", "th, tr + tr > td + td"
"""A table with such elements only arranges the page; paragraphs count only where no grid of cells
surrounds them."""

_SECTIONS = frozenset({"article", "section"})
"""A heading inside these elements ends with them if they also contain its text."""

_SECTION_CLASSES = frozenset("section sect1 sect2 sect3 sect4 sect5".split())
"""Classes that mark a `div` as a section, from before HTML had sections."""

_PARTING = _LINES | frozenset("audio canvas embed iframe object video".split())
_LINE_BREAK = "\v"


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read an HTML page; see `table.ReadFunction`."""
    yield document_of(path.read_bytes(), doc_id)


def document_of(
    data: bytes,
    doc_id: str,
    declared: str | None = None,
    raising: Set[str] = frozenset(),
    *,
    as_mail: bool = False,
) -> Document:
    """Read a page from bytes, such as a part of a message or a book.

    Args:
        data: the page.
        doc_id: id of the document.
        declared: encoding declared outside the page.
        raising: classes that style sheets outside the page make superscript.
        as_mail: no script runs and nothing unfolds, so leave out hidden parts.

    Raises:
        UnreadableFile: it is binary or has no text.
    """
    from selectolax.lexbor import LexborHTMLParser

    source = without_keys(decode(data, declared))
    tree = LexborHTMLParser(marked(source))
    of_page = [raising_classes(sheet.text()) for sheet in tree.css("style")]
    raising = {*raising, *(name for names in of_page for name in names)}
    try:
        return _document(tree, doc_id, Visibility(tree, source, as_mail=as_mail), raising)
    except UnreadableFile:
        # A page may be all navigation, such as an index of links, or shown only by a script.
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
            if entering is None:
                page.skip(node)
            else:
                (page.enter if entering else page.leave)(node)
    page.end_block()
    if page.is_empty and not visibility.everything:
        raise UnreadableFile("empty", "holds no text")
    title_node = tree.css_first("head > title")
    title = title_node.text() if title_node is not None else ""
    document = unmarked(page.builder.build(doc_id, "html", title))
    if says_something(title):
        return document
    return replace(document, title=title_of(document.headings))


def _description(tree: LexborHTMLParser) -> str:
    """The page's description in its metadata; "" if the page itself contains it."""
    node = tree.css_first("meta[name=description i], meta[property='og:description']")
    description = " ".join((node.attributes.get("content") or "").split()) if node else ""
    body = tree.body
    shown = MARK.sub("", body.text()) if description and body is not None else ""
    return "" if MARK.sub("", description) in " ".join(shown.split()) else description


def _walk(root: LexborNode, visibility: Visibility) -> Iterator[tuple[LexborNode, bool | None]]:
    """Every visible node at its start (True) and its end (False), others once (None).

    Not recursive, because pages may be nested to any depth.
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
        else:
            yield node, None
        while node.next is None:
            if node.parent is None or node.mem_id == root.mem_id:
                return
            node = node.parent
            yield node, False
        node = node.next


class _Page:
    """Turns the walk into headings and blocks: inline text into lines, lines into blocks."""

    def __init__(self, laid_out: set[int], raising: Set[str]) -> None:
        self.builder = DocumentBuilder()
        self._inline: list[str] = []
        self._lines: list[str] = []
        # Number of open lists, tables, quotations and such: their lines make one block.
        self._together = 0
        self._preformatted = 0
        self._marker = ""
        self._lists: list[OpenList] = []
        # Ruby text, which is printed above the line; here it follows the line.
        self._above: list[str] | None = None
        self._readings: list[str] = []
        # Number of open formulas.
        self._formulas = 0
        # The open tables, and the cells of the current row.
        self._tables: list[OpenTable] = []
        self._laid_out = laid_out
        self._raising = raising
        self._cells: list[str] | None = None
        # Column names of the table about to be added.
        self._header = ""
        # Level of the open heading, 0 for none: everything inside it is its title.
        self._heading = 0
        # For each open element that ends the headings inside it, the numbers of blocks and headings
        # before it; and the number of headings up to the last main one.
        self._enclosing: list[tuple[int, int]] = []
        self._main = 0
        # First heading of the section that has just ended, and the number of blocks then.
        self._ended: tuple[int, int] | None = None
        # A definition has ended, so the next term starts another entry.
        self._defined = False
        self.is_empty = True

    def enter(self, node: LexborNode) -> None:
        """Start a node."""
        tag = node.tag or ""
        if self._formulas:
            self._inline.append(sign_before(node))
        if node.is_text_node:
            (self._inline if self._above is None else self._above).append(self._text(node))
        elif tag in _INLINE:
            self._enter_inline(tag, node)
        elif (level := heading_level(node)) and not self._heading:
            self.end_block()
            self._heading = level
        elif tag in _LINES and self._heading:
            # An icon's label is no part of the title.
            self._inline.append(_LINE_BREAK)
            return
        elif tag in _LINES:
            self._end_line()
            if tag == "footer" and is_of_page(node):
                self.end_block()
                self.builder.end_headings()
            self._open(tag, node)
            if encloses(node) or tag == "article":
                self._ended = None
            if is_aside(node):
                self.builder.begin_aside()
            if encloses(node) or _is_section(node):
                self._enclosing.append((self.builder.blocks, self.builder.headings))
        if tag == "svg" or is_drawn(node):
            self._inline.append(f" {node.attributes.get('aria-label') or ''} ")

    def _enter_inline(self, tag: str, node: LexborNode) -> None:
        attributes = node.attributes
        if tag == "math":
            self._formulas += 1
        elif tag == "rt":
            self._above = []
        elif tag == "input":
            self._inline.append(f" {typed_value(node)} ")
        elif tag == "label":
            self._inline.append(" ")
        elif tag == "br":
            self._inline.append("\n" if self._preformatted else _LINE_BREAK)
        else:
            self._inline.append(f" {attributes.get('alt') or attributes.get('title') or ''} ")

    def leave(self, node: LexborNode) -> None:
        """End a node."""
        tag = node.tag or ""
        if self._heading and heading_level(node):
            self._add_readings()
            title = "".join(self._inline).replace(_LINE_BREAK, " ")
            self._inline.clear()
            self._go_on()
            self.builder.heading(self._heading, title)
            if self._heading == 1 and not self.builder.in_aside:
                self._main = self.builder.headings
            self._heading = 0
            self.is_empty = False
        elif tag in _LINES:
            if self._heading:
                self._inline.append(_LINE_BREAK)
                return
            self._end_line()
            self._close(tag)
            if encloses(node):
                self._end_headings(self._enclosing.pop()[1])
                self.builder.end_aside()
            elif _is_section(node):
                blocks, headings = self._enclosing.pop()
                if self.builder.blocks > blocks:
                    first = max(headings, self._main)
                    self._end_headings(first)
                    is_part = tag != "article" and self.builder.headings > first
                    self._ended = (first, self.builder.blocks) if is_part else None
                if is_aside(node):
                    self.builder.end_aside()
        elif tag == "math":
            self._formulas -= 1
        elif tag == "rt" and self._above is not None:
            self._readings.append("".join(self._above))
            self._above = None
        elif tag in _STRUCK or tag == "label" or (tag == "a" and touches_another(node)):
            self._inline.append(" ")
        elif tag == "a" and (address := bookmarked_address(node)):
            self._inline.append(f" {address}")
        elif tag in ("abbr", "acronym") and (meaning := node.attributes.get("title")):
            self._inline.append(f" ({meaning})")

    def skip(self, node: LexborNode) -> None:
        """Skip a node; the text before and after it is not one word."""
        if node.tag in _PARTING:
            self._inline.append(" ")

    def end_block(self) -> None:
        """End the block: what follows belongs to another one."""
        self._end_line()
        self._end_entry()

    def _end_entry(self) -> None:
        self._defined = False
        if self._lines:
            self.builder.block("\n".join(self._lines), self._header)
            self._lines.clear()
            self._header = ""
            self.is_empty = False

    def _end_headings(self, first: int) -> None:
        if self.builder.headings > first:
            self._end_entry()
            self.builder.end_headings(first)

    def _go_on(self) -> None:
        """Resume the section that has just ended: a lower heading right after it is part of it."""
        if self._ended is None or self._ended[1] != self.builder.blocks:
            return
        first = self._ended[0]
        if self.builder.resume_heading(first, self._heading) and self._enclosing:
            blocks, headings = self._enclosing[-1]
            self._enclosing[-1] = (blocks, min(headings, first))

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
                self._tables[-1].end_row(self._cells)
            self._cells = None
        elif tag == "table":
            table = self._tables.pop()
            self._together -= table.tabular
            self._header = "" if self._together else columns(table.rows)
        if tag in _KEPT_TOGETHER:
            self._together -= 1
        if not self._together:
            self.end_block()

    def _text(self, node: LexborNode) -> str:
        text = node.text_content or ""
        # Checking the last character is cheap, and few texts end with a digit.
        if text.rstrip()[-1:].isdecimal() and MARK.sub("", text).strip().isdecimal():
            raised = node.parent is not None and is_raised(node.parent, self._raising)
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
    if node.tag != "div":
        return node.tag in _SECTIONS
    classes = (node.attributes.get("class") or "").split()
    return not _SECTION_CLASSES.isdisjoint(classes) or is_called_folded(node)
