"""Which files of the package a command runs functions of, and how often it moves between them.

    python benchmarks/walk.py query "what is asked" --index DIR

Runs the command in this process and prints, on the error output, one line a file: how many calls
of its functions, and how many of them came from another file of the package.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType

import bienc_cli
from bienc_cli.cli import main

PACKAGE = str(Path(bienc_cli.__file__).parent)


def walked(argv: list[str]) -> tuple[Counter[str], Counter[str]]:
    """Calls by file, and those of them that came from another file."""
    calls: Counter[str] = Counter()
    entered: Counter[str] = Counter()

    def look(frame: FrameType, event: str, _: object) -> None:
        file = frame.f_code.co_filename
        # The bodies of modules and classes run, too, when they are read; they are no functions.
        if event != "call" or not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            return
        if not file.startswith(PACKAGE):
            return
        caller = frame.f_back.f_code.co_filename if frame.f_back else ""
        # Nor are the comprehensions in them, which later versions of Python do not call.
        if frame.f_back and frame.f_back.f_code.co_name == "<module>" and caller == file:
            return
        calls[file] += 1
        entered[file] += caller.startswith(PACKAGE) and caller != file

    threading.setprofile(look)
    sys.setprofile(look)
    try:
        main(argv)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return calls, entered


if __name__ == "__main__":
    calls, entered = walked(sys.argv[1:])
    for file, number in calls.most_common():
        name = file.removeprefix(PACKAGE + "/")
        print(f"{number:6} {entered[file]:6}  {name}", file=sys.stderr)
    print(f"{len(calls)} files, {entered.total()} moves between files", file=sys.stderr)
