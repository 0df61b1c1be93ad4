"""Lines from standard input: queries, pairs, paths; plain or JSON."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bienc_cli.errors import UsageError


@dataclass(frozen=True, slots=True)
class QueryLine:
    """One query as it was read, with the id it came with."""

    number: int
    text: str
    query_id: str | None


def lines(
    on_idle: Callable[[], None] | None = None, *, seconds: float = 1.0
) -> Iterator[tuple[int, str]]:
    """Numbered lines as they come, without their ends; blank ones left out.

    What is not UTF-8 comes as lone surrogates: right for a file name, wrong for a text.

    Args:
        on_idle: called again and again while there is no line.
        seconds: between two such calls.
    """
    # Bytes, because a text stream reads ahead and would not answer each line as it comes.
    found = iter(_next_line, b"") if on_idle is None else _with_idleness(on_idle, seconds)
    for number, raw in enumerate(found, 1):
        line = raw.decode("utf-8", "surrogateescape").strip()
        if number == 1:
            line = line.removeprefix("\ufeff").lstrip()
        if line:
            yield number, line


def _with_idleness(on_idle: Callable[[], None], seconds: float) -> Iterator[bytes]:
    """Lines, read by a thread of its own, so that waiting for them can be interrupted."""
    arrived: queue.Queue[bytes | UsageError] = queue.Queue(maxsize=1)

    def read() -> None:
        while True:
            try:
                line: bytes | UsageError = _next_line()
            except UsageError as error:
                line = error
            arrived.put(line)
            if not isinstance(line, bytes) or not line:
                return

    # Daemonic: an interrupt does not wait for a line.
    threading.Thread(target=read, daemon=True, name="bienc-stdin").start()
    while True:
        try:
            line = arrived.get(timeout=seconds)
        except queue.Empty:
            on_idle()
            continue
        if isinstance(line, UsageError):
            raise line
        if not line:
            return
        yield line


def _next_line() -> bytes:
    try:
        return sys.stdin.buffer.readline()
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> UsageError:
    return UsageError(
        f"Standard input cannot be read: {error.strerror or error}.",
        "give it something to read: < FILE, or a pipe",
    )


def parse_query(number: int, line: str) -> QueryLine:
    """One query: the line itself, or a JSON object with `text` (or `query`) and an id.

    Raises:
        UsageError: it is not UTF-8, or begins like an object and is none, or has no text.
    """
    _check_encoding(number, line)
    if not line.startswith("{"):
        return QueryLine(number, line, None)
    record = _parsed(number, line)
    if not isinstance(record, dict):
        raise UsageError(f"Line {number} of standard input is not a JSON object.")
    text = record.get("text", record.get("query"))
    if not isinstance(text, str) or not text.strip():
        raise UsageError(
            f"Line {number} of standard input has no text.",
            'give lines like {"_id": "q1", "text": "what is looked for"}',
        )
    query_id = record.get("_id", record.get("id"))
    named = None if query_id is None else str(query_id)
    # An escape such as \\ud800 is JSON in UTF-8 nevertheless.
    _check_encoding(number, text + (named or ""))
    return QueryLine(number, text, named)


def parse_pair(number: int, line: str) -> tuple[str, str]:
    """One pair: `["A", "B"]`, or an object with `a` and `b` or `query` and `passage`.

    Raises:
        UsageError: the line is neither, or not UTF-8.
    """
    _check_encoding(number, line)
    record = _parsed(number, line)
    if isinstance(record, list) and len(record) == 2:
        first, second = record
    elif isinstance(record, dict):
        first = record.get("a", record.get("query"))
        second = record.get("b", record.get("passage"))
    else:
        first = second = None
    if not isinstance(first, str) or not isinstance(second, str):
        raise UsageError(
            f"Line {number} of standard input is not a pair of texts.",
            'give lines like ["query", "passage"] or {"a": "query", "b": "passage"}',
        )
    _check_encoding(number, first + second)
    return first, second


def paths(*, null: bool = False) -> list[str]:
    """A list of files, one a line, or each ended by NUL and otherwise left as it is."""
    if not null:
        return [line for _, line in lines()]
    try:
        names = sys.stdin.buffer.read().split(b"\0")
    except OSError as error:
        raise _unreadable(error) from error
    return [os.fsdecode(name) for name in names if name]


def _check_encoding(number: int, line: str) -> None:
    try:
        line.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(f"Line {number} of standard input is not UTF-8.") from error


def _parsed(number: int, line: str) -> object:
    try:
        parsed: object = json.loads(line)
    except ValueError as error:
        raise UsageError(f"Line {number} of standard input is not valid JSON: {error}.") from error
    except RecursionError as error:
        raise UsageError(f"Line {number} of standard input is nested too deeply.") from error
    return parsed
