"""A graph that no key vouches for is loaded where it is proven to be harmless, and only there."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import bienc_cli
from bienc_cli.store import graph
from bienc_cli.store.graph import Graph, VerifiedFile
from bienc_cli.store.graph_file import ForeignGraph, GraphUnusable
from bienc_cli.store.seal import load_key
from endurance import times
from stores import DIM, build, numbered, opened_graph

HERE = Path(__file__).parent
CRAFTED = times(400, 20_000)
NODES = 300


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A graph with a second level, whose rows are not all used any more."""
    monkeypatch.setattr(graph, "TAIL_LEAST", 20)
    texts = {"a.md": numbered(NODES - 40), "b.md": numbered(10, "other")}
    build(tmp_path / ".bienc", tmp_path / "keys", texts)
    build(tmp_path / ".bienc", tmp_path / "keys", texts | {"c.md": numbered(30, "third")})
    build(tmp_path / ".bienc", tmp_path / "keys", {"a.md": texts["a.md"]})
    return tmp_path


def test_an_honest_graph_is_proven_by_whoever_owns_the_file(home: Path) -> None:
    """Also one that was extended, and of whose vectors some are not used any more."""
    file, used = opened_graph(home)
    assert (file.elements, len(used)) == (NODES, NODES - 40)
    with VerifiedFile(home / ".bienc", file, None) as found:
        assert not found.is_sealed
        loaded = found.load(used)
    assert loaded.elements == NODES
    labels, _ = loaded.nearest(used.file.read(np.arange(NODES)), 1)
    assert labels[:, 0].tolist() == list(range(NODES))
    # And grows as one's own does.
    with VerifiedFile(home / ".bienc", file, None) as found:
        larger = found.load(used, spare=2)
    (block,) = used.blocks(np.array([0, 1]))
    larger.add([replace(block, ids=block.ids + NODES)])
    assert larger.elements == NODES + 2


def test_what_others_may_write_to_is_not_proven(home: Path) -> None:
    """It could be another file by the time that it is loaded."""
    file, _ = opened_graph(home)
    path = home / ".bienc" / file.name
    for mode in (0o620, 0o602):
        path.chmod(mode)
        with pytest.raises(ForeignGraph):
            VerifiedFile(home / ".bienc", file, None)
    VerifiedFile(home / ".bienc", file, load_key(home / "keys")).close()
    path.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(path, 61_001, 61_001)
        with pytest.raises(ForeignGraph):
            VerifiedFile(home / ".bienc", file, None)


# --------------------------------------------------------------- crafted ones

HEAD = 96
NODE = 4 + 32 * 4 + DIM * 4 + 8
LISTS = HEAD + NODES * NODE


def put(layout: str, at: int, value: float) -> Callable[[bytearray], None]:
    def change(held: bytearray) -> None:
        struct.pack_into(layout, held, at, value)

    return change


def first_upper_list(held: bytearray) -> int:
    """Where the word lies that says how long it is."""
    place = LISTS
    while not struct.unpack_from("<I", held, place)[0]:
        place += 4
    return place


def upper_link_to_below(held: bytearray) -> None:
    """hnswlib would follow it to a list that is not there, at address 0."""
    place = first_upper_list(held)
    nodes = np.frombuffer(held, "<u4", offset=LISTS)
    below = next(n for n in range(NODES) if not nodes[n])
    struct.pack_into("<HHI", held, place + 4, 1, 0, below)


def upper_list_too_long(held: bytearray) -> None:
    struct.pack_into("<H", held, first_upper_list(held) + 4, 17)


def upper_lists_moved(held: bytearray) -> None:
    """The file is as long as before, and one node has the links of another."""
    place = first_upper_list(held)
    (length,) = struct.unpack_from("<I", held, place)
    struct.pack_into("<I", held, place, length + 4)


def entry_below(held: bytearray) -> None:
    nodes = np.frombuffer(held, "<u4", offset=LISTS)
    struct.pack_into("<I", held, 52, next(n for n in range(NODES) if not nodes[n]))


def same_label(held: bytearray) -> None:
    held[HEAD + NODE - 8 : HEAD + NODE] = held[HEAD + 2 * NODE - 8 : HEAD + 2 * NODE]


def other_vector(held: bytearray) -> None:
    at = HEAD + 132
    held[at : at + 4 * DIM] = held[at + NODE : at + NODE + 4 * DIM]


