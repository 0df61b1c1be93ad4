"""Readers beside a writer: each on one generation, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import bienc_cli
from bienc_cli.errors import IndexDamaged, IndexNotFound, StorageError
from bienc_cli.store import Root, catalog, nearest, open_reader, open_writer
from stores import CHUNKING, build, encode, identity, numbered, put_file

HERE = Path(__file__).parent
PATHS = {"PYTHONPATH": f"{Path(bienc_cli.__file__).parent.parent}:{HERE}"}
READERS = 8
COMMITS = 20


def test_vectors_that_go_between_two_looks_are_missing_and_no_failure_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the reader looks again, where a commit has taken them away."""
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    build(directory, keys, {"a.md": numbered(3, "plum ")})
    (vectors,) = directory.glob("vectors-*")
    vectors.unlink()
    monkeypatch.setattr(Path, "is_file", lambda _: True)
    with pytest.raises(IndexDamaged), open_reader(directory, key_dir=keys):
        pass


def test_eight_readers_during_twenty_commits(tmp_path: Path) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"

    def commit(generation: int) -> None:
        words = numbered(20, f"generation {generation} ")
        build(directory, keys, {f"{n}.md": words[n * 5 : n * 5 + 5] for n in range(4)})

    commit(1)
    readers = [
        subprocess.Popen(
            [sys.executable, HERE / "observer.py", directory, keys],
            env=PATHS,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    for generation in range(2, COMMITS + 1):
        commit(generation)
    for process in readers:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert str(COMMITS) in output.split()
    assert len(list(directory.glob("graph-*"))) == 1


def test_a_snapshot_outlives_later_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "SCAN_LIMIT", 0)
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    build(directory, keys, {"a.md": numbered(30, "old")})
    with open_reader(directory, key_dir=keys) as index:
        build(directory, keys, {"b.md": numbered(30, "new")})
        build(directory, keys, {"c.md": numbered(30, "newer")})
        # The graph is loaded only now, long after its file was deleted.
        hits = index.search(encode(["old number 3 of some words"])[0], 30)
        assert len(hits) == 30
        assert hits[0][1] == pytest.approx(1.0, abs=1e-6)
        assert {one.path for one in index.passages([i for i, _ in hits])} == {"docs/a.md"}
        assert not index.warnings
    with open_reader(directory, key_dir=keys) as index:
        assert [one.path for one in index.iter_passages()] == ["docs/c.md"] * 30


def test_a_reader_that_follows_each_commit_keeps_no_log(tmp_path: Path) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    log = directory / "catalog.sqlite-wal"
    build(directory, keys, {"0.md": numbered(100)})
    index = open_reader(directory, key_dir=keys)
    kept = []
    for number in range(1, 9):
        build(directory, keys, {f"{number}.md": numbered(100, f"commit {number}")})
        index.close()
        index = open_reader(directory, key_dir=keys)
        kept.append(log.stat().st_size)
    index.close()
    assert max(kept) <= 2 * kept[0]
    assert not log.exists() or not log.stat().st_size


def test_a_stranger_s_log_is_left_to_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    log = directory / "catalog.sqlite-wal"
    build(directory, keys, {"0.md": numbered(100)})
    with open_reader(directory, key_dir=keys):
        build(directory, keys, {"1.md": numbered(100)})
        before = log.read_bytes()
        assert before
        monkeypatch.setattr(catalog, "is_own", lambda _: False)
    assert log.read_bytes() == before


def test_what_is_being_written_is_not_seen(tmp_path: Path) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    build(directory, keys, {"a.md": numbered(3)})
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        put_file(writer, writer.put_root(Root(tmp_path / "docs")), "b.md", numbered(500, "b"))
        with open_reader(directory, key_dir=keys) as index:
            assert index.info.passages == index.count() == len(list(index.iter_passages())) == 3
    with open_reader(directory, key_dir=keys) as index:
        assert index.info.passages == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without rights")
@pytest.mark.parametrize("pending", [False, True])
def test_a_user_who_may_only_read(tmp_path: Path, pending: bool) -> None:
    """With a log that only a writer could fold in, the catalog alone would be half a truth."""
    home = Path("/var/tmp") / f"bienc-test-{os.getpid()}-{pending}"
    directory, keys = home / ".bienc", home / "keys"
    try:
        build(directory, keys, {"a.md": numbered(30)})
        build(directory, keys, {"a.md": numbered(20)})
        for name in ("catalog.sqlite-wal", "catalog.sqlite-shm"):
            (directory / name).unlink(missing_ok=True)
        # As somebody has it who wants to share it.
        for path in (directory, *directory.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)
        if pending:
            (directory / "catalog.sqlite-wal").write_bytes(b"x" * 5000)
        script = (
            "import os\n"
            "from pathlib import Path\n"
            "from bienc_cli.store import open_reader, reader\n"
            "from bienc_cli.errors import StorageError\n"
            "from stores import encode\n"
            "query = encode(['x'])[0]\n"
            # After the imports, which may lie where only root can read.
            "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            "try:\n"
            f"    with open_reader(Path({str(directory)!r}), key_dir=Path('/nowhere')) as index:\n"
            "        print(len(index.search(query, 100)))\n"
            "except StorageError as error:\n"
            "    print(error.message)\n"
        )
        finished = subprocess.run(
            [sys.executable, "-c", script], env=PATHS, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stderr
        assert ("cannot be" in finished.stdout) if pending else finished.stdout == "20\n"
        assert stat.S_ISREG((directory / "catalog.sqlite").stat().st_mode)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_a_catalog_that_changes_under_a_reader_without_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the directory cannot be written by this user, but is by another."""
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    build(directory, keys, {"a.md": numbered(3)})
    with open_reader(directory, key_dir=keys) as index:
        path = directory / "catalog.sqlite"
        index._connection.as_it_lies = catalog.time_and_size(path)
        assert len(index.search(encode(["x"])[0], 5)) == 3
        build(directory, keys, {"a.md": numbered(9)})
        os.utime(path)
        with pytest.raises(StorageError, match="changed while it was read"):
            index.search(encode(["x"])[0], 5)


def test_a_reader_makes_no_index(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(IndexNotFound):
        open_reader(tmp_path / "empty", key_dir=tmp_path / "keys")
    assert not list((tmp_path / "empty").iterdir())
    assert not (tmp_path / "keys").exists()
