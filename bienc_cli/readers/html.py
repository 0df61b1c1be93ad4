"""HTML: what a reader of the page sees, without its navigation; nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import UnreadableFile
from bienc_cli.readers.builder import DocumentBuilder
from bienc_cli.readers.decoding import decode
from bienc_cli.readers.words import words
from bienc_cli.types import Document

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNSEEN = frozenset(
    words(
        "script style noscript template head title svg math iframe object embed applet canvas "
        "audio video select datalist button textarea dialog -comment"
    )
)
_BOILERPLATE = "nav, [role=navigation], [role=search], body > footer"
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = frozenset({"ul", "ol", "menu"})
_KEPT_TOGETHER = _LISTS | {"dl", "blockquote", "pre"}
_LINES = _KEPT_TOGETHER | frozenset(
    words(
        "address article aside body caption center dd details div dt fieldset figcaption figure "
        "footer form header hgroup hr legend li main p section summary table tbody td "
        "tfoot th thead tr"
    )
)
_LAID_OUT = "table, h1, h2, h3, h4, h5, h6, p + p"
"""In a table: it arranges a page, and is no table to a reader."""

_LINE_BREAK = "\v"
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_CHARSET_WITHIN = 2048


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read an HTML page; see `table.ReadFunction`."""
    from selectolax.lexbor import LexborHTMLParser

    data = path.read_bytes()
    declared = _CHARSET.search(data, 0, _CHARSET_WITHIN)
    tree = LexborHTMLParser(decode(data, declared[1].decode() if declared else None))
    named = tree.css_first("head > title")
    title = named.text() if named is not None else None
    try:
        yield _document(tree, doc_id, title, _BOILERPLATE)
    except UnreadableFile:
        # A page that is all navigation, such as an index of links, is still its text.
        yield _document(tree, doc_id, title, None)


def _document(
    tree: LexborHTMLParser, doc_id: str, title: str | None, left_out: str | None
) -> Document:
    skipped = {node.mem_id for node in tree.css(left_out)} if left_out else set()
    page = _Page(_around(tree.css(_LAID_OUT)))
    if tree.root is not None:
        for node, entering in _walk(tree.root, skipped):
            (page.enter if entering else page.leave)(node)
    page.end_block()
    return page.builder.build(doc_id, "html", title)


def _around(nodes: list[LexborNode]) -> set[int]:
    """The nodes that hold one of these; each is visited once, however deep the nesting."""
    found: set[int] = set()
    for node in nodes:
        above = node.parent
        while above is not None and above.mem_id not in found:
            found.add(above.mem_id)
            above = above.parent
    return found


def _walk(root: LexborNode, skipped: set[int]) -> Iterator[tuple[LexborNode, bool]]:
    """Every visible node when it begins (True) and when it ends (False).

    Without recursion: a page may be nested as deeply as it likes.
    """
    node = root
    while True:
        seen = not _is_unseen(node, skipped)
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


def _is_unseen(node: LexborNode, skipped: set[int]) -> bool:
    if node.is_text_node:
        return False
    if node.tag in _UNSEEN or node.mem_id in skipped:
        return True
    attributes = node.attributes
    return "hidden" in attributes or bool(_INVISIBLE.search(attributes.get("style") or ""))


class _Page:
    """Turns the walk into headings and blocks: inline text to lines, lines to blocks."""

    def __init__(self, laid_out: set[int]) -> None:
        self.builder = DocumentBuilder()
        self._inline: list[str] = []
        self._lines: list[str] = []
        # How many lists, tables, quotations and such are open: their lines make one block.
        self._together = 0
        self._preformatted = 0
        self._marker = ""
        # The next number of each open list, 0 for bullets.
        self._lists: list[int] = []
        # Whether each open table is one to a reader, and the cells of its current row.
        self._tables: list[bool] = []
        self._laid_out = laid_out
        self._cells: list[str] | None = None

    def enter(self, node: LexborNode) -> None:
        """Begin a node."""
        tag = node.tag or ""
        if node.is_text_node:
            self._inline.append(node.text_content or "")
        elif tag == "br":
            self._inline.append("\n" if self._preformatted else _LINE_BREAK)
        elif tag == "img":
            self._inline.append(f" {node.attributes.get('alt') or ''} ")
        elif tag in _HEADINGS:
            self.end_block()
        elif tag in _LINES:
            self._end_line()
            self._open(tag, node)

    def leave(self, node: LexborNode) -> None:
        """End a node."""
        tag = node.tag or ""
        if tag in _HEADINGS:
            title = "".join(self._inline).replace(_LINE_BREAK, " ")
            self._inline.clear()
            self.builder.heading(_HEADINGS[tag], title)
        elif tag in _LINES:
            self._end_line()
            self._close(tag)

    def end_block(self) -> None:
        """What follows belongs to another block."""
        self._end_line()
        self.builder.block("\n".join(self._lines))
        self._lines.clear()

    def _open(self, tag: str, node: LexborNode) -> None:
        if not self._together:
            self.end_block()
        if tag in _KEPT_TOGETHER:
            self._together += 1
        if tag == "pre":
            self._preformatted += 1
        elif tag in _LISTS:
            self._lists.append(1 if tag == "ol" else 0)
        elif tag == "li" and self._lists:
            number = self._lists[-1]
            self._marker = "  " * (len(self._lists) - 1) + (f"{number}. " if number else "- ")
            self._lists[-1] += 1 if number else 0
        elif tag == "table":
            tabular = node.mem_id not in self._laid_out
            self._tables.append(tabular)
            self._together += tabular
        elif tag == "tr" and self._tables and self._tables[-1]:
            self._cells = []
        elif tag in {"td", "th"} and self._cells is not None:
            self._cells.append("")

    def _close(self, tag: str) -> None:
        if tag == "pre":
            self._preformatted -= 1
        elif tag in _LISTS:
            self._lists.pop()
        elif tag == "tr" and self._cells is not None:
            if any(self._cells):
                self._lines.append(" | ".join(self._cells))
            self._cells = None
        elif tag == "table":
            self._together -= self._tables.pop()
        if tag in _KEPT_TOGETHER:
            self._together -= 1
        if not self._together:
            self.end_block()

    def _end_line(self) -> None:
        text = "".join(self._inline)
        self._inline.clear()
        if not self._preformatted:
            lines = (" ".join(line.split()) for line in text.split(_LINE_BREAK))
            text = "\n".join(line for line in lines if line)
        if not text or text.isspace():
            return
        if self._cells:
            self._cells[-1] = " ".join((self._cells[-1] + " " + text).split())
        else:
            self._lines.append(self._marker + text.strip("\n"))
        self._marker = ""
