"""The worker threads, each with its own readers."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from bienc_cli.server.resident import Readers

T = TypeVar("T")

THREADS = 2
"""Models take turns, so more threads gain little; with one, everybody would wait for a long
answer."""

MOST_WAITING = 64
_TICK_SECONDS = 1.0


class Busy(Exception):
    """Too many requests are waiting."""


class AnsweringThreads:
    """A fixed number of threads that answer requests in order of arrival.

    Args:
        number: of threads.
        begin: run first by each thread, such as opening an index; errors are ignored, since
            requests meet them again.
    """

    def __init__(
        self, number: int = THREADS, begin: Callable[[Readers], object] = lambda _: None
    ) -> None:
        self._waiting: queue.Queue[tuple[Future[Any], Callable[[Readers], Any]]] = queue.Queue(
            MOST_WAITING
        )
        self._begin = begin
        self._forgotten = 0
        self._ready = threading.Barrier(number + 1)
        for worker_number in range(number):
            threading.Thread(
                target=self._work, daemon=True, name=f"bienc-worker-{worker_number}"
            ).start()
        self._ready.wait()

    def ask(self, work: Callable[[Readers], T]) -> Future[T]:
        """Queue some work.

        Raises:
            Busy: too many requests are waiting.
        """
        future: Future[T] = Future()
        try:
            self._waiting.put_nowait((future, work))
        except queue.Full:
            raise Busy from None
        return future

    def forget(self) -> None:
        """Make each thread close its indexes as soon as it is free."""
        self._forgotten += 1

    def _work(self) -> None:
        readers = Readers()
        forgotten = 0
        _settle(Future(), lambda: self._begin(readers))
        self._ready.wait()
        while True:
            try:
                future, work = self._waiting.get(timeout=_TICK_SECONDS)
            except queue.Empty:
                readers.close_obsolete()
            else:
                _settle(future, lambda: work(readers))  # noqa: B023  (called at once)
                # Keep no reference to a finished answer.
                del future, work
            if forgotten != self._forgotten:
                forgotten = self._forgotten
                readers.close()


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call())
    except BaseException as error:  # whatever it is, the asker receives it
        future.set_exception(error)
