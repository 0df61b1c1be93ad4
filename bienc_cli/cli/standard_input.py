"""Reads standard input: queries, pairs, paths; plain or JSON."""

from __future__ import annotations

import os
import queue
import sys
import threading
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.queries import QueryLine, parse_query, query_records
from bienc_cli.evaluation.text_files import parse_json

_SOURCE = "standard input"


def lines(
    on_idle: Callable[[], None] | None = None, *, seconds: float = 1.0
) -> Iterator[tuple[int, str]]:
    """Numbered lines as they arrive, without line endings; blank ones are skipped.

    Blanks around a line are kept, because a tab may separate an id from an empty text. Invalid
    UTF-8 becomes lone surrogates: right for a file name, wrong for a text.

    Args:
        on_idle: called repeatedly while there is no line.
        seconds: interval between these calls.
    """
    # Bytes, because a text stream reads ahead and would delay lines.
    raw_lines = iter(_next_line, b"") if on_idle is None else _with_idleness(on_idle, seconds)
    for number, raw in enumerate(raw_lines, 1):
        # Files joined by `cat` may each start with a byte order mark.
        line = raw.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape").rstrip("\r\n")
        if line.strip():
            yield number, line


def _with_idleness(on_idle: Callable[[], None], seconds: float) -> Iterator[bytes]:
    """Lines read by a separate thread, so that waiting for them can be interrupted."""
    arrivals: queue.Queue[bytes | UsageError] = queue.Queue(maxsize=1)

    def read() -> None:
        while True:
            try:
                line: bytes | UsageError = _next_line()
            except UsageError as error:
                line = error
            arrivals.put(line)
            if not isinstance(line, bytes) or not line:
                return

    # A daemon, so that an interrupt does not wait for a line.
    threading.Thread(target=read, daemon=True, name="bienc-stdin").start()
    while True:
        try:
            line = arrivals.get(timeout=seconds)
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


def queries(on_idle: Callable[[], None] | None = None) -> Iterator[tuple[int, str]]:
    """Records for `parse`, as they arrive: lines, or TREC topics of several lines."""
    return query_records(lines(on_idle))


def parse(number: int, record: str) -> QueryLine:
    """Parse one query, in any format that a file of queries may have.

    Raises:
        UsageError: it is not UTF-8, starts like an object or a topic but is malformed, or has no
            text.
    """
    _check_encoding(number, record)
    query = parse_query(number, record, _SOURCE)
    if not query.text.strip():
        raise UsageError(f"Line {number} of {_SOURCE} has no text.", "say what you look for")
    # An escape such as \\ud800 is valid JSON in UTF-8.
    _check_encoding(number, query.text + (query.query_id or ""))
    return query


def parse_pair(number: int, line: str) -> tuple[str, str]:
    """Parse one pair: `["A", "B"]`, or an object with `a` and `b` or `query` and `passage`.

    Raises:
        UsageError: the line is neither, or not UTF-8.
    """
    _check_encoding(number, line)
    record = parse_json(line, f"Line {number} of {_SOURCE}")
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


def pairs(
    texts: Sequence[str], hint: str
) -> tuple[dict[int, tuple[str, str]], dict[int, UsageError]]:
    """Pairs by number, and the error of each other line.

    Args:
        texts: two texts, or `-` for one pair per line of standard input.
        hint: what to type if there are not exactly two texts.

    Raises:
        UsageError: the texts are not a pair, or standard input cannot be read.
    """
    from bienc_cli.evaluation.pair_scores import check_pair

    if len(texts) == 2:
        return {1: (texts[0], texts[1])}, {}
    if [*texts] != ["-"]:
        raise UsageError(f"Two texts make a pair, not {len(texts)}.", hint)
    pairs_by_line: dict[int, tuple[str, str]] = {}
    errors_by_line: dict[int, UsageError] = {}
    for number, line in lines():
        try:
            pair = parse_pair(number, line)
            check_pair(*pair, f"Line {number} of standard input")
        except UsageError as error:
            errors_by_line[number] = error
        else:
            pairs_by_line[number] = pair
    return pairs_by_line, errors_by_line


def text() -> str:
    """All of standard input as UTF-8.

    Raises:
        UsageError: it is not UTF-8, or cannot be read.
    """
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError("Standard input is not UTF-8.", "give it a text") from error
    except OSError as error:
        raise _unreadable(error) from error


def paths(*, null: bool = False) -> list[str]:
    """A list of files, one per line, or each ended by NUL and otherwise unchanged."""
    if not null:
        return [line.strip() for _, line in lines()]
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
