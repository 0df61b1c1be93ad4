"""Roots as an index records them, which may be a stranger's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bienc_cli.errors import IndexDamaged, IndexMismatch
from bienc_cli.store import Mount, Root
from bienc_cli.store.meta import root_from_row, root_path_for_storage, root_settings
from bienc_cli.store.rows import inside_root
from folders import Folder


def test_a_root_comes_back_as_it_was(tmp_path: Path) -> None:
    root = Root(
        tmp_path / "docs",
        include=("*.md",),
        exclude=("x/",),
        max_bytes=5,
        hidden=True,
        pdf_engine="pdfium",
        ocr=True,
        ocr_languages=("deu", "eng"),
        files=("a.md", "b/c.md"),
        removed=("d", "e/f.md"),
        device=7,
        mounts=(Mount("disk", 3),),
    )
    stored = root_path_for_storage(root.path, tmp_path / ".bienc")
    settings = root_settings(root)
    assert root_from_row(stored, settings, tmp_path) == root


def test_settings_from_before_anything_could_be_removed(tmp_path: Path) -> None:
    settings = root_settings(Root(tmp_path / "docs"))
    assert "removed" not in json.loads(settings)
    assert root_from_row("docs", settings, tmp_path).removed == ()


def test_mounts_from_before_they_had_a_device(tmp_path: Path) -> None:
    settings = json.loads(root_settings(Root(tmp_path / "docs"))) | {"mounts": ["disk"]}
    assert root_from_row("docs", json.dumps(settings), tmp_path).mounts == (Mount("disk"),)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b", ".", ""])
def test_a_list_does_not_lead_out_of_its_root(tmp_path: Path, name: str) -> None:
    settings = json.dumps(json.loads(root_settings(Root(tmp_path))) | {"files": [name]})
    with pytest.raises(IndexDamaged, match="path"):
        root_from_row("docs", settings, tmp_path)
    assert inside_root("...") == "..."


# ------------------------------------------------------------- moved indexes


@pytest.fixture
def filled(folder: Folder) -> Folder:
    folder.write({"a.txt": "a pipit\n", "b.txt": "a heron\n"})
    folder.index()
    return folder


def moved_to(filled: Folder, directory: Path) -> Folder:
    assert isinstance(filled.directory, Path)
    directory.parent.mkdir(parents=True)
    filled.directory.rename(directory)
    other = Folder(directory.parent)
    other.directory, other.keys = directory, filled.keys
    return other


def shown(folder: Folder) -> set[str]:
    with folder.open() as reader:
        return {stored.path for stored in reader.iter_passages()}


def test_an_index_that_is_moved_alone_tells_where_its_documents_are(
    filled: Folder, tmp_path: Path
) -> None:
    moved = moved_to(filled, tmp_path / "store" / ".bienc")
    moved.write({"neighbour.txt": "private\n"})
    assert shown(moved) == {str(filled.root / "a.txt"), str(filled.root / "b.txt")}
    with pytest.raises(IndexMismatch, match="moved away") as refused:
        moved.index()
    assert str(filled.home) in (refused.value.hint or "")
    assert "private" not in {text for _, text in moved.texts()}


def test_an_index_that_is_moved_with_its_documents_goes_on(filled: Folder, tmp_path: Path) -> None:
    moved = moved_to(filled, tmp_path / "store" / ".bienc")
    filled.root.rename(moved.root)
    assert shown(moved) == {"docs/a.txt", "docs/b.txt"}
    moved.write({"c.txt": "a kite\n"})
    assert moved.index().documents.unchanged == 2
    assert shown(moved) == {"docs/a.txt", "docs/b.txt", "docs/c.txt"}


def test_a_copy_of_both_stands_by_itself(filled: Folder, tmp_path: Path) -> None:
    copied = Folder(tmp_path / "copy")
    shutil.copytree(filled.home, copied.home)
    assert shown(copied) == {"docs/a.txt", "docs/b.txt"}
    report = copied.index()
    assert (report.documents.unchanged, report.encoded) == (2, 0)


def test_a_copy_of_both_of_which_most_is_deleted_stands_by_itself(
    filled: Folder, tmp_path: Path
) -> None:
    filled.write({"c.txt": "a kite\n", "sub/d.txt": "a wren\n", "sub/e.txt": "a rook\n"})
    filled.index()
    copied = Folder(tmp_path / "copy")
    shutil.copytree(filled.home, copied.home)
    for name in ("a.txt", "c.txt", "sub/e.txt"):
        (copied.root / name).unlink()
    shutil.rmtree(copied.root / "sub")
    assert "docs/b.txt" in shown(copied)
    assert copied.index().documents.removed == 4
    assert shown(copied) == {"docs/b.txt"}


def test_an_index_reached_through_a_link_has_not_moved(filled: Folder, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(filled.home)
    linked = Folder(tmp_path / "link")
    linked.keys = filled.keys
    assert shown(linked) == {"docs/a.txt", "docs/b.txt"}
    assert linked.index().documents.unchanged == 2


def test_an_index_beside_a_folder_with_a_name_in_common_is_not_at_home(
    filled: Folder, tmp_path: Path
) -> None:
    filled.write({"c.txt": "a kite\n", "README.md": "read me\n"})
    filled.index()
    moved = moved_to(filled, tmp_path / "store" / ".bienc")
    moved.write({"README.md": "another one\n"})
    with pytest.raises(IndexMismatch, match="moved away"):
        moved.index()


@pytest.mark.parametrize("name", [7, None, b"a.md", 0.5])
def test_a_path_that_is_no_text_is_damage(name: object) -> None:
    with pytest.raises(IndexDamaged, match="path"):
        inside_root(name)  # type: ignore[arg-type]
