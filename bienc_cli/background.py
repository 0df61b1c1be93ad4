"""Runs one call in a thread, for its result to be collected later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Background(Generic[Result]):
    """A call in progress; useful if the callee releases the interpreter lock."""

    def __init__(self, call: Callable[[], Result]) -> None:
        self._results: list[Result] = []
        self._error: BaseException | None = None
        # A daemon, so that an error elsewhere does not wait for it.
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def _run(self, call: Callable[[], Result]) -> None:
        try:
            self._results.append(call())
        except BaseException as error:
            self._error = error

    def result(self) -> Result:
        """Wait for the call, and return its result or raise its error."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._results[0]
