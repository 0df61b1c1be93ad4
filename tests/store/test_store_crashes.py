"""A process that is killed leaves the old index or the new one, and what it had encoded."""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bienc_cli
from bienc_cli.errors import IndexNotFound
from bienc_cli.store import check, failpoints, open_reader
from bienc_cli.store import writer as writer_module
from stores import encode, numbered

HERE = Path(__file__).parent
PACKAGE = Path(bienc_cli.__file__).parent

KILLS = 40


def steps() -> list[str]:
    """Every step that the code names, so that none can be forgotten here."""
    sources = "".join(path.read_text() for path in (PACKAGE / "store").glob("*.py"))
    return re.findall(r'failpoints\.reached\("([^"]+)"\)', sources)


class Bench:
    """A folder, its index, and runs over it that may be killed."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "folder"
        self.folder.mkdir(parents=True)
        self.directory = home / ".bienc"
        self.keys = home / "keys"

    def write(self, name: str, paragraphs: list[str]) -> None:
        (self.folder / name).write_text("\n\n".join(paragraphs))

    def start(self, step: str = "") -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [
                *(sys.executable, str(HERE / "victim.py")),
                *(str(self.directory), str(self.keys), str(self.folder)),
                *([step] if step else []),
            ],
            env={"PYTHONPATH": f"{PACKAGE.parent}:{HERE}"},
            stderr=subprocess.PIPE,
        )

    def run(self, step: str = "") -> int:
        process = self.start(step)
        _, errors = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), errors.decode()
        return process.returncode

    def held(self) -> set[tuple[str, int, str]]:
        with open_reader(self.directory, key_dir=self.keys) as index:
            assert not index.warnings
            return {
                (one.passage.doc_id, one.passage.ordinal, one.passage.text)
                for one in index.iter_passages()
            }

    def wanted(self) -> set[tuple[str, int, str]]:
        return {
            (path.name, ordinal, text)
            for path in self.folder.iterdir()
            for ordinal, text in enumerate(path.read_text().split("\n\n"))
        }

    def problems(self) -> list[str]:
        return [one.message for one in check(self.directory, key_dir=self.keys).problems]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    for number in range(6):
        made.write(f"{number}.txt", numbered(8, f"file {number}"))
    return made


def test_there_are_steps_to_stop_at() -> None:
    assert len(steps()) == len(set(steps())) >= 6
    failpoints.reached("nowhere in particular")


@pytest.mark.parametrize("step", steps())
def test_killed_at_a_step_of_the_first_commit(bench: Bench, step: str) -> None:
    assert bench.run(step) == -signal.SIGKILL
    if step.startswith("after"):
        assert bench.held() == bench.wanted()
    else:
        with pytest.raises(IndexNotFound, match="never finished"):
            open_reader(bench.directory, key_dir=bench.keys)
    assert bench.run() == 0
    assert bench.held() == bench.wanted()
    assert bench.problems() == []


# A later catalog has its name already.
@pytest.mark.parametrize("step", [step for step in steps() if step != "before the name"])
def test_killed_at_a_step_of_a_later_commit(bench: Bench, step: str) -> None:
    assert bench.run() == 0
    before = bench.held()
    (bench.folder / "0.txt").unlink()
    bench.write("1.txt", numbered(3, "file 1"))
    bench.write("new.txt", numbered(40, "new"))
    assert bench.run(step) == -signal.SIGKILL
    after = bench.wanted() if step.startswith("after") else before
    assert bench.held() == after
    assert bench.problems() == []
    assert bench.run() == 0
    assert bench.held() == bench.wanted()
    assert bench.problems() == []
    assert len(list(bench.directory.glob("graph-*"))) == 1


def test_what_a_killed_process_encoded_is_not_encoded_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    import victim

    assert bench.run("before commit") == -signal.SIGKILL
    asked: list[str] = []
    monkeypatch.setattr(
        "stores.encode", lambda texts, dim: asked.extend(texts) or encode(texts, dim)
    )
    bench.write("late.txt", ["one more"])
    victim.run(bench.directory, bench.keys, bench.folder)
    assert asked == ["one more"]
    assert bench.held() == bench.wanted()


def test_killed_at_random_instants(bench: Bench) -> None:
    """Each time the index is a whole generation: of the folder as some run saw it."""
    chance = random.Random(20_240_229)
    assert bench.run() == 0
    legitimate = [bench.wanted()]
    killed = 0
    for number in range(KILLS):
        name = f"{chance.randrange(8)}.txt"
        if chance.random() < 0.25:
            (bench.folder / name).unlink(missing_ok=True)
        else:
            bench.write(name, numbered(chance.randrange(1, 30), f"round {number}"))
        legitimate.append(bench.wanted())
        # Counted in function calls, so that a slow machine is killed at the same places.
        killed += bench.run(str(int(chance.triangular(0, 6000, 1500)))) != 0
        held = bench.held()
        assert held in legitimate
        legitimate = legitimate[legitimate.index(held) :]
        if number % 8 == 0:
            assert bench.problems() == []
    assert killed > KILLS // 2
    assert bench.run() == 0
    assert bench.held() == bench.wanted()
    assert bench.problems() == []


def test_an_interrupt_between_commit_and_its_return_keeps_the_commit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    import victim

    def interrupt(step: str) -> Iterator[None]:
        if step == "after commit":
            raise KeyboardInterrupt

    monkeypatch.setattr(writer_module.failpoints, "reached", interrupt)
    with pytest.raises(KeyboardInterrupt):
        victim.run(bench.directory, bench.keys, bench.folder)
    monkeypatch.undo()
    assert bench.held() == bench.wanted()
    assert bench.problems() == []


def test_a_copy_of_a_killed_index_recovers_elsewhere(bench: Bench, tmp_path: Path) -> None:
    """The write-ahead log belongs to the index; copied together they are whole."""
    assert bench.run("after commit") == -signal.SIGKILL
    copy = tmp_path / "copy" / ".bienc"
    shutil.copytree(bench.directory, copy)
    bench.directory = copy
    assert bench.held() == bench.wanted()
