"""One call in a thread of its own, its result asked for later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Background(Generic[Result]):
    """A call that has begun; worth it where what it calls leaves the interpreter to others."""

    def __init__(self, call: Callable[[], Result]) -> None:
        self._results: list[Result] = []
        self._error: BaseException | None = None
        # Daemonic: an error elsewhere does not wait for it.
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def _run(self, call: Callable[[], Result]) -> None:
        try:
            self._results.append(call())
        except BaseException as error:
            self._error = error

    def result(self) -> Result:
        """What the call returned, or the error it raised; waits for it."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._results[0]
