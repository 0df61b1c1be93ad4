"""Where an index can be, and what a place that is no directory has to know."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias

from bienc_cli.store.check_report import CheckReport, RepairReport
from bienc_cli.store.protocol import IndexReader, IndexWriter

IndexPlace: TypeAlias = "Path | RemotePlace"
"""Where an index is: its directory, absolute, or some other place."""


class RemotePlace(Protocol):
    """A place for an index that is no directory of its own; `str` of it is how it is typed.

    What the methods raise, and what they take, is as of the functions of the same names in
    `opening.py`.
    """

    @property
    def collection(self) -> str:
        """What its documents are called together."""

    @property
    def file(self) -> Path | None:
        """Where it is on this disk all the same; None for a server."""

    def open_reader(self, shown_from: Path | None) -> IndexReader:
        """Open the current generation for reading."""

    def open_writer(
        self, *, create: bool, wait: float, on_wait: Callable[[str], None]
    ) -> IndexWriter:
        """Open it for writing."""

    def check(self, on_stage: Callable[[str], None]) -> CheckReport:
        """Verify everything."""

    def repair(self, wait: float, on_stage: Callable[[str], None]) -> RepairReport:
        """Mend what can be mended."""
