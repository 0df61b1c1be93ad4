"""The answers of `Index` to building, removing, verifying, and its status."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.indexing.forget import RemovalReport
from bienc_cli.indexing.report import IndexReport
from bienc_cli.library.answer import Shown
from bienc_cli.render.check import CheckView
from bienc_cli.render.index_report import IndexView
from bienc_cli.render.info import InfoView
from bienc_cli.render.removal import RemovalView
from bienc_cli.store import FOREIGN_GRAPH, CheckReport, IndexInfo, RepairReport

if TYPE_CHECKING:
    from bienc_cli.store import Problem
    from bienc_cli.types import Skipped


class BuildAnswer(Shown[IndexReport]):
    """The answer of building or refreshing an index."""

    def __init__(self, result: IndexReport) -> None:
        super().__init__(result, result.warnings)

    def view(self) -> IndexView:
        """In the schema `bienc.index/1`."""
        return IndexView(self.result)


class RemoveAnswer(Shown[RemovalReport]):
    """The answer of `Index.remove`."""

    def __init__(self, result: RemovalReport) -> None:
        super().__init__(result, result.warnings)

    @property
    def unmatched(self) -> tuple[Path, ...]:
        """Paths that the index knows nothing about."""
        return tuple(self.result.unmatched)

    def view(self) -> RemovalView:
        """In the schema `bienc.remove/1`."""
        return RemovalView(self.result, Path.cwd())


class CheckAnswer(Shown[CheckReport]):
    """The answer of `Index.check`.

    Attributes:
        repaired: what was repaired first; None if no repair was requested.
    """

    def __init__(self, result: CheckReport, repaired: RepairReport | None) -> None:
        super().__init__(result)
        self.repaired = repaired

    @property
    def problems(self) -> Sequence[Problem]:
        """The problems, each with its remedy."""
        return self.result.problems

    def view(self) -> CheckView:
        """In the schema `bienc.check/1`."""
        return CheckView(self.result, self.repaired)


class StatusAnswer(Shown[IndexInfo]):
    """The answer of `Index.status`.

    Attributes:
        skipped: every file that was skipped; None unless requested.
        exposed: files of the index that other users may read or change.
        writable: whether this user may change it.
    """

    def __init__(
        self,
        result: IndexInfo,
        skipped: tuple[Skipped, ...] | None,
        *,
        warnings: tuple[str, ...],
        exposed: tuple[Path, ...],
        writable: bool,
    ) -> None:
        messages = [
            _foreign_graph(result, writable=writable) if warning == FOREIGN_GRAPH else warning
            for warning in warnings
        ]
        if exposed:
            messages.append(_exposure(exposed))
        super().__init__(result, messages)
        self.skipped = skipped
        self.exposed = exposed
        self.writable = writable

    def view(self) -> InfoView:
        """In the schema `bienc.info/1`."""
        return InfoView(self.result, self.skipped)


def _foreign_graph(info: IndexInfo, *, writable: bool) -> str:
    """The full form of the one-line warning that every search gives."""
    remedy = (
        "`bienc check --repair` makes one of your own."
        if writable
        else "The index cannot be written here, so that it stays like that; a copy of it can be."
    )
    return (
        f"The graph of the index in {info.directory} was made by another user, or elsewhere, and "
        "is not used here; all vectors are compared instead, which is exact but slower for large "
        f"indexes. {remedy}"
    )


def _exposure(exposed: tuple[Path, ...]) -> str:
    others = len(exposed) - 1
    return (
        f"others may read or change {exposed[0]}"
        + (f" and {others} more in it" if others else "")
        + " (bienc index takes their rights away)"
    )
