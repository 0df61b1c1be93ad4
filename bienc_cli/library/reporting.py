"""What goes on while an index or a model is at work, for whoever wants to show it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bienc_cli.indexing.report import IndexObserver
    from bienc_cli.models import FirstUse


class Reporter:
    """Is told what goes on, and says nothing of it; a subclass shows what it likes.

    Every other method gives a context in which the work is done, and all but `preparing` what is
    called meanwhile.
    """

    def note(self, sentence: str) -> None:
        """Told what is worth knowing, such as who is waited for."""

    def preparing(self, use: FirstUse) -> AbstractContextManager[None]:
        """A model is made ready for its first use on this machine."""
        del use
        return nullcontext()

    def indexing(self) -> AbstractContextManager[IndexObserver]:
        """Files are read and encoded."""
        from bienc_cli.indexing.report import SilentObserver

        return nullcontext(SilentObserver())

    def measuring(
        self, total: int, each: int
    ) -> AbstractContextManager[Callable[[str, int], None]]:
        """Rankings are made: `total` of them, `each` of every strategy.

        What is given is called with a strategy's name, and how many more queries it has answered:
        0 as it begins, and again while it is timed.
        """
        del total, each
        return nullcontext(lambda _name, _queries: None)

    def portions(self, what: str, of: str) -> AbstractContextManager[Callable[[int, int], None]]:
        """So many of something are done; what is given is called with how many, of how many."""
        del what, of
        return nullcontext(lambda _done, _total: None)

    def counting(self, what: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        """Equal steps are done; what is given is called after each."""
        del what, total
        return nullcontext(lambda: None)
