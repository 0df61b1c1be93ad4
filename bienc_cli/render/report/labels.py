"""Places names beside points so that none covers another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

_CHARACTER = 0.56
"""Width of a character of the page's sans-serif font, relative to its size; slightly too wide, to
be safe."""

_LINE = 1.15
_GAP = 9.0
_CROSSING = 4000.0
"""Worse than covering half of a name."""
_STEPS = 10
"""Lines of type that a name may be above or below its point."""
_SWEEPS = 6
"""How often each name may choose again once the others have been placed."""

Point = tuple[float, float]
Line = tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def shared(self, other: Box) -> float:
        """The area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)


@dataclass(frozen=True, slots=True)
class Label:
    """A text and its position; `anchor` as in SVG, y is its baseline.

    Attributes:
        leader: the text's end of a line from its point; None if it is beside the point.
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
    leader: Line | None


def place_labels(
    points: Sequence[tuple[float, float, str]], size: float, room: Box, taken: Sequence[Box] = ()
) -> list[Label]:
    """Place each text where it covers least and is nearest to its point.

    Args:
        points: (x, y, text), most important first: it chooses first.
        size: font size.
        room: the area that texts should stay inside.
        taken: boxes of what is already drawn.
    """
    dots = [Box(x - 6, y - 6, x + 6, y + 6) for x, y, _ in points]
    choices = [list(_choices(x, y, text, size, room)) for x, y, text in points]
    own_costs = [
        [_own_cost(choice, room, dots, taken) for choice in label_choices]
        for label_choices in choices
    ]
    best: tuple[float, list[_Choice]] | None = None
    for first in range(len(points)):
        order = [*range(first, len(points)), *range(first)]
        chosen = _settled(choices, own_costs, order)
        shared = sum(
            _shared_cost(choice, chosen[:position]) for position, choice in enumerate(chosen)
        )
        if best is None or shared < best[0]:
            best = shared, chosen
        if not shared:
            break
    return [choice.label for choice in best[1]] if best else []


def _settled(
    choices: Sequence[Sequence[_Choice]], own_costs: Sequence[Sequence[float]], order: Sequence[int]
) -> list[_Choice]:
    """Let each name choose in turn, and again once the others are placed."""
    chosen: dict[int, _Choice] = {}
    for _ in range(_SWEEPS):
        before = dict(chosen)
        for number in order:
            others = [choice for index, choice in chosen.items() if index != number]
            chosen[number] = min(
                zip(choices[number], own_costs[number], strict=True),
                key=partial(_cost, others=others),
            )[0]
        if chosen == before:
            break
    return [chosen[number] for number in range(len(choices))]


def _choices(x: float, y: float, text: str, size: float, room: Box) -> Iterator[_Choice]:
    width, height, middle = len(text) * size * _CHARACTER, size * _LINE, size * 0.35

    def choice(left: float, baseline: float, anchor: str, distance: float) -> _Choice:
        anchor_x = {"start": left, "end": left + width, "middle": left + width / 2}[anchor]
        top = baseline - size * 0.8
        box = Box(left, top, left + width, top + height)
        leader = None
        if distance > 1:
            nearest = min(max(x, box.left + 4), box.right - 4)
            leader = (round(nearest, 1), round(box.top if box.top > y else box.bottom - 2, 1))
        label = Label(text, round(anchor_x, 1), round(baseline, 1), anchor, leader)
        return _Choice(label, box, distance, ((x, y), leader) if leader else None)

    above, below = y - _GAP, y + _GAP + size * 0.7
    right, left = x + _GAP, x - _GAP - width
    yield choice(right, y + middle, "start", 0)
    yield choice(right, above, "start", 0.1)
    yield choice(right, below, "start", 0.1)
    yield choice(left, y + middle, "end", 0.2)
    yield choice(left, above, "end", 0.3)
    yield choice(left, below, "end", 0.3)
    # Above or below, moved sideways to stay inside the picture; then further off, and
    # to either side of the point.
    for step in range(_STEPS):
        for side in (0.0, -1.0, 1.0) if step else (0.0,):
            moved = x - width / 2 + side * (width / 2 + _GAP)
            left_edge = min(max(moved, room.left), room.right - width)
            distance = 1 + step * (step > 0) + abs(side) / 2
            yield choice(left_edge, above - 2 - step * size, "middle", distance)
            yield choice(left_edge, below + 2 + step * size, "middle", distance)


def _own_cost(choice: _Choice, room: Box, dots: Sequence[Box], taken: Sequence[Box]) -> float:
    box = choice.box
    area = (box.right - box.left) * (box.bottom - box.top)
    # Covering a point or a name is worse than crossing a line; leaving the picture is worst.
    return (
        4 * sum(box.shared(other) for other in dots)
        + sum(box.shared(other) for other in taken)
        + 8 * (area - box.shared(room))
        + 12 * choice.distance
    )


def _cost(choice_and_cost: tuple[_Choice, float], others: Sequence[_Choice]) -> float:
    return choice_and_cost[1] + _shared_cost(choice_and_cost[0], others)


def _shared_cost(choice: _Choice, others: Sequence[_Choice]) -> float:
    """The cost of a choice given those of the other names."""
    cost = 0.0
    for other in others:
        cost += 20 * choice.box.shared(other.box)
        # A line through a name, or two crossing lines, make it unclear which name is whose.
        for line, box in ((choice.leader, other.box), (other.leader, choice.box)):
            cost += _CROSSING * (line is not None and crosses(line, box))
        if choice.leader and other.leader:
            cost += _CROSSING * meet(choice.leader, other.leader)
    return cost


def crosses(line: Line, box: Box) -> bool:
    """Whether a line goes through a rectangle."""
    (x0, y0), (x1, y1) = line
    if box.left < x1 < box.right and box.top < y1 < box.bottom:
        return True
    corners = [
        (box.left, box.top),
        (box.right, box.top),
        (box.right, box.bottom),
        (box.left, box.bottom),
    ]
    return any(meet(((x0, y0), (x1, y1)), side) for side in pairwise([*corners, corners[0]]))


def meet(line: Line, other: Line) -> bool:
    """Whether two lines cross each other."""
    return _turns(*line, other[0]) * _turns(*line, other[1]) < 0 and (
        _turns(*other, line[0]) * _turns(*other, line[1]) < 0
    )


def _turns(start: Point, end: Point, point: Point) -> float:
    """Positive if a point is on one side of a line, negative on the other."""
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])
