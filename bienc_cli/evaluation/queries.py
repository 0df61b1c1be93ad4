"""Files of queries: text lines, JSON lines, tab-separated, TREC topics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.text_files import read_lines
from bienc_cli.search.pipeline import is_encodable

_TOPIC = re.compile(r"<top>(.*?)</top>", re.DOTALL | re.IGNORECASE)
_NUMBER = re.compile(r"<num>\s*(?:Number:)?\s*([^\s<]+)", re.IGNORECASE)
_TITLE = re.compile(r"<title>\s*(?:Topic:)?\s*(.*?)\s*(?=<|$)", re.DOTALL | re.IGNORECASE)
_HEADER = {"query", "query_id", "query-id", "qid", "id", "_id"}


@dataclass(frozen=True, slots=True)
class Query:
    """A question with the id that judgments know it by."""

    query_id: str
    text: str


def read_queries(path: Path) -> tuple[Query, ...]:
    """Read queries, each id once.

    The format shows in the content: TREC topics (`<top>`), JSON lines (`_id` or `id`, and
    `text` or `query`), lines `id<TAB>text` with or without a header; any other line is a text
    whose id is its number.

    Args:
        path: a file in UTF-8.

    Raises:
        UsageError: it cannot be read, holds no query, an empty one, or an id twice.
    """
    lines = read_lines(path)
    if any(line.lstrip().lower().startswith("<top>") for _, line in lines):
        found = list(_topics("\n".join(line for _, line in lines), path))
    else:
        found = [_query(path, number, line) for number, line in _body(lines)]
    if not found:
        raise UsageError(f"There is no query in '{path}'.", "give one query a line")
    seen: dict[str, str] = {}
    for query in found:
        if not is_encodable(query.query_id + query.text):
            raise UsageError(f"A query in '{path}' holds half a character.", "write it as UTF-8")
        if not query.text.strip():
            raise UsageError(f"Query '{query.query_id}' in '{path}' has no text.")
        if seen.setdefault(query.query_id, query.text) != query.text:
            raise UsageError(f"'{path}' has two queries with the id '{query.query_id}'.")
    return tuple(Query(query_id, text) for query_id, text in seen.items())


def _body(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    first, tab, _ = lines[0][1].partition("\t") if lines else ("", "", "")
    return lines[1:] if tab and first.strip().lower() in _HEADER else lines


def _query(path: Path, number: int, line: str) -> Query:
    if line.lstrip().startswith("{"):
        return _from_json(path, number, line)
    query_id, tab, text = line.partition("\t")
    return Query(query_id.strip(), text.strip()) if tab else Query(str(number), line.strip())


def _from_json(path: Path, number: int, line: str) -> Query:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"Line {number} of '{path}' is not valid JSON: {error}.") from error
    text = record.get("text", record.get("query"))
    if not isinstance(text, str):
        raise UsageError(
            f"Line {number} of '{path}' has no text.",
            'give lines like {"_id": "q1", "text": "what is looked for"}',
        )
    return Query(str(record.get("_id", record.get("id", number))), text)


def _topics(text: str, path: Path) -> Iterator[Query]:
    for block in _TOPIC.findall(text):
        number, title = _NUMBER.search(block), _TITLE.search(block)
        if number is None or title is None:
            raise UsageError(f"A topic in '{path}' has no <num> or no <title>.")
        yield Query(number[1], " ".join(title[1].split()))
