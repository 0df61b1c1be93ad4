"""Which roots are covered, and that every file belongs to exactly one of them."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from bienc_cli.errors import PathNotFound
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.indexing.report import IndexOptions, IndexReport
from endurance import times
from folders import Folder


def covered(folder: Folder) -> list[str]:
    with folder.open() as reader:
        return sorted(
            root.path.relative_to(folder.home).as_posix()
            if root.path.is_relative_to(folder.home)
            else str(root.path)
            for root in reader.info.roots
        )


def ids(folder: Folder) -> list[str]:
    return [doc_id for doc_id, _ in folder.texts()]


def index_list(folder: Folder, *names: str, base: Path | None = None) -> IndexReport:
    return index_paths(
        [],
        listed=[folder.home / name for name in names],
        base=base or folder.home,
        directory=folder.directory,
        load_encoder=lambda _: folder.encoder,
        key_dir=folder.keys,
    )


# ---------------------------------------------------------------- overlaps


@pytest.mark.parametrize(
    "named",
    [
        ("docs", "docs/sub", "docs/a.txt"),
        ("docs/a.txt", "docs/sub", "docs"),
        ("docs/sub", "docs", "docs"),
        ("docs", "link"),
        ("link", "docs/sub", "link/a.txt"),
        ("docs", "link/sub/b.txt"),
    ],
)
def test_what_is_named_twice_is_there_once(named: tuple[str, ...], folder: Folder) -> None:
    folder.write({"a.txt": "kites fly\n", "sub/b.txt": "kites again\n"})
    (folder.home / "link").symlink_to("docs")
    report = folder.index(*(folder.home / name for name in named))
    assert report.documents.new == 2
    assert sorted(text for _, text in folder.texts()) == ["kites again", "kites fly"]
    assert len(covered(folder)) == 1
    again = folder.index(*(folder.home / name for name in named))
    assert not again.committed


def test_an_outer_root_absorbs_what_it_finds(folder: Folder) -> None:
    folder.write({"a.txt": "one\n", "notes/b.txt": "two\n"})
    folder.index(folder.root / "notes")
    report = folder.index(folder.root)
    assert covered(folder) == ["docs"]
    assert ids(folder) == ["a.txt", "notes/b.txt"]
    assert report.encoded == 1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("notes/.hidden.txt", {"hidden": True}),
        ("notes/big.txt", {"max_bytes": 1 << 30}),
        ("notes/out.txt", {}),
    ],
)
def test_an_outer_root_loses_nothing_of_the_roots_inside(
    name: str, options: dict[str, object], folder: Folder
) -> None:
    """What only the inner root's settings find stays, and stays found."""
    folder.write({"a.txt": "one\n", "notes/b.txt": "two\n", name: "three\n" * 10})
    folder.index(folder.root / "notes", **options)
    outer = {"exclude": ("out.txt",)} if "out" in name else {"max_bytes": 20}
    for report in (folder.index(folder.root, **outer), folder.index()):
        assert report.documents.removed == 0
        assert len(folder.texts()) == 3
        assert len({text for _, text in folder.texts()}) == 3
        assert covered(folder) == ["docs", "docs/notes"]


def test_a_folder_inside_a_root_may_have_settings_of_its_own(folder: Folder) -> None:
    folder.write({".a.txt": "one\n", "b.txt": "two\n", "notes/.c.txt": "three\n"})
    folder.index()
    folder.index(folder.root / "notes", hidden=True)
    assert sorted(text for _, text in folder.texts()) == ["three", "two"]


def test_a_listed_file_of_a_covered_folder_is_there_once(folder: Folder) -> None:
    folder.write({"a.txt": "one\n", "b.txt": "two\n"})
    folder.index()
    index_list(folder, "docs/a.txt")
    assert [text for _, text in folder.texts()] == ["one", "two"]


def test_roots_named_in_any_order_hold_every_file_once(folder: Folder) -> None:
    """Whatever is named, in whatever order and through whatever links."""
    files = {f"{d}{n}.txt": f"text of {d}{n}\n" for d in ("", "x/", "x/y/", "z/") for n in "ab"}
    folder.write(files)
    (folder.home / "link").symlink_to("docs/x")
    names = ["docs", "docs/x", "docs/x/y", "docs/z", "docs/x/a.txt", "link", "link/y"]
    chance = random.Random(5)
    for _ in range(times(15, 300)):
        run = Folder(folder.home)
        run.directory = folder.home / f"index-{chance.random()}"
        named: set[str] = set()
        for _ in range(chance.randint(1, 3)):
            some = chance.sample(names, chance.randint(1, 3))
            named |= set(some)
            run.index(*(folder.home / name for name in some))
        expected = {
            text.strip()
            for name, text in files.items()
            for real in [os.path.realpath(folder.root / name)]
            if any(
                real == top or real.startswith(f"{top}/")
                for top in (os.path.realpath(folder.home / one) for one in named)
            )
        }
        found = [text for _, text in run.texts()]
        assert len(found) == len(set(found))
        assert set(found) == expected


