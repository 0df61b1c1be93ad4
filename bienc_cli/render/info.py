"""The answer of `info`."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.formats.ocr import recogniser
from bienc_cli.languages import NAMES
from bienc_cli.models import reads_english_only
from bienc_cli.render import skipped as skipped_files
from bienc_cli.render.columns import Grid
from bienc_cli.render.json_fields import blend_as_json, writable
from bienc_cli.render.printable import cell, count, one_line, size
from bienc_cli.render.view import View
from bienc_cli.store import IndexInfo
from bienc_cli.types import Skipped

SCHEMA = "bienc.info/1"

_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class InfoView(View):
    """What an index holds; with `skipped`, also every skipped file."""

    info: IndexInfo
    skipped: tuple[Skipped, ...] | None = None

    def as_table(self) -> RenderableType:
        """What the index holds, one fact per line."""
        table = Grid(header=False)
        table.column(style="bold")
        table.column(wraps=True)
        for name, value in _facts(self.info):
            table.row(name, Text(value))
        return Group(table, skipped_files.as_table(self.skipped)) if self.skipped else table

    def as_lines(self) -> Iterator[str]:
        """Tab-separated facts."""
        for name, value in _facts(self.info):
            yield f"{name}\t{cell(value)}"
        yield from skipped_files.as_lines(self.skipped or ())

    def as_json(self) -> dict[str, Any]:
        """Everything, `schema` first."""
        info = self.info
        encoder, chunking = info.encoder, info.chunking
        optional = (
            {} if self.skipped is None else {"skipped_files": skipped_files.as_json(self.skipped)}
        )
        return {
            "schema": SCHEMA,
            "directory": writable(str(info.directory)),
            "format_version": info.format_version,
            "generation": info.generation,
            "created": _iso_time(info.created),
            "updated": _iso_time(info.updated),
            "roots": [
                {
                    "path": writable(str(root.path)),
                    "include": list(root.include),
                    "exclude": list(root.exclude),
                    "max_bytes": root.max_bytes,
                    "hidden": root.hidden,
                    "pdf_engine": root.pdf_engine,
                    "ocr": root.ocr,
                    "ocr_languages": list(root.ocr_languages),
                    "language": root.language,
                    "files": list(root.files) if root.files is not None else None,
                    "removed": list(root.removed),
                }
                for root in info.roots
            ],
            "recogniser": recogniser() if any(root.ocr for root in info.roots) else None,
            "files": info.files,
            "documents": info.documents,
            "passages": info.passages,
            "vectors": info.vectors,
            "skipped": info.skipped,
            "formats": dict(info.formats),
            "languages": dict(info.languages),
            "model": {
                "name": encoder.name,
                "fingerprint": encoder.fingerprint,
                "dim": encoder.dim,
                "max_tokens": encoder.max_tokens,
                "english_only": reads_english_only(encoder.name),
                "pooling": encoder.pooling,
                "query_prompt": encoder.query_prompt,
                "passage_prompt": encoder.passage_prompt,
            },
            "chunking": {
                "max_tokens": chunking.max_tokens,
                "overlap_tokens": chunking.overlap_tokens,
                "version": chunking.version,
            },
            "blend": blend_as_json(info.blend) if info.blend else None,
            "bytes": dict(info.sizes),
            **optional,
        }


def _facts(info: IndexInfo) -> Iterator[tuple[str, str]]:
    formats = ", ".join(f"{name} {number:,}" for name, number in info.formats)
    total = sum(info.sizes.values())
    sizes = ", ".join(f"{name} {size(number)}" for name, number in info.sizes.items())
    chunking = info.chunking
    yield "index", one_line(str(info.directory))
    for root in info.roots:
        listed = f" ({count(len(root.files), 'file')} from a list)" if root.files else ""
        yield "covers", one_line(str(root.path)) + listed
        for name, patterns in (
            ("include", root.include),
            ("exclude", root.exclude),
            ("removed", root.removed),
        ):
            if patterns:
                yield f"  {name}", _first_names(patterns)
        if root.ocr:
            yield "  recognised by", recogniser(root.ocr_languages)
        if root.language:
            yield "  language", NAMES.get(root.language, root.language)
    yield "documents", f"{info.documents:,} in {count(info.files, 'file')}"
    yield "formats", formats or "none"
    yield "passages", f"{info.passages:,} with {count(info.vectors, 'distinct text')}"
    if info.languages:
        languages = [f"{NAMES.get(code, code)} {number:,}" for code, number in info.languages]
        english_passages = info.passages - sum(number for _, number in info.languages)
        yield (
            "languages",
            ", ".join(languages + [f"English {english_passages:,}"] * bool(english_passages)),
        )
    yield "skipped", f"{info.skipped:,}" + " (bienc info --skipped)" * bool(info.skipped)
    english_only = ", reads English only" if reads_english_only(info.encoder.name) else ""
    yield "model", f"{one_line(info.encoder.name)}, {info.encoder.dim} dimensions{english_only}"
    yield (
        "chunking",
        f"up to {chunking.max_tokens} tokens, {chunking.overlap_tokens} repeated "
        f"(the model reads {info.encoder.max_tokens})",
    )
    if blend := info.blend:
        yield (
            "blend",
            f"learned from {count(blend.queries, 'query', 'queries')}: "
            f"similarity {blend.weights.similarity:g}, BM25 {blend.weights.bm25:g}; "
            f"light similarity {blend.light_weights.similarity:g}, "
            f"BM25 {blend.light_weights.bm25:g}",
        )
    yield "on disk", f"{size(total)} ({sizes})"
    yield "updated", f"{_local_time(info.updated)} (generation {info.generation})"
    yield "format", str(info.format_version)


def _first_names(names: Sequence[str]) -> str:
    listed = [one_line(name) for name in names[:_MOST_NAMES]]
    remaining = len(names) - len(listed)
    return ", ".join(listed) + (f" and {remaining:,} more" if remaining else "")


def _local_time(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds).astimezone()
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _iso_time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="seconds")
