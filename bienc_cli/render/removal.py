"""The answer of `remove`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.indexing.forget import RemovalReport
from bienc_cli.render.columns import Grid
from bienc_cli.render.json_fields import seconds_as_json, writable
from bienc_cli.render.printable import cell, count, duration, one_line, size
from bienc_cli.render.view import View
from bienc_cli.stages import total_seconds

SCHEMA = "bienc.remove/1"


def display_path(path: Path, here: Path) -> str:
    """A path as other commands display it: relative to the working directory if below it."""
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


@dataclass(frozen=True, slots=True)
class RemovalView(View):
    """What was removed, with paths as seen from `here`."""

    report: RemovalReport
    here: Path

    def as_table(self) -> RenderableType:
        """What was removed with each path, and what is left."""
        report = self.report
        parts: list[RenderableType] = []
        if report.removed:
            table = Grid()
            table.column("removed", wraps=True)
            for name in ("roots", "files", "documents"):
                table.column(name, right=True)
            for removed in report.removed:
                table.row(
                    Text(one_line(display_path(removed.path, self.here)), style="red"),
                    *(
                        f"{number:,}"
                        for number in (removed.roots, removed.files, removed.documents)
                    ),
                )
            parts.append(table)
        summary = (
            f"{count(report.documents, 'document')} and {count(report.passages, 'passage')} left"
        )
        if not report.committed:
            summary = f"nothing removed; {summary}"
        elif report.freed > 0:
            summary += f"; {size(report.freed)} freed"
        seconds = total_seconds(report.stages)
        parts.append(Text(f"{summary} · {duration(seconds)}"))
        return Group(*parts)

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: what happened to each path, with roots, files and documents."""
        report, here = self.report, self.here
        for removed in report.removed:
            numbers = (removed.roots, removed.files, removed.documents)
            yield "\t".join(["removed", cell(display_path(removed.path, here)), *map(str, numbers)])
        for path in report.unmatched:
            yield f"unmatched\t{cell(display_path(path, here))}"

    def as_json(self) -> dict[str, Any]:
        """The whole report, `schema` first."""
        report, here = self.report, self.here
        return {
            "schema": SCHEMA,
            "directory": writable(str(report.directory)),
            "committed": report.committed,
            "removed": [
                {
                    "path": writable(display_path(removed.path, here)),
                    "roots": removed.roots,
                    "files": removed.files,
                    "documents": removed.documents,
                }
                for removed in report.removed
            ],
            "unmatched": [writable(display_path(path, here)) for path in report.unmatched],
            "documents": report.documents,
            "passages": report.passages,
            "bytes_freed": report.freed,
            "seconds": seconds_as_json(report.stages),
            "warnings": list(report.warnings),
        }
