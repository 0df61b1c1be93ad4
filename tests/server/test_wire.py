"""Documents by lines: whole, bounded, in time, or none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.server.wire import BadLine, Lines, as_line, send

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


_TEXTS = st.text(st.characters(codec=None))
_DOCUMENTS = st.dictionaries(_TEXTS, st.none() | st.integers() | _TEXTS | st.lists(_TEXTS))


@given(st.lists(_DOCUMENTS, min_size=1, max_size=4), st.integers(1, 9))
def test_what_is_sent_comes_in_whatever_the_portions(sent: list[dict], size: int) -> None:
    one, other = socket.socketpair()
    with one, other:
        whole = b"".join(map(as_line, sent))

        def send_in_portions() -> None:
            for start in range(0, len(whole), size):
                one.sendall(whole[start : start + size])

        thread = threading.Thread(target=send_in_portions)
        thread.start()
        lines = Lines(other)
        received = [lines.document(limit=1 << 20, seconds=20) for _ in sent]
        thread.join()
        assert received == sent


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"[1]\n", "no object"),
        (b"nonsense\n", "no JSON"),
        (b"\xff\xfe\n", "no JSON"),
        (b"[" * 50_000 + b"\n", "no JSON"),
        (b"x" * 100_001, "too long"),
        (b'{"a": 1}', "cut off"),
        (b"", "cut off"),
    ],
)
def test_what_is_no_document_is_said(pair: Pair, sent: bytes, why: str) -> None:
    thread = threading.Thread(target=lambda: (pair[0].sendall(sent), pair[0].shutdown(1)))
    thread.start()
    with pytest.raises(BadLine, match=why):
        Lines(pair[1]).document(limit=100_000, seconds=20)
    pair[1].close()
    thread.join()


def test_a_line_just_within_its_bound_is_taken(pair: Pair) -> None:
    document = {"text": "x" * 100}
    line = as_line(document)
    for limit, fits in ((len(line) - 1, True), (len(line) - 2, False)):
        send(pair[0], line, seconds=5)
        lines = Lines(pair[1])
        if fits:
            assert lines.document(limit=limit, seconds=5) == document
        else:
            with pytest.raises(BadLine, match="too long"):
                lines.document(limit=limit, seconds=5)


def test_a_slow_sender_gains_no_time_by_a_byte(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes well in time, and the line never ends."""
    clock = iter(range(1000))
    monkeypatch.setattr("bienc_cli.server.wire.time.monotonic", lambda: next(clock))
    pair[0].sendall(b"x" * 1000)
    monkeypatch.setattr("bienc_cli.server.wire._PORTION", 1)
    with pytest.raises(BadLine, match="too slow"):
        Lines(pair[1]).document(limit=100_000, seconds=10)
