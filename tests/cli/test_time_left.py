"""What is said of the time that is left, against how long it then takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.cli.time_left import TimeLeft, rough_duration
from bienc_cli.indexing.report import Progress

BATCH_BYTES, BATCH_TOKENS = 50_000, 10_000


def estimates(
    known: int, missing: int, *, batch_seconds: float, read_seconds: float
) -> list[tuple[float | None, float]]:
    """What was said behind each batch, and what it took from there."""
    total = (known + missing) * BATCH_BYTES
    left, now, encoded = TimeLeft(total, 0.0), 0.0, 0
    moments = []
    for number in range(1, known + missing + 1):
        now += read_seconds
        left.learn(
            Progress((number - 1) * BATCH_BYTES, 0, encoded * BATCH_TOKENS, encoded * BATCH_BYTES),
            now,
        )
        if number > known:
            now, encoded = now + batch_seconds, encoded + 1
        left.learn(
            Progress(number * BATCH_BYTES, 0, encoded * BATCH_TOKENS, encoded * BATCH_BYTES), now
        )
        moments.append((left.seconds(), now))
    return [(said, now - moment) for said, moment in moments]


@given(
    known=st.integers(0, 2_000),
    missing=st.integers(1, 200),
    batch_seconds=st.floats(0.1, 5),
    read_seconds=st.floats(0.0001, 0.1),
)
def test_true_from_the_first_word_also_behind_an_interrupt(
    known: int, missing: int, batch_seconds: float, read_seconds: float
) -> None:
    said = estimates(known, missing, batch_seconds=batch_seconds, read_seconds=read_seconds)
    for estimate, truth in said:
        assert estimate is None or estimate == pytest.approx(truth, rel=0.01, abs=0.01)
    # Nothing is known while nothing is encoded, and soon afterwards all of it.
    assert all(estimate is None for estimate, _ in said[:known])
    encoding = min(missing, 32) * batch_seconds
    if encoding == pytest.approx(2.0):
        # A sum of so many seconds and their product differ by what rounding takes.
        return
    assert (said[-1][0] is not None) == (encoding >= 2.0)


def test_a_machine_that_gets_slower() -> None:
    total = 400 * BATCH_BYTES
    left, now = TimeLeft(total, 0.0), 0.0
    for number in range(1, 301):
        now += 0.2 if number <= 200 else 1.0
        left.learn(
            Progress(number * BATCH_BYTES, 0, number * BATCH_TOKENS, number * BATCH_BYTES), now
        )
    assert left.seconds() == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than 10 s"),
        (9.9, "less than 10 s"),
        (44, "about 40 s"),
        (54.9, "about 50 s"),
        (56, "about 1 min"),
        (170, "about 3 min"),
        (3570, "about 1 h"),
        (4800, "about 1 h 20 min"),
        (7190, "about 2 h"),
    ],
)
def test_no_more_than_it_is_worth(seconds: float, words: str) -> None:
    assert rough_duration(seconds) == words
