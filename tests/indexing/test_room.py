"""A run that encodes lets in who asks to write, and does nothing of its own twice."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from bienc_cli import portable
from bienc_cli.errors import IndexBusy, IndexMismatch, ModelUnavailable
from bienc_cli.indexing import encoding, indexer
from bienc_cli.indexing.forget import remove_paths
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.indexing.report import IndexOptions, IndexReport
from bienc_cli.store import check, lock, open_writer
from bienc_cli.types import BlendWeights, TunedBlend, Vectors
from fakes import FakeBiEncoder
from folders import Folder

PATIENCE = 60.0
FILES = 40


class Gated(FakeBiEncoder):
    """Goes on from its second batch on only when somebody asks for room, or is told not to care."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self.reached = threading.Event()
        self.is_open = False

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        if self.passages_encoded and not self.is_open:
            self.reached.set()
            deadline = time.monotonic() + PATIENCE
            while not lock.is_asked_for(self._directory):
                assert time.monotonic() < deadline, "nobody asked"
                time.sleep(0.005)
            self.is_open = True
        return super().encode_passages(texts)


@pytest.fixture(autouse=True)
def many_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_SHARE", 4)
    monkeypatch.setattr(indexer, "LEAST_STAY", 0.0)
    # A clock that stands: no time is too short for a run to have stayed.
    monkeypatch.setattr(indexer, "time", SimpleNamespace(monotonic=lambda: 0.0))


@pytest.fixture
def gated(folder: Folder) -> Gated:
    folder.write({f"{n}.txt": f"the text of number {n}\n" for n in range(FILES)})
    assert isinstance(folder.directory, Path)
    folder.encoder = Gated(folder.directory)
    return folder.encoder


def beside(
    folder: Folder, gated: Gated, other: Callable[[], object]
) -> tuple[IndexReport, list[str]]:
    """The report of a run during which `other` asks for room; and what ended in which order."""
    ended: list[str] = []

    def run() -> IndexReport:
        report = folder.index()
        ended.append("run")
        return report

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        assert gated.reached.wait(PATIENCE)
        other()
        ended.append("other")
        return running.result(PATIENCE), ended


def encoded_once(folder: Folder) -> bool:
    return len(folder.encoder.passages_encoded) == len(set(folder.encoder.passages_encoded))


def test_removing_does_not_wait_for_the_run(folder: Folder, gated: Gated) -> None:
    folder.write({"old/a.txt": "one that is there\n"})
    assert isinstance(folder.directory, Path)
    gated.is_open = True
    folder.index(folder.root / "old")
    gated.is_open = False

    def other() -> None:
        (folder.root / "old" / "a.txt").unlink()
        report = remove_paths(
            [folder.root / "old"], directory=folder.directory, key_dir=folder.keys, wait=PATIENCE
        )
        assert report.documents == 0

    report, ended = beside(folder, gated, other)
    assert ended == ["other", "run"]
    assert (report.documents.new, report.encoded, report.reused) == (FILES, FILES, 0)
    assert encoded_once(folder)
    assert len(folder.texts()) == FILES
    assert check(folder.directory, key_dir=folder.keys).problems == ()


def test_weights_are_recorded_meanwhile_and_stay(folder: Folder, gated: Gated) -> None:
    gated.is_open = True
    folder.index(folder.root / "0.txt")
    gated.is_open = False
    blend = TunedBlend(BlendWeights(1.0, 0.5), BlendWeights(1.0, 0.6), queries=70)

    def other() -> None:
        with open_writer(
            folder.directory, key_dir=folder.keys, create=False, wait=PATIENCE, ask=True
        ) as writer:
            writer.put_blend(blend)
            writer.commit()

    _, ended = beside(folder, gated, other)
    assert ended == ["other", "run"]
    with folder.open() as reader:
        assert reader.info.blend == blend
        assert reader.info.documents == FILES


@pytest.mark.parametrize("is_first", [True, False], ids=["a new index", "an index"])
def test_two_runs_that_both_encode_get_further(
    folder: Folder, gated: Gated, is_first: bool
) -> None:
    if not is_first:
        gated.is_open = True
        folder.index(folder.root / "0.txt")
        gated.is_open = False
    another = folder.home / "another"
    another.mkdir()
    for n in range(FILES):
        (another / f"{n}.txt").write_text(f"of another folder, number {n}\n")
    encoder = FakeBiEncoder()

    def other() -> None:
        index_paths(
            [another],
            directory=folder.directory,
            load_encoder=lambda _: encoder,
            key_dir=folder.keys,
            wait=PATIENCE,
            ask=True,
        )

    beside(folder, gated, other)
    assert encoded_once(folder)
    assert sorted(encoder.passages_encoded) == sorted(set(encoder.passages_encoded))
    assert len(folder.texts()) == 2 * FILES
    assert check(folder.directory, key_dir=folder.keys).problems == ()