CRAFTS: dict[str, Callable[[bytearray], None]] = {
    "first list elsewhere": put("<Q", 0, 8),
    "more nodes": put("<Q", 16, 1 << 40),
    "one node more": put("<Q", 16, NODES + 1),
    "one node less": put("<Q", 16, NODES - 1),
    "smaller nodes": put("<Q", 24, NODE - 4),
    "labels elsewhere": put("<Q", 32, NODE),
    "vectors elsewhere": put("<Q", 40, 136),
    "higher than any node": put("<i", 48, 9),
    "below the lowest level": put("<i", 48, -1),
    "begins beyond the nodes": put("<I", 52, NODES),
    "begins with a node of the lowest level": entry_below,
    "more links above": put("<Q", 56, 17),
    "more links below": put("<Q", 64, 33),
    "another M": put("<Q", 72, 1 << 40),
    "levels by another law": put("<d", 80, 1e-9),
    "levels by no number": put("<d", 80, float("nan")),
    "builds without end": put("<Q", 88, 1 << 40),
    "a list too long": put("<H", HEAD, 33),
    "marked as deleted": put("<H", HEAD + 2, 1),
    "a link beyond the nodes": put("<I", HEAD + 4, NODES),
    "a link far beyond": put("<I", HEAD + 4, 0xFFFFFFFF),
    "a vector changed": put("<f", HEAD + 132, 0.5),
    "a vector of no number": put("<f", HEAD + 132, float("nan")),
    "another row's vector": other_vector,
    "a label beyond the rows": put("<Q", HEAD + NODE - 8, 1 << 40),
    "a label twice": same_label,
    "lists of another length": upper_lists_moved,
    "a list above too long": upper_list_too_long,
    "a link to a level that is not there": upper_link_to_below,
    "lists longer than the file": put("<I", LISTS, 0x7FFFFFF0),
}


@pytest.mark.parametrize("how", CRAFTS)
def test_a_crafted_graph_is_not_proven(home: Path, how: str) -> None:
    file, used = opened_graph(home)
    path = home / ".bienc" / file.name
    held = bytearray(path.read_bytes())
    CRAFTS[how](held)
    assert bytes(held) != path.read_bytes()
    path.write_bytes(held)
    with (
        VerifiedFile(home / ".bienc", file, None) as found,
        pytest.raises(GraphUnusable, match="does not belong to the vectors"),
    ):
        found.verify(used)


@pytest.mark.parametrize(
    "wrong",
    [
        {"elements": 0},
        {"elements": NODES - 1},
        {"end": 0},
        {"end": NODES - 1},
        {"end": 1 << 40},
        {"dim": 0},
        {"dim": 8},
    ],
)
def test_what_the_catalog_says_of_it_is_not_believed_either(
    home: Path, wrong: dict[str, int]
) -> None:
    file, used = opened_graph(home)
    with (
        VerifiedFile(home / ".bienc", replace(file, **wrong), None) as found,
        pytest.raises(GraphUnusable),
    ):
        found.verify(used)


@pytest.mark.parametrize("change", [-1, -4, -68, 4, 68])
def test_a_file_of_another_length_is_not_proven(home: Path, change: int) -> None:
    file, used = opened_graph(home)
    path = home / ".bienc" / file.name
    held = path.read_bytes()
    path.write_bytes(held[:change] if change < 0 else held + bytes(change))
    with (
        VerifiedFile(home / ".bienc", replace(file, size=len(held) + change), None) as found,
        pytest.raises(GraphUnusable),
    ):
        found.verify(used)


def test_a_graph_of_part_of_the_vectors_is_not_proven(home: Path) -> None:
    """It would hide the rest, which are not compared one by one."""
    file, used = opened_graph(home)
    part = Graph.empty(used.file.dim, NODES)
    part.add(used.blocks(used.ids[:-1]))
    part.end = file.end
    key = load_key(home / "keys")
    assert key is not None
    made = part.save(home / ".bienc", "graph-99.hnsw", used.file.dim, key)
    with (
        VerifiedFile(home / ".bienc", made, None) as found,
        pytest.raises(GraphUnusable, match="which vectors it has"),
    ):
        found.verify(used)


def test_what_is_proven_does_not_crash_whatever_was_changed(home: Path) -> None:
    """In a process of its own: hnswlib that is led astray ends it by a signal."""
    finished = subprocess.run(
        [sys.executable, HERE / "crafter.py", home, str(CRAFTED)],
        env={"PYTHONPATH": f"{Path(bienc_cli.__file__).parent.parent}:{HERE}:{HERE.parent}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-200:] + finished.stderr[-2000:]
    loaded, refused = map(int, finished.stdout.split())
    assert loaded + refused == CRAFTED
    # Links that are not counted, and links that lead elsewhere, are harmless.
    assert min(loaded, refused) > CRAFTED // 20
