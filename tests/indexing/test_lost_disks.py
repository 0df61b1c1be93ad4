"""A root that is empty, elsewhere or mostly gone is taken for a disk that is not mounted."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bienc_cli.indexing.absence import MASS, Whereabouts, absences
from bienc_cli.indexing.freshness import FreshnessCheck
from bienc_cli.indexing.report import IndexReport
from bienc_cli.store import Root
from folders import Folder


def refresh(folder: Folder, **options: object) -> IndexReport:
    """As `bienc index` without a path, and as `--watch` does it."""
    from bienc_cli.indexing.indexer import index_paths
    from bienc_cli.indexing.report import IndexOptions

    return index_paths(
        (),
        directory=folder.directory,
        load_encoder=lambda _: folder.encoder,
        key_dir=folder.keys,
        options=IndexOptions(**options),  # type: ignore[arg-type]
    )


def empty(root: Path) -> None:
    for path in root.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture
def fifty(folder: Folder) -> Folder:
    folder.write({f"{n % 5}/{n}.txt": f"text {n}\n" for n in range(50)})
    folder.index()
    return folder


def test_an_empty_root_is_kept(fifty: Folder) -> None:
    before = fifty.texts()
    empty(fifty.root)
    report = refresh(fifty)
    assert report.documents.removed == 0
    assert not report.committed
    (warning,) = report.warnings
    assert "docs is empty" in warning
    assert "--prune" in warning
    assert report.skipped == ()
    assert fifty.texts() == before
    with fifty.open() as reader:
        assert FreshnessCheck(reader).result().gone == 0


def test_an_empty_root_that_is_named_is_believed(fifty: Folder) -> None:
    empty(fifty.root)
    assert fifty.index().documents.removed == 50
    assert fifty.texts() == []


def test_an_empty_root_is_believed_with_prune(fifty: Folder) -> None:
    empty(fifty.root)
    assert refresh(fifty, prune=True).documents.removed == 50


def test_a_root_that_comes_back_goes_on(fifty: Folder) -> None:
    before = fifty.texts()
    fifty.root.rename(fifty.home / "elsewhere")
    fifty.root.mkdir()
    refresh(fifty)
    fifty.root.rmdir()
    (fifty.home / "elsewhere").rename(fifty.root)
    fifty.write({"new.txt": "a new one\n"})
    report = refresh(fifty)
    assert (report.documents.new, report.documents.removed, report.encoded) == (1, 0, 1)
    assert len(fifty.texts()) == len(before) + 1


def test_most_of_a_large_root_gone_at_once_is_kept(folder: Folder) -> None:
    folder.write({f"{n % 9}/{n}.txt": f"text {n}\n" for n in range(MASS + 50)})
    folder.index()
    for path in list(folder.root.rglob("*.txt"))[: MASS + 10]:
        path.unlink()
    report = refresh(folder)
    assert report.documents.removed == 0
    assert f"lacks {MASS + 10}" in report.warnings[0]
    assert refresh(folder, prune=True).documents.removed == MASS + 10


def test_a_folder_that_is_renamed_inside_a_root_is_followed(folder: Folder) -> None:
    folder.write({f"old/{n}.txt": f"text {n}\n" for n in range(MASS + 50)})
    folder.index()
    (folder.root / "old").rename(folder.root / "new")
    report = refresh(folder)
    assert report.warnings == ()
    assert report.encoded == 0
    assert all(doc_id.startswith("new/") for doc_id, _ in folder.texts())


def test_few_files_may_go_one_by_one(fifty: Folder) -> None:
    for path in list(fifty.root.rglob("*.txt"))[:49]:
        path.unlink()
    assert refresh(fifty).documents.removed == 49


@pytest.mark.parametrize(
    ("as_they_were", "changed", "known", "device", "absent"),
    [
        (0, 0, 1, 1, True),
        (0, 0, 0, 1, False),
        (1, 0, 3, 2, True),
        (2, 0, 3, 2, False),
        (3, 0, 3, 2, False),
        (1, 0, 3, 1, False),
        (50, 0, 150, 1, True),
        (50, 0, 149, 1, False),
        (80, 0, 150, 1, False),
        (0, 3, 3, 2, True),
        (1, 2, 3, 2, True),
        (2, 1, 3, 2, False),
        (0, 3, 3, 1, False),
    ],
)
def test_when_a_root_is_taken_for_absent(
    as_they_were: int, changed: int, known: int, device: int, absent: bool
) -> None:
    sizes = {f"{n}.txt": 10 for n in range(known)}
    there = {f"{n}.txt": 10 if n < as_they_were else 9 for n in range(as_they_were + changed)}
    root = Root(Path("/somewhere"), device=1, inode=2)
    now = Whereabouts(root, device, 2, lost_mounts=())
    assert bool(list(absences(now, sizes, there, sizes.keys() - there.keys()))) == absent


# ------------------------------------------------------------ real mounts


@contextmanager
def mounted(place: Path, what: Path | None = None) -> Iterator[None]:
    """A file system of its own at a directory, or another directory; skips where not allowed."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    mount = ["-t", "tmpfs", "none"] if what is None else ["--bind", str(what)]
    done = subprocess.run(["mount", *mount, str(place)], capture_output=True)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], capture_output=True)