@pytest.mark.parametrize(
    ("encoder", "options"),
    [
        (FakeBiEncoder(name="another"), IndexOptions()),
        (FakeBiEncoder(), IndexOptions(passage_tokens=20)),
    ],
    ids=["another model", "other lengths"],
)
def test_a_new_index_is_not_begun_otherwise_by_who_is_let_in(
    folder: Folder, gated: Gated, encoder: FakeBiEncoder, options: IndexOptions
) -> None:
    another = folder.home / "another.txt"
    another.write_text("of another folder\n")

    def load(_: object) -> FakeBiEncoder:
        # The first run asks again within a moment; a model takes longer to load.
        while lock.begun_by_who_waits(folder.directory) is None:
            time.sleep(0.005)
        return encoder

    def other() -> None:
        with pytest.raises(IndexMismatch, match=r"being made with|passages of"):
            index_paths(
                [another],
                directory=folder.directory,
                load_encoder=load,
                key_dir=folder.keys,
                options=options,
                wait=PATIENCE,
                ask=True,
            )

    report, ended = beside(folder, gated, other)
    assert ended == ["other", "run"]
    assert (report.documents.new, report.encoded) == (FILES, FILES)
    assert encoded_once(folder)
    assert encoder.passages_encoded == []


def test_who_fails_before_it_begins_takes_nothing_of_an_interrupted_first_run(
    folder: Folder, gated: Gated
) -> None:
    gated.is_open = True
    whole = gated.encode_passages

    def some(texts: Sequence[str]) -> Vectors:
        if len(gated.passages_encoded) >= FILES // 2:
            raise KeyboardInterrupt
        return whole(texts)

    gated.encode_passages = some  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        folder.index()
    encoded = len(gated.passages_encoded)
    assert encoded >= FILES // 2

    def unavailable(_: object) -> FakeBiEncoder:
        raise ModelUnavailable("there is no such model")

    with pytest.raises(ModelUnavailable):
        index_paths(
            [folder.root],
            directory=folder.directory,
            load_encoder=unavailable,
            key_dir=folder.keys,
        )
    gated.encode_passages = whole  # type: ignore[method-assign]
    folder.index()
    assert encoded_once(folder)


def test_a_sign_that_could_not_be_given_is_given_the_next_time(folder: Folder) -> None:
    assert isinstance(folder.directory, Path)
    folder.directory.mkdir(parents=True)
    request = lock.RoomRequest(folder.directory)
    held = os.open(folder.directory / lock.WAITING, os.O_RDWR | os.O_CREAT)
    portable.lock(held)
    request.show()
    os.close(held)
    request.show()
    assert lock.is_asked_for(folder.directory)
    request.withdraw()
    assert not lock.is_asked_for(folder.directory)


def test_only_who_asks_is_let_in(folder: Folder) -> None:
    folder.write({"a.txt": "one\n"})
    folder.index()
    directory = folder.directory
    assert isinstance(directory, Path)
    for ask in (False, True):
        told = threading.Event()
        with ThreadPoolExecutor(1) as pool, open_writer(directory, key_dir=folder.keys) as writer:

            def wait(ask: bool = ask, told: threading.Event = told) -> None:
                with open_writer(
                    directory,
                    key_dir=folder.keys,
                    wait=PATIENCE,
                    on_wait=lambda _: told.set(),
                    ask=ask,
                ):
                    pass

            assert not writer.is_asked_for_room
            waiting = pool.submit(wait)
            assert told.wait(PATIENCE)
            deadline = time.monotonic() + (PATIENCE if ask else 0.3)
            while not writer.is_asked_for_room and time.monotonic() < deadline:
                time.sleep(0.005)
            assert writer.is_asked_for_room == ask
            writer.commit()
            writer.__exit__(None, None, None)
            waiting.result(PATIENCE)
        assert not (directory / lock.WAITING).exists()


def test_who_gives_up_leaves_no_sign(folder: Folder) -> None:
    folder.write({"a.txt": "one\n"})
    folder.index()
    with open_writer(folder.directory, key_dir=folder.keys) as writer:
        with pytest.raises(IndexBusy):
            open_writer(folder.directory, key_dir=folder.keys, wait=0.2, ask=True)
        assert not writer.is_asked_for_room


def test_a_sign_that_a_crash_has_left_is_in_nobody_s_way(folder: Folder) -> None:
    assert isinstance(folder.directory, Path)
    folder.directory.mkdir(parents=True)
    (folder.directory / lock.WAITING).touch()
    folder.write({"a.txt": "one\n"})
    assert folder.index().documents.new == 1
    assert not lock.is_asked_for(folder.directory)
