"""`bienc index`."""

from __future__ import annotations

import shlex
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import completion
from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.render.view import OutputFormat
from bienc_cli.settings import WAIT_SECONDS

if TYPE_CHECKING:
    from bienc_cli.library.front_door import Index

_FILES_PANEL = "Files"


def index(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Folders and files; without any, all that the index covers is updated, or this "
            "folder is indexed; - reads a list of files from standard input, one a line, which "
            "replaces the last one.",
            show_default=False,
        ),
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option(
            "--include",
            metavar="GLOB",
            help="Only files that match, as in .gitignore; repeatable; '' clears it.",
            show_default=False,
            rich_help_panel=_FILES_PANEL,
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude",
            metavar="GLOB",
            help="No file that matches; repeatable; '' clears it.",
            show_default=False,
            rich_help_panel=_FILES_PANEL,
        ),
    ] = None,
    max_size: Annotated[
        float | None,
        typer.Option(
            "--max-size",
            metavar="MB",
            min=0,
            help="Skip larger files; .jsonl collections are exempt.  \\[default: 32 MiB]",
            show_default=False,
            rich_help_panel=_FILES_PANEL,
        ),
    ] = None,
    hidden: Annotated[
        bool | None,
        typer.Option(
            "--hidden/--no-hidden",
            help="Hidden files too, or not.  \\[default: what was used before, else not]",
            show_default=False,
            rich_help_panel=_FILES_PANEL,
        ),
    ] = None,
    null: Annotated[
        bool,
        typer.Option(
            "--null",
            "-0",
            help="Names in the list end with NUL, as from git ls-files -z or find -print0.",
            rich_help_panel=_FILES_PANEL,
        ),
    ] = False,
    checksum: Annotated[
        bool,
        typer.Option(
            "--checksum",
            help="Detect changes by the content of every file, not by its size and times.",
            rich_help_panel=_FILES_PANEL,
        ),
    ] = False,
    retry: Annotated[
        bool,
        typer.Option(
            "--retry",
            help="Read files again that failed, or were only read in part.",
            rich_help_panel=_FILES_PANEL,
        ),
    ] = False,
    pdf_engine: Annotated[
        str | None,
        typer.Option(
            "--pdf-engine",
            metavar="pypdf|pdfium",
            help="Engine for PDFs; pdfium is many times faster, and an extra.  "
            "\\[default: what was used before, else pypdf]",
            autocompletion=completion.pdf_engines,
            show_default=False,
            rich_help_panel=_FILES_PANEL,
        ),
    ] = None,
    ocr: Annotated[
        bool | None,
        typer.Option(
            "--ocr/--no-ocr",
            help="Recognise text in pictures and on scanned pages, or not; needs Tesseract.  "
            "\\[default: what was used before, else not]",
            show_default=False,
            rich_help_panel=_FILES_PANEL,
        ),
    ] = None,
    ocr_language: Annotated[
        str | None,
        typer.Option(
            "--ocr-language",
            metavar="LANGUAGES",
            help="Recognise text in these languages, as Tesseract names them: deu+eng; "
            "'' for all that are installed.  \\[default: what was used before, else all]",
            show_default=False,
            rich_help_panel=_FILES_PANEL,
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            metavar="CODE",
            help="Language of the texts, such as de, for looking up words; auto detects it for "
            "each text.  \\[default: what was used before, else auto]",
            autocompletion=completion.languages,
            show_default=False,
            rich_help_panel=_FILES_PANEL,
        ),
    ] = None,
    passage_tokens: Annotated[
        int | None,
        typer.Option(
            "--passage-tokens",
            metavar="N",
            help="Longest passage, in the model's tokens.  \\[default: the index's, else 256]",
            show_default=False,
            rich_help_panel=opt.INDEX_PANEL,
        ),
    ] = None,
    overlap_tokens: Annotated[
        int | None,
        typer.Option(
            "--overlap-tokens",
            metavar="N",
            help="How much of a passage the next one repeats.  \\[default: the index's, else 32]",
            show_default=False,
            rich_help_panel=opt.INDEX_PANEL,
        ),
    ] = None,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            help="Forget missing roots and files, instead of taking them for disks that are not "
            "mounted.",
            rich_help_panel=opt.INDEX_PANEL,
        ),
    ] = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="Keep running, and update the index whenever files change, until interrupted.",
            rich_help_panel=opt.INDEX_PANEL,
        ),
    ] = False,
    wait: opt.WaitOption = WAIT_SECONDS,
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray",
            metavar="[ADDRESS]",
            help="Read and encode on a Ray cluster: local, auto, HOST:PORT or ray://HOST:PORT; "
            "by default local, which is workers on this machine.",
            show_default=False,
            rich_help_panel=opt.MODELS_PANEL,
        ),
    ] = None,
    skipped: Annotated[
        bool,
        typer.Option(
            "--skipped",
            help="List every skipped file with its reason.",
            rich_help_panel=opt.OUTPUT_PANEL,
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Exit with 7 if a file could not be read.",
            rich_help_panel=opt.OUTPUT_PANEL,
        ),
    ] = False,
    format_: opt.FormatOption = OutputFormat.table,
    quiet: opt.QuietOption = False,
    index: opt.IndexOption = None,
    model: opt.ModelOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
) -> int:
    """Make an index of folders and files, or bring one up to date.

    Only what is new or has changed is read and encoded. The index is .bienc in this
    folder, or in the nearest one above that has one, unless --index names another.
    """
    from bienc_cli.cli import standard_input
    from bienc_cli.cli.first_time import folder_to_index
    from bienc_cli.cli.opening import models_for
    from bienc_cli.cli.progress import ShownOn
    from bienc_cli.environment import index_places, variables
    from bienc_cli.errors import EXIT_OK, EXIT_SKIPPED_FILES, UsageError
    from bienc_cli.indexing.report import IndexOptions
    from bienc_cli.library.front_door import Index
    from bienc_cli.render.index_report import IndexView
    from bienc_cli.render.printable import count

    output = Output(format_, quiet=quiet)
    models = models_for(output, model, None, runtime, device, threads, offline=offline)
    if watch:
        _check_format(output)
    target_index = Index(index_places.index_to_write(index), models, ShownOn(output))
    is_first = not target_index.exists
    listed = None
    if paths == ["-"]:
        listed = standard_input.paths(null=null)
    elif null:
        raise UsageError("--null goes with a list on standard input.", "bienc index - --null")
    if not paths and index is None and is_first and isinstance(target_index.place, Path):
        here, file_count = folder_to_index(target_index.place.parent)
        output.note(f"note: making an index of {here}: {count(file_count, 'file')}")
        paths = [str(here)]
    answer = target_index.refresh(
        () if listed is not None else paths or (),
        listed=listed,
        options=IndexOptions(
            include=_patterns(include),
            exclude=_patterns(exclude),
            max_bytes=None if max_size is None else int(max_size * 1_000_000),
            hidden=hidden,
            pdf_engine=pdf_engine,
            ocr=ocr,
            ocr_languages=None if ocr_language is None else _languages(ocr_language),
            language=language,
            excludes_file=variables.excludes_file(),
            passage_tokens=passage_tokens,
            overlap_tokens=overlap_tokens,
            prune=prune,
            checksum=checksum,
            retry=retry,
        ),
        wait=wait,
        workers=models.on_ray(ray) if ray is not None else None,
    )
    output.warn_all(answer.warnings)
    report = answer.result
    next_command = _first_query(index) if is_first and report.passages and not watch else ""
    output.show(IndexView(report, skipped=skipped, next_command=next_command))
    if watch:
        _follow(target_index, output)
    return EXIT_SKIPPED_FILES if strict and report.skipped else EXIT_OK


