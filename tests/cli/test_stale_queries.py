"""What commands say of an index that is older than its files, and `--refresh`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bienc_cli.indexing import freshness

Run = Callable[..., tuple[int, str, str]]

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