@pytest.mark.parametrize("left", [(), ("README.txt",)], ids=["empty", "a note below it"])
def test_a_root_that_is_unmounted_is_kept(left: tuple[str, ...], folder: Folder) -> None:
    folder.root.mkdir()
    for name in left:
        (folder.root / name).write_text("mount the disk here\n")
    with mounted(folder.root):
        folder.write({f"{n}.txt": f"text {n}\n" for n in range(9)})
        folder.index()
        before = folder.texts()
    report = refresh(folder)
    assert report.documents.removed == 0
    assert "docs is" in report.warnings[0]
    assert [one for one in folder.texts() if one in before] == before


def test_a_mount_inside_a_root_that_is_unmounted_is_kept(folder: Folder) -> None:
    folder.write({f"own/{n}.txt": f"own {n}\n" for n in range(30)})
    (folder.root / "disk").mkdir()
    with mounted(folder.root / "disk"):
        folder.write({f"disk/sub/{n}.txt": f"text {n}\n" for n in range(5)})
        folder.index()
        before = folder.texts()
    for _ in range(2):
        report = refresh(folder)
        assert report.documents.removed == 0
        assert "docs/disk is not mounted" in report.warnings[0]
        assert folder.texts() == before
    assert refresh(folder, prune=True).documents.removed == 5


@pytest.mark.parametrize("left", [(), ("README.txt",)], ids=["empty", "a note below it"])
def test_the_note_of_freshness_knows_of_a_mount_that_is_gone(
    left: tuple[str, ...], folder: Folder
) -> None:
    folder.write({f"own/{n}.txt": f"own {n}\n" for n in range(3)})
    (folder.root / "disk").mkdir()
    for name in left:
        (folder.root / "disk" / name).write_text("mount the disk here\n")
    with mounted(folder.root / "disk"):
        folder.write({f"disk/{n}.txt": f"text {n}\n" for n in range(9)})
        folder.index()
        before = folder.texts()
    with folder.open() as reader:
        assert not FreshnessCheck(reader).result()
    report = refresh(folder)
    assert (report.documents.removed, report.documents.new) == (0, 0)
    assert "docs/disk is" in report.warnings[0]
    assert folder.texts() == before


def test_another_disk_inside_a_root_is_another(folder: Folder) -> None:
    """What it holds is not taken for what was indexed, nor indexed unasked."""
    folder.write({f"own/{n}.txt": f"own {n}\n" for n in range(30)})
    (folder.root / "disk").mkdir()
    with mounted(folder.root / "disk"):
        folder.write({f"disk/{n}.txt": f"text {n}\n" for n in range(5)})
        folder.index()
        before = folder.texts()
    with mounted(folder.root / "disk"):
        folder.write({f"disk/other {n}.txt": "of another disk\n" for n in range(9)})
        with folder.open() as reader:
            assert not FreshnessCheck(reader).result()
        for _ in range(2):
            report = refresh(folder)
            assert (report.documents.removed, report.documents.new) == (0, 0)
            assert "docs/disk is not the disk" in report.warnings[0]
            assert folder.texts() == before
        report = refresh(folder, prune=True)
        assert (report.documents.removed, report.documents.new) == (5, 9)
        assert not refresh(folder).warnings


