"""What is removed is gone: from answers, from the disk, and from the next run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import IndexNotFound
from bienc_cli.indexing.forget import RemovalReport, remove_paths
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.indexing.report import IndexOptions, IndexReport
from bienc_cli.store import catalog
from folders import FRUIT, Folder


def remove(folder: Folder, *names: str) -> RemovalReport:
    return remove_paths(
        [folder.root / name for name in names], directory=folder.directory, key_dir=folder.keys
    )


def everything(folder: Folder, **options: object) -> IndexReport:
    """`bienc index` without a path."""
    return index_paths(
        [],
        directory=folder.directory,
        load_encoder=lambda _: folder.encoder,
        key_dir=folder.keys,
        options=IndexOptions(**options),  # type: ignore[arg-type]
    )


def documents(folder: Folder) -> set[str]:
    return {name for name, _ in folder.texts()}


def on_disk(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.iterdir())


def stored_blobs(folder: Folder, doc_id: str) -> list[bytes]:
    """The packed text and the vectors of a document."""
    with folder.open() as reader:
        connection = reader._connection  # type: ignore[attr-defined]
        texts = connection.execute(
            "SELECT text FROM texts JOIN documents ON documents.id = texts.id >> 20 "
            "WHERE doc_id = ?",
            (doc_id,),
        )
        passages = connection.execute(
            "SELECT vector_id FROM passages JOIN documents ON documents.id = document_id "
            "WHERE doc_id = ? ORDER BY vector_id",
            (doc_id,),
        )
        vectors = reader._nearest._used.file.read(  # type: ignore[attr-defined]
            np.array([row[0] for row in passages], dtype=np.int64)
        )
        return [row[0] for row in texts] + [vector.tobytes() for vector in vectors]


def test_a_file_is_forgotten_and_does_not_come_back(fruit: Folder) -> None:
    report = remove(fruit, "pear.txt")
    (removed,) = report.removed
    assert (removed.roots, removed.files, removed.documents) == (0, 1, 1)
    assert report.committed
    assert report.documents == len(FRUIT) - 1
    assert documents(fruit) == set(FRUIT) - {"pear.txt"}
    fruit.write({"pear.txt": "A pear again, changed.\n"})
    assert not fruit.index().committed
    assert not fruit.index(fruit.root / "deep").committed
    assert documents(fruit) == set(FRUIT) - {"pear.txt"}


def test_naming_a_removed_file_brings_it_back(fruit: Folder) -> None:
    remove(fruit, "pear.txt", "deep")
    report = fruit.index(fruit.root / "pear.txt")
    assert report.documents.new == 1
    with fruit.open() as reader:
        (root,) = reader.info.roots
        assert root.removed == ("deep",)
    assert documents(fruit) == set(FRUIT) - {"deep/cherry.txt"}


def test_what_is_removed_leaves_the_disk(fruit: Folder) -> None:
    # A word that shares no beginning with another stands in the word index as it is.
    fruit.write({"deep/cherry.txt": "Cherry stones, a zymurgy.\n"})
    fruit.index()
    blobs = stored_blobs(fruit, "deep/cherry.txt")
    assert blobs
    assert all(blob in on_disk(fruit.directory) for blob in blobs)
    assert b"zymurgi" in on_disk(fruit.directory)
    remove(fruit, "deep")
    held = on_disk(fruit.directory)
    assert not any(blob in held for blob in blobs)
    assert b"zymurgi" not in held


def test_what_a_reader_still_needs_goes_with_the_next_run(
    fruit: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "_LOCK_SECONDS", 0.01)
    blobs = stored_blobs(fruit, "pear.txt")
    with fruit.open() as reader:
        passages = list(reader.iter_passages())
        (warning,) = remove(fruit, "pear.txt").warnings
        assert "still on the disk" in warning
        assert list(reader.iter_passages()) == passages
    assert not fruit.index().committed
    assert not any(blob in on_disk(fruit.directory) for blob in blobs)
    assert remove(fruit, "deep").warnings == ()


def test_a_root_is_forgotten_with_all_that_is_in_it(fruit: Folder) -> None:
    report = remove(fruit, ".")
    (removed,) = report.removed
    assert (removed.roots, removed.documents) == (1, len(FRUIT))
    with fruit.open() as reader:
        assert reader.info.roots == ()
        assert reader.info.documents == 0
    with pytest.raises(IndexNotFound):
        everything(fruit)
    assert fruit.index().documents.new == len(FRUIT)


def test_a_folder_above_several_roots_takes_them_along(folder: Folder) -> None:
    folder.write({"a/one.txt": "One apple.\n", "b/two.txt": "Two pears.\n", "c.txt": "Plums.\n"})
    folder.index(folder.root / "a", folder.root / "b", folder.root / "c.txt")
    (removed,) = remove(folder, ".").removed
    assert (removed.roots, removed.files, removed.documents) == (3, 3, 3)


def test_a_root_that_absorbs_another_keeps_what_was_removed(folder: Folder) -> None:
    folder.write({"a/one.txt": "One apple.\n", "a/secret.txt": "Hush.\n", "two.txt": "Pears.\n"})
    folder.index(folder.root / "a")
    remove(folder, "a/secret.txt")
    folder.index(folder.root)
    assert documents(folder) == {"a/one.txt", "two.txt"}


def test_a_new_exclusion_does_not_bring_back_what_was_removed(fruit: Folder) -> None:
    remove(fruit, "pear.txt")
    fruit.index(exclude=("*.csv",))
    assert documents(fruit) == {"apple.md", "deep/cherry.txt"}


def test_what_is_gone_from_the_disk_can_be_removed(fruit: Folder) -> None:
    (fruit.root / "pear.txt").unlink()
    assert remove(fruit, "pear.txt").removed[0].documents == 1


def test_what_could_not_be_read_can_be_removed(fruit: Folder) -> None:
    fruit.write({"broken.pdf": b"%PDF-1.7 nothing more", "huge.txt": "x" * 200})
    assert len(fruit.index(max_bytes=150).skipped) == 2
    report = remove(fruit, "broken.pdf", "huge.txt")
    assert [(one.files, one.documents) for one in report.removed] == [(1, 0), (1, 0)]
    assert fruit.index().skipped == ()


def test_files_of_a_list_leave_the_list(folder: Folder) -> None:
    folder.write(dict(FRUIT))
    index_paths(
        [],
        listed=[folder.root / "pear.txt", folder.root / "deep/cherry.txt"],
        base=folder.root,
        directory=folder.directory,
        load_encoder=lambda _: folder.encoder,
        key_dir=folder.keys,
    )
    remove(folder, "pear.txt")
    everything(folder)
    assert documents(folder) == {"deep/cherry.txt"}
    remove(folder, "deep/cherry.txt")
    with folder.open() as reader:
        assert reader.info.roots == ()


def test_nothing_is_written_for_what_is_not_known(fruit: Folder) -> None:
    before = (fruit.directory / "catalog.sqlite").read_bytes()
    report = remove(fruit, "nothing.txt", "dee")
    assert not report.committed
    assert report.removed == ()
    assert [path.name for path in report.unmatched] == ["nothing.txt", "dee"]
    assert (fruit.directory / "catalog.sqlite").read_bytes() == before


def test_what_matches_goes_though_something_else_does_not(fruit: Folder) -> None:
    report = remove(fruit, "nothing.txt", "pear.txt")
    assert len(report.removed) == len(report.unmatched) == 1
    assert "pear.txt" not in documents(fruit)


def test_there_must_be_an_index(folder: Folder) -> None:
    folder.write(dict(FRUIT))
    with pytest.raises(IndexNotFound):
        remove(folder, "pear.txt")
    assert not folder.directory.exists()


@given(
    name=st.text(
        st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=12
    ).filter(lambda name: not name.startswith(".") and len(name.encode()) < 100)
)
def test_a_name_is_taken_as_it_is(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """No character of a file's name is a pattern."""
    folder = Folder(tmp_path_factory.mktemp("names"))
    folder.write({name: "One.\n", f"{name}x": "Another.\n", "x": "And x.\n"})
    folder.index()
    if name not in documents(folder):  # a name whose ending says that it is a binary file
        return
    remove(folder, name)
    left = documents(folder)
    assert not folder.index().committed
    assert documents(folder) == left
    assert name not in left
    assert f"{name}x" in left


# ------------------------------------------------------------------- prune


def test_a_missing_root_is_kept_until_pruned(folder: Folder) -> None:
    folder.write({"a/one.txt": "One apple.\n", "b/two.txt": "Two pears.\n"})
    folder.index(folder.root / "a", folder.root / "b")
    blobs = stored_blobs(folder, "two.txt")
    (folder.root / "b").rename(folder.home / "elsewhere")
    (warning,) = everything(folder).warnings
    assert "is not there" in warning
    assert "--prune" in warning
    assert documents(folder) == {"one.txt", "two.txt"}
    report = everything(folder, prune=True)
    assert report.documents.removed == 1
    assert report.documents.unchanged == 1
    assert documents(folder) == {"one.txt"}
    assert not any(blob in on_disk(folder.directory) for blob in blobs)
    assert not everything(folder, prune=True).committed


def test_when_everything_is_pruned_nothing_is_left(fruit: Folder) -> None:
    fruit.root.rename(fruit.home / "elsewhere")
    report = everything(fruit, prune=True)
    assert report.documents.removed == len(FRUIT)
    assert report.total_documents == 0
