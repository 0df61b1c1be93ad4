"""Locks, and that no module fails to be imported where POSIX is not."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bienc_cli import portable

PACKAGE = Path(portable.__file__).parent
POSIX_ONLY = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"}


def opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | portable.OWN | portable.NO_FOLLOW)


def test_a_lock_keeps_others_out_until_the_file_is_closed(tmp_path: Path) -> None:
    first, second = (opened(tmp_path / "lock") for _ in range(2))
    portable.lock(first)
    with pytest.raises(BlockingIOError):
        portable.lock(second)
    os.close(first)
    portable.lock(second)
    os.close(second)


def test_who_waits_gets_the_lock_of_a_process_that_ends(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = f"""
import os, sys
from bienc_cli import portable
portable.lock(os.open({str(path)!r}, os.O_RDWR | os.O_CREAT))
print("held", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        descriptor = opened(path)
        with pytest.raises(BlockingIOError):
            portable.lock(descriptor)
        holder.stdin.close()
        portable.lock(descriptor, wait=True)
        assert os.fstat(descriptor).st_size == 0
    os.close(descriptor)


def test_shared_locks_go_together_and_an_exclusive_one_does_not(tmp_path: Path) -> None:
    descriptors = [opened(tmp_path / "lock") for _ in range(3)]
    portable.lock(descriptors[0], shared=True)
    portable.lock(descriptors[1], shared=True)
    with pytest.raises(BlockingIOError):
        portable.lock(descriptors[2])
    for descriptor in descriptors:
        os.close(descriptor)


def test_reading_and_writing_at_a_place_leaves_the_rest(tmp_path: Path) -> None:
    descriptor = opened(tmp_path / "file")
    assert portable.write_at(descriptor, b"abcdef", 0) == 6
    assert portable.write_at(descriptor, memoryview(b"XY"), 2) == 2
    assert portable.read_at(descriptor, 3, 1) == b"bXY"
    assert portable.read_at(descriptor, 9, 4) == b"ef"
    os.close(descriptor)


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_no_module_needs_at_its_top_what_only_posix_has(path: Path) -> None:
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            assert not {alias.name for alias in node.names} & POSIX_ONLY
        elif isinstance(node, ast.ImportFrom):
            assert node.module not in POSIX_ONLY
