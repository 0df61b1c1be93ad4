"""Names beside points, placed so that none covers another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_CHARACTER = 0.56
"""Width of a character of the page's sans-serif, in its size; a little too wide, to be safe."""

_LINE = 1.15
_GAP = 9.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def shared(self, other: Box) -> float:
        """The area of what both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)


@dataclass(frozen=True, slots=True)
class Label:
    """A text and where it stands; `anchor` as in SVG, y is its baseline."""

    text: str
    x: float
    y: float
    anchor: str


def place_labels(
    points: Sequence[tuple[float, float, str]], size: float, room: Box, taken: Sequence[Box] = ()
) -> list[Label]:
    """Put each text beside its point: where it covers least, and nearest the right-hand side.

    Args:
        points: (x, y, text), the most important first: it has the first choice.
        size: of the type.
        room: what no text should leave.
        taken: what is drawn there already.
    """
    covered = [Box(x - 6, y - 6, x + 6, y + 6) for x, y, _ in points] + list(taken)
    labels = []
    for x, y, text in points:
        choices = list(_choices(x, y, text, size, room))
        label, box = min(choices, key=lambda one: _cost(one[1], room, covered))
        covered.append(box)
        labels.append(label)
    return labels


def _choices(x: float, y: float, text: str, size: float, room: Box) -> Iterator[tuple[Label, Box]]:
    width, height = len(text) * size * _CHARACTER, size * _LINE
    middle = size * 0.35
    # Right above or below the point, moved as far sideways as the picture's edge asks for.
    within = min(max(x - width / 2, room.left), room.right - width)
    for anchor, left, baseline in (
        ("start", x + _GAP, y + middle),
        ("start", x + _GAP, y - _GAP),
        ("start", x + _GAP, y + _GAP + size * 0.7),
        ("end", x - _GAP - width, y + middle),
        ("end", x - _GAP - width, y - _GAP),
        ("end", x - _GAP - width, y + _GAP + size * 0.7),
        ("middle", x - width / 2, y - _GAP - 2),
        ("middle", x - width / 2, y + _GAP + size * 0.8 + 2),
        ("start", within, y + _GAP + size * 0.8 + 2),
        ("start", within, y - _GAP - 2),
        ("start", within, y + 2 * _GAP + size * 0.8 + 2),
        ("start", within, y - 2 * _GAP - 2),
        ("start", within, y + 3 * _GAP + size * 0.8 + 2),
    ):
        at = {"start": left, "end": left + width, "middle": x}[anchor]
        box = Box(left, baseline - size * 0.8, left + width, baseline - size * 0.8 + height)
        yield Label(text, round(at, 1), round(baseline, 1), anchor), box


def _cost(box: Box, room: Box, covered: Sequence[Box]) -> float:
    area = (box.right - box.left) * (box.bottom - box.top)
    # Leaving the picture is worse than covering something in it.
    return sum(box.shared(other) for other in covered) + 4 * (area - box.shared(room))
