"""SVG: the words, title and description of a drawing, cited by the lines of the file."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.package import name_of, parse_xml
from bienc_cli.types import Document

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_UNSEEN = frozenset("style script metadata defs symbol clipPath mask".split())
_SAID = frozenset("title desc".split())
_WORDED = ("{*}text", "{*}foreignObject")
_PLACES = frozenset("x y dx dy".split())
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a drawing; see `table.ReadFunction`."""
    root = parse_xml(path.read_bytes())
    if root is None or name_of(root) != "svg":
        raise UnreadableFile("broken", "not an SVG drawing")
    builder = DocumentBuilder("line")
    title = " ".join(root.findtext("{*}title", "").split())
    for line, text in _texts(root):
        builder.stand_at(line)
        builder.block(text)
    if not builder.blocks:
        # Most drawings have no words, which is not a failure to read them.
        raise UnreadableFile("binary", "a picture without words (.svg)")
    yield builder.build(doc_id, "svg", title or None)


def _texts(root: Element) -> Iterator[tuple[int, str]]:
    """Lines and texts in the order of the file."""
    pending = [root]
    while pending:
        element = pending.pop()
        name = name_of(element)
        if name in _UNSEEN or not name or _is_hidden(element):
            continue
        if name == "switch":
            # Programs show the first alternative that they support.
            worded = (child for child in element if next(child.iter(*_WORDED), None) is not None)
            pending += itertools.islice(worded, 1)
        elif name in ("text", "foreignObject") or name in _SAID:
            text = " ".join("".join(_pieces(element, name)).split())
            if text:
                yield element.sourceline or 1, text
        else:
            if label := element.get("aria-label"):
                yield element.sourceline or 1, label
            pending += reversed(element)


def _pieces(element: Element, within: str) -> Iterator[str]:
    # Recursion is safe: the parser limits nesting to 256.
    name = name_of(element)
    if name in _UNSEEN or not name or _is_hidden(element):
        return
    # Text with its own position begins another word, and so does an element of HTML.
    apart = within == "foreignObject" or not _PLACES.isdisjoint(element.attrib)
    yield " " if apart else ""
    yield element.text or ""
    for child in element:
        yield from _pieces(child, within)
        yield child.tail or ""
    yield " " if apart else ""


def _is_hidden(element: Element) -> bool:
    return (
        element.get("display") == "none"
        or element.get("visibility") == "hidden"
        or _HIDDEN.search(element.get("style") or "") is not None
    )
