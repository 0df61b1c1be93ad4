"""What the tests of the store share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bienc_cli.store import IndexReader, graph, reclaim
from places import FILES, STORES, Place


@pytest.fixture(autouse=True)
def graphs_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small indexes have a graph, and are written anew, or no test here would see either."""
    monkeypatch.setattr(graph, "FEWEST", 1)
    monkeypatch.setattr(reclaim, "UNUSED_LEAST", 0)


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "milvus":
        pytest.importorskip("milvus_lite")
        pytest.importorskip("pymilvus")
    return Place(tmp_path, request.param)


@pytest.fixture
def built(place: Place) -> Place:
    place.build(FILES)
    return place


@pytest.fixture
def index(built: Place) -> Iterator[IndexReader]:
    with built.read() as reader:
        yield reader


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where an index is to be."""
    return tmp_path / ".bienc"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Where its user's key lies."""
    return tmp_path / "keys"
