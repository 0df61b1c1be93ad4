"""No damage kills, hangs, or gives a wrong answer; no crafted graph reaches hnswlib."""

from __future__ import annotations

import os
import sqlite3
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import hnswlib
import numpy as np
import pytest
import xxhash

import bienc_cli
from bienc_cli.errors import IndexDamaged
from bienc_cli.store import FOREIGN_GRAPH, check, graph, open_reader, open_writer, repair
from bienc_cli.store import nearest as vector_search
from bienc_cli.store.graph import Graph, VerifiedFile
from bienc_cli.store.graph_file import GraphUnusable
from bienc_cli.store.meta import meta_checksum, read_meta, write_meta
from bienc_cli.store.rows import FILE_COLUMNS, checksum_of, piece_checksum
from bienc_cli.store.seal import ensure_key, load_key
from bienc_cli.store.vectors import VectorFile
from endurance import times
from stores import build, encode, numbered, opened_graph

HERE = Path(__file__).parent
DAMAGES = times(400, 1000)
AT_ONCE = 100


def test_random_damage_is_survived_or_refused(tmp_path: Path) -> None:
    files = {f"{n}.md": numbered(8, f"file {n}") for n in range(8)}
    build(tmp_path / ".bienc", tmp_path / "keys", files)
    build(tmp_path / "other" / ".bienc", tmp_path / "keys", {"x.md": numbered(40, "other")})
    results: list[str] = []
    for first in range(0, DAMAGES, AT_ONCE):
        finished = subprocess.run(
            [sys.executable, HERE / "damager.py", tmp_path, str(first), str(first + AT_ONCE)],
            env={"PYTHONPATH": f"{Path(bienc_cli.__file__).parent.parent}:{HERE}"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout[-200:] + finished.stderr[-2000:]
        results += finished.stdout.splitlines()
    outcomes = [line.split()[-1] for line in results]
    assert [line for line in results if line.endswith("WRONG")] == []
    assert len(outcomes) == DAMAGES
    assert min(outcomes.count("right"), outcomes.count("refused")) > DAMAGES // 20


# --------------------------------------------------------------------- trust


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Spies on hnswlib's loader: what it was given."""
    given: list[str] = []
    genuine = hnswlib.Index

    class Spy:
        def __init__(self, **options: object) -> None:
            self._index = genuine(**options)

        def __getattr__(self, name: str) -> object:
            return getattr(self._index, name)

        def load_index(self, path: str, **options: object) -> None:
            given.append(path)
            self._index.load_index(path, **options)

    monkeypatch.setattr(hnswlib, "Index", Spy)
    monkeypatch.setattr(vector_search, "SCAN_LIMIT", 0)
    return given


@pytest.fixture
def home(tmp_path: Path) -> Path:
    build(tmp_path / ".bienc", tmp_path / "keys", {"a.md": numbered(50)})
    return tmp_path


def nearest(home: Path, keys: str = "keys") -> tuple[str, tuple[str, ...]]:
    with open_reader(home / ".bienc", key_dir=home / keys) as index:
        (query,) = encode(["text number 7 of some words"])
        ((passage_id, _), *_) = index.search(query, 3)
        index.search(query, 3)
        (stored,) = index.passages([passage_id])
        return stored.passage.text, tuple(index.warnings)


def test_ones_own_graph_is_loaded(home: Path, loads: list[str]) -> None:
    assert nearest(home) == ("text number 7 of some words", ())
    assert len(loads) == 1


def test_a_graph_of_a_folder_that_was_copied_is_used_and_sealed(
    home: Path, loads: list[str]
) -> None:
    """As under another home, where another key is, or none: it is proven, not believed."""
    for number, keys in enumerate(("no-keys", "their-keys"), 1):
        if keys == "their-keys":
            ensure_key(home / keys)
        assert nearest(home, keys) == ("text number 7 of some words", ())
        assert len(loads) == number
        assert check(home / ".bienc", key_dir=home / keys).problems == ()
        loads.pop()
    with open_writer(home / ".bienc", key_dir=home / "their-keys") as writer:
        assert not writer.has_foreign_graph
        report = writer.commit()
        assert (report.committed, report.graph_rebuilt) == (True, False)
    with open_writer(home / ".bienc", key_dir=home / "their-keys") as writer:
        assert not writer.commit().committed
    made, _ = opened_graph(home)
    key = load_key(home / "their-keys")
    assert key is not None
    assert key.holds(made.sealed_fields, made.seal)


def test_a_graph_that_another_user_can_change_is_scanned_around_then_rebuilt(
    home: Path, loads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is another file by the time that it is loaded, if they want it to be."""
    monkeypatch.setattr(graph, "is_ours_alone", lambda _: False)
    text, (warning,) = nearest(home, "their-keys")
    assert text == "text number 7 of some words"
    assert warning == FOREIGN_GRAPH
    assert len(f"warning: {warning}") <= 80
    assert check(home / ".bienc", key_dir=home / "their-keys").problems == ()
    # Whose graph it is may go on using it: nothing is built by turns.
    with open_writer(home / ".bienc", key_dir=home / "their-keys") as writer:
        assert writer.has_foreign_graph
        assert not writer.commit().committed
    assert nearest(home) == ("text number 7 of some words", ())
    loads.clear()
    assert repair(home / ".bienc", key_dir=home / "their-keys").rebuilt == ("words", "graph")
    assert loads == []
    assert nearest(home, "their-keys") == ("text number 7 of some words", ())
    assert len(loads) == 1


def crafted(home: Path, how: str) -> None:
    """A file that would lead hnswlib's loader astray, named as well as a stranger can."""
    directory = home / ".bienc"
    path = next(directory.glob("graph-*.hnsw"))
    held = bytearray(path.read_bytes())
    # The header: offset, capacity, count, ..., then level-0 links; see saveIndex of hnswlib.
    match how:
        case "count":
            held[16:24] = struct.pack("<Q", 1 << 40)
        case "levels":
            held[-8:-4] = struct.pack("<I", 0x7FFFFFF0)
        case "links":
            held[96 : 96 + 132] = struct.pack("<33I", *([16] + [0xFFFFFF] * 32))
        case "fifo":
            path.unlink()
            os.mkfifo(path)
        case "link":
            path.rename(home / "real")
            path.symlink_to(home / "real")
    if how not in {"fifo", "link"}:
        path.write_bytes(held)
    connection = sqlite3.connect(directory / "catalog.sqlite")
    meta = read_meta(connection)
    meta["graph"]["checksum"] = xxhash.xxh3_128_hexdigest(held)
    meta["graph"]["size"] = len(held)
    if how == "elsewhere":
        meta["graph"]["name"] = "../real"
        (home / "real").write_bytes(held)
    meta["checksum"] = meta_checksum(connection, meta)
    write_meta(connection, meta)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("how", ["count", "levels", "links", "fifo", "link", "elsewhere"])
def test_a_crafted_graph_never_reaches_the_loader(home: Path, loads: list[str], how: str) -> None:
    crafted(home, how)
    text, (warning,) = nearest(home)
    assert text == "text number 7 of some words"
    assert "not used" in warning
    with open_writer(home / ".bienc", key_dir=home / "keys") as writer:
        assert writer.commit().graph_rebuilt
    assert loads == []
    assert nearest(home) == ("text number 7 of some words", ())
    assert len(list((home / ".bienc").glob("graph-*"))) == 1


def test_every_byte_of_a_graph_file_counts(home: Path) -> None:
    directory, key = home / ".bienc", load_key(home / "keys")
    file, used = opened_graph(home)
    path = directory / file.name
    held = path.read_bytes()
    for at in np.random.default_rng(5).integers(0, len(held), 200).tolist():
        path.write_bytes(held[:at] + bytes([held[at] ^ 4]) + held[at + 1 :])
        with VerifiedFile(directory, file, key) as opened, pytest.raises(GraphUnusable):
            opened.verify(used)
    path.write_bytes(held)
    with VerifiedFile(directory, file, key) as opened:
        opened.verify(used)


def test_a_stranger_cannot_reseal_a_file_with_what_the_index_tells(home: Path) -> None:
    key, other = ensure_key(home / "keys"), ensure_key(home / "their-keys")
    assert key.checksum([b"graph"], "n") != other.checksum([b"graph"], "n")
    assert key.checksum([b"graph"], "n") != key.checksum([b"graph"], "m")
    assert not other.holds("fields", key.seal("fields"))
    assert key.holds("fields", key.seal("fields"))
    assert (home / "keys" / "graph.key").stat().st_mode & 0o777 == 0o600
    assert key.secret.hex() not in repr(key)


@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e30, 0.0])
def test_vectors_from_elsewhere_are_validated_before_a_graph_is_made(
    home: Path, poison: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every checksum made right: a crafted file, not a damaged one."""
    file = VectorFile.open(home / ".bienc", "vectors-1.f32", writable=True)
    nine = np.array([9])
    digests, vectors = file.read_rows(nine)
    file.write(nine, digests, np.full_like(vectors, poison))
    file.close()
    added: list[object] = []
    monkeypatch.setattr(Graph, "save", lambda *_: added.append("saved"))
    writer = open_writer(home / ".bienc", key_dir=home / "their-keys")
    writer.distrust()
    with writer, pytest.raises(IndexDamaged, match="vector"):
        writer.commit()
    assert added == []
    with pytest.raises(IndexDamaged):
        nearest(home, "their-keys")


def test_paths_in_an_index_do_not_lead_out_of_its_roots(home: Path) -> None:
    connection = sqlite3.connect(home / ".bienc" / "catalog.sqlite")
    row = list(connection.execute(f"SELECT {FILE_COLUMNS} FROM files").fetchone())
    for path in ("../../etc/passwd", "/etc/passwd", "a/../../b", "."):
        row[2] = path
        row[-1] = checksum_of(*row[:-1])
        connection.execute("UPDATE files SET path = ?, checksum = ?", (path, row[-1]))
        connection.commit()
        with open_reader(home / ".bienc", key_dir=home / "keys") as index:
            with pytest.raises(IndexDamaged, match="path"):
                list(index.files())
            with pytest.raises(IndexDamaged, match="path"):
                list(index.iter_passages())
        writer = open_writer(home / ".bienc", key_dir=home / "keys")
        with writer, pytest.raises(IndexDamaged, match="path"):
            writer.files(1)
    connection.close()


def test_a_text_that_would_unpack_to_gigabytes(home: Path) -> None:
    connection = sqlite3.connect(home / ".bienc" / "catalog.sqlite")
    bomb = zlib.compress(bytes(200_000_000), 9)
    for length in (200_000_000_000, 5, -1):
        (piece,) = connection.execute("SELECT min(id) FROM texts").fetchone()
        row = (piece, length, bomb, piece_checksum(piece, length, bomb))
        connection.execute("REPLACE INTO texts VALUES (?, ?, ?, ?)", row)
        connection.commit()
        index = open_reader(home / ".bienc", key_dir=home / "keys")
        with index, pytest.raises(IndexDamaged):
            index.document_text(1)
    connection.close()


def test_meta_that_is_no_json(home: Path) -> None:
    connection = sqlite3.connect(home / ".bienc" / "catalog.sqlite")
    connection.execute("UPDATE meta SET value = '{' WHERE key = 'graph'")
    connection.commit()
    connection.close()
    with pytest.raises(IndexDamaged):
        open_reader(home / ".bienc", key_dir=home / "keys")
