"""What is kept, for how long, and what is bounded."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bienc_cli.server import life
from bienc_cli.server.listener import Activity
from bienc_cli.server.resident import MOST_MODELS, MOST_READERS, Readers, ResidentModels
from bienc_cli.server.threads import MOST_WAITING, AnsweringThreads, Busy
from bienc_cli.store import IndexReader
from fakes import FakeBiEncoder
from folders import FRUIT, Folder


def test_models_are_loaded_once_and_the_oldest_are_let_go() -> None:
    models, loaded = ResidentModels(), []

    def load(name: str) -> FakeBiEncoder:
        loaded.append(name)
        return FakeBiEncoder(name=name)

    def get(name: str) -> str:
        return models.bi_encoder(name, lambda: load(name)).identity.name

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(get, ["a"] * 8)) == {"a"}
    assert loaded == ["a"]
    names = [f"m{number}" for number in range(MOST_MODELS)]
    for name in [*names, *names, "a"]:
        get(name)
    assert loaded == ["a", *names, "a"]


@pytest.fixture
def folders(tmp_path: Path) -> list[Folder]:
    found = []
    for number in range(MOST_READERS + 1):
        (tmp_path / str(number)).mkdir()
        folder = Folder(tmp_path / str(number))
        folder.write(dict(FRUIT))
        folder.index()
        found.append(folder)
    return found


def place(folder: Folder) -> Path:
    assert isinstance(folder.directory, Path)
    return folder.directory


def test_readers_are_kept_and_the_oldest_closed(folders: list[Folder]) -> None:
    readers = Readers()

    def get(folder: Folder) -> IndexReader:
        return readers.get(place(folder), folder.home, folder.open)

    first = get(folders[0])
    assert get(folders[0]) is first
    for folder in folders[1:]:
        get(folder)
    assert get(folders[0]) is not first
    readers.close()


def test_a_generation_that_is_over_is_let_go_of(folders: list[Folder]) -> None:
    folder, readers = folders[0], Readers()
    kept = readers.get(place(folder), folder.home, folder.open)
    readers.close_obsolete()
    assert readers.get(place(folder), folder.home, folder.open) is kept
    folder.write({"new.txt": "A quince."})
    folder.index()
    readers.close_obsolete()
    assert readers._open == {}
    later = readers.get(place(folder), folder.home, folder.open)
    assert later.info.generation == kept.info.generation + 1
    readers.close()


def test_a_full_queue_is_said() -> None:
    begun, go_on = threading.Event(), threading.Event()
    workers = AnsweringThreads(1)

    def wait(_: Readers) -> None:
        begun.set()
        go_on.wait(60)

    futures = [workers.ask(wait)]
    assert begun.wait(60)
    futures += [workers.ask(wait) for _ in range(MOST_WAITING)]
    with pytest.raises(Busy):
        workers.ask(wait)
    go_on.set()
    for future in futures:
        assert future.result(60) is None


def test_an_error_is_whoever_asked_s() -> None:
    workers = AnsweringThreads(1)
    failing = workers.ask(lambda _: 1 // 0)
    assert isinstance(failing.exception(60), ZeroDivisionError)
    assert workers.ask(lambda _: "there").result(60) == "there"


def test_beginning_badly_leaves_a_worker_that_works() -> None:
    assert AnsweringThreads(2, begin=lambda _: 1 // 0).ask(lambda _: 3).result(60) == 3


class Watched(AnsweringThreads):
    def __init__(self) -> None:
        super().__init__(1)
        self.forgets = 0

    def forget(self) -> None:
        self.forgets += 1
        super().forget()


def live(workers: AnsweringThreads, sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> str:
    """A life without waiting, in which memory goes through these sizes and stays at the last."""
    monkeypatch.setattr(life.time, "sleep", lambda _: None)
    activity = Activity()
    monkeypatch.setattr(activity, "idle_seconds", lambda: 0.0 if len(sizes) > 1 else 1e9)
    return life.live(
        activity,
        workers,
        idle_seconds=1.0,
        most_bytes=100,
        own_bytes=lambda: sizes.pop(0) if len(sizes) > 1 else sizes[0],
    )


def test_memory_is_bounded_by_closing_indexes(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Watched()
    assert live(workers, [50, 101, 50, 50], monkeypatch) == "nobody has asked for long"
    assert workers.forgets == 1


def test_what_does_not_shrink_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Watched()
    assert live(workers, [101] * 100, monkeypatch) == "it has become too large"
    assert 1 < workers.forgets < 100


def test_a_worker_forgets_when_it_is_told(folders: list[Folder]) -> None:
    folder, workers = folders[0], AnsweringThreads(1)

    def get(readers: Readers) -> IndexReader:
        return readers.get(place(folder), folder.home, folder.open)

    first = workers.ask(get).result(60)
    assert workers.ask(get).result(60) is first
    workers.forget()
    workers.ask(lambda _: None).result(60)
    assert workers.ask(get).result(60) is not first


def test_this_process_has_a_size() -> None:
    before = life.bytes_of_this_process()
    kept = bytearray(64 << 20)
    kept[::4096] = b"x" * len(kept[::4096])
    assert life.bytes_of_this_process() - before > 32 << 20
