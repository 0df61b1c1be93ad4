"""Following changes: whatever happens to the files, the index comes to agree with them."""

from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bienc_cli.errors import IndexMismatch, StorageError
from bienc_cli.indexing import watching
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.indexing.report import IndexReport
from bienc_cli.store import Root, open_writer
from folders import FRUIT, Folder

PATIENCE = 60.0


class Following:
    """A watch in a thread; every report of a commit is put into a queue."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.stop = threading.Event()
        self.runs = 0
        self.reports: queue.Queue[IndexReport | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            for report in watching.follow(
                self._update, self._covered, self.folder.directory, self.stop
            ):
                self.reports.put(report)
        finally:
            self.reports.put(None)

    def _update(self) -> IndexReport:
        self.runs += 1
        return index_paths(
            [],
            directory=self.folder.directory,
            load_encoder=lambda _: self.folder.encoder,
            key_dir=self.folder.keys,
        )

    def _covered(self) -> tuple[Root, ...]:
        with self.folder.open() as reader:
            return reader.info.roots

    def until(self, *names: str) -> None:
        """Wait for commits until the index holds just these documents."""
        while {name for name, _ in self.folder.texts()} != set(names):
            assert self.reports.get(timeout=PATIENCE) is not None

    def until_text(self, text: str) -> None:
        while text not in {held for _, held in self.folder.texts()}:
            assert self.reports.get(timeout=PATIENCE) is not None

    def end(self) -> None:
        self.stop.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_TICK_MS", 100)
    monkeypatch.setattr(watching, "SETTLED_MS", 50)


@pytest.fixture
def following(fruit: Folder) -> Iterator[Following]:
    made = Following(fruit)
    yield made
    made.end()


def test_files_come_change_move_and_go(following: Following) -> None:
    folder = following.folder
    folder.write({"plum.txt": "Plums are sweet."})
    following.until(*FRUIT, "plum.txt")
    folder.write({"plum.txt": "Plums are sour."})
    following.until_text("Plums are sour.")
    (folder.root / "plum.txt").rename(folder.root / "deep/plum.txt")
    following.until(*FRUIT, "deep/plum.txt")
    shutil.rmtree(folder.root / "deep")
    following.until(*(set(FRUIT) - {"deep/cherry.txt"}))


def test_new_folders_are_followed_too(following: Following) -> None:
    folder = following.folder
    folder.write({"new/folder/fig.txt": "Figs."})
    following.until(*FRUIT, "new/folder/fig.txt")
    folder.write({"new/folder/date.txt": "Dates."})
    following.until(*FRUIT, "new/folder/fig.txt", "new/folder/date.txt")


def test_an_editor_that_saves_by_renaming(following: Following) -> None:
    folder = following.folder
    folder.write({".pear.txt.swp": "A pear, edited."})
    (folder.root / ".pear.txt.swp").rename(folder.root / "pear.txt")
    following.until_text("A pear, edited.")


def test_what_is_passed_over_makes_no_commit(following: Following) -> None:
    folder = following.folder
    folder.write({".gitignore": "*.log\n", "x.log": "x", ".git/HEAD": "x", ".hidden": "x"})
    folder.write({"plum.txt": "Plums."})
    following.until(*FRUIT, "plum.txt")
    following.end()
    reports = [report for report in iter(following.reports.get, None) if report is not None]
    assert all(report.documents.new for report in reports)


def test_a_change_before_the_watching_began_is_seen(fruit: Folder) -> None:
    fruit.write({"plum.txt": "Plums."})
    following = Following(fruit)
    following.until(*FRUIT, "plum.txt")
    following.end()


def test_several_roots_and_single_files(folder: Folder) -> None:
    folder.write({"a/one.txt": "One.", "b/two.txt": "Two.", "three.txt": "Three."})
    folder.index(folder.root / "a", folder.root / "b", folder.root / "three.txt")
    following = Following(folder)
    folder.write({"b/four.txt": "Four.", "a/five.txt": "Five."})
    following.until("one.txt", "two.txt", "three.txt", "four.txt", "five.txt")
    # As editors save: another file takes the name.
    folder.write({"three.txt~": "Three, edited."})
    (folder.root / "three.txt~").rename(folder.root / "three.txt")
    following.until_text("Three, edited.")
    following.end()


def test_a_root_that_goes_is_kept_and_followed_again_when_it_is_back(
    following: Following, tmp_path: Path
) -> None:
    folder = following.folder
    folder.root.rename(tmp_path / "unmounted")
    folder.root.mkdir()
    before, runs = folder.texts(), following.runs
    folder.write({"plum.txt": "Plums."})
    while following.runs < runs + 2:
        # What lies below a mount is no document, nor is what was mounted there gone.
        following.stop.wait(0.05)
        folder.write({"plum.txt": f"Plums {following.runs}."})
    assert folder.texts() == before
    shutil.rmtree(folder.root)
    (tmp_path / "unmounted").rename(folder.root)
    folder.write({"fig.txt": "Figs."})
    following.until(*FRUIT, "fig.txt")


def test_roots_that_others_add_are_followed(following: Following, tmp_path: Path) -> None:
    folder = following.folder
    more = tmp_path / "more"
    more.mkdir()
    (more / "nut.txt").write_text("Nuts.")
    folder.index(more)
    (more / "almond.txt").write_text("Almonds.")
    following.until(*FRUIT, "nut.txt", "almond.txt")


def test_nothing_is_held_while_nothing_happens(following: Following) -> None:
    folder = following.folder
    folder.write({"plum.txt": "Plums."})
    following.until(*FRUIT, "plum.txt")
    with open_writer(folder.directory, key_dir=folder.keys, wait=PATIENCE) as writer:
        assert writer.info is not None


def test_an_index_inside_what_it_covers_does_not_wake_itself(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.root = tmp_path
    folder.directory = tmp_path / "index"
    # Hidden: the bytes of a key may look like a text.
    folder.keys = tmp_path / ".keys"
    folder.write({"a.txt": "One."})
    folder.index()
    following = Following(folder)
    folder.write({"b.txt": "Two."})
    following.until("a.txt", "b.txt")
    following.stop.wait(0.5)  # time enough to go round in circles
    following.end()
    assert following.runs <= 4


def test_a_limit_of_the_system_is_said(fruit: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    import watchfiles

    from bienc_cli.errors import StorageError

    def refuse(*_: object, **__: object) -> Iterator[None]:
        raise OSError(28, "OS file watch limit reached")
        yield

    monkeypatch.setattr(watchfiles, "watch", refuse)
    with pytest.raises(StorageError, match="limit reached") as caught:
        next(watching.follow(fruit.index, lambda: (Root(fruit.root),), fruit.directory))
    assert "inotify" in str(caught.value.hint)


def test_what_may_pass_is_tried_again_with_growing_pauses(fruit: Folder) -> None:
    stop = threading.Event()
    failures: list[float] = []
    updates = 0

    def update() -> IndexReport:
        nonlocal updates
        updates += 1
        if updates <= 4:
            raise StorageError("The disk is full.")
        return fruit.index()

    class Stopping(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            return super().wait(0 if timeout and timeout >= 1 else timeout)

    stop = Stopping()

    def covered() -> tuple[Root, ...]:
        with fruit.open() as reader:
            return reader.info.roots

    fruit.index()
    fruit.write({"plum.txt": "Plums are sweet."})
    reports = watching.follow(
        update, covered, fruit.directory, stop, lambda _, pause: failures.append(pause)
    )
    report = next(reports)
    stop.set()
    assert report.documents.new == 1
    assert failures == [1, 2, 4, 8]


def test_what_does_not_pass_ends_it(fruit: Folder) -> None:
    fruit.index()

    def update() -> IndexReport:
        raise IndexMismatch("Another model.")

    with pytest.raises(IndexMismatch):
        next(watching.follow(update, lambda: (), fruit.directory))


def test_an_empty_root_is_not_a_deletion_to_a_watch(following: Following) -> None:
    folder = following.folder
    before = folder.texts()
    for path in list(folder.root.iterdir()):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    runs = following.runs
    while following.runs < runs + 2:
        folder.root.touch()
        following.stop.wait(0.05)
        (folder.root / ".x").touch()
        (folder.root / ".x").unlink()
    assert folder.texts() == before
