"""Run in a process of its own, to be killed: one indexing run into Milvus Lite.

    python milvus_victim.py HOME STEP TEXT...

Makes the index at HOME/i.db hold one file for each TEXT, and kills itself at STEP: one of the
steps of a commit, or `upload`, when half of the passages have been sent.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from bienc_cli.milvus.uploads import Uploads
from bienc_cli.store import failpoints
from places import Place


def main() -> None:
    home, step, *texts = sys.argv[1:]

    def die(reached: str) -> None:
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.reached = die
    send = Uploads.flush

    def flush(uploads: Uploads) -> None:
        send(uploads)
        if uploads.rows > len(texts) // 2:
            die("upload")

    Uploads.flush = flush  # type: ignore[method-assign]
    Place(Path(home), "milvus").build({f"{text}.txt": [text, "shared"] for text in texts})


if __name__ == "__main__":
    main()
