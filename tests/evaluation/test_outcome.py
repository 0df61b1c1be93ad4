from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.evaluation.outcome import pareto_front


def test_the_front_rises_with_the_price() -> None:
    points = {
        "slow and good": (9.0, 0.8),
        "fast": (1.0, 0.5),
        "slow and bad": (8.0, 0.4),
        "between": (3.0, 0.6),
        "beaten": (4.0, 0.6),
    }
    assert pareto_front(points) == ("fast", "between", "slow and good")


def test_equals_are_all_on_it() -> None:
    assert pareto_front({"b": (1.0, 0.5), "a": (1.0, 0.5), "c": (1.0, 0.4)}) == ("a", "b")
    assert pareto_front({}) == ()


@given(
    st.dictionaries(
        st.text("abcdefgh", min_size=1, max_size=3),
        st.tuples(st.integers(1, 5).map(float), st.integers(0, 5).map(float)),
        max_size=8,
    )
)
def test_it_is_what_no_other_beats(points: dict[str, tuple[float, float]]) -> None:
    def beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
        return one[0] <= other[0] and one[1] >= other[1] and one != other

    unbeaten = {
        name
        for name, point in points.items()
        if not any(beats(other, point) for other in points.values())
    }
    front = pareto_front(points)
    assert set(front) == unbeaten
    assert [points[name] for name in front] == sorted(points[name] for name in front)
