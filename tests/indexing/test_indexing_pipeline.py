import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bienc_cli.errors import IndexBusy, IndexMismatch, IndexNotFound, PathNotFound, UsageError
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.indexing.report import DocumentCounts
from bienc_cli.store import open_writer
from fakes import FakeBiEncoder
from folders import FRUIT, Folder


def counts(report: object) -> tuple[int, int, int, int]:
    documents: DocumentCounts = report.documents  # type: ignore[attr-defined]
    return documents.new, documents.changed, documents.unchanged, documents.removed


def test_a_first_run_indexes_everything(folder: Folder) -> None:
    folder.write(dict(FRUIT))
    report = folder.index()
    assert counts(report) == (4, 0, 0, 0)
    assert report.total_documents == 4
    assert report.committed
    assert report.passages == report.new_passages == report.encoded
    assert {doc_id for doc_id, _ in folder.texts()} == set(FRUIT)


def test_a_second_run_encodes_nothing_and_loads_no_model(fruit: Folder) -> None:
    encoded, loads = len(fruit.encoder.texts_encoded), fruit.loads
    report = fruit.index()
    assert counts(report) == (0, 0, 4, 0)
    assert not report.committed
    assert (len(fruit.encoder.texts_encoded), fruit.loads) == (encoded, loads)


def test_no_path_refreshes_what_is_covered(fruit: Folder) -> None:
    fruit.write({"plum.txt": "A plum is purple.\n"})
    assert counts(fruit.refresh()) == (1, 0, 4, 0)


def test_only_what_changed_is_encoded(fruit: Folder) -> None:
    before = len(fruit.encoder.passages_encoded)
    fruit.write({"apple.md": FRUIT["apple.md"] + "\n## Storage\n\nKeep apples away from pears.\n"})
    report = fruit.index()
    assert counts(report) == (0, 1, 3, 0)
    new = fruit.encoder.passages_encoded[before:]
    assert len(new) == report.encoded
    assert all("Storage" in text or "away" in text or "Harvest" in text for text in new)


def test_a_touched_file_is_unchanged(fruit: Folder) -> None:
    before = len(fruit.encoder.passages_encoded)
    os.utime(fruit.root / "pear.txt", ns=(1, 1))
    assert counts(fruit.index()) == (0, 0, 4, 0)
    assert len(fruit.encoder.passages_encoded) == before


def test_a_renamed_file_keeps_its_vectors(fruit: Folder) -> None:
    before = len(fruit.encoder.passages_encoded)
    (fruit.root / "apple.md").rename(fruit.root / "apple-tree.md")
    (fruit.root / "moved").mkdir()
    (fruit.root / "pear.txt").rename(fruit.root / "moved" / "pear.txt")
    report = fruit.index()
    assert counts(report) == (2, 0, 2, 2)
    assert len(fruit.encoder.passages_encoded) == before
    assert report.reused > 0


def test_what_is_called_by_its_name_is_encoded_again_with_another(fruit: Folder) -> None:
    before = len(fruit.encoder.passages_encoded)
    (fruit.root / "pear.txt").rename(fruit.root / "quince.txt")
    fruit.index()
    assert fruit.encoder.passages_encoded[before:] == [
        "quince\nA pear keeps for weeks in a cool cellar.\n\nPears bruise easily."
    ]


def test_equal_passages_are_encoded_once(folder: Folder) -> None:
    folder.write({f"{n}.txt": "The very same words.\n" for n in range(5)})
    report = folder.index()
    assert (report.passages, report.encoded, report.reused) == (5, 1, 4)


def test_a_deleted_file_is_gone(fruit: Folder) -> None:
    (fruit.root / "pear.txt").unlink()
    assert counts(fruit.index()) == (0, 0, 3, 1)
    assert "pear.txt" not in {doc_id for doc_id, _ in fruit.texts()}


def test_records_of_a_collection_are_documents(folder: Folder) -> None:
    folder.write({"c.jsonl": '{"_id": "a", "text": "One."}\n{"_id": "b", "text": "Two."}\n'})
    assert counts(folder.index()) == (2, 0, 0, 0)
    folder.write({"c.jsonl": '{"_id": "a", "text": "One."}\n{"_id": "c", "text": "Three."}\n'})
    assert counts(folder.index()) == (1, 0, 1, 1)
    assert folder.texts() == [("a", "One."), ("c", "Three.")]


