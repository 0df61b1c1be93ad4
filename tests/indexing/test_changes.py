"""When a file counts as changed, and how many steps it takes to tell."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.indexing import changes
from bienc_cli.indexing.absence import is_below, is_within, whereabouts_of
from bienc_cli.indexing.changes import compare_with_index, settled_ctime
from bienc_cli.indexing.discovery import FoundFile
from bienc_cli.indexing.roots import Finding
from bienc_cli.store import UNSETTLED, FileState, Root
from bienc_cli.types import Skipped
from folders import Folder

PATHS = st.lists(st.sampled_from(["a", "b", "ab", "a b"]), min_size=1, max_size=4).map("/".join)


@given(path=PATHS, places=st.sets(PATHS | st.just(".")))
def test_a_path_is_within_a_place_as_by_going_through_them_all(path: str, places: set[str]) -> None:
    expected = any(place == "." or is_below(path, place) for place in places)
    assert is_within(path, places) == expected


class CountedSet(frozenset[str]):
    asked = 0

    def __contains__(self, item: object) -> bool:
        CountedSet.asked += 1
        return super().__contains__(item)


@pytest.mark.parametrize("number", [100, 1_000])
def test_steps_grow_with_the_gone_and_not_with_the_skipped(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    skipped = tuple(Skipped(f"locked/{n}", "permission", "no") for n in range(number))
    known = {f"gone/{n}": FileState(n, f"gone/{n}", 1, 1, b"", "") for n in range(number)}
    monkeypatch.setattr(
        Finding, "unreadable", lambda self, codes: CountedSet(one.path for one in self.skipped)
    )
    CountedSet.asked = 0
    root = Root(Path("/r"))
    found = compare_with_index(Finding(root, (), skipped, whereabouts_of(root)), known)
    assert len(found.gone) == number
    assert CountedSet.asked <= 3 * number


@given(
    age_ns=st.integers(-(10**9), 10**10),
    whole_seconds=st.booleans(),
)
def test_a_file_is_at_rest_when_another_change_would_show(age_ns: int, whole_seconds: bool) -> None:
    looked = 1_700_000_000_123_456_789
    last = looked - age_ns
    if whole_seconds:
        last -= last % 10**9
    elif last % 10**9 == 0:
        last += 1
    file = FoundFile(Path("/r/a"), "a", 1, last, 7, last)
    tick = 2 * 10**9 if whole_seconds else 5 * 10**7
    expected = UNSETTLED if last > looked - tick else last
    assert settled_ctime(file, looked) == expected


# ------------------------------------------------- same size, same time


def disguised(folder: Folder, name: str, content: str) -> None:
    """Write what has the same size and time as before."""
    path = folder.root / name
    before = path.stat()
    assert len(content.encode()) == before.st_size
    path.write_text(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def moved_over(folder: Folder, name: str, content: str) -> None:
    path = folder.root / name
    before = path.stat()
    other = folder.home / "other"
    other.write_text(content)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [disguised, moved_over])
@pytest.mark.parametrize("age_ns", [0, 10**9, 10**18])
def test_other_content_of_the_same_size_and_time_is_noticed(
    change: object, age_ns: int, folder: Folder
) -> None:
    folder.write({"a.txt": "in room alpha\n", "b.txt": "something else\n"})
    then = time.time_ns() - age_ns
    os.utime(folder.root / "a.txt", ns=(then, then))
    folder.index()
    change(folder, "a.txt", "in room gamma\n")  # type: ignore[operator]
    assert folder.index().documents.changed == 1
    assert ("a.txt", "in room gamma") in folder.texts()


def test_checksum_notices_what_no_time_tells(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write({"a.txt": "in room alpha\n"})
    folder.index()
    monkeypatch.setattr(changes, "is_as_recorded", lambda state, file: True)
    folder.write({"a.txt": "in room gamma\n"})
    assert folder.index().documents.changed == 0
    assert folder.index(checksum=True).documents.changed == 1


def test_a_file_that_only_looks_changed_loads_no_model(folder: Folder) -> None:
    folder.write({"a.txt": "one\n", "b.txt": "two\n"})
    folder.index()
    loads = folder.loads
    os.utime(folder.root / "a.txt")
    (folder.root / "b.txt").chmod(0o600)
    report = folder.index()
    assert (report.documents.unchanged, report.documents.changed, folder.loads) == (2, 0, loads)


def test_a_file_of_the_far_future_or_past_is_indexed(folder: Folder) -> None:
    folder.write({"future.txt": "one\n", "past.txt": "two\n"})
    for name, seconds in (("future.txt", 10_413_792_000 * 4), ("past.txt", -5_000_000_000)):
        os.utime(folder.root / name, (seconds, seconds))
    assert folder.index().documents.new == 2
    assert not folder.index().committed


def test_an_index_without_these_details_settles_them_once(folder: Folder) -> None:
    folder.write({"a.txt": "one\n"})
    folder.index()
    from bienc_cli.store import open_writer

    with open_writer(folder.directory, key_dir=folder.keys) as writer:
        (root_id,) = writer.roots()
        (state,) = writer.files(root_id).values()
        writer.touch_file(replace(state, inode=0, ctime_ns=0))
        writer.commit()
    os.utime(folder.root / "a.txt", ns=(state.mtime_ns, state.mtime_ns))
    assert folder.index().documents.unchanged == 1
