"""What commands say of an index that is older than its files, and `--refresh`."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bienc_cli.environment import index_places
from bienc_cli.indexing import freshness
from commands import Run
from folders import FRUIT

NOTE = (
    "note: the index is older than its files: 1 new, 1 changed, 1 gone "
    "(bienc index, or query --refresh)\n"
)


@pytest.fixture
def stale(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(freshness, "DEFAULT_BUDGET", 60.0)
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "pear.txt").write_text("A pear keeps for weeks.")
    (docs / "fig.txt").write_text("Figs are sweet.")
    assert run("index", "docs")[0] == 0
    (docs / "pear.txt").write_text("A pear keeps for months.")
    (docs / "fig.txt").unlink()
    (docs / "plum.txt").write_text("Plums are sour.")
    return run


def test_a_query_says_what_has_changed(stale: Run) -> None:
    code, out, err = stale("query", "figs", "-f", "json")
    assert (code, err) == (0, NOTE)
    assert len(json.loads(out)["hits"]) == 2
    assert stale("query", "figs", "--no-check")[2] == ""
    assert stale("query", "figs", "--quiet")[2] == ""
    assert stale("compare", "figs")[2] == NOTE


def test_refresh_answers_from_the_files_as_they_are(stale: Run) -> None:
    code, out, err = stale("query", "pear", "--refresh", "-f", "json")
    assert code == 0
    assert err.startswith("note: refreshed: 1 new, 1 changed, 1 removed; 2 passages encoded in ")
    texts = {hit["text"] for hit in json.loads(out)["hits"]}
    assert texts == {"A pear keeps for months.", "Plums are sour."}
    assert stale("query", "pear")[2] == ""
    assert stale("query", "pear", "--refresh")[2] == ""


def test_more_than_could_be_looked_at(stale: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = freshness.Staleness(new=1200, complete=False)
    monkeypatch.setattr(freshness.FreshnessCheck, "result", lambda _: found)
    assert "files: at least 1,200 new (" in stale("query", "pear")[2]
    monkeypatch.setattr(freshness.FreshnessCheck, "result", lambda _: freshness.Staleness())
    assert stale("query", "pear")[2] == ""


def test_a_watch_has_no_single_document(run: Run, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    code, out, _ = run("index", "docs", "--watch", "--format", "json")
    assert code == 2
    assert "jsonl" in json.loads(out)["error"]["hint"]
    assert not (tmp_path / ".bienc").exists()


def test_a_copy_is_not_said_to_have_changed(indexed: Run, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(freshness, "DEFAULT_BUDGET", 60.0)
    shutil.copytree(tmp_path, tmp_path / "copy", copy_function=shutil.copyfile)
    monkeypatch.chdir(tmp_path / "copy")
    code, _, err = indexed("query", "pear")
    files = len(FRUIT)
    assert (code, err) == (
        0,
        f"note: {files} files have another time than in the index, but the same size "
        "(bienc index, or query --refresh)\n",
    )
    assert "may have changed" in indexed("query", "pear", "-f", "json")[1]
    # Its content settles it.
    report = json.loads(indexed("index", "-f", "json")[1])
    assert report["documents"]["unchanged"] == report["documents"]["total"] == files
    assert report["passages"]["encoded"] == 0
    assert indexed("query", "pear")[2] == ""


def test_where_nothing_can_be_written_no_remedy_is_named(
    stale: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_places, "can_be_written", lambda _: False)
    assert stale("query", "figs")[2] == NOTE.replace(" (bienc index, or query --refresh)", "")


def test_a_damaged_index_that_cannot_be_written_names_no_repair(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / ".bienc/catalog.sqlite")) as connection:
        connection.execute("DELETE FROM passages WHERE id = (SELECT min(id) FROM passages)")
        connection.commit()
    assert indexed("check")[2] == "hint: bienc check --repair\n"
    monkeypatch.setattr(index_places, "can_be_written", lambda _: False)
    code, _, err = indexed("check")
    assert code == 4
    assert err == "note: it cannot be written here; whoever made it can repair it\n"


def test_only_an_index_of_ones_own_is_to_be_closed_off(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".bienc").chmod(0o755)
    assert "others may read" in indexed("info")[2]
    monkeypatch.setattr("bienc_cli.store.privacy._ourselves", lambda: {4242})
    assert "others may read" not in indexed("info", "--index", ".bienc")[2]
