"""Ctrl-C ends every stage, also one that is inside native code, and leaves the index whole."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import bienc_cli
from bienc_cli.store import check, open_reader
from folders import Folder
from schema_check import checked

HERE = Path(__file__).parent
PATIENCE = 60.0
PATHS = [str(Path(bienc_cli.__file__).parent.parent), str(HERE.parent)]


class Bench:
    """A folder that is indexed, and has changed since."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.paths = PATHS
        (home / "docs").mkdir()
        self.write("old.txt", "An old text.")
        folder = Folder(home)
        folder.keys = home / "cache" / "keys"
        folder.index()
        for number in range(300):
            self.write(f"{number}.txt", f"A new text, number {number}.")

    def write(self, name: str, text: str) -> None:
        (self.home / "docs" / name).write_text(text)

    def start(self, stage: str, *argv: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, HERE / "interrupted.py", stage, *argv],
            cwd=self.home,
            env={
                **os.environ,
                "PYTHONPATH": ":".join(self.paths),
                "BIENC_CACHE": str(self.home / "cache"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def is_as_before(self) -> bool:
        directory, keys = self.home / ".bienc", self.home / "cache" / "keys"
        with open_reader(directory, key_dir=keys) as reader:
            held = [stored.path for stored in reader.iter_passages()]
        return held == ["docs/old.txt"] and not check(directory, key_dir=keys).problems


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("stage", ["load", "encode", "graph", "query"])
def test_a_stage_that_does_not_listen(bench: Bench, stage: str) -> None:
    argv = ("query", "text") if stage == "query" else ("index",)
    process = bench.start(stage, *argv)
    assert process.stdout is not None
    assert process.stdout.readline() == "stuck\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (130, "", "\nbienc: interrupted\n")
    assert bench.is_as_before()
    if stage in ("encode", "graph"):
        assert (bench.home / ".bienc" / "vectors-1.f32").exists()
    assert bench.start("none", "index").wait(PATIENCE) == 0


def test_termination_is_told_from_interruption(bench: Bench) -> None:
    process = bench.start("encode", "index")
    assert process.stdout is not None
    assert process.stdout.readline() == "stuck\n"
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (143, "\nbienc: terminated\n")
    assert bench.is_as_before()


def test_a_pdf_that_is_never_read(bench: Bench, tmp_path: Path) -> None:
    """The worker hangs, the caller waits for it; both end."""
    told = tmp_path / "told"
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "pypdf.py").write_text(
        "import hashlib, os, pathlib\n"
        f"pathlib.Path({str(told) + '~'!r}).write_text(str(os.getpid()))\n"
        f"os.rename({str(told) + '~'!r}, {str(told)!r})\n"
        "hashlib.pbkdf2_hmac('sha256', b'', b'', (1 << 31) - 1)\n"
    )
    bench.paths = [str(tmp_path / "first"), *PATHS]
    (tmp_path / "docs" / "x.pdf").write_bytes(b"%PDF-1.7\n")
    process = bench.start("none", "index")
    deadline = time.monotonic() + PATIENCE
    while not told.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "\nbienc: interrupted\n")
    assert bench.is_as_before()
    while Path("/proc", told.read_text()).exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watching_ends(bench: Bench, number: signal.Signals) -> None:
    process = bench.start("none", "index", "--watch", "--format", "jsonl")
    assert process.stdout is not None
    assert process.stderr is not None
    (first,) = checked(process.stdout.readline())
    assert first["documents"]["new"] == 300
    assert process.stderr.readline().startswith("watching ")
    bench.write("more.txt", "One more.")
    (second,) = checked(process.stdout.readline())
    assert second["documents"]["new"] == 1
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert out == ""
    summary = r"ended after [\d.]+ m?s: 1 update, 1 passage encoded\n"
    if number is signal.SIGINT:
        assert process.returncode == 0
        assert re.fullmatch(summary, err)
    else:
        # The library that waits for changes may hand on the signal as an interrupt.
        assert process.returncode == 143
        assert re.fullmatch(f"({summary})?\nbienc: terminated\n", err)
    with open_reader(bench.home / ".bienc", key_dir=bench.home / "cache" / "keys") as reader:
        assert reader.info.documents == 302


def test_a_closed_pipe_ends_quietly(bench: Bench) -> None:
    """As with `| head`."""
    for argv in (("index",), ("query", "text"), ("info",), ("check",), ("remove", "docs")):
        process = bench.start("none", *argv, "--format", "plain")
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(PATIENCE) in (0, 1)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
        process.stderr.close()
