"""Reads queries: text lines, JSON lines, tab-separated, TREC topics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.text_files import first_given, parse_json, read_lines
from bienc_cli.search.request import is_encodable

_NUMBER = re.compile(r"<num>\s*(?:Number:)?\s*([^\s<]+)", re.IGNORECASE)
_TITLE = re.compile(r"<title>\s*(?:Topic:)?\s*(.*?)\s*(?=<|$)", re.DOTALL | re.IGNORECASE)
_HEADER = {"query", "query_id", "query-id", "qid", "id", "_id"}


@dataclass(frozen=True, slots=True)
class Query:
    """A query with the id that judgments refer to."""

    query_id: str
    text: str


@dataclass(frozen=True, slots=True)
class QueryLine:
    """A query as read, with its line number and its id, if any."""

    number: int
    text: str
    query_id: str | None


def read_queries(path: Path) -> tuple[Query, ...]:
    """Read queries with distinct ids.

    See `query_records` and `parse_query` for the formats; a query without an id gets its line
    number.

    Args:
        path: a UTF-8 file.

    Raises:
        UsageError: it cannot be read, or contains no query, an empty one, or a repeated id.
    """
    records = list(query_records(read_lines(path)))
    if topics := [record for record in records if _is_topic(record[1])]:
        records = topics
    if not records:
        raise UsageError(f"There is no query in '{path}'.", "give one query a line")
    texts: dict[str, str] = {}
    for number, record in records:
        query_line = parse_query(number, record, f"'{path}'")
        query_id = str(number) if query_line.query_id is None else query_line.query_id
        if not is_encodable(query_id + query_line.text):
            raise UsageError(f"A query in '{path}' holds half a character.", "write it as UTF-8")
        if not query_line.text.strip():
            raise UsageError(f"Query '{query_id}' in '{path}' has no text.")
        if texts.setdefault(query_id, query_line.text) != query_line.text:
            raise UsageError(f"'{path}' has two queries with the id '{query_id}'.")
    return tuple(Query(query_id, text) for query_id, text in texts.items())


def query_records(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Split lines into records of one query each: a line, or the lines of a TREC topic.

    A first line with column names is left out.
    """
    start, topic = 0, ""
    is_first = True
    for number, line in lines:
        header, is_first = is_first and _is_header(line), False
        if header:
            continue
        if not topic and not _is_topic(line):
            yield number, line
            continue
        start = start if topic else number
        topic = f"{topic}\n{line}" if topic else line
        *complete, topic = re.split("(?i)</top>", topic)
        for record in complete:
            yield start, record
        topic = topic if _is_topic(topic) else ""
    if topic:
        yield start, topic


def parse_query(number: int, record: str, source: str) -> QueryLine:
    """Parse a record of `query_records`.

    The format is detected: a TREC topic (`<top>`), a JSON object (`_id` or `id`, and `text` or
    `query`; null counts as missing), `id<TAB>text`, or a text.

    Args:
        number: the line number, for messages.
        record: the line or the topic.
        source: where it was read from, as worded in a message.

    Raises:
        UsageError: it starts like an object or topic but is malformed, or has no text.
    """
    if _is_topic(record):
        return _from_topic(number, record, source)
    if record.lstrip().startswith("{"):
        return _from_json(number, record, source)
    query_id, tab, text = record.partition("\t")
    if tab:
        return QueryLine(number, text.strip(), query_id.strip())
    return QueryLine(number, record.strip(), None)


def _is_topic(line: str) -> bool:
    return line.lstrip().lower().startswith("<top>")


def _is_header(line: str) -> bool:
    first, tab, _ = line.partition("\t")
    return bool(tab) and first.strip().lower() in _HEADER


def _from_json(number: int, line: str, source: str) -> QueryLine:
    record = parse_json(line, f"Line {number} of {source}")
    text = first_given(record, "text", "query")
    if not isinstance(text, str):
        raise UsageError(
            f"Line {number} of {source} has no text.",
            'give lines like {"_id": "q1", "text": "what is looked for"}',
        )
    query_id = first_given(record, "_id", "id")
    return QueryLine(number, text, None if query_id is None else str(query_id))


def _from_topic(number: int, topic: str, source: str) -> QueryLine:
    name, title = _NUMBER.search(topic), _TITLE.search(topic)
    if name is None or title is None:
        raise UsageError(f"The topic in line {number} of {source} has no <num> or no <title>.")
    return QueryLine(number, " ".join(title[1].split()), name[1])
