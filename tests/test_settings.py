import pytest

from bienc_cli.errors import IndexMismatch
from bienc_cli.settings import Origin, Setting, resolve


def decide(**given: object) -> Setting[object]:
    values: dict[str, object] = {"flag": None, "recorded": None, "environment": None} | given
    return resolve("--size", default=1, remedy="do so", **values)  # type: ignore[arg-type]


def test_flag_beats_index_beats_environment_beats_default() -> None:
    assert decide() == Setting(1, Origin.DEFAULT)
    assert decide(environment=2) == Setting(2, Origin.ENVIRONMENT)
    assert decide(environment=2, recorded=3) == Setting(3, Origin.INDEX)
    assert decide(environment=2, flag=4) == Setting(4, Origin.FLAG)
    assert decide(recorded=4, flag=4) == Setting(4, Origin.FLAG)


def test_a_flag_that_contradicts_the_index_is_an_error() -> None:
    with pytest.raises(IndexMismatch, match="made with --size 3, not 4") as caught:
        decide(recorded=3, flag=4)
    assert caught.value.hint == "do so"
