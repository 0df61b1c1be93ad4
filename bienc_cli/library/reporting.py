"""Events while an index or a model is at work, for whoever wants to show progress."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bienc_cli.indexing.report import IndexObserver
    from bienc_cli.models import FirstUse


class Reporter:
    """Receives events and ignores them; a subclass shows what it likes.

    Every method except `note` returns a context manager around the work, and all but `preparing`
    yield a callback for its progress.
    """

    def note(self, sentence: str) -> None:
        """Called with something worth knowing, such as who is being waited for."""

    def preparing(self, use: FirstUse) -> AbstractContextManager[None]:
        """A model is being prepared for its first use on this machine."""
        del use
        return nullcontext()

    def indexing(self) -> AbstractContextManager[IndexObserver]:
        """Files are being read and encoded."""
        from bienc_cli.indexing.report import SilentObserver

        return nullcontext(SilentObserver())

    def measuring(
        self, total: int, per_strategy: int
    ) -> AbstractContextManager[Callable[[str, int], None]]:
        """Rankings are being computed: `total` of them, `per_strategy` for each.

        The callback takes a strategy's name and how many more queries it has answered: 0 when it
        starts, and again while it is timed.
        """
        del total, per_strategy
        return nullcontext(lambda _name, _queries: None)

    def portions(self, what: str, of: str) -> AbstractContextManager[Callable[[int, int], None]]:
        """Work is done in portions; the callback takes how many are done, and their total."""
        del what, of
        return nullcontext(lambda _done, _total: None)

    def counting(self, what: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        """Work is done in equal steps; the callback is called after each."""
        del what, total
        return nullcontext(lambda: None)
