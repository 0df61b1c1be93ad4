"""Scales and labels of the report's charts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.render.report.labels import Box, place_labels
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


def test_names_keep_clear_of_each_other_and_of_the_points() -> None:
    room = Box(40, 10, 340, 300)
    points = [
        (300.0, 100.0, "one of the longer names"),
        (305.0, 104.0, "another"),
        (60.0, 20.0, "c"),
    ]
    labels = place_labels(points, 12, room)
    boxes = []
    for label in labels:
        width = len(label.text) * 12 * 0.56
        left = label.x - {"start": 0, "middle": width / 2, "end": width}[label.anchor]
        boxes.append(Box(left, label.y - 9, left + width, label.y + 3))
    for number, box in enumerate(boxes):
        assert room.left <= box.left
        assert box.right <= room.right
        assert all(box.shared(other) == 0 for other in boxes[:number])
        assert all(box.shared(Box(x - 5, y - 5, x + 5, y + 5)) == 0 for x, y, _ in points)