def _check_format(output: Output) -> None:
    """Refuse a format that cannot be printed batch by batch.

    Raises:
        UsageError: one JSON document has an end.
    """
    from bienc_cli.errors import UsageError

    if output.format == OutputFormat.json:
        raise UsageError(
            "With --watch there is no end, and so no single JSON document.",
            "give --format jsonl: a line for each batch",
        )


def _follow(index: Index, output: Output) -> None:
    """Follow changes until Ctrl-C; prints a line per batch, and a summary at the end.

    For people, they go to stderr; batches as jsonl or plain lines go to stdout.

    Raises:
        StorageError: the folders cannot be watched.
        IndexMismatch, IndexDamaged: another index was put in the place of this one.
    """
    from bienc_cli.cli import process
    from bienc_cli.render.index_report import as_sentence
    from bienc_cli.render.printable import count, duration

    output.note(f"watching {', '.join(str(root.path) for root in index.info.roots)} (Ctrl-C ends)")
    index.close()

    def on_failure(error: Exception, pause: float) -> None:
        output.warn(f"{time.strftime('%H:%M:%S')}  {error}; trying again in {pause:.0f} s")

    updates = encoded = 0
    started = time.monotonic()
    with suppress(KeyboardInterrupt), process.meant():
        for answer in index.follow(on_failure=on_failure):
            updates, encoded = updates + 1, encoded + answer.result.encoded
            if output.format == OutputFormat.table:
                output.note(f"{time.strftime('%H:%M:%S')}  {as_sentence(answer.result)}")
            else:
                output.show(answer.view())
    output.note(
        f"ended after {duration(time.monotonic() - started)}: {count(updates, 'update')}, "
        f"{count(encoded, 'passage')} encoded"
    )


def _first_query(index: str | None) -> str:
    where = "" if index is None else f" --index {shlex.quote(index)}"
    return f'bienc query "what you want to know"{where}'


def _patterns(patterns: list[str] | None) -> tuple[str, ...] | None:
    """The given patterns; an empty one clears them."""
    return None if patterns is None else tuple(pattern for pattern in patterns if pattern)


def _languages(languages: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in languages.replace(",", "+").split("+") if name.strip())
