"""Run in a process of its own, to be killed: one indexing run over a folder of plain files.

    python victim.py DIRECTORY KEYS FOLDER [STEP]

Files of FOLDER become documents of one passage a paragraph. With STEP the process kills
itself when the commit reaches that step; a number stands for so many function calls.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path

from bienc_cli.store import Root, failpoints, graph, open_writer
from stores import CHUNKING, identity, put_file, state


def run(directory: Path, keys: Path, folder: Path) -> None:
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        root_id = writer.put_root(Root(folder))
        present = {path.name: path.read_text().split("\n\n") for path in folder.iterdir()}
        known = writer.files(root_id)
        for name, file in known.items():
            if name not in present:
                writer.remove_file(file.file_id)
        for name in sorted(present):
            if name not in known or known[name].digest != state(name, present[name]).digest:
                put_file(writer, root_id, name, present[name])
        writer.commit()


def main() -> None:
    directory, keys, folder, *step = sys.argv[1:]
    graph.FEWEST, graph.TAIL_LEAST = 1, 15
    if step:

        def die(reached: str) -> None:
            if reached == step[0]:
                os.kill(os.getpid(), signal.SIGKILL)

        failpoints.reached = die
        if step[0].isdigit():
            calls = itertools.count()
            last = int(step[0])
            sys.setprofile(lambda *_: die(step[0]) if next(calls) == last else None)
    run(Path(directory), Path(keys), Path(folder))


if __name__ == "__main__":
    main()
