"""An index is its owner's alone, and what somebody else planted does not count."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bienc_cli
from bienc_cli.errors import IndexMismatch, StorageError
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.store import (
    Root,
    exposed,
    find_foreign_index,
    find_index,
    open_reader,
    open_writer,
)
from bienc_cli.store.meta import meta_checksum, read_meta, write_meta
from bienc_cli.store.seal import adopt_key, ensure_key, load_key
from fakes import FakeBiEncoder
from folders import Folder
from stores import CHUNKING

ALICE, BOB = 61_001, 61_002
TESTS = Path(__file__).parents[1]


def modes(directory: Path) -> dict[str, int]:
    return {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (directory, *directory.iterdir())
    }


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_may_read_an_index_at_any_time(
    umask: int, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at whenever something is encoded, with the log and the vectors there."""
    assert isinstance(folder.directory, Path)
    directory = folder.directory
    seen: dict[str, int] = {}
    encode = folder.encoder.encode_passages

    def look(texts: list[str]) -> object:
        seen.update(modes(directory))
        return encode(texts)

    monkeypatch.setattr(folder.encoder, "encode_passages", look)
    folder.write({f"{n}.txt": f"private {n}\n" for n in range(30)})
    before = os.umask(umask)
    try:
        folder.index()
        folder.write({"new.txt": "private too\n"})
        folder.index()
    finally:
        os.umask(before)
    seen.update(modes(directory))
    assert {"catalog.sqlite", "catalog.sqlite-wal", "vectors-1.f32", "lock", ".gitignore"} <= set(
        seen
    )
    assert any(name.startswith("graph-") for name in seen)
    assert {mode for name, mode in seen.items() if name != ".bienc"} == {0o600}
    assert seen[".bienc"] == 0o700
    assert exposed(directory) == []


def test_a_wider_index_is_told_and_mended(folder: Folder) -> None:
    assert isinstance(folder.directory, Path)
    folder.write({"a.txt": "private\n"})
    folder.index()
    folder.directory.chmod(0o755)
    (folder.directory / "catalog.sqlite").chmod(0o644)
    assert exposed(folder.directory) == [
        folder.directory,
        folder.directory / "catalog.sqlite",
    ]
    folder.index()
    assert exposed(folder.directory) == []


# ------------------------------------------------- what was planted, one user


def planted(home: Path, covered: Path, **settings: object) -> Path:
    """An index that says by itself that it covers something elsewhere."""
    directory = home / ".bienc"
    with open_writer(directory, key_dir=home / "their-keys") as writer:
        writer.begin(FakeBiEncoder().identity, CHUNKING)
        writer.put_root(Root(covered, **settings))  # type: ignore[arg-type]
        writer.commit()
    return directory


def refresh(directory: Path, keys: Path, *paths: Path) -> list[str]:
    folder = Folder(directory.parent)
    folder.directory, folder.keys = directory, keys
    index_paths(paths, directory=directory, load_encoder=lambda _: folder.encoder, key_dir=keys)
    return [text for _, text in folder.texts()]


