"""Each call of a run fails once, before or after the server has done what it was asked."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bienc_cli.errors import BiencError, StorageError
from bienc_cli.milvus.connection import Connection
from bienc_cli.store import check
from places import Place

OLD = {"a.txt": ["one", "shared"], "b.txt": ["two", "shared"]}
NEW = {"a.txt": ["one", "three"], "c.txt": ["two", "four"], "d.txt": ["shared"]}
FAULTS = 12
"""How many are tried, of two for each of some 38 calls."""


def texts(files: dict[str, list[str]]) -> set[tuple[str, int, str]]:
    return {(name, n, one) for name, held in files.items() for n, one in enumerate(held)}


class Faulty:
    """Stands in for `Connection._call`: the call with a certain number fails."""

    def __init__(self, real: Callable[..., Any], number: int, *, done: bool) -> None:
        self.real, self.number, self.done = real, number, done
        self.calls = 0

    def __get__(self, connection: Connection, _: type) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls != self.number:
                return self.real(connection, *arguments, **named)
            if self.done:
                self.real(connection, *arguments, **named)
            raise StorageError("the cable was pulled")

        return call


def run(place: Place, fault: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Connection, "_call", fault)
        with suppress(BiencError):
            place.build(NEW)


def points() -> list[tuple[int, bool]]:
    chance = random.Random(5)
    return [(chance.randrange(1, 39), chance.random() < 0.5) for _ in range(FAULTS)]


@pytest.mark.parametrize(("number", "done"), points())
def test_one_generation_or_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, done: bool
) -> None:
    pytest.importorskip("milvus_lite")
    place = Place(tmp_path, "milvus")
    place.build(OLD)
    run(place, Faulty(Connection._call, number, done=done), monkeypatch)
    assert set(place.texts()) in (texts(OLD), texts(NEW))
    # A lease whose return failed is free when it has run out.
    monkeypatch.setattr("bienc_cli.milvus.lease._is_held", lambda _: False)
    info = place.build(NEW).info
    assert (info.files, info.passages, info.vectors) == (3, 5, 5)
    assert set(place.texts()) == texts(NEW)
    other = place.build({**NEW, "e.txt": ["five"]}).info
    assert (other.passages, other.vectors) == (6, 6)
    assert set(place.texts()) == texts({**NEW, "e.txt": ["five"]})
    assert not check(place.index, key_dir=place.keys).problems


def test_the_points_are_within_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("milvus_lite")
    place = Place(tmp_path, "milvus")
    place.build(OLD)
    fault = Faulty(Connection._call, -1, done=False)
    run(place, fault, monkeypatch)
    assert set(place.texts()) == texts(NEW)
    assert 38 <= fault.calls < 60
