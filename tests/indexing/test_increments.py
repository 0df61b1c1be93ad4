"""Touching one file of many costs in proportion to that file."""

from __future__ import annotations

import time

from endurance import FULL, times
from folders import Folder

FILES = times(400, 10_000)


def test_one_change_among_many(folder: Folder) -> None:
    folder.write(
        {
            f"{n % 100:02d}/{n}.md": f"# Note {n}\n\n## First\n\nAbout {n}.\n\n## Second\n\nMore.\n"
            for n in range(FILES)
        }
    )
    began = time.perf_counter()
    first = folder.index()
    first_seconds = time.perf_counter() - began
    encoded = len(folder.encoder.passages_encoded)
    folder.write({"07/7.md": "# Note 7\n\n## First\n\nAbout 7, edited.\n\n## Second\n\nMore.\n"})
    began = time.perf_counter()
    again = folder.index()
    seconds = time.perf_counter() - began
    changed = folder.encoder.passages_encoded[encoded:]
    assert len(changed) == again.encoded == 1
    assert "About 7, edited." in changed[0]
    assert again.documents.changed == 1
    assert again.documents.unchanged == FILES - 1
    assert again.passages == first.passages
    print(f"{FILES} files: {first_seconds:.2f} s, one changed: {seconds:.3f} s")
    if FULL:
        # A figure of this machine, so only where it was asked for.
        assert seconds < 0.05 * first_seconds
