"""Whether the index is as new as its files: counted like the next run would, opening none."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bienc_cli.indexing.forget import remove_paths
from bienc_cli.indexing.freshness import (
    MOST_FETCHED,
    FreshnessCheck,
    Staleness,
    is_worth_a_look,
)
from bienc_cli.milvus.address import MilvusAddress
from folders import Folder

LONG = 60.0


def look(folder: Folder, budget: float = LONG) -> Staleness:
    with folder.open() as reader:
        return FreshnessCheck(reader, budget).result()


def test_nothing_to_say_of_a_fresh_index(fruit: Folder) -> None:
    found = look(fruit)
    assert found == Staleness(complete=True)
    assert not found


def test_new_changed_and_gone_are_counted(fruit: Folder) -> None:
    fruit.write({"plum.txt": "Plums.\n", "more/fig.txt": "Figs.\n", "pear.txt": "Another.\n"})
    (fruit.root / "deep/cherry.txt").unlink()
    found = look(fruit)
    assert found == Staleness(new=2, changed=1, gone=1, complete=True)
    assert found
    report = fruit.index().documents
    assert (report.new, report.changed, report.removed) == (2, 1, 1)
    assert not look(fruit)


def test_a_new_time_alone_counts_until_the_content_is_looked_at(fruit: Folder) -> None:
    os.utime(fruit.root / "pear.txt", ns=(1, 1))
    assert look(fruit) == Staleness(touched=1, complete=True)
    fruit.index()
    assert not look(fruit)


def test_what_the_rules_pass_over_does_not_count(fruit: Folder) -> None:
    fruit.write({".gitignore": "*.log\n", "x.log": "no", ".hidden": "no", "x.png": "no"})
    assert not look(fruit)
    remove_paths([fruit.root / "deep"], directory=fruit.directory, key_dir=fruit.keys)
    assert not look(fruit)


def test_what_cannot_be_read_is_no_news_every_time(fruit: Folder) -> None:
    fruit.write({"broken.pdf": b"%PDF-1.7 nothing more", "odd": b"\0\0\0"})
    fruit.index()
    assert not look(fruit)


def test_a_missing_root_says_nothing(folder: Folder) -> None:
    folder.write({"a/one.txt": "One.\n", "b/two.txt": "Two.\n", "c.txt": "Three.\n"})
    folder.index(folder.root / "a", folder.root / "b", folder.root / "c.txt")
    shutil.rmtree(folder.root / "a")
    (folder.root / "c.txt").unlink()
    assert look(folder) == Staleness(complete=True)


def test_it_stops_when_the_time_is_over(fruit: Folder) -> None:
    fruit.write({"plum.txt": "Plums.\n"})
    assert look(fruit, budget=-1.0) == Staleness(complete=False)


def test_a_look_that_hangs_is_not_waited_for(
    fruit: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    from bienc_cli.indexing import freshness

    release = threading.Event()
    monkeypatch.setattr(freshness, "items_under", lambda _: iter(release.wait, True))
    with fruit.open() as reader:
        check = FreshnessCheck(reader, budget=0.01)
        assert check.result() == Staleness(complete=False)
    release.set()


def test_no_file_is_opened(fruit: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    with fruit.open() as reader:
        monkeypatch.setattr(Path, "open", refuse)
        assert FreshnessCheck(reader, LONG).result().complete


def test_the_files_of_a_large_index_on_a_server_are_not_fetched(folder: Folder) -> None:
    folder.write({"a.txt": "one"})
    folder.index()
    with folder.open() as reader:
        info = replace(reader.info, files=MOST_FETCHED + 1)
    served = replace(info, directory=MilvusAddress("http://localhost", "a"))
    assert is_worth_a_look(info)
    assert not is_worth_a_look(served)
    assert is_worth_a_look(replace(served, files=MOST_FETCHED))
