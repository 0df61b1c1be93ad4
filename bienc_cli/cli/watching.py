"""What `bienc index --watch` does behind its first run."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from bienc_cli.cli import process
from bienc_cli.cli.output import Output
from bienc_cli.errors import UsageError
from bienc_cli.render.view import OutputFormat

if TYPE_CHECKING:
    from bienc_cli.library.front_door import Index


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


def follow(index: Index, output: Output) -> None:
    """Follow changes until Ctrl-C; each batch is a line, and the end has a summary.

    For people they go to stderr; batches as jsonl or plain lines to stdout.

    Raises:
        StorageError: the folders cannot be watched.
        IndexMismatch, IndexDamaged: somebody put another index in the place of this one.
    """
    from bienc_cli.render.index_report import as_sentence
    from bienc_cli.render.printable import count, duration

    output.note(f"watching {', '.join(str(root.path) for root in index.info.roots)} (Ctrl-C ends)")
    index.close()

    def failed(error: Exception, pause: float) -> None:
        output.warn(f"{time.strftime('%H:%M:%S')}  {error}; trying again in {pause:.0f} s")

    updates = encoded = 0
    started = time.monotonic()
    with suppress(KeyboardInterrupt), process.meant():
        for answer in index.follow(on_failure=failed):
            updates, encoded = updates + 1, encoded + answer.result.encoded
            if output.format == OutputFormat.table:
                output.note(f"{time.strftime('%H:%M:%S')}  {as_sentence(answer.result)}")
            else:
                output.show(answer.view())
    output.note(
        f"ended after {duration(time.monotonic() - started)}: {count(updates, 'update')}, "
        f"{count(encoded, 'passage')} encoded"
    )
