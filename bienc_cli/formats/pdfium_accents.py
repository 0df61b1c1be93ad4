"""Joins accents that PDFium returns as separate characters, anywhere in the line, with letters."""

from __future__ import annotations

from collections.abc import Mapping

from bienc_cli.formats.accents import ACCENT, accented
from bienc_cli.formats.pdfium_places import Places

_NEAR = 0.7
"""Largest distance between the baselines of an accent and its letter, in ems."""

_FURTHEST = 300
"""Characters of a line that are searched for an accent's letter, in either direction."""

_WORD_GAP = 0.15
"""Least distance between two words, in ems."""


def on_their_letters(places: Places, text: str) -> dict[int, str]:
    """Replacements for accents, their letters, and the spaces beside them.

    Args:
        places: of the page's characters.
        text: as PDFium returns it.

    Returns:
        By index in the text, the replacement of the character there.
    """
    changes: dict[int, str] = {}
    letters: dict[int, tuple[float, float, float, float]] = {}
    for match in ACCENT.finditer(text):
        accent = match.start()
        letter = _letter_below(places, text, accent, letters, changes)
        if letter is not None:
            changes[letter] = accented(match.group(), text[letter]) or text[letter]
            changes[accent] = ""
    for accent in [index for index, written in changes.items() if not written]:
        _close_up(places, text, accent, changes)
    return changes


def _letter_below(
    places: Places,
    text: str,
    accent: int,
    letters: dict[int, tuple[float, float, float, float]],
    taken: Mapping[int, str],
) -> int | None:
    left, right, baseline, _ = _extent(places, accent)
    centre = (left + right) / 2
    start = max(text.rfind("\n", 0, accent) + 1, accent - _FURTHEST)
    end = text.find("\r", accent, accent + _FURTHEST)
    nearest: int | None = None
    distance = 0.0
    for index in range(start, end if end > 0 else min(accent + _FURTHEST, len(text))):
        if index in taken or not text[index].isalpha():
            continue
        if index not in letters:
            letters[index] = _extent(places, index)
        left, right, below, size = letters[index]
        if not left <= centre <= right or abs(below - baseline) > _NEAR * size:
            continue
        off = abs(centre - (left + right) / 2)
        if (nearest is None or off < distance) and accented(text[accent], text[index]):
            nearest, distance = index, off
    return nearest


def _extent(places: Places, index: int) -> tuple[float, float, float, float]:
    """Left, right, baseline and size of a character of the text."""
    character = places.of_text(index)
    x, y = places.origin(character)
    return x, places.end(character)[0], y, places.size(character)


def _close_up(places: Places, text: str, accent: int, changes: dict[int, str]) -> None:
    """Remove the spaces that PDFium put around an accent, except one between words."""
    first = last = accent
    while first > 0 and _is_filler(places, text, first - 1, changes):
        first -= 1
    while last + 1 < len(text) and _is_filler(places, text, last + 1, changes):
        last += 1
    changes |= dict.fromkeys(range(first, last + 1), "")
    if first > 0 and last + 1 < len(text) and not {text[first - 1], text[last + 1]} & {*"\r\n"}:
        _, right, _, size = _extent(places, first - 1)
        if _extent(places, last + 1)[0] - right > _WORD_GAP * size:
            changes[accent] = " "


def _is_filler(places: Places, text: str, index: int, changes: Mapping[int, str]) -> bool:
    if index in changes and ACCENT.match(text[index]):
        return True
    return text[index] == " " and places.is_generated(places.of_text(index))