def test_a_broken_record_loses_no_other(folder: Folder) -> None:
    folder.write(
        {"c.jsonl": '{"_id": "a", "text": "One."}\n{broken\n{"_id": "b", "text": "Two."}\n'}
    )
    report = folder.index()
    assert counts(report) == (2, 0, 0, 0)
    assert [one.path for one in report.skipped] == ["docs/c.jsonl:2"]


def test_what_cannot_be_read_is_skipped_with_its_reason(folder: Folder) -> None:
    folder.write(
        dict(FRUIT)
        | {
            "broken.pdf": b"%PDF-1.4 nothing",
            "zip.docx": b"PK\x03\x04",
            "nul.txt": b"a\0bc\0\1\2" * 99,
        }
    )
    report = folder.index()
    assert counts(report) == (4, 0, 0, 0)
    assert {one.path: one.code for one in report.skipped} == {
        "docs/broken.pdf": "broken",
        "docs/zip.docx": "broken",
        "docs/nul.txt": "binary",
    }
    assert all(one.reason for one in report.skipped)
    # It is remembered, and not tried again while the file is the same.
    again = folder.index()
    assert not again.committed
    assert again.skipped == report.skipped


def test_an_unreadable_file_keeps_what_is_known_of_it(
    fruit: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bienc_cli.indexing import file_reading, planning

    real = file_reading.digest_of_file

    def refuse(path: Path) -> bytes:
        if path.name == "pear.txt":
            raise PermissionError(13, "Permission denied")
        return real(path)

    for module in (planning, file_reading):
        monkeypatch.setattr(module, "digest_of_file", refuse)
    fruit.write({"pear.txt": "Other words.\n"})
    report = fruit.index()
    assert counts(report) == (0, 0, 4, 0)
    assert [(one.path, one.code) for one in report.skipped] == [("docs/pear.txt", "permission")]
    assert (
        "pear.txt",
        "A pear keeps for weeks in a cool cellar.\n\nPears bruise easily.",
    ) in fruit.texts()
    monkeypatch.undo()
    assert counts(fruit.index()) == (0, 1, 3, 0)


def test_an_interrupted_run_keeps_what_it_encoded(folder: Folder) -> None:
    folder.write({f"{n}.txt": f"Text number {n}.\n" for n in range(300)})

    class Interrupted(FakeBiEncoder):
        def encode_passages(self, texts):  # type: ignore[no-untyped-def]
            if self.calls == 2:
                raise KeyboardInterrupt
            return super().encode_passages(texts)

    folder.encoder = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        folder.index()
    with pytest.raises(IndexNotFound, match="never finished"):
        folder.open()
    done = len(folder.encoder.passages_encoded)
    assert 0 < done < 300
    folder.encoder = FakeBiEncoder()
    report = folder.index()
    assert report.encoded == 300 - done
    assert report.passages == 300


def test_a_folder_with_nothing_in_it(folder: Folder) -> None:
    folder.root.mkdir()
    report = folder.index()
    assert counts(report) == (0, 0, 0, 0)
    assert report.passages == 0
    assert report.warnings == ("there is nothing to index here",)
    folder.write({"nul.txt": b"a\0bc\0\1\2" * 99})
    (warning,) = folder.index().warnings
    assert "every file was skipped" in warning


def test_a_path_that_is_not_there_leaves_nothing_behind(folder: Folder) -> None:
    with pytest.raises(PathNotFound, match="nowhere"):
        folder.index(folder.home / "nowhere")
    assert not folder.directory.exists()


def test_a_missing_root_is_not_taken_for_deletion(fruit: Folder) -> None:
    fruit.root.rename(fruit.home / "away")
    report = fruit.refresh()
    assert report.warnings
    assert "is kept" in report.warnings[0]
    assert len(fruit.texts()) > 0


def test_settings_of_a_root_are_remembered(folder: Folder) -> None:
    folder.write(dict(FRUIT))
    folder.index(exclude=("*.csv",))
    folder.write({"b.csv": "x,y\n1,2\n"})
    report = folder.refresh()
    assert report.total_documents == 3


def test_a_path_inside_a_covered_folder_refreshes_it(fruit: Folder) -> None:
    fruit.write({"deep/fig.txt": "Figs.\n"})
    report = fruit.index(fruit.root / "deep")
    assert counts(report) == (1, 0, 4, 0)
    with fruit.open() as reader:
        assert [root.path for root in reader.info.roots] == [fruit.root]


def test_a_folder_absorbs_covered_ones_inside_it(fruit: Folder) -> None:
    before = len(fruit.encoder.passages_encoded)
    (fruit.home / "keys").rename(fruit.home / ".keys")
    fruit.keys = fruit.home / ".keys"
    fruit.index(fruit.home)
    with fruit.open() as reader:
        assert [root.path for root in reader.info.roots] == [fruit.home]
    assert {doc_id for doc_id, _ in fruit.texts()} == {f"docs/{name}" for name in FRUIT}
    assert len(fruit.encoder.passages_encoded) == before


def test_two_roots_may_hold_files_of_one_name(folder: Folder) -> None:
    for name in ("a", "b"):
        (folder.home / name).mkdir()
        (folder.home / name / "readme.txt").write_text(f"This is {name}.\n")
    folder.index(folder.home / "a", folder.home / "b")
    with folder.open() as reader:
        assert {stored.path for stored in reader.iter_passages()} == {
            "a/readme.txt",
            "b/readme.txt",
        }


def test_a_list_of_files_is_covered_and_refreshed(folder: Folder) -> None:
    folder.write(dict(FRUIT))
    listed = [folder.root / "pear.txt", folder.root / "deep/cherry.txt"]
    report = index_paths(
        (),
        listed=listed,
        directory=folder.directory,
        load_encoder=lambda _: folder.encoder,
        key_dir=folder.keys,
    )
    assert counts(report) == (2, 0, 0, 0)
    assert {doc_id for doc_id, _ in folder.texts()} == {"docs/pear.txt", "docs/deep/cherry.txt"}
    listed[0].write_text("Only this now.\n")
    listed[1].unlink()
    assert counts(folder.refresh()) == (0, 1, 0, 1)


def test_another_model_or_length_is_refused(fruit: Folder) -> None:
    fruit.write({"new.txt": "New.\n"})
    with pytest.raises(IndexMismatch, match="passage-tokens 64, not 32"):
        fruit.index(passage_tokens=32)
    fruit.encoder = FakeBiEncoder(name="other")
    with pytest.raises(IndexMismatch, match="made with fake, not other"):
        fruit.index()


def test_a_passage_longer_than_the_model_reads_is_refused(folder: Folder) -> None:
    folder.write(dict(FRUIT))
    with pytest.raises(UsageError, match="reads 64 tokens"):
        folder.index(passage_tokens=65)


def test_the_passage_prompt_counts(folder: Folder) -> None:
    folder.encoder = FakeBiEncoder(passage_prompt="a b c d: ")
    folder.write({"long.txt": "word " * 500})
    folder.index()
    with folder.open() as reader:
        assert reader.info.chunking.max_tokens == 64 - 5


def test_a_second_writer_is_told_who_is_first(fruit: Folder) -> None:
    with (
        open_writer(fruit.directory, key_dir=fruit.keys),
        pytest.raises(IndexBusy, match=f"process {os.getpid()} on"),
    ):
        fruit.index()


NAMES = st.sampled_from(["a.txt", "b.txt", "sub/c.txt", "d.md"])
EDITS = st.lists(
    st.tuples(NAMES, st.none() | st.sampled_from(["One two.", "Three.", "One two.\n\nFour."])),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rounds=st.lists(EDITS, min_size=1, max_size=4))
def test_any_sequence_of_edits_ends_like_a_fresh_index(
    rounds: list[list[tuple[str, str | None]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("edits")
    edited = Folder(home)
    edited.root.mkdir()
    for round_ in rounds:
        for name, text in round_:
            if text is None:
                (edited.root / name).unlink(missing_ok=True)
            else:
                edited.write({name: text})
        edited.index()
    fresh = Folder(home)
    fresh.directory = home / "fresh"
    fresh.index()
    assert edited.texts() == fresh.texts()
    query = edited.encoder.encode_queries(["one three"])[0]
    with edited.open() as old, fresh.open() as new:
        assert _answers(old, query) == pytest.approx(_answers(new, query))


def _answers(reader, query):  # type: ignore[no-untyped-def]
    """Similarity of every passage, by document and text."""
    found = dict(reader.search(query, 50))
    return {
        f"{stored.passage.doc_id} {stored.passage.text}": found[stored.passage_id]
        for stored in reader.passages(list(found))
    }


def test_a_second_writer_waits_when_told(fruit: Folder) -> None:
    first = open_writer(fruit.directory, key_dir=fruit.keys)
    seen: list[str] = []

    def finish(holder: str) -> None:
        seen.append(holder)
        first.__exit__(None, None, None)

    report = index_paths(
        (),
        directory=fruit.directory,
        load_encoder=lambda _: fruit.encoder,
        key_dir=fruit.keys,
        wait=30,
        on_wait=finish,
    )
    assert report.documents.unchanged == 4
    assert [f"process {os.getpid()}" in holder for holder in seen] == [True]
