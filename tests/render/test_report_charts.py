"""Scales and labels of the report's charts."""

from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.render.report.labels import Box, Label, crosses, meet, place_labels
from bienc_cli.render.report.scales import for_times, linear

numbers = st.floats(-1e3, 1e3, allow_nan=False)
seconds = st.floats(1e-5, 1e4)


@given(st.lists(numbers, min_size=1), st.booleans())
def test_all_values_and_round_marks_lie_on_a_plain_axis(values: list[float], zero: bool) -> None:
    scale = linear(values, 4, 96, zero=zero)
    for value in [*values, *([0.0] if zero else [])]:
        assert 3.99 <= scale(value) <= 96.01
    assert 2 <= len(scale.ticks) <= 9
    places = [tick.place for tick in scale.ticks]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (4, 96)


def test_marks_are_numbers_that_people_write() -> None:
    scale = linear([0.613, 0.742], 0, 100, about=4)
    assert [tick.value for tick in scale.ticks] == [0.6, 0.65, 0.7, 0.75]
    assert scale(0.6) == 0
    assert scale(0.675) == 50
    downwards = linear([0.0, 1.0], 100, 0, about=2)
    assert [(tick.value, tick.place) for tick in downwards.ticks] == [(0, 100), (0.5, 50), (1, 0)]


@given(st.lists(seconds, min_size=1))
def test_times_lie_on_their_axis(values: list[float]) -> None:
    scale = for_times(values, 4, 96)
    assert scale.logarithmic == (max(values) >= 10 * min(values))
    places = [scale(value) for value in values]
    assert all(3.99 <= place <= 96.01 for place in places)
    assert [place for _, place in sorted(zip(values, places))] == sorted(places)


def test_times_of_several_orders_have_marks_at_powers_of_ten() -> None:
    scale = for_times([0.002, 1.7], 0, 100, about=4)
    assert [tick.value for tick in scale.ticks] == [0.01, 0.1, 1.0]
    assert scale(0.1) - scale(0.01) == pytest.approx(scale(1.0) - scale(0.1), abs=0.1)
    few = for_times([0.002, 0.025], 0, 100, about=4)
    assert [tick.value for tick in few.ticks] == [0.002, 0.005, 0.01, 0.02]
    nothing_lost = for_times([0.001, 0.06], 0, 100, about=4)
    assert [tick.value for tick in nothing_lost.ticks] == [0.001, 0.003, 0.01, 0.03]


def boxes_of(labels: list[Label]) -> list[Box]:
    """Where the texts stand, in a type of 12."""
    boxes = []
    for label in labels:
        width = len(label.text) * 12 * 0.56
        left = label.x - {"start": 0, "middle": width / 2, "end": width}[label.anchor]
        boxes.append(Box(left, label.y - 9, left + width, label.y + 3))
    return boxes


def test_names_keep_clear_of_each_other_and_of_the_points() -> None:
    room = Box(40, 10, 340, 300)
    points = [
        (300.0, 100.0, "one of the longer names"),
        (305.0, 104.0, "another"),
        (60.0, 20.0, "c"),
    ]
    labels = place_labels(points, 12, room)
    boxes = boxes_of(labels)
    for number, box in enumerate(boxes):
        assert room.left <= box.left
        assert box.right <= room.right
        assert all(box.shared(other) == 0 for other in boxes[:number])
        assert all(box.shared(Box(x - 5, y - 5, x + 5, y + 5)) == 0 for x, y, _ in points)


STRATEGIES = ("bi-encoder", "bi-encoder+cross-encoder", "light-blend", "blend", "bm25")


@pytest.mark.parametrize(("width", "height"), [(640, 320), (358, 300)])
@pytest.mark.parametrize("near", [2, 3])
def test_names_of_near_points_do_not_cross(width: int, height: int, near: int) -> None:
    """Neither a name another, nor a line from a name to its point another or its name."""
    room = Box(46, 12, width - 10, height - 40)
    for seed in range(60):
        points = scattered(Random(seed), room, near)
        labels = place_labels([(*point, name) for point, name in points], 12, room)
        drawn = [
            (box, label.leader and (point, label.leader))
            for box, label, (point, _) in zip(boxes_of(labels), labels, points, strict=True)
        ]
        for (one, line), (other, another) in combinations(drawn, 2):
            assert one.shared(other) == 0
            assert not (line and crosses(line, other))
            assert not (another and crosses(another, one))
            assert not (line and another and meet(line, another))


def scattered(chance: Random, room: Box, near: int) -> list[tuple[tuple[float, float], str]]:
    """Points of five strategies, so many of them hardly apart and the others anywhere else."""
    heap = chance.uniform(room.left, room.right), chance.uniform(room.top + 9, room.bottom - 9)
    found: list[tuple[float, float]] = []
    while len(found) < len(STRATEGIES):
        x, y = (
            (heap[0] + chance.gauss(0, 6), heap[1] + chance.gauss(0, 6))
            if len(found) < near
            else (chance.uniform(room.left, room.right), chance.uniform(room.top, room.bottom))
        )
        apart = all(abs(x - a) + abs(y - b) > 60 for a, b in found[near - 1 :])
        if room.left <= x <= room.right and (len(found) < near or apart):
            found.append((x, y))
    return list(zip(found, STRATEGIES, strict=True))
