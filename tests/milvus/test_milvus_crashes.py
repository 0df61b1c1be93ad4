"""A process or a server that is killed leaves the old generation or the new one, whole."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bienc_cli
from bienc_cli.errors import IndexBusy, IndexNotFound, StorageError
from bienc_cli.milvus import connection
from bienc_cli.milvus import writer as writer_module
from bienc_cli.milvus.lease import Lease
from bienc_cli.store import Root, check
from places import CHUNKING, Place, encode, identity, put_file

HERE = Path(__file__).parent
PACKAGE = Path(bienc_cli.__file__).parent
OLD, NEW = ["apple", "pear"], ["apple", "fig", "lime", "date"]


def steps() -> list[str]:
    """Every step that the code names, so that none can be forgotten here."""
    sources = "".join(path.read_text() for path in (PACKAGE / "milvus").glob("*.py"))
    return re.findall(r'failpoints\.reached\("([^"]+)"\)', sources)


def wanted(texts: list[str]) -> set[tuple[str, int, str]]:
    return {
        (f"{text}.txt", number, one)
        for text in texts
        for number, one in enumerate([text, "shared"])
    }


def files(texts: list[str]) -> dict[str, list[str]]:
    return {f"{text}.txt": [text, "shared"] for text in texts}


def killed(home: Path, step: str, texts: list[str]) -> bool:
    """Run a victim; whether it was killed."""
    done = subprocess.run(
        [sys.executable, str(HERE / "milvus_victim.py"), str(home), step, *texts],
        env={"PYTHONPATH": f"{PACKAGE.parent}:{HERE.parent}:{HERE.parent / 'store'}"},
        capture_output=True,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode != 0


@pytest.mark.parametrize("step", ["upload", "before head", "after head"])
def test_a_killed_writer_leaves_one_generation_and_its_vectors(tmp_path: Path, step: str) -> None:
    pytest.importorskip("milvus_lite")
    place = Place(tmp_path, "milvus")
    place.build(files(OLD))
    assert killed(tmp_path, step, NEW)
    committed = step == "after head"
    assert set(place.texts()) == wanted(NEW if committed else OLD)
    with place.write() as writer:
        writer.begin(identity(), CHUNKING)
        # At `upload` its own passage of the second new file was still to come.
        missing = writer.without_vector(["fig", "lime", "shared"])
        assert missing == (["lime"] if step == "upload" else [])
    report = place.build(files(NEW))
    assert report.committed is not committed
    assert (report.info.passages, report.info.vectors, report.info.generation) == (8, 5, 2)
    assert set(place.texts()) == wanted(NEW)
    assert not check(place.index, key_dir=place.keys).problems


def test_indexes_of_milvus_lite_that_were_cut_short_are_made_again(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite")
    place = Place(tmp_path, "milvus")
    place.build(files(NEW))
    derived = [*(tmp_path / "i.db").rglob("*.sidx"), *(tmp_path / "i.db").rglob("*.idx")]
    assert derived
    for path in derived:
        path.write_bytes(path.read_bytes()[:-9])
    assert set(place.texts()) == wanted(NEW)
    assert check(place.index, key_dir=place.keys).recall == 1.0


def test_a_first_run_that_is_killed_leaves_no_index_but_its_vectors(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite")
    place = Place(tmp_path, "milvus")
    assert killed(tmp_path, "before head", NEW)
    with pytest.raises(IndexNotFound, match="never finished"):
        place.read()
    with place.write() as writer:
        writer.begin(identity(), CHUNKING)
        assert writer.without_vector([*NEW, "unheard of"]) == ["unheard of"]
    with place.write() as writer:
        # Vectors of another model are another's.
        writer.begin(identity("other"), CHUNKING)
        assert writer.without_vector(NEW) == sorted(NEW, key=NEW.index)
    assert place.build(files(NEW)).info.vectors == 5
    assert set(place.texts()) == wanted(NEW)


def test_a_sweep_that_is_cut_short_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("milvus_lite")
    assert set(steps()) == {"before head", "after head", "before sweeping"}
    place = Place(tmp_path, "milvus")
    place.build(files(OLD))
    place.build(files(NEW))

    def stop(step: str) -> None:
        if step == "before sweeping":
            raise StorageError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(writer_module.failpoints, "reached", stop)
        with pytest.raises(StorageError, match="gone"):
            place.write()
    assert set(place.texts()) == wanted(NEW)
    assert place.build(files(NEW)).committed is False
    assert set(place.texts()) == wanted(NEW)
    assert not check(place.index, key_dir=place.keys).problems


def test_compacting_leaves_nothing_of_what_was_removed(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite")
    place = Place(tmp_path, "milvus")
    place.build({"secret.txt": ["the unspeakable word"], "a.txt": ["harmless"]})
    place.build({"a.txt": ["harmless"]}, compact=True)
    with place.write() as writer:
        held = writer._connection  # type: ignore[attr-defined]
        address = held.address
        assert held.count(address.collection, "id >= 0") == 1
        kinds = [row["kind"] for row in held.rows(address.records, 'id != ""', ["kind"])]
    assert sorted(set(kinds)) == ["begun", "body", "document", "file", "head", "lease", "text"]
    assert len(kinds) == len(set(kinds))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[object]:
    pytest.importorskip("milvus_lite")
    from lite_server import LiteServer

    server = LiteServer(tmp_path / "served")
    yield server
    server.kill()


def test_a_server_that_goes_away_leaves_nothing_half_visible(
    server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 1.0)
    place = Place(tmp_path, "milvus")
    place.index = server.address
    place.build(files(OLD))
    with place.write() as writer:
        writer.begin(identity(), CHUNKING)
        root_id = writer.put_root(Root(place.docs))
        put_file(writer, root_id, "fig.txt", ["fig", "shared"])
        server.kill()
        with pytest.raises(StorageError, match="does not answer") as raised:
            put_file(writer, root_id, "lime.txt", ["lime"])
        # A server that does not answer is not asked once more on the way out.
        with monkeypatch.context() as patched:
            patched.setattr(Lease, "_read", lambda _: pytest.fail("asked again"))
            writer.__exit__(None, None, None)
    assert "run the same command again" in str(raised.value.hint)
    with pytest.raises(StorageError, match="does not answer"):
        place.read()
    server.start()
    assert set(place.texts()) == wanted(OLD)
    # The lease was not given back, and its holder lives: it has to run out.
    with pytest.raises(IndexBusy, match="being written by process"):
        place.write()
    monkeypatch.setattr("bienc_cli.milvus.lease._is_held", lambda _: False)
    assert place.build(files(NEW)).info.vectors == 5
    assert set(place.texts()) == wanted(NEW)
    assert not check(place.index, key_dir=place.keys).problems


def test_a_server_answers_as_the_file_does(server, tmp_path: Path) -> None:
    served, embedded = Place(tmp_path / "a", "milvus"), Place(tmp_path / "b", "milvus")
    served.index = server.address
    answers = []
    for place in (served, embedded):
        place.build(files(NEW))
        with place.read() as index:
            answers.append(
                [
                    index.search_many(encode(["fig", "shared"]), 5),
                    index.bm25("shared lime", 5),
                    [one.path for one in index.iter_passages()],
                    index.info.vectors,
                ]
            )
    assert answers[0] == answers[1]


def test_a_folder_that_another_process_makes_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("milvus_lite")
    place = Place(tmp_path, "milvus")
    real = writer_module.connected

    def late(*arguments: object) -> object:
        # Between the look whether the folder is there and the connection.
        monkeypatch.setattr(writer_module, "connected", real)
        place.build(files(OLD))
        raise IndexBusy("open in another process")

    monkeypatch.setattr(writer_module, "connected", late)
    with pytest.raises(IndexBusy, match="another process"):
        place.write()
    assert set(place.texts()) == wanted(OLD)