def test_a_root_elsewhere_needs_ones_own_word(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/.diary.txt").write_text("dear diary\n")
    directory = planted(tmp_path / "theirs", tmp_path / "mine", hidden=True)
    with pytest.raises(IndexMismatch, match="was not told to by you") as refused:
        refresh(directory, tmp_path / "keys")
    assert f"bienc index {tmp_path / 'mine'}" in (refused.value.hint or "")
    # Nor does it come along with something else that is named.
    (tmp_path / "theirs/docs").mkdir()
    (tmp_path / "theirs/docs/a.txt").write_text("a heron\n")
    assert refresh(directory, tmp_path / "keys", tmp_path / "theirs/docs") == ["a heron"]
    # Who names it wants it, and is not asked again.
    texts = refresh(directory, tmp_path / "keys", tmp_path / "mine")
    assert sorted(texts) == ["a heron", "dear diary"]
    assert sorted(refresh(directory, tmp_path / "keys")) == ["a heron", "dear diary"]


def test_a_link_to_elsewhere_needs_ones_own_word_too(tmp_path: Path) -> None:
    """As a clone may bring along: an index, and a link beside it to what is not in it."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/diary.txt").write_text("dear diary\n")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/docs").symlink_to(tmp_path / "mine")
    directory = planted(tmp_path / "theirs", tmp_path / "theirs/docs")
    with pytest.raises(IndexMismatch, match="was not told to by you"):
        refresh(directory, tmp_path / "keys")
    assert refresh(directory, tmp_path / "keys", tmp_path / "theirs/docs") == ["dear diary"]
    assert refresh(directory, tmp_path / "keys") == ["dear diary"]


def test_settings_that_were_changed_behind_ones_back_need_it_again(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a.txt").write_text("a heron\n")
    (tmp_path / "mine/.diary.txt").write_text("dear diary\n")
    directory, keys = tmp_path / "idx" / ".bienc", tmp_path / "keys"
    assert refresh(directory, keys, tmp_path / "mine") == ["a heron"]
    assert refresh(directory, keys) == ["a heron"]
    connection = sqlite3.connect(directory / "catalog.sqlite")
    (settings,) = connection.execute("SELECT settings FROM roots").fetchone()
    wider = json.dumps(json.loads(settings) | {"hidden": True}, sort_keys=True)
    connection.execute("UPDATE roots SET settings = ?", (wider,))
    meta = read_meta(connection)
    write_meta(connection, meta | {"checksum": meta_checksum(connection, meta)})
    connection.commit()
    connection.close()
    with pytest.raises(IndexMismatch, match="was not told to by you"):
        refresh(directory, keys)


def test_the_key_comes_along_from_where_it_was(tmp_path: Path) -> None:
    old = ensure_key(tmp_path / "cache")
    adopt_key(tmp_path / "cache", tmp_path / "data")
    assert load_key(tmp_path / "data") == old
    assert (tmp_path / "data" / "graph.key").stat().st_mode & 0o777 == 0o600
    other = ensure_key(tmp_path / "other")
    adopt_key(tmp_path / "cache", tmp_path / "other")
    assert load_key(tmp_path / "other") == other


# ---------------------------------------------------------------- two users


@pytest.fixture
def common() -> Iterator[Path]:
    """A directory that everybody may write to, as /tmp; only root can be two users."""
    if os.geteuid() != 0:
        pytest.skip("only root can become two users")
    top = Path("/var/tmp") / f"bienc-users-{os.getpid()}"
    top.mkdir()
    top.chmod(0o1777)
    yield top
    shutil.rmtree(top)


def as_user(uid: int, function: Callable[[], str]) -> str:
    """What a function prints, run as somebody else in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.write(writing, function().encode())
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return said


def test_what_one_user_indexes_no_other_can_read(common: Path) -> None:
    def write() -> str:
        home = common / "alice"
        home.mkdir()
        folder = Folder(home)
        folder.write({"diary.txt": "dear diary\n"})
        (folder.root / "diary.txt").chmod(0o600)
        folder.index()
        return "done"

    def read() -> str:
        found = subprocess.run(
            ["cat", *map(str, (common / "alice/.bienc").glob("*"))], capture_output=True
        )
        try:
            return f"{(common / 'alice/.bienc/catalog.sqlite').read_bytes()[:6]!r} {found}"
        except PermissionError:
            return "refused"

    assert as_user(ALICE, write) == "done"
    assert as_user(BOB, read) == "refused"


@pytest.mark.parametrize("name", ["vectors-1.f32", "catalog.sqlite"])
def test_what_may_not_be_read_is_not_said_to_be_unwritable(name: str, common: Path) -> None:
    def write() -> str:
        directory = planted(common, common)
        (directory / name).chmod(0o200)
        return str(directory)

    def read() -> str:
        directory = common / ".bienc"
        try:
            open_reader(directory, key_dir=common / "keys").close()
        except StorageError as error:
            return f"{error} {error.hint}"
        return "read"

    assert as_user(ALICE, write).endswith(".bienc")
    said = as_user(ALICE, read)
    assert "cannot be read" in said or "cannot be opened" in said
    assert "writ" not in said


def test_an_index_that_another_user_put_above_does_not_count(common: Path) -> None:
    def plant() -> str:
        planted(common, common, hidden=True)
        # As somebody has it who wants it to be written to by others.
        for path in (common / ".bienc", *(common / ".bienc").iterdir()):
            path.chmod(0o777)
        return "done"

    def look() -> str:
        below = common / "bob"
        below.mkdir()
        found = find_index(below), find_foreign_index(below)
        safe = find_index(below, [str(common / ".bienc")]), find_index(below, ["*"])
        return repr((found, safe))

    assert as_user(ALICE, plant) == "done"
    theirs = common / ".bienc"
    assert as_user(BOB, look) == repr(((None, theirs), (theirs, theirs)))


def test_a_link_of_another_user_to_ones_own_index_does_not_count(common: Path) -> None:
    def own() -> str:
        (common / "bob").mkdir()
        planted(common / "bob", common / "bob")
        return "done"

    def link() -> str:
        (common / ".bienc").symlink_to(common / "bob" / ".bienc")
        return "done"

    def look() -> str:
        return repr(find_index(common))

    assert as_user(BOB, own) == "done"
    assert as_user(ALICE, link) == "done"
    assert as_user(BOB, look) == "None"


def test_commands_say_whose_index_was_passed_over(common: Path) -> None:
    assert as_user(ALICE, lambda: str(planted(common, common))).endswith(".bienc")
    package = Path(bienc_cli.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "bienc_cli", "query", "diary"],
        cwd=common,
        env={**os.environ, "PYTHONPATH": str(package), "HOME": str(common)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3
    assert "belongs to another user" in done.stderr
    assert f"--index {common / '.bienc'}" in done.stderr
