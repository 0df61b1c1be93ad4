import pytest

from bienc_cli.render import units


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0004, "0.4 ms"),
        (0.012, "12 ms"),
        (0.9996, "1.00 s"),
        (1.534, "1.53 s"),
        (12.34, "12.3 s"),
        (59.97, "1 min 00 s"),
        (125, "2 min 05 s"),
        (12_000, "3 h 20 min"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert units.duration(seconds) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 B"), (999, "999 B"), (3_400, "3.4 kB"), (12_000_000, "12.0 MB"), (999_999, "1.0 MB")],
)
def test_size(number: int, shown: str) -> None:
    assert units.size(number) == shown


def test_count_and_rate() -> None:
    assert units.count(1, "passage") == "1 passage"
    assert units.count(5183, "passage") == "5,183 passages"
    assert units.count(2, "query", "queries") == "2 queries"
    assert units.rate(210, 2.0, "passages") == "105 passages/s"
    assert units.rate(0, 2.0, "passages") == ""
