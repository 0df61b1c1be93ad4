"""The answer of `index`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.indexing.report import IndexReport
from bienc_cli.render import skipped as skipped_files
from bienc_cli.render.columns import Flow, Grid
from bienc_cli.render.json_fields import model_as_json, seconds_as_json, writable
from bienc_cli.render.printable import count, duration, one_line, rate, stage_times
from bienc_cli.render.view import View

SCHEMA = "bienc.index/1"


@dataclass(frozen=True, slots=True)
class IndexView(View):
    """The result of an indexing run.

    Attributes:
        skipped: whether to list every skipped file.
        next_command: what to type next, after indexing for the first time.
    """

    report: IndexReport
    skipped: bool = False
    next_command: str = ""

    def as_table(self) -> RenderableType:
        """The numbers of documents, and the time of each stage."""
        report = self.report
        documents = report.documents
        table = Grid()
        for name in ("documents", "new", "changed", "unchanged", "removed", "skipped"):
            table.column(name, right=True)
        table.row(
            Text(f"{report.total_documents:,}", style="bold"),
            Text(f"{documents.new:,}", style="green" if documents.new else "dim"),
            Text(f"{documents.changed:,}", style="yellow" if documents.changed else "dim"),
            f"{documents.unchanged:,}",
            Text(f"{documents.removed:,}", style="red" if documents.removed else "dim"),
            Text(f"{len(report.skipped):,}", style="yellow" if report.skipped else "dim"),
        )
        parts: list[RenderableType] = [
            table,
            Text(_passages(report)),
            Flow(_times(report), style="dim"),
        ]
        if report.skipped:
            parts.append(
                skipped_files.as_table(report.skipped)
                if self.skipped
                else Text(_reasons(report), "yellow")
            )
        parts.append(
            Text(f"{one_line(str(report.directory))} · {report.encoder.name}", style="dim")
        )
        if self.next_command:
            # A command to type stays on one line, however narrow the screen.
            line = f"next: {one_line(self.next_command)}"
            parts.append(Text(line, no_wrap=True, overflow="ignore"))
        return Group(*parts)

    def as_lines(self) -> Iterator[str]:
        """Tab-separated counts, then one line for each skipped file."""
        report = self.report
        documents = report.documents
        counts = {
            "documents": report.total_documents,
            "new": documents.new,
            "changed": documents.changed,
            "unchanged": documents.unchanged,
            "removed": documents.removed,
            "passages": report.passages,
            "encoded": report.encoded,
        }
        for name, number in counts.items():
            yield f"{name}\t{number}"
        yield from skipped_files.as_lines(report.skipped)

    def as_json(self) -> dict[str, Any]:
        """The whole report, `schema` first."""
        report = self.report
        documents = report.documents
        return {
            "schema": SCHEMA,
            "directory": writable(str(report.directory)),
            "committed": report.committed,
            "documents": {
                "total": report.total_documents,
                "new": documents.new,
                "changed": documents.changed,
                "unchanged": documents.unchanged,
                "removed": documents.removed,
            },
            "skipped": skipped_files.as_json(report.skipped),
            "passages": {
                "total": report.passages,
                "new": report.new_passages,
                "encoded": report.encoded,
                "reused": report.reused,
            },
            "tokens": report.tokens,
            "text_characters": report.text_characters,
            "seconds": seconds_as_json(report.stages),
            "model": model_as_json(report.encoder, report.runtime),
            "warnings": list(report.warnings),
        }


def _passages(report: IndexReport) -> str:
    total = count(report.passages, "passage")
    if not report.committed:
        return f"{total}; nothing has changed"
    parts = [f"{report.new_passages:,} new", f"{report.encoded:,} encoded"]
    if report.reused:
        parts.append(f"{report.reused:,} with a known text")
    return f"{total}: {', '.join(parts)}"


def as_sentence(report: IndexReport) -> str:
    """The result on one line: `2 new, 1 removed; 3 passages encoded in 41 ms`."""
    documents = report.documents
    counts = (
        (documents.new, "new"),
        (documents.changed, "changed"),
        (documents.removed, "removed"),
    )
    changes = ", ".join(f"{number:,} {change}" for number, change in counts if number)
    encoded = f"{count(report.encoded, 'passage')} encoded in {duration(report.seconds)}"
    return f"{changes or 'no document changed'}; {encoded}"


def _times(report: IndexReport) -> list[str]:
    parts = stage_times(report.stages)
    for position, stage in enumerate(report.stages):
        if stage.name == "encode":
            speeds = (
                rate(report.encoded, stage.seconds, "passages"),
                rate(report.tokens, stage.seconds, "tokens"),
            )
            parts[position] += "".join(f", {speed}" for speed in speeds if speed)
    return [*parts, report.runtime] if report.runtime else parts


def _reasons(report: IndexReport) -> str:
    by_code = Counter(skipped_file.code for skipped_file in report.skipped)
    reasons = ", ".join(f"{number} {code}" for code, number in by_code.most_common())
    return f"{count(len(report.skipped), 'file')} skipped: {reasons} (--skipped lists them)"
