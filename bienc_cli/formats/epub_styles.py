"""Headings of books whose chapters mark them by their look alone, as LibreOffice writes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

_Look: TypeAlias = tuple[float, bool]
"""Size in points, and whether it is bold."""

_ORDINARY = 12.0
"""Size of text that a style sheet gives none, in points."""

_LONGEST = 200
_MOST = 0.4
"""Longest heading in bytes, and largest fraction of paragraphs that are headings."""

_LEVELS = 6

_MARKED = re.compile(rb"<h[1-6][\s>]", re.IGNORECASE)
_RULE = re.compile(r"\.([\w-]+)\s*\{([^{}]*)\}")
_SIZE = re.compile(r"font-size:\s*(\d{1,3}(?:\.\d+)?)pt")
_BOLD = re.compile(r"font-weight:\s*(?:bold|[6-9]00)")
_PARAGRAPH = re.compile(
    rb"(?P<before><(?:td|th|li|dd|figcaption)\b[^<>]*>\s*)?"
    rb"<p\b[^<>]*>\s*<span class=\"(?P<style>[\w-]+)\">(?P<text>[^<>]+)</span>\s*</p>"
)


def looks(sheet: str) -> dict[str, _Look]:
    """What the classes of a style sheet look like."""
    found = {}
    for rule in _RULE.finditer(sheet):
        size = _SIZE.search(rule[2])
        found[rule[1]] = (float(size[1]) if size else _ORDINARY, bool(_BOLD.search(rule[2])))
    return found


def heading_levels(chapters: Iterable[bytes], styles: Mapping[str, _Look]) -> dict[bytes, int]:
    """The classes that headings have, with their levels; none if elements mark the headings.

    Text is a heading if it is larger or bolder than what most characters look like, and stands in
    short paragraphs of its own, which are fewer than the others.
    """
    written: Counter[_Look] = Counter()
    paragraphs: Counter[_Look] = Counter()
    longest: dict[_Look, int] = {}
    for chapter in chapters:
        if _MARKED.search(chapter):
            return {}
        for paragraph in _PARAGRAPH.finditer(chapter):
            look = styles.get(paragraph["style"].decode(), (_ORDINARY, False))
            length = len(paragraph["text"])
            written[look] += length
            paragraphs[look] += 1
            longest[look] = max(longest.get(look, 0), length)
    if not written:
        return {}
    body = max(written, key=lambda look: written[look])
    larger = sorted((look for look in written if look > body), reverse=True)
    ranked = [
        look
        for look in larger
        if longest[look] <= _LONGEST and paragraphs[look] <= _MOST * paragraphs.total()
    ]
    levels = {look: level for level, look in enumerate(ranked[:_LEVELS], 1)}
    return {name.encode(): levels[look] for name, look in styles.items() if look in levels}


def with_headings(chapter: bytes, levels: Mapping[bytes, int]) -> bytes:
    """The chapter with elements for its headings."""

    def marked(paragraph: re.Match[bytes]) -> bytes:
        level = levels.get(paragraph["style"])
        if level is None or paragraph["before"]:
            return paragraph.group()
        return b"<h%d>%s</h%d>" % (level, paragraph["text"], level)

    return _PARAGRAPH.sub(marked, chapter) if levels else chapter
