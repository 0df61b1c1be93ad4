"""One writer at a time, and what becomes of one that was overtaken."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bienc_cli.errors import IndexBusy
from bienc_cli.milvus.connection import Connection
from bienc_cli.milvus.contents import MilvusContents
from bienc_cli.milvus.lease import Lease, Terms
from bienc_cli.store import Root, check
from places import CHUNKING, Place, identity, put_file

FUTURE, PAST = 4e9, 1.0


@pytest.fixture
def place(tmp_path: Path) -> Place:
    pytest.importorskip("milvus_lite")
    place = Place(tmp_path, "milvus")
    place.build({"a.txt": ["one"]})
    return place


def lease_row(place: Place, **changed: object) -> Terms:
    """The lease as it is recorded, after changing it."""
    connection = Connection(place.index)  # type: ignore[arg-type]
    try:
        connection.load(connection.address.records)
        lease = Lease.__new__(Lease)
        lease._connection = connection
        terms = lease._read()
        assert terms is not None
        if changed:
            terms = replace(terms, **changed)  # type: ignore[arg-type]
            lease._write(terms)
        return terms
    finally:
        connection.close()


def gone_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_it_is_given_back_and_every_attempt_has_a_number_of_its_own(place: Place) -> None:
    first = lease_row(place)
    assert (first.attempt, first.expires, first.open_attempts) == (1, 0.0, ())
    with place.write():
        held = lease_row(place)
    after = lease_row(place)
    assert (held.attempt, held.pid, held.open_attempts) == (2, os.getpid(), (2,))
    assert held.expires > held.since
    assert (after.attempt, after.expires, after.open_attempts) == (2, 0.0, ())


def test_a_writer_on_another_machine_is_waited_for_until_its_lease_runs_out(place: Place) -> None:
    lease_row(place, host="elsewhere", pid=7, expires=FUTURE)
    with pytest.raises(IndexBusy, match="process 7 on elsewhere since"):
        place.write()
    lease_row(place, expires=PAST)
    with place.write():
        pass


def test_a_writer_that_was_killed_here_is_not_waited_for(place: Place) -> None:
    lease_row(place, host=socket.gethostname(), pid=gone_process(), expires=FUTURE)
    with place.write() as writer:
        assert writer.info is not None


def test_who_waits_is_told_for_whom(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from bienc_cli.store import open_writer

    lease_row(place, host="elsewhere", pid=7, expires=FUTURE)
    told: list[str] = []

    def sleep(_seconds: float) -> None:
        lease_row(place, expires=0.0)

    monkeypatch.setattr("bienc_cli.milvus.lease.time.sleep", sleep)
    with open_writer(place.index, key_dir=place.keys, wait=60.0, on_wait=told.append):
        pass
    assert len(told) == 1
    assert told[0].startswith("process 7 on elsewhere since")


def test_an_overtaken_writer_stops_and_nothing_of_it_ever_counts(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.write() as slow:
        slow.begin(identity(), CHUNKING)
        root_id = slow.put_root(Root(place.docs))
        put_file(slow, root_id, "slow.txt", ["of the slow one"])
        lease_row(place, expires=PAST)
        place.build({"a.txt": ["one"], "fast.txt": ["of the fast one"]})
        with pytest.raises(IndexBusy, match="taken over"):
            put_file(slow, root_id, "late.txt", ["too late"])
        with pytest.raises(IndexBusy, match="taken over"):
            slow.commit()
        # Even what it had under way when it was overtaken.
        monkeypatch.setattr(Lease, "check", lambda _: None)
        assert isinstance(slow, MilvusContents)
        monkeypatch.setattr(slow._open_uploads, "_before_upload", lambda: None)
        put_file(slow, root_id, "zombie.txt", ["from the grave"])
        slow._send()
    monkeypatch.undo()
    expected = [("a.txt", 0, "one"), ("fast.txt", 0, "of the fast one")]
    assert place.texts() == expected
    with place.read() as index:
        assert index.info.passages == 2 == len(index.bm25("one", 10))
        assert len(list(index.files())) == 2
    assert not check(place.index, key_dir=place.keys).problems
    report = place.build({"a.txt": ["one"], "fast.txt": ["of the fast one"], "c.txt": ["c"]})
    assert report.info.passages == 3
    assert place.texts() == [*expected, ("c.txt", 0, "c")]


def test_a_lease_that_cannot_be_read_keeps_nobody_out(place: Place) -> None:
    connection = Connection(place.index)  # type: ignore[arg-type]
    try:
        connection.load(connection.address.records)
        connection.delete(connection.address.records, 'kind == "lease"')
    finally:
        connection.close()
    assert place.build({"b.txt": ["two"]}).info.generation == 2
    assert lease_row(place).attempt == 2
