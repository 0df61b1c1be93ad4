"""The answer of `check`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.render.columns import Grid
from bienc_cli.render.json_fields import index_as_json, rounded, writable
from bienc_cli.render.printable import cell, count, one_line
from bienc_cli.render.view import View
from bienc_cli.store import CheckReport, RepairReport

SCHEMA = "bienc.check/1"


@dataclass(frozen=True, slots=True)
class CheckView(View):
    """The result of a check, and of a repair before it."""

    report: CheckReport
    repaired: RepairReport | None

    def as_table(self) -> RenderableType:
        """Every problem with its remedy; or what was verified."""
        report, repaired = self.report, self.repaired
        parts: list[RenderableType] = []
        if repaired is not None:
            parts.append(Text(_repair_text(repaired)))
        if report.problems:
            table = Grid()
            table.column("part", style="bold")
            table.column("problem", style="red", wraps=True)
            table.column("remedy")
            for problem in report.problems:
                table.row(problem.part, Text(one_line(problem.message)), problem.remedy.value)
            parts.append(table)
        elif report.info is not None:
            info = report.info
            recall = (
                "" if report.recall is None else f"; recall@10 of the graph {report.recall:.3f}"
            )
            parts.append(
                Text(
                    f"whole: {count(info.documents, 'document')}, "
                    f"{count(info.passages, 'passage')}, "
                    f"{count(info.vectors, 'vector')}{recall}",
                    style="green",
                )
            )
        return Group(*parts)

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: what was repaired, then part, remedy and problem."""
        repaired = self.repaired
        if repaired is not None:
            for part in repaired.rebuilt:
                yield f"rebuilt\t{part}"
            for path in repaired.forgotten:
                yield f"forgotten\t{cell(path)}"
        for problem in self.report.problems:
            yield f"{problem.part}\t{problem.remedy.value}\t{cell(problem.message)}"

    def as_json(self) -> dict[str, Any]:
        """Everything, `schema` first."""
        report, repaired = self.report, self.repaired
        return {
            "schema": SCHEMA,
            "whole": not report.problems,
            "problems": [
                {
                    "part": problem.part,
                    "message": writable(problem.message),
                    "remedy": problem.remedy.value,
                }
                for problem in report.problems
            ],
            "graph_recall": rounded(report.recall),
            "index": index_as_json(report.info) if report.info else None,
            "repaired": {
                "rebuilt": list(repaired.rebuilt),
                "forgotten": [writable(path) for path in repaired.forgotten],
            }
            if repaired
            else None,
        }


def _repair_text(repaired: RepairReport) -> str:
    rebuilt = f"made anew: {', '.join(repaired.rebuilt)}" if repaired.rebuilt else "nothing to mend"
    if not repaired.forgotten:
        return rebuilt
    return f"{rebuilt}; to be read again: {', '.join(map(one_line, repaired.forgotten))}"
