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
    """A text and where it stands; `anchor` as in SVG, y is its baseline.

    Attributes:
        leader: end, at the text, of a line from its point; None where it stands beside it.
    """

    text: str
    x: float
    y: float
    anchor: str
    leader: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class _Choice:
    label: Label
    box: Box
    distance: float


def place_labels(
    points: Sequence[tuple[float, float, str]], size: float, room: Box, taken: Sequence[Box] = ()
) -> list[Label]:
    """Put each text where it covers least and is nearest to its point.

    Args:
        points: (x, y, text), the most important first: it has the first choice.
        size: of the type.
        room: what no text should leave.
        taken: lines that are drawn there already.
    """
    covered = [Box(x - 6, y - 6, x + 6, y + 6) for x, y, _ in points]
    labels = []
    for x, y, text in points:
        choices = list(_choices(x, y, text, size, room))
        best = min(choices, key=lambda one: _cost(one, room, covered, taken))
        covered.append(best.box)
        labels.append(best.label)
    return labels


def _choices(x: float, y: float, text: str, size: float, room: Box) -> Iterator[_Choice]:
    width, height, middle = len(text) * size * _CHARACTER, size * _LINE, size * 0.35

    def choice(left: float, baseline: float, anchor: str, distance: float) -> _Choice:
        at = {"start": left, "end": left + width, "middle": left + width / 2}[anchor]
        top = baseline - size * 0.8
        box = Box(left, top, left + width, top + height)
        leader = None
        if distance > 1:
            nearest = min(max(x, box.left + 4), box.right - 4)
            leader = (round(nearest, 1), round(box.top if box.top > y else box.bottom - 2, 1))
        return _Choice(Label(text, round(at, 1), round(baseline, 1), anchor, leader), box, distance)

    above, below = y - _GAP, y + _GAP + size * 0.7
    right, left = x + _GAP, x - _GAP - width
    yield choice(right, y + middle, "start", 0)
    yield choice(right, above, "start", 0.1)
    yield choice(right, below, "start", 0.1)
    yield choice(left, y + middle, "end", 0.2)
    yield choice(left, above, "end", 0.3)
    yield choice(left, below, "end", 0.3)
    # Above or below, moved as far sideways as the picture's edge asks for; then further off.
    within = min(max(x - width / 2, room.left), room.right - width)
    for step in range(7):
        yield choice(within, above - 2 - step * size, "middle", 1 + step * (step > 0))
        yield choice(within, below + 2 + step * size, "middle", 1 + step * (step > 0))


def _cost(choice: _Choice, room: Box, covered: Sequence[Box], crossed: Sequence[Box]) -> float:
    box = choice.box
    area = (box.right - box.left) * (box.bottom - box.top)
    # To cover a point or a name is worse than to cross a line, to leave the picture is worst.
    return (
        4 * sum(box.shared(other) for other in covered)
        + sum(box.shared(other) for other in crossed)
        + 8 * (area - box.shared(room))
        + 12 * choice.distance
    )
