"""Random histories of a folder: behind every run the index is that of a fresh one, or says why not.

Edits, renames, disguised edits, mounts that go and come back, and runs that are interrupted.
"""

from __future__ import annotations

import itertools
import os
import random
from pathlib import Path

import numpy as np
import pytest

from bienc_cli.store import check
from endurance import times
from fakes import FakeBiEncoder
from folders import Folder
from test_lost_disks import refresh

_NAMES = [f"{folder}{name}" for folder in ("", "x/", "x/y/", "z/") for name in ("a.txt", "b.md")]


class Interrupting(FakeBiEncoder):
    def encode_passages(self, texts: object) -> np.ndarray:
        raise KeyboardInterrupt


class History:
    def __init__(self, home: Path, chance: random.Random) -> None:
        home.mkdir()
        self.folder = Folder(home)
        self.chance = chance
        self.number = itertools.count()
        self.away = home / "away"

    @property
    def root(self) -> Path:
        return self.folder.root

    def text(self) -> str:
        words = self.chance.sample(["pear", "apple", "plum", "fig", "nut", "lime"], 3)
        return f"{' '.join(words)} {next(self.number):03d}\n"

    def files(self) -> list[Path]:
        return sorted(path for path in self.root.rglob("*") if path.is_file())

    def write(self) -> None:
        self.folder.write({self.chance.choice(_NAMES): self.text()})

    def disguise(self) -> None:
        """Other content, the same size and time."""
        for path in self.files()[:1]:
            before = path.stat()
            path.write_text(path.read_text()[::-1].strip() + "\n")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def rename(self) -> None:
        for path in self.chance.sample(self.files(), min(1, len(self.files()))):
            target = self.root / self.chance.choice(_NAMES)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)

    def delete(self) -> None:
        if len(self.files()) > 1:
            self.files()[0].unlink()

    def swap(self) -> None:
        if len(self.files()) > 1:
            first, second = self.files()[:2]
            first.rename(self.root.parent / "held")
            second.rename(first)
            (self.root.parent / "held").rename(second)

    def unmount(self) -> None:
        if not self.away.exists() and self.files():
            self.root.rename(self.away)
            self.root.mkdir()

    def mount(self) -> None:
        if self.away.exists() and not self.files():
            self.root.rmdir()
            self.away.rename(self.root)

    def interrupted(self) -> None:
        whole = self.folder.encoder
        self.folder.encoder = Interrupting()
        try:
            refresh(self.folder)
        except KeyboardInterrupt:
            pass
        finally:
            self.folder.encoder = whole

    def fresh(self) -> list[tuple[str, str]]:
        other = Folder(self.root.parent)
        other.directory = self.root.parent / f"fresh-{next(self.number)}"
        other.index()
        return other.texts()


STEPS = (
    *("write", "write", "disguise", "rename", "delete", "swap"),
    *("unmount", "mount", "mount", "interrupted"),
)


@pytest.mark.parametrize("seed", range(times(30, 1_000)))
def test_the_index_is_that_of_a_fresh_run_or_says_why_not(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    history = History(tmp_path / "home", chance)
    history.write()
    history.write()
    history.folder.index()
    for _ in range(8):
        for step in chance.choices(STEPS, k=chance.randint(1, 3)):
            getattr(history, step)()
        before = history.folder.texts()
        report = refresh(history.folder)
        if report.warnings and "is kept" in report.warnings[0]:
            assert history.folder.texts() == before
        else:
            assert history.folder.texts() == history.fresh()
    assert isinstance(history.folder.directory, Path)
    assert check(history.folder.directory, key_dir=history.folder.keys).problems == ()