# ---------------------------------------------------------------- settings


def test_settings_can_be_taken_back(folder: Folder) -> None:
    folder.write({".secret.txt": "heron\n", "a.txt": "kite\n", "b.md": "ibis\n"})
    folder.index(hidden=True, exclude=("*.md",))
    assert ids(folder) == [".secret.txt", "a.txt"]
    folder.index()
    assert ids(folder) == [".secret.txt", "a.txt"]
    folder.index(hidden=False)
    assert ids(folder) == ["a.txt"]
    folder.index(exclude=())
    assert ids(folder) == ["a.txt", "b.md"]
    folder.index(include=("*.md",))
    assert ids(folder) == ["b.md"]
    folder.index(include=())
    assert ids(folder) == ["a.txt", "b.md"]


# ------------------------------------------------------------------- lists


def test_a_list_takes_the_place_of_the_last_one(folder: Folder) -> None:
    folder.write({"a.txt": "one\n", "b.txt": "two\n", "c.txt": "three\n"})
    index_list(folder, "docs/a.txt", "docs/b.txt")
    report = index_list(folder, "docs/b.txt", "docs/c.txt")
    assert (report.documents.new, report.documents.unchanged, report.documents.removed) == (1, 1, 1)
    assert [text for _, text in folder.texts()] == ["two", "three"]


def test_what_is_listed_and_gone_is_reported_and_stops_nothing(folder: Folder) -> None:
    folder.write({"a.txt": "one\n"})
    report = index_list(folder, "docs/gone.txt", "docs/a.txt", "docs/no/such.txt")
    assert [text for _, text in folder.texts()] == ["one"]
    assert sorted((one.path, one.code) for one in report.skipped) == [
        ("docs/gone.txt", "missing"),
        ("docs/no/such.txt", "missing"),
    ]


def test_a_listed_directory_is_no_file(folder: Folder) -> None:
    """As `find` without `-type f` has them, and `git ls-files` with a submodule."""
    folder.write({"a.txt": "one\n", "sub/b.txt": "two\n", "sub/c.txt": "three\n"})
    report = index_list(folder, "docs", "docs/a.txt", "docs/sub", "docs/sub/b.txt", "/tmp")
    assert ids(folder) == ["docs/a.txt", "docs/sub/b.txt"]
    assert {one.path: one.code for one in report.skipped} == {
        "docs": "directory",
        "docs/sub": "directory",
    }
    again = index_list(folder, "docs", "docs/a.txt", "docs/sub", "docs/sub/b.txt", "/tmp")
    assert (again.documents.unchanged, again.committed) == (2, False)


def test_a_listed_link_is_followed_as_in_a_folder(folder: Folder) -> None:
    (folder.home / "elsewhere").mkdir()
    (folder.home / "elsewhere" / "diary.txt").write_text("private\n")
    base = folder.root
    folder.write({"a.txt": "one\n", "b/only.txt": "two\n", ".git/config": "three\n"})
    for name, target in {
        "diary.txt": "../elsewhere/diary.txt",
        "other": "../elsewhere",
        "again.txt": "a.txt",
        "through.txt": "b/only.txt",
        "config.txt": ".git/config",
        "nowhere.txt": "nothing",
        "round.txt": "round.txt",
    }.items():
        (base / name).symlink_to(target)
    names = [
        *("again.txt", "a.txt", "config.txt", "diary.txt", "nowhere.txt", "other/diary.txt"),
        *("round.txt", "through.txt"),
    ]
    report = index_list(folder, *(f"docs/{name}" for name in names), base=base)
    assert ids(folder) == ["a.txt", "through.txt"]
    assert {one.path: one.code for one in report.skipped} == {
        "diary.txt": "outside",
        "nowhere.txt": "vanished",
        "other/diary.txt": "outside",
        "round.txt": "loop",
    }


def test_a_list_of_which_nothing_is_there_is_refused(folder: Folder) -> None:
    folder.write({"a.txt": "one\n"})
    index_list(folder, "docs/a.txt")
    with pytest.raises(PathNotFound, match="None of the 2"):
        index_list(folder, "docs/x.txt", "docs/y.txt")
    assert [text for _, text in folder.texts()] == ["one"]


def test_options_that_were_not_given_are_none() -> None:
    options = IndexOptions()
    assert (options.include, options.exclude, options.hidden) == (None, None, None)
