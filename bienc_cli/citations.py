"""How a place in a file is written for people, and read back."""

from __future__ import annotations

import re
from typing import cast

from bienc_cli.types import Place, PlaceKind

_WORDS = {"page": " p.", "slide": " slide ", "row": " row ", "cell": " cell "}
NUMBER = "[0-9]{1,15}"
"""In a citation, as a pattern: no more digits than the number of a line can have."""

_NUMBERS = rf"({NUMBER})(?:-({NUMBER}))?"
_PLAIN_SHEET = re.compile(r"[^\W\d]\w*")
_CITED = (
    # A single number behind a colon is part of many a document's id.
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
        name: of the file or document.
        place: in it.
        whole: the last number too, where there are several: `name:13-20`. A range of lines is
            always written as one, so that it can be told from an id with a colon in it.
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
    return f"{name}{_WORDS[place.kind]}{_range(place, whole)}"


def rows_of_sheet(place: Place, *, whole: bool) -> str:
    """`Sheet1!12`, or `'My sheet'!12`, as spreadsheets write it."""
    plain = _PLAIN_SHEET.fullmatch(place.name)
    sheet = place.name if plain else "'" + place.name.replace("'", "''") + "'"
    return f"{sheet}!{_range(place, whole)}"


def cited(text: str) -> tuple[str, Place] | None:
    """Inverse of `citation` with `whole`, but for headings; None where `text` is a name alone."""
    for kind, form in _CITED:
        if found := form.fullmatch(text):
            return found[1], _numbered(kind, found[2], found[3])
    if found := _SHEET.fullmatch(text):
        return found[1], _numbered("row", found[3], found[4], sheet_named(found[2]))
    return None


def sheet_named(written: str) -> str:
    """A sheet's name of what `rows_of_sheet` wrote."""
    return written[1:-1].replace("''", "'") if written.startswith("'") else written


def _numbered(kind: str, first: str, last: str | None, name: str = "") -> Place:
    return Place(cast(PlaceKind, kind), int(first), int(last or first), name)


def _range(place: Place, whole: bool) -> str:
    several = whole and place.last != place.first
    return f"{place.first}-{place.last}" if several else f"{place.first}"
