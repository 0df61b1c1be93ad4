"""What `bienc index --watch` does behind its first run."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.cli import environment, process
from bienc_cli.cli.loading import ModelChoice
from bienc_cli.cli.output import Output, OutputFormat
from bienc_cli.errors import UsageError

if TYPE_CHECKING:
    from bienc_cli.store import IndexPlace


def check_format(output: Output) -> None:
    """Refuse a format that cannot be printed batch by batch.

    Raises:
        UsageError: one JSON document has an end.
    """
    if output.format == OutputFormat.json:
        raise UsageError(
            "With --watch there is no end, and so no single JSON document.",
            "give --format jsonl: a line for each batch",
        )


def follow(directory: IndexPlace, output: Output, choice: ModelChoice) -> None:
    """Follow changes until Ctrl-C; each batch is a line, and the end has a summary.

    For people they go to stderr; batches as jsonl or plain lines to stdout.

    Raises:
        StorageError: the folders cannot be watched.
        IndexMismatch, IndexDamaged: somebody put another index in the place of this one.
    """
    from bienc_cli.cli.progress import indexing as progress
    from bienc_cli.indexing.indexer import index_paths
    from bienc_cli.indexing.report import IndexReport
    from bienc_cli.indexing.watching import follow as changes
    from bienc_cli.render.index_report import IndexView, as_sentence
    from bienc_cli.render.printable import count, duration
    from bienc_cli.store import Root

    def update() -> IndexReport:
        with progress(output) as observer:
            return index_paths(
                [],
                directory=directory,
                base=Path.cwd(),
                load_encoder=choice.load_bi_encoder,
                key_dir=environment.key_directory(),
                observer=observer,
                wait=float("inf"),
                on_wait=lambda holder: output.note(f"waiting for {holder}"),
                ask=True,
            )

    def covered() -> tuple[Root, ...]:
        with environment.open_index(directory) as reader:
            return reader.info.roots

    roots = covered()
    output.note(f"watching {', '.join(str(root.path) for root in roots)} (Ctrl-C ends)")

    def failed(error: Exception, pause: float) -> None:
        output.warn(f"{time.strftime('%H:%M:%S')}  {error}; trying again in {pause:.0f} s")

    updates = encoded = 0
    started = time.monotonic()
    with suppress(KeyboardInterrupt), process.meant():
        for report in changes(update, covered, directory, on_failure=failed):
            updates, encoded = updates + 1, encoded + report.encoded
            if output.format == OutputFormat.table:
                output.note(f"{time.strftime('%H:%M:%S')}  {as_sentence(report)}")
            else:
                output.show(IndexView(report))
    output.note(
        f"ended after {duration(time.monotonic() - started)}: {count(updates, 'update')}, "
        f"{count(encoded, 'passage')} encoded"
    )
