"""Properties of single HTML elements: heading level, value, operator, superscript."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import TYPE_CHECKING

from bienc_cli.formats.html_source import MARK
from bienc_cli.formats.html_visibility import is_called_folded
from bienc_cli.formats.mathml import SIGNS

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_TYPED = frozenset({"", "text", "email", "tel", "url", "number", "date", "time", "datetime-local"})
"""Types of input fields that show their value."""

_SET_HIGHER = re.compile(
    r"vertical-align\s*:\s*(?:super|text-top|0?[1-9.][\d.]*(?:r?em|ex|px|pt|%))", re.IGNORECASE
)
_RULE = re.compile(r"\.([\w-]{1,100})(?![\w-])[^{}]{0,200}\{([^{}]{0,2000})\}")
_MATH = frozenset(element for element, _ in SIGNS)
_MOST_PARTS = 3

_ENCLOSING = frozenset("aside blockquote details dialog fieldset figure li".split())
_BOOKMARKED = frozenset({"add_date", "time_added"})
"""Attributes with which browsers and read-it-later services export links."""

_LONGEST_ADDRESS = 200
"""In characters; a longer one is shown without its query."""


def encloses(node: LexborNode) -> bool:
    """Whether a heading inside the element ends with it.

    In an export of bookmarks, the term of a list contains a folder: its name and its own list.
    """
    return node.tag in _ENCLOSING or (
        node.tag == "dt" and any(child.tag == "dl" for child in node.iter())
    )


def is_aside(node: LexborNode) -> bool:
    """Whether a heading inside the element is below the one before it, and ends with it."""
    return encloses(node) or (node.tag == "div" and is_called_folded(node))


def bookmarked_address(link: LexborNode) -> str:
    """Where a link leads in an export of bookmarks, and its tags; "" for links of other pages."""
    attributes = link.attributes
    address = attributes.get("href") or ""
    if _BOOKMARKED.isdisjoint(attributes) or not address.lower().startswith(("http:", "https:")):
        return ""
    if len(address) > _LONGEST_ADDRESS:
        address = address.partition("?")[0][:_LONGEST_ADDRESS]
    tags = attributes.get("tags") or ""
    return f"{address} ({tags.replace(',', ', ')})" if tags else address


def raising_classes(sheet: str) -> set[str]:
    """The classes that a style sheet makes superscript."""
    return {rule[1] for rule in _RULE.finditer(sheet) if _SET_HIGHER.search(rule[2])}


def touches_another(link: LexborNode) -> bool:
    """Whether another word follows a link directly: a link to another place, or a note's first."""
    following = link.next
    if following is not None and following.tag == "a":
        return following.attributes.get("href") != link.attributes.get("href")
    return _numbers_note(link)


def _numbers_note(link: LexborNode) -> bool:
    """Whether it is the number before a footnote, which links back to the reference."""
    if not (link.attributes.get("href") or "").startswith("#"):
        return False
    outer = link
    if (
        link.parent is not None
        and link.parent.tag == "sup"
        and (link.prev, link.next) == (None, None)
    ):
        outer = link.parent
    before, word = (
        MARK.sub("", beside.text_content or "") if beside is not None else ""
        for beside in (outer.prev, outer.next)
    )
    begins = outer.prev is None or (outer.prev.is_text_node and not before.strip())
    return begins and word[:1].isalpha() and MARK.sub("", link.text()).strip().isdigit()


def is_drawn(node: LexborNode) -> bool:
    """Whether an empty element stands for a picture."""
    return node.child is None and node.is_element_node and node.attributes.get("role") == "img"


def sign_before(node: LexborNode) -> str:
    """The operator before a part of a formula; "" if there is none."""
    parent = node.parent
    if parent is None or parent.tag not in _MATH or not node.is_element_node:
        return ""
    index = 0
    sibling = node.prev
    while sibling is not None and index < _MOST_PARTS:
        index += sibling.is_element_node
        sibling = sibling.prev
    return SIGNS.get((parent.tag, index), "")


def typed_value(control: LexborNode) -> str:
    """The text in a form's input field."""
    attributes = control.attributes
    typed = (attributes.get("type") or "").lower() in _TYPED
    return (attributes.get("value") or "") if typed else ""


def heading_level(node: LexborNode) -> int:
    """The level of a heading; 0 for any other node."""
    tag = node.tag or ""
    if tag in _HEADINGS:
        return _HEADINGS[tag]
    if tag == "p" and _is_title(node):
        return 1
    if node.is_text_node or node.attributes.get("role") != "heading":
        return 0
    level = node.attributes.get("aria-level") or ""
    return int(level) if re.fullmatch("[1-9]", level) else 2


def _is_title(paragraph: LexborNode) -> bool:
    """Whether it is the document's title as saved by Word or Google Docs."""
    attributes = paragraph.attributes
    classes = (attributes.get("class") or "").split()
    return "MsoTitle" in classes or (
        "title" in classes and (attributes.get("id") or "").startswith("h.")
    )


def is_raised(node: LexborNode, raising: Set[str]) -> bool:
    """Whether digits in it refer to a note: superscript, or marked as a reference, as in books."""
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
