"""Writes the place of a passage in its file for people, and parses it again."""

from __future__ import annotations

import re
from typing import cast

from bienc_cli.types import Place, PlaceKind

_SEPARATORS = {"page": " p.", "slide": " slide ", "row": " row ", "cell": " cell "}
NUMBER = "[0-9]{1,15}"
"""Pattern of a number in a citation: no more digits than any line number has."""

_NUMBERS = rf"({NUMBER})(?:-({NUMBER}))?"
_PLAIN_SHEET = re.compile(r"[^\W\d]\w*")
_CITED = (
    # A single number after a colon is part of many document ids.
    ("line", re.compile(rf"(?s)(.+):({NUMBER})-({NUMBER})")),
    ("page", re.compile(rf"(?s)(.+) p\.{_NUMBERS}")),
    ("slide", re.compile(rf"(?s)(.+) slide {_NUMBERS}")),
    ("row", re.compile(rf"(?s)(.+) row {_NUMBERS}")),
    ("cell", re.compile(rf"(?s)(.+) cell {_NUMBERS}")),
)
_SHEET = re.compile(rf"(?s)(.+) ([^\W\d]\w*|'(?:[^']|'')+')!{_NUMBERS}")


def citation(name: str, place: Place, *, whole: bool = False) -> str:
    """`name:13`, `name p.3`, `name slide 4`, `name Sheet1!12`, `name#Heading`, or `name` alone.

    Args:
        name: the file's or document's.
        place: a place in it.
        whole: include the last number too, if there are several: `name:13-20`. Lines are always
            written as a range then, to distinguish them from an id with a colon.
    """
    if place.kind == "heading":
        return f"{name}#{place.name}"
    if place.first is None:
        return name
    last = place.last if whole else None
    if place.kind == "line":
        return f"{name}:{place.first}" + ("" if last is None else f"-{last}")
    if place.kind == "row" and place.name:
        return f"{name} {rows_of_sheet(place, whole=whole)}"
    return f"{name}{_SEPARATORS[place.kind]}{_range(place, whole)}"


def rows_of_sheet(place: Place, *, whole: bool) -> str:
    """`Sheet1!12`, or `'My sheet'!12`, as in spreadsheets."""
    plain = _PLAIN_SHEET.fullmatch(place.name)
    sheet = place.name if plain else "'" + place.name.replace("'", "''") + "'"
    return f"{sheet}!{_range(place, whole)}"


def cited(text: str) -> tuple[str, Place] | None:
    """Inverse of `citation` with `whole`, except for headings; None if `text` is a name alone."""
    for kind, form in _CITED:
        if match := form.fullmatch(text):
            return match[1], _numbered(kind, match[2], match[3])
    if match := _SHEET.fullmatch(text):
        return match[1], _numbered("row", match[3], match[4], sheet_named(match[2]))
    return None


def sheet_named(written: str) -> str:
    """The sheet's name as `rows_of_sheet` wrote it."""
    return written[1:-1].replace("''", "'") if written.startswith("'") else written


def _numbered(kind: str, first: str, last: str | None, name: str = "") -> Place:
    return Place(cast(PlaceKind, kind), int(first), int(last or first), name)


def _range(place: Place, whole: bool) -> str:
    is_range = whole and place.last != place.first
    return f"{place.first}-{place.last}" if is_range else f"{place.first}"
