"""Styles and lists of a Word document: a paragraph's heading level and its number."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from bienc_cli.formats.numerals import numeral
from bienc_cli.formats.package import whole_number

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_HEADING = re.compile(r"heading ([1-9])\Z", re.IGNORECASE)
_OF_CONTENTS = re.compile(r"toc (?:[1-9]|heading)\Z", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"%([1-9])")
_LONGEST_CHAIN = 16
"""Limit on a chain of inheriting styles, which may be a loop."""


def value_of(element: Element, child: str) -> str | None:
    """The `w:val` of the descendant at a path; None if there is none."""
    descendant = element.find(child)
    return None if descendant is None else descendant.get(f"{W}val")


def _number_in(element: Element, child: str) -> int | None:
    return whole_number(value_of(element, child))


class Styles:
    """Styles of paragraphs and runs, by id.

    Built-in styles have English names in every language, only their ids are translated; custom
    styles state an outline level (0 is highest, 9 means body text).

    Args:
        styles: the styles part; None if it is missing or damaged.
    """

    def __init__(self, styles: Element | None) -> None:
        self._levels: dict[str, int] = {}
        self._of_titles: set[str] = set()
        self._of_contents: set[str] = set()
        self._lists: dict[str, tuple[int | None, int | None]] = {}
        self._parents: dict[str, str] = {}
        # Only for styles that state it.
        self._hidden: dict[str, bool] = {}
        self._raised: dict[str, bool] = {}
        self.default = ""
        for style in () if styles is None else styles.iterchildren(f"{W}style"):
            style_id = style.get(f"{W}styleId") or ""
            if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in ("1", "true"):
                self.default = style_id
            name = value_of(style, f"{W}name") or ""
            outline = _number_in(style, f"{W}pPr/{W}outlineLvl")
            if named := _HEADING.match(name):
                self._levels[style_id] = int(named[1])
            elif _OF_CONTENTS.match(name):
                self._of_contents.add(style_id)
            elif name.lower() == "title":
                self._levels[style_id] = 1
                self._of_titles.add(style_id)
            elif outline is not None:
                self._levels[style_id] = outline + 1 if outline < 9 else 0
            if style.find(f"{W}pPr/{W}numPr") is not None:
                self._lists[style_id] = _list_of(style)
            self._parents[style_id] = value_of(style, f"{W}basedOn") or ""
            _note(self._hidden, style_id, is_hidden(style))
            _note(self._raised, style_id, is_raised(style))

    def level(self, paragraph: Element) -> int:
        """The paragraph's level as a heading, 1 highest; 0 if it is not one."""
        own = _number_in(paragraph, f"{W}pPr/{W}outlineLvl")
        if own is not None and own < 9:
            return own + 1
        return next(
            (self._levels[style] for style in self._chain(paragraph) if style in self._levels), 0
        )

    def is_title(self, paragraph: Element) -> bool:
        """Whether a paragraph is the title of the whole document."""
        return not self._of_titles.isdisjoint(self._chain(paragraph))

    def is_of_contents(self, paragraph: Element) -> bool:
        """Whether a paragraph is part of a table of contents, which repeats the headings."""
        return not self._of_contents.isdisjoint(self._chain(paragraph))

    def list_of(self, paragraph: Element) -> tuple[int | None, int] | None:
        """The number of the paragraph's list and its depth from 0; None if it is in no list."""
        listed = paragraph.find(f"{W}pPr/{W}numPr") is not None
        number, depth = _list_of(paragraph)
        for style_id in self._chain(paragraph):
            if style_id in self._lists:
                inherited_number, inherited_depth = self._lists[style_id]
                # Some built-in styles state a depth without a list.
                listed = listed or inherited_number is not None
                number = inherited_number if number is None else number
                depth = inherited_depth if depth is None else depth
        if not listed or number == 0:
            return None
        return number, min(depth or 0, 8)

    def hides(self, run: Element) -> bool:
        """Whether a run is hidden, as text for fields and indexes is."""
        own = is_hidden(run)
        return self._says(run, self._hidden) if own is None else own

    def raises(self, run: Element) -> bool:
        """Whether a run is superscript."""
        own = is_raised(run)
        return self._says(run, self._raised) if own is None else own

    def _says(self, run: Element, of_styles: dict[str, bool]) -> bool:
        if not of_styles:
            return False
        chain = self._ancestors(value_of(run, f"{W}rPr/{W}rStyle") or "")
        around = run.getparent()
        while around is not None and around.tag != f"{W}p":
            around = around.getparent()
        if around is not None:
            chain += self._chain(around)
        return next((of_styles[style] for style in chain if style in of_styles), False)

    def _chain(self, paragraph: Element) -> list[str]:
        return self._ancestors(value_of(paragraph, f"{W}pPr/{W}pStyle") or self.default)

    def _ancestors(self, style_id: str) -> list[str]:
        """The style and those it is based on."""
        chain: list[str] = []
        while style_id and style_id not in chain and len(chain) < _LONGEST_CHAIN:
            chain.append(style_id)
            style_id = self._parents.get(style_id, "")
        return chain


