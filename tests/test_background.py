"""A call in a thread gives its result, or its error, to whom asks."""

from __future__ import annotations

import threading

import pytest

from bienc_cli.background import Background


def test_the_result_is_waited_for() -> None:
    may_end = threading.Event()
    call = Background(lambda: (may_end.wait(), threading.current_thread())[1])
    may_end.set()
    assert call.result() is not threading.current_thread()
    assert call.result() is call.result()


def test_nothing_is_a_result_too() -> None:
    assert Background(lambda: None).result() is None


def test_an_error_is_raised_where_it_is_asked_for() -> None:
    def fail() -> None:
        raise KeyError("there")

    call = Background(fail)
    with pytest.raises(KeyError, match="there"):
        call.result()
