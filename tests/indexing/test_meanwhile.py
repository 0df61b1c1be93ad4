"""What stands at a path is not what stood there when it was found, looked at or read."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bienc_cli.formats import isolation
from bienc_cli.formats.reading import read_documents
from bienc_cli.formats.table import ReadingOptions
from bienc_cli.indexing import file_reading
from bienc_cli.indexing.discovery import FoundFile
from folders import Folder


def nothing() -> None:
    """Happens."""


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Callable[[], None]]]:
    """What happens before a file is looked at, before it is read, and behind that."""
    happens = {"looked": nothing, "read": nothing, "done": nothing}
    look = file_reading.digest_of_file

    def looked(path: Path) -> bytes:
        happens["looked"]()
        return look(path)

    def read(file: object, limits: object, options: ReadingOptions) -> Iterator[object]:
        happens["read"]()
        items = list(read_documents(file.path, file.doc_id, options))  # type: ignore[attr-defined]
        happens["done"]()
        yield from items

    monkeypatch.setattr(file_reading, "digest_of_file", looked)
    monkeypatch.setattr(isolation, "_read_here", read)
    monkeypatch.setattr(isolation, "_is_isolated", lambda *_, **__: False)
    return happens


def texts(folder: Folder) -> list[str]:
    return [text for _, text in folder.texts()]


def test_a_file_that_is_another_only_while_it_is_read(
    folder: Folder, meanwhile: dict[str, Callable[[], None]]
) -> None:
    """As when a branch is checked out, and the one before again, during a long run."""
    folder.write({"a.txt": "on this branch\n"})
    meanwhile["read"] = lambda: folder.write({"a.txt": "on another\n"})
    meanwhile["done"] = lambda: folder.write({"a.txt": "on this branch\n"})
    folder.index()
    meanwhile.update(read=nothing, done=nothing)
    folder.index()
    assert texts(folder) == ["on this branch"]


@pytest.mark.parametrize("when", ["looked", "read"])
def test_a_file_that_grows_is_read_again(
    when: str, folder: Folder, meanwhile: dict[str, Callable[[], None]]
) -> None:
    folder.write({"a.txt": "one line\n"})
    meanwhile[when] = lambda: folder.write({"a.txt": "one line\nand another\n"})
    folder.index()
    meanwhile[when] = nothing
    folder.index()
    assert texts(folder) == ["one line\nand another"]
    assert folder.index().documents.unchanged == 1


@pytest.mark.parametrize("when", ["looked", "read"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
def test_a_link_that_is_put_in_a_file_s_place_does_not_lead_out(
    when: str, known: bool, folder: Folder, meanwhile: dict[str, Callable[[], None]]
) -> None:
    secret = folder.home / "secret.txt"
    secret.write_text("not of this folder\n")
    path = folder.root / "a.txt"
    if known:
        folder.write({"a.txt": "of this folder\n"})
        folder.index()
    folder.write({"a.txt": "of this folder, again\n"})

    def exchange() -> None:
        path.unlink()
        path.symlink_to(secret)

    meanwhile[when] = exchange
    report = folder.index()
    assert "outside the folder" in report.skipped[0].reason
    assert texts(folder) == (["of this folder"] if known else [])


def test_a_pipe_that_is_put_in_a_file_s_place_is_not_waited_for(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write({"a.txt": "a file\n", "b.txt": "another\n"})
    plan = file_reading.FileReading.read

    def exchange(*given: object) -> None:
        (folder.root / "a.txt").unlink()
        os.mkfifo(folder.root / "a.txt")
        plan(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(file_reading.FileReading, "read", exchange)
    report = folder.index()
    assert [one.reason for one in report.skipped] == ["was there; now it is no file"]
    assert texts(folder) == ["another"]


def test_a_file_that_is_replaced_by_another_is_read(
    folder: Folder, meanwhile: dict[str, Callable[[], None]]
) -> None:
    """As editors save."""
    folder.write({"a.txt": "first\n"})

    def save() -> None:
        (folder.root / "new").write_text("second\n")
        (folder.root / "new").rename(folder.root / "a.txt")

    meanwhile["read"] = save
    folder.index()
    meanwhile["read"] = nothing
    folder.index()
    assert texts(folder) == ["second"]


def test_a_file_system_that_makes_up_inodes_costs_no_reading(
    folder: Folder,
    meanwhile: dict[str, Callable[[], None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    genuine, made_up = FoundFile.of, itertools.count(1)
    monkeypatch.setattr(
        FoundFile, "of", lambda *given: replace(genuine(*given), inode=next(made_up))
    )
    reads: list[int] = []
    meanwhile["read"] = lambda: reads.append(1)
    folder.write({"a.txt": "a file\n"})
    for _ in range(3):
        folder.index()
    assert reads == [1]
    assert texts(folder) == ["a file"]
