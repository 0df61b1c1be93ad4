"""The threads that answer, each with readers of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from bienc_cli.server.resident import Readers

T = TypeVar("T")

THREADS = 2
"""Models take turns, so that more gain little; with one, everybody would wait for a long answer."""

MOST_WAITING = 64
_TICK_SECONDS = 1.0


class Busy(Exception):
    """More is asked than can be kept waiting."""


class AnsweringThreads:
    """A fixed number of threads, answering in the order in which they are asked.

    Args:
        number: of threads.
        begin: done first by each of them, such as opening what will be asked for; its errors
            are left to whoever asks.
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
        for place in range(number):
            threading.Thread(target=self._work, daemon=True, name=f"bienc-worker-{place}").start()
        self._ready.wait()

    def ask(self, work: Callable[[Readers], T]) -> Future[T]:
        """Have something done.

        Raises:
            Busy: too many wait already.
        """
        future: Future[T] = Future()
        try:
            self._waiting.put_nowait((future, work))
        except queue.Full:
            raise Busy from None
        return future

    def forget(self) -> None:
        """Have each thread close the indexes that it holds, as soon as it is free."""
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
                readers.let_go_of_the_past()
            else:
                _settle(future, lambda: work(readers))  # noqa: B023  (called at once)
                # Nothing of an answer outlives it.
                del future, work
            if forgotten != self._forgotten:
                forgotten = self._forgotten
                readers.close()


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call())
    except BaseException as error:  # whatever it is, it is whoever asked who gets it
        future.set_exception(error)
