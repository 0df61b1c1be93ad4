"""What single elements of an HTML page say: a level, a sign, a value, that they are raised."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import TYPE_CHECKING

from bienc_cli.formats.mathml import SIGNS

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_TYPED = frozenset({"", "text", "email", "tel", "url", "number", "date", "time", "datetime-local"})
"""Kinds of fields that show their value."""

_SET_HIGHER = re.compile(
    r"vertical-align\s*:\s*(?:super|text-top|0?[1-9.][\d.]*(?:r?em|ex|px|pt|%))", re.IGNORECASE
)
_RULE = re.compile(r"\.([\w-]{1,100})(?![\w-])[^{}]{0,200}\{([^{}]{0,2000})\}")
_MATH = frozenset(element for element, _ in SIGNS)
_MOST_PARTS = 3


def raising_classes(sheet: str) -> set[str]:
    """The classes that a style sheet sets higher than the line."""
    return {rule[1] for rule in _RULE.finditer(sheet) if _SET_HIGHER.search(rule[2])}


def touches_another(link: LexborNode) -> bool:
    """Whether another link follows at once: they look apart, and lead to different places."""
    following = link.next
    return (
        following is not None
        and following.tag == "a"
        and following.attributes.get("href") != link.attributes.get("href")
    )


def is_drawn(node: LexborNode) -> bool:
    """Whether an element without content stands for a picture."""
    return node.child is None and node.is_element_node and node.attributes.get("role") == "img"


def sign_before(node: LexborNode) -> str:
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


def typed_value(control: LexborNode) -> str:
    """What is typed into a field of a form."""
    attributes = control.attributes
    typed = (attributes.get("type") or "").lower() in _TYPED
    return (attributes.get("value") or "") if typed else ""


def heading_level(node: LexborNode) -> int:
    """The level of a heading, 0 for anything else."""
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
    """Whether it is the title of a text that Word or Google Docs saved as a page."""
    attributes = paragraph.attributes
    classes = (attributes.get("class") or "").split()
    return "MsoTitle" in classes or (
        "title" in classes and (attributes.get("id") or "").startswith("h.")
    )


def is_raised(node: LexborNode, raising: Set[str]) -> bool:
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