def is_hidden(holder: Element) -> bool | None:
    """Whether a run or a style hides its text; None if it does not state that."""
    hidden = holder.find(f"{W}rPr/{W}vanish")
    return None if hidden is None else hidden.get(f"{W}val") not in ("0", "false", "off")


def is_raised(holder: Element) -> bool | None:
    """Whether a run or a style is superscript; None if it does not state that."""
    aligned = value_of(holder, f"{W}rPr/{W}vertAlign")
    return None if aligned is None else aligned == "superscript"


def _note(of_styles: dict[str, bool], style_id: str, stated: bool | None) -> None:
    if stated is not None:
        of_styles[style_id] = stated


def _list_of(element: Element) -> tuple[int | None, int | None]:
    place = f"{W}pPr/{W}numPr"
    return _number_in(element, f"{place}/{W}numId"), _number_in(element, f"{place}/{W}ilvl")


class ListNumbers:
    """Numbers the items of lists as Word does: `2.`, `b)`, `3.1`.

    Args:
        numbering: the numbering part; if None, all items have bullets.
        styles: tell which paragraphs are items.
    """

    def __init__(self, numbering: Element | None, styles: Styles) -> None:
        self._styles = styles
        # Lists with the same definition share their counts, except levels that a list restarts.
        self._counts: dict[str, list[int]] = defaultdict(lambda: [0] * 9)
        self._restarts: dict[int, dict[int, int]] = {}
        self._lists: dict[int, str] = {}
        self._levels: dict[tuple[str, int], tuple[str, str, int]] = {}
        for definition in () if numbering is None else numbering.iterchildren(f"{W}abstractNum"):
            name = definition.get(f"{W}abstractNumId") or ""
            for level in definition.iterchildren(f"{W}lvl"):
                depth = whole_number(level.get(f"{W}ilvl"))
                if depth is not None:
                    start = _number_in(level, f"{W}start")
                    self._levels[name, depth] = (
                        value_of(level, f"{W}numFmt") or "decimal",
                        value_of(level, f"{W}lvlText") or "",
                        1 if start is None else start,
                    )
        for instance in () if numbering is None else numbering.iterchildren(f"{W}num"):
            number = whole_number(instance.get(f"{W}numId"))
            if number is not None:
                self._lists[number] = value_of(instance, f"{W}abstractNumId") or ""
                self._restarts[number] = {
                    depth: start
                    for override in instance.iterchildren(f"{W}lvlOverride")
                    if (depth := whole_number(override.get(f"{W}ilvl"))) is not None
                    and (start := _number_in(override, f"{W}startOverride")) is not None
                }

    def marker(self, paragraph: Element) -> str | None:
        """The number or bullet of an item; "" if it has none, None if it is not an item."""
        place = self._styles.list_of(paragraph)
        if place is None:
            return None
        number, depth = place
        definition = self._lists.get(number or 0, "")
        level = self._levels.get((definition, depth))
        if level is not None and (level[0] == "none" or not level[1].strip()):
            return ""
        if level is None or level[0] == "bullet":
            return f"{'  ' * depth}-"
        counts = self._counts[definition]
        restart = self._restarts.get(number or 0, {}).pop(depth, None)
        counts[depth] = max(counts[depth] + 1, level[2]) if restart is None else restart
        counts[depth + 1 :] = [0] * (8 - depth)

        def shown(placeholder: re.Match[str]) -> str:
            index = int(placeholder[1]) - 1
            form, _, start = self._levels.get((definition, index), ("decimal", "", 1))
            return numeral(counts[index] or start, form)

        return "  " * depth + _PLACEHOLDER.sub(shown, level[1])
