"""Lines from standard input: queries, pairs, paths; plain or JSON."""

from __future__ import annotations

import os
import queue
import sys
import threading
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from bienc_cli.cli.output import OutputFormat
from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK, EXIT_USAGE, BiencError, UsageError
from bienc_cli.evaluation.queries import QueryLine, parse_query, query_records
from bienc_cli.evaluation.text_files import parse_json

if TYPE_CHECKING:
    from bienc_cli.cli.query import Answers
    from bienc_cli.render.view import View
    from bienc_cli.search import SearchResult
    from bienc_cli.search.joined import Joined
    from bienc_cli.store import IndexReader

_SOURCE = "standard input"


def lines(
    on_idle: Callable[[], None] | None = None, *, seconds: float = 1.0
) -> Iterator[tuple[int, str]]:
    """Numbered lines as they come, without their ends; blank ones left out.

    Blanks around a line are left as they are: a tab may part an id from nothing.

    What is not UTF-8 comes as lone surrogates: right for a file name, wrong for a text.

    Args:
        on_idle: called again and again while there is no line.
        seconds: between two such calls.
    """
    # Bytes, because a text stream reads ahead and would not answer each line as it comes.
    found = iter(_next_line, b"") if on_idle is None else _with_idleness(on_idle, seconds)
    for number, raw in enumerate(found, 1):
        # Each file that `cat` has joined may begin with a byte order mark.
        line = raw.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape").rstrip("\r\n")
        if line.strip():
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


def queries(on_idle: Callable[[], None] | None = None) -> Iterator[tuple[int, str]]:
    """What `parse` takes, as it comes: lines, or TREC topics of several."""
    return query_records(lines(on_idle))


def parse(number: int, record: str) -> QueryLine:
    """One query, in any form that a file of queries may have.

    Raises:
        UsageError: it is not UTF-8, or begins like an object or a topic and is none, or has
            no text.
    """
    _check_encoding(number, record)
    query = parse_query(number, record, _SOURCE)
    if not query.text.strip():
        raise UsageError(f"Line {number} of {_SOURCE} has no text.", "say what you look for")
    # An escape such as \\ud800 is JSON in UTF-8 nevertheless.
    _check_encoding(number, query.text + (query.query_id or ""))
    return query


def parse_pair(number: int, line: str) -> tuple[str, str]:
    """One pair: `["A", "B"]`, or an object with `a` and `b` or `query` and `passage`.

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


def pairs() -> tuple[dict[int, tuple[str, str]], dict[int, UsageError]]:
    """The pairs by their lines, and what is wrong with each other line."""
    from bienc_cli.evaluation.pair_scores import check_pair

    found: dict[int, tuple[str, str]] = {}
    refused: dict[int, UsageError] = {}
    for number, line in lines():
        try:
            pair = parse_pair(number, line)
            check_pair(*pair, f"Line {number} of standard input")
        except UsageError as error:
            refused[number] = error
        else:
            found[number] = pair
    return found, refused


def paths(*, null: bool = False) -> list[str]:
    """A list of files, one a line, or each ended by NUL and otherwise left as it is."""
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


class Snapshot:
    """The index between one query and the next: a new generation is read when there is one.

    Args:
        reader: to begin with; its owner closes it.
        reopen: gives another reader of the same index.
    """

    def __init__(
        self, reader: IndexReader | Joined, reopen: Callable[[], IndexReader | Joined]
    ) -> None:
        self._reader: IndexReader | Joined | None = reader
        self._reopen = reopen

    def current(self) -> IndexReader | Joined:
        """A reader of the generation that is there now."""
        self.let_go()
        if self._reader is None:
            self._reader = self._reopen()
        return self._reader

    def let_go(self) -> None:
        """Give up a generation that is over, whose log would be kept for it."""
        # An index that is gone, or is being made anew, is answered from as it was.
        with suppress(BiencError):
            if self._reader is not None and not self._reader.is_current():
                self._reader.close()
                self._reader = None

    def __enter__(self) -> Self:
        """The snapshot itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what was opened."""
        if self._reader is not None:
            self._reader.close()


def answer_each(
    view: Answers,
    snapshot: Snapshot,
    answer: Callable[[IndexReader | Joined, str], SearchResult],
) -> int:
    """Answer standard input line by line; a line that cannot be answered stops none behind it."""
    from bienc_cli.render.search import UnaskedView

    output = view.output
    found = failed = False
    # One JSON document can only be written when everything is known.
    collected: list[dict[str, Any]] = []
    for number, line in queries(snapshot.let_go):
        try:
            asked = parse(number, line)
            view.reader = snapshot.current()
            result = answer(view.reader, asked.text)
        except UsageError as error:
            failed = True
            shown: View = UnaskedView(number, error)
            if not output.machine:
                output.warn(error.message)
        else:
            found = found or bool(result.hits)
            name = asked.query_id or str(number)
            shown = view.of(result, name, query_id=asked.query_id, line=number)
        if output.format == OutputFormat.json:
            collected.append(shown.as_json())
        else:
            output.show(shown)
    if output.format == OutputFormat.json:
        output.print_json({"schema": "bienc.queries/2", "results": collected})
    if failed:
        return EXIT_USAGE
    return EXIT_OK if found else EXIT_NO_RESULT
