"""`bienc check` and `--repair`."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from commands import Run, parsed


def test_check_of_a_whole_index(indexed: Run) -> None:
    code, out, err = indexed("check")
    assert (code, err) == (0, "")
    assert out.startswith("whole: 4 documents, ")
    document = parsed(indexed("check", "-f", "json"))
    assert document["schema"] == "bienc.check/1"
    assert document["whole"] is True
    assert document["problems"] == []


def test_check_finds_and_repair_mends(indexed: Run, tmp_path: Path) -> None:
    before = parsed(indexed("query", "pear", "-f", "json"))["hits"]
    with sqlite3.connect(tmp_path / ".bienc" / "catalog.sqlite") as catalog:
        catalog.execute("UPDATE texts SET text = zeroblob(9) WHERE id >> 20 = 1")
    code, out, err = indexed("check")
    assert code == 4
    assert "texts" in out
    assert "hint: bienc check --repair" in err
    code, out, err = indexed("check", "--repair")
    assert code == 0
    assert "made anew: words, graph; to be read again: apple.md" in out
    assert "bienc index" in err
    assert parsed(indexed("index", "-f", "json"))["documents"]["new"] == 1
    after = parsed(indexed("query", "pear", "-f", "json"))["hits"]
    assert [hit["text"] for hit in after] == [hit["text"] for hit in before]


@pytest.mark.usefixtures("graphs_of_few")
def test_check_builds_a_lost_graph_again(indexed: Run, tmp_path: Path) -> None:
    (graph,) = (tmp_path / ".bienc").glob("graph-*.hnsw")
    graph.unlink()
    code, out, _ = indexed("check", "-f", "plain")
    assert code == 4
    assert out.startswith("graph\trebuild\t")
    assert indexed("check", "--repair")[0] == 0
    assert indexed("check")[0] == 0


def test_check_of_what_cannot_be_mended(indexed: Run, tmp_path: Path) -> None:
    (tmp_path / ".bienc" / "catalog.sqlite").write_bytes(b"no catalog" * 1000)
    code, out, _ = indexed("check", "-f", "json")
    assert code == 4
    assert json.loads(out)["problems"][0]["remedy"] == "start over"
    assert indexed("check", "--repair")[0] == 4