@pytest.mark.parametrize("name", ["disk", "a disk\\ of mine"])
def test_a_folder_of_the_same_disk_that_is_mounted_no_more_is_kept(
    name: str, folder: Folder
) -> None:
    folder.write({"own.txt": "own\n"})
    other = folder.home / "other"
    place = folder.root / name
    for directory in (other, place):
        directory.mkdir()
    with mounted(place, other):
        folder.write({f"{name}/{n}.txt": f"text {n}\n" for n in range(5)})
        folder.index()
        before = folder.texts()
    report = refresh(folder)
    assert report.documents.removed == 0
    assert f"docs/{name} is not mounted" in report.warnings[0]
    assert folder.texts() == before
    another = folder.home / "another"
    another.mkdir()
    (another / "new.txt").write_text("of another folder\n")
    with mounted(place, another):
        report = refresh(folder)
        assert "is not the disk that it was" in report.warnings[0]
    with mounted(place, other):
        assert not refresh(folder).warnings
    assert folder.texts() == before


def test_a_mount_inside_a_mount_that_is_unmounted_is_kept(folder: Folder) -> None:
    (folder.root / "disk").mkdir(parents=True)
    with mounted(folder.root / "disk"):
        (folder.root / "disk/inner").mkdir()
        folder.write({f"disk/{n}.txt": f"text {n}\n" for n in range(9)})
        with mounted(folder.root / "disk/inner"):
            folder.write({f"disk/inner/{n}.txt": f"inner {n}\n" for n in range(3)})
            folder.index()
            before = folder.texts()
        report = refresh(folder)
        assert report.documents.removed == 0
        assert "docs/disk/inner is not mounted" in report.warnings[0]
        assert folder.texts() == before


@pytest.mark.parametrize("place", ["", "disk/"])
def test_another_disk_with_files_of_the_same_names_is_another(place: str, folder: Folder) -> None:
    (folder.root / place).mkdir(parents=True)
    with mounted(folder.root / place):
        folder.write({f"{place}{n}.txt": f"text {n}\n" for n in range(10)})
        folder.index()
        before = folder.texts()
    with mounted(folder.root / place):
        folder.write({f"{place}{n}.txt": f"text of another disk {n}\n" for n in range(6)})
        with folder.open() as reader:
            assert not FreshnessCheck(reader).result()
        report = refresh(folder)
        assert report.documents.removed == report.documents.changed == 0
        assert "holds 0 of the 10 files that are known as they were" in report.warnings[0]
        assert folder.texts() == before


def test_a_disk_that_comes_back_with_other_numbers_is_the_same(folder: Folder) -> None:
    (folder.root / "disk").mkdir(parents=True)
    files = {f"disk/{n}.txt": f"text {n}\n" for n in range(5)}
    for again in (False, True):
        with mounted(folder.root / "disk"):
            folder.write(files)
            report = refresh(folder) if again else folder.index()
            assert not report.warnings
            with folder.open() as reader:
                (root,) = reader.info.roots
                device = root.mounts[0].device
    assert device is not None
    assert (report.documents.removed, report.encoded) == (0, 0)


def test_another_disk_at_the_same_place_is_another(folder: Folder) -> None:
    """Which the system may give the numbers of the one before."""
    folder.root.mkdir()
    with mounted(folder.root):
        folder.write({f"{n}.txt": f"text {n}\n" for n in range(9)})
        folder.index()
        before = folder.texts()
    with mounted(folder.root):
        folder.write({"other.txt": "of another disk\n"})
        with folder.open() as reader:
            assert not FreshnessCheck(reader).result()
        report = refresh(folder)
        assert report.documents.removed == 0
        assert "another folder" in report.warnings[0]
        assert folder.texts() == before


def test_a_part_that_is_named_is_believed_and_the_rest_is_not(folder: Folder) -> None:
    folder.write({f"{n % 3}/{n}.txt": f"text {n}\n" for n in range(MASS * 2)})
    folder.index()
    for path in list(folder.root.rglob("*.txt")):
        # One of each folder stays, so that there is something to name.
        if path.stem not in ("0", "1", "2"):
            path.unlink()
    report = folder.index(folder.root / "0")
    assert report.documents.removed == len(range(3, MASS * 2, 3))
    assert f"lacks {MASS * 2 - 3 - report.documents.removed}" in report.warnings[0]


def test_roots_inside_each_other_are_as_new_as_their_files(folder: Folder) -> None:
    folder.write({"a.txt": "one\n", "notes/.b.txt": "two\n", "notes/c.txt": "three\n"})
    folder.index(folder.root / "notes", hidden=True)
    folder.index()
    with folder.open() as reader:
        assert not FreshnessCheck(reader).result()
