"""Indexes that come to be while others write to them, wait for them, or read them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bienc_cli.errors import IndexNotFound, StorageError
from bienc_cli.store import Filter, Root, check, open_reader, open_writer
from bienc_cli.store.writer import CatalogWriter
from stores import CHUNKING, build, identity, numbered, put_file


def begun(directory: Path, keys: Path, **options: object) -> CatalogWriter:
    writer = open_writer(directory, key_dir=keys, **options)  # type: ignore[arg-type]
    assert isinstance(writer, CatalogWriter)
    writer.begin(identity(), CHUNKING)
    return writer


@pytest.mark.parametrize("attempt", range(5))
def test_a_writer_that_waits_for_a_first_one_that_gives_up(attempt: int, tmp_path: Path) -> None:
    directory, keys = tmp_path / "new" / ".bienc", tmp_path / "keys"
    first = begun(directory, keys)
    waiting = threading.Event()
    failures: list[BaseException] = []

    def second() -> None:
        try:
            with begun(directory, keys, wait=60, on_wait=lambda _: waiting.set()) as writer:
                put_file(writer, writer.put_root(Root(tmp_path / "docs")), "a.md", numbered(3))
                writer.commit()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=second)
    thread.start()
    assert waiting.wait(60)
    with first:
        pass
    thread.join(60)
    assert failures == []
    with open_reader(directory, key_dir=keys) as index:
        assert index.info.passages == 3


def test_several_first_writers_at_once_all_get_their_turn(tmp_path: Path) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    together = threading.Barrier(6)
    failures: list[BaseException] = []

    def write(number: int) -> None:
        together.wait(60)
        try:
            with begun(directory, keys, wait=60) as writer:
                root = writer.put_root(Root(tmp_path / f"docs{number}"))
                put_file(writer, root, "a.md", numbered(2, f"of {number}"))
                if number % 2:
                    writer.commit()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    with open_reader(directory, key_dir=keys) as index:
        assert index.info.passages == 6


def test_a_directory_that_another_first_writer_makes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    genuine, others = os.mkdir, []

    def mkdir(path: str, *mode: int, **options: int) -> None:
        if Path(path) == directory and not others:
            others.append(path)
            genuine(path, 0o700)
        genuine(path, *mode, **options)

    monkeypatch.setattr(os, "mkdir", mkdir)
    build(directory, keys, {"a.md": numbered(3)})
    assert others
    with open_reader(directory, key_dir=keys) as index:
        assert index.info.passages == 3


def test_what_was_never_there_is_not_made_by_who_only_removes(tmp_path: Path) -> None:
    directory = tmp_path / ".bienc"
    with pytest.raises(IndexNotFound):
        open_writer(directory, key_dir=tmp_path / "keys", create=False)
    assert not directory.exists()


def test_a_reader_may_be_asked_anything_while_it_is_gone_through(tmp_path: Path) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    build(directory, keys, {f"{n}.md": numbered(4, f"file {n}") for n in range(40)})
    with open_reader(directory, key_dir=keys) as index:
        found = 0
        for number, _ in enumerate(index.iter_passages(Filter(paths=("1*.md",)))):
            assert index.count(Filter(paths=(f"{number % 40}.md",))) == 4
            found += 1
        assert found == index.count(Filter(paths=("1*.md",))) == 44


def test_a_reader_knows_when_it_is_behind(tmp_path: Path) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    build(directory, keys, {"a.md": numbered(3)})
    with open_reader(directory, key_dir=keys) as index:
        assert index.is_current()
        build(directory, keys, {"a.md": numbered(4)})
        assert not index.is_current()
        index.close()
    shutil.rmtree(directory)


def nothing(path: Path) -> None:
    path.touch()


def a_link_to_elsewhere(path: Path) -> None:
    elsewhere = path.parent.parent / "elsewhere"
    elsewhere.write_text("of somebody else")
    path.symlink_to(elsewhere)


def half_a_catalog(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + os.urandom(9000))


@pytest.mark.parametrize("left", [nothing, half_a_catalog, a_link_to_elsewhere])
@pytest.mark.parametrize("suffix", ["-new", "-new-journal", "-new-wal", "-new-shm"])
def test_what_a_crash_leaves_of_a_first_catalog_is_nothing(
    left: Callable[[Path], None], suffix: str, tmp_path: Path
) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    directory.mkdir()
    left(directory / f"catalog.sqlite{suffix}")
    with pytest.raises(IndexNotFound):
        open_reader(directory, key_dir=keys)
    build(directory, keys, {"a.md": numbered(3)})
    with open_reader(directory, key_dir=keys) as index:
        assert index.info.passages == 3
    assert check(directory, key_dir=keys).problems == ()
    assert not list(directory.glob("catalog.sqlite-new*"))
    if left is a_link_to_elsewhere:
        assert (tmp_path / "elsewhere").read_text() == "of somebody else"


@pytest.mark.parametrize("lost", [True, False], ids=["without a catalog", "beside an empty one"])
def test_the_log_of_a_catalog_that_is_gone_is_not_played_into_the_next(
    lost: bool, tmp_path: Path
) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    build(directory, keys, {"a.md": numbered(30)})
    catalog = directory / "catalog.sqlite"
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as reader:
        # Who reads keeps the log from being written back.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM meta").fetchone()
        build(directory, keys, {"a.md": numbered(20)})
        log = catalog.with_name(f"{catalog.name}-wal").read_bytes()
    assert log
    shutil.rmtree(directory)
    directory.mkdir()
    catalog.with_name(f"{catalog.name}-wal").write_bytes(log)
    if not lost:
        catalog.touch()
        catalog.with_name(f"{catalog.name}-wal").write_bytes(b"")
    build(directory, keys, {f"{n}.md": numbered(9) for n in range(40)})
    with open_reader(directory, key_dir=keys) as index:
        assert index.info.passages == 360
    assert check(directory, key_dir=keys).problems == ()


@pytest.mark.parametrize("is_first", [True, False], ids=["a first run", "a later one"])
@pytest.mark.parametrize("again", [True, False], ids=["and made again", "and not"])
def test_an_index_that_is_deleted_while_it_is_written(
    is_first: bool, again: bool, tmp_path: Path
) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    if not is_first:
        build(directory, keys, {"a.md": numbered(3)})
    with begun(directory, keys) as writer:
        put_file(writer, writer.put_root(Root(tmp_path / "docs")), "b.md", numbered(5))
        shutil.rmtree(directory)
        if again:
            build(directory, keys, {"c.md": numbered(9)})
            build(directory, keys, {"c.md": numbered(7)})
        with pytest.raises(StorageError, match="deleted while it was written"):
            writer.commit()
    if again:
        assert check(directory, key_dir=keys).problems == ()
        with open_reader(directory, key_dir=keys) as index:
            assert index.info.passages == 7
    else:
        assert not list(tmp_path.glob(".bienc/*"))


def test_an_empty_catalog_is_none_yet(tmp_path: Path) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    directory.mkdir()
    (directory / "catalog.sqlite").touch()
    build(directory, keys, {"a.md": numbered(3)})
    build(directory, keys, {"a.md": numbered(4)})
    with open_reader(directory, key_dir=keys) as index:
        assert (index.info.passages, index.info.generation) == (4, 2)


def test_a_first_catalog_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    with begun(directory, keys) as writer:
        put_file(writer, writer.put_root(Root(tmp_path / "docs")), "a.md", numbered(3))
        assert not (directory / "catalog.sqlite").exists()
        with pytest.raises(IndexNotFound, match="never finished"):
            open_reader(directory, key_dir=keys)
        writer.commit()
        assert stat.S_IMODE((directory / "catalog.sqlite").stat().st_mode) == 0o600
        with open_reader(directory, key_dir=keys) as index:
            assert index.info.passages == 3
