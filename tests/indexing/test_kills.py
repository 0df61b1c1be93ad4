"""`index` is killed at random instants while its folder changes; nothing is lost or mixed."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import bienc_cli
from bienc_cli.errors import IndexNotFound
from bienc_cli.store import check, graph
from endurance import times
from folders import Folder

HERE = Path(__file__).parent
KILLS = times(8, 200)
FILES = 40


class Changing:
    """A folder to which something happens again and again."""

    def __init__(self, folder: Folder, chance: random.Random) -> None:
        self.folder = folder
        self._chance = chance
        self._number = 0

    def change(self) -> None:
        """An edit, a new file, a renaming or a deletion."""
        self._number += 1
        name = f"{self._chance.randrange(8)}/{self._chance.randrange(FILES // 8)}.md"
        path = self.folder.root / name
        kind = self._chance.random()
        if kind < 0.15:
            path.unlink(missing_ok=True)
        elif kind < 0.3 and path.exists():
            path.rename(path.with_suffix(f".{self._number}.txt"))
        else:
            words = (
                f"word{self._chance.randrange(500)}" for _ in range(self._chance.randrange(200))
            )
            self.folder.write({name: f"# Round {self._number}\n\n{' '.join(words)}.\n"})


@pytest.fixture(autouse=True)
def graphs_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the processes that are killed."""
    monkeypatch.setattr(graph, "FEWEST", 1)


def start(home: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, HERE / "indexer.py", home],
        env={"PYTHONPATH": f"{Path(bienc_cli.__file__).parent.parent}:{HERE}:{HERE.parent}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def fresh(folder: Folder, home: Path) -> list[tuple[str, str]]:
    """The passages of an index of the same files that was never disturbed."""
    another = Folder(home)
    another.root = folder.root
    another.index()
    texts = another.texts()
    shutil.rmtree(home)
    return texts


def problems(folder: Folder) -> list[str]:
    return [one.message for one in check(folder.directory, key_dir=folder.keys).problems]


def test_killed_at_random_instants(tmp_path: Path) -> None:
    chance = random.Random(20_260_214)
    folder = Folder(tmp_path / "home")
    changing = Changing(folder, chance)
    for _ in range(2 * FILES):
        changing.change()
    killed = finished = opened = 0
    longest = 1.0
    while killed < KILLS:
        for _ in range(chance.randrange(1, 30)):
            changing.change()
        process = start(folder.home)
        began = time.monotonic()
        # The very instants are the machine's; what must hold, holds at each of them.
        deadline = time.monotonic() + chance.uniform(0, longest)
        while time.monotonic() < deadline and process.poll() is None:
            changing.change()
            time.sleep(0.02)
        process.kill()
        _, errors = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), errors
        killed += process.returncode != 0
        finished += process.returncode == 0
        if process.returncode == 0:
            longest = max(0.05, 0.8 * (time.monotonic() - began))
        try:
            folder.texts()
        except IndexNotFound as error:
            assert "never finished" in error.message or not opened  # noqa: PT017
        else:
            opened += 1
            assert problems(folder) == []
        if chance.random() < 0.5:
            folder.index()
            assert folder.texts() == fresh(folder, tmp_path / "fresh")
            assert problems(folder) == []
    folder.index()
    assert folder.texts() == fresh(folder, tmp_path / "fresh")
    assert len(list(folder.directory.glob("graph-*"))) == 1
    assert len(list(folder.directory.glob("vectors-*"))) == 1
    print(f"{killed} kills, {finished} runs ended before, {opened} times opened")
