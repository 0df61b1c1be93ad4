"""A folder of documents as commands meet it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bienc_cli.store import graph, nearest
from commands import Run
from folders import QRELS, QUERIES


@pytest.fixture
def judged(indexed: Run, tmp_path: Path) -> Run:
    """`run`, where `docs` is indexed and `JUDGED` are files beside it."""
    (tmp_path / "queries.tsv").write_text(QUERIES)
    (tmp_path / "qrels.tsv").write_text(QRELS)
    return indexed


@pytest.fixture
def graphs_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small indexes have a graph, and are searched by it."""
    monkeypatch.setattr(graph, "FEWEST", 1)
    monkeypatch.setattr(nearest, "SCAN_LIMIT", 0)
