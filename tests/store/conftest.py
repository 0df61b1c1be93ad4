"""What the tests of the store share."""

from __future__ import annotations

import pytest

from bienc_cli.store import graph, reclaim


@pytest.fixture(autouse=True)
def graphs_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small indexes have a graph, and are written anew, or no test here would see either."""
    monkeypatch.setattr(graph, "FEWEST", 1)
    monkeypatch.setattr(reclaim, "UNUSED_LEAST", 0)
