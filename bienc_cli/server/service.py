"""Answers HTTP requests with JSON documents in the shipped schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bienc_cli.errors import IndexDamaged, UsageError
from bienc_cli.formats.table import FORMATS, format_named
from bienc_cli.indexing.freshness import changed_since
from bienc_cli.render import hits as hit_
from bienc_cli.render.info import InfoView
from bienc_cli.render.search import SearchView
from bienc_cli.search import SearchOptions, check_query, search
from bienc_cli.stages import Stopwatch
from bienc_cli.store import Filter, IndexReader
from bienc_cli.strategy import strategy_chosen
from bienc_cli.types import BiEncoder, CrossEncoder

DOCUMENT_SCHEMA = "bienc.document/1"

MOST_HITS = 200
MOST_CANDIDATES = 500
_MOST_FILTERS = 100
_LONGEST_QUERY = 10_000
_TEXT_AROUND = 50_000
"""Characters of a document before a passage, and as many after it."""


@dataclass(frozen=True, slots=True)
class Held:
    """An index and the models for it.

    Attributes:
        bi_encoder: returns the index's own model.
        cross_encoder: returns the one that reranks.
    """

    reader: IndexReader
    bi_encoder: BiEncoder
    cross_encoder: CrossEncoder


def info(held: Held) -> dict[str, Any]:
    """What the index holds: `bienc.info/1`."""
    return InfoView(held.reader.info).as_json()


def query(held: Held, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a query: `bienc.query/2`.

    Args:
        held: the index and models to use.
        asked: `query`, and the options `k`, `strategy`, `candidates`, `path`, `type`,
            `rerank_budget`, `min_relevance`, named like the command's.

    Raises:
        UsageError: it is malformed, or exceeds the limits here.
        IndexMismatch, IndexDamaged: as for `search`.
    """
    options, text = _options(asked), _text(asked)
    watch = Stopwatch()
    reranks = options.strategy is not None and options.strategy.needs_cross_encoder
    compares = options.strategy is not None and options.strategy.needs_bi_encoder
    result = search(
        held.reader,
        text,
        held.bi_encoder if compares else None,
        held.cross_encoder if reranks else None,
        options,
        watch,
    )
    changed = changed_since(hit.passage for hit in result.hits)
    return SearchView(result, warnings=changed, served=True).as_json()


def document(held: Held, passage_id: int, generation: int) -> dict[str, Any]:
    """The document around a passage: `bienc.document/1`.

    Its text comes from the index; no file is opened.

    Args:
        held: the index to read.
        passage_id: from a hit.
        generation: the index generation of the hit; ids differ between generations.

    Raises:
        UsageError: there is no such passage any more.
    """
    reader = held.reader
    if generation != reader.info.generation:
        raise UsageError("The index has changed since.", "ask the query again")
    try:
        (stored,) = reader.passages([passage_id])
    except IndexDamaged:
        raise UsageError(
            f"There is no passage {passage_id}.", "take an id from an answer"
        ) from None
    text = reader.document_text(stored.document_id)
    passage = stored.passage
    first = _line_start(text, max(0, passage.start - _TEXT_AROUND))
    last = _line_end(text, min(len(text), passage.end + _TEXT_AROUND))
    return {
        "schema": DOCUMENT_SCHEMA,
        "document_id": hit_.writable(passage.doc_id),
        "passage_id": stored.passage_id,
        "path": hit_.writable(stored.path),
        "format": stored.format,
        "title": stored.title,
        "heading": list(passage.heading),
        "place": hit_.place_as_json(passage.place),
        "citation": hit_.writable(hit_.location(stored)),
        "start": passage.start,
        "end": passage.end,
        "text": text[first:last],
        "text_start": first,
        "text_line": text.count("\n", 0, first) + 1,
        "text_length": len(text),
        "warnings": list(changed_since([stored])),
    }


def _line_start(text: str, position: int) -> int:
    return text.rfind("\n", max(0, position - _TEXT_AROUND), position) + 1 or position


def _line_end(text: str, position: int) -> int:
    found = text.find("\n", position, position + _TEXT_AROUND)
    return found if found >= 0 else position


_KNOWN = frozenset("query k strategy candidates path type rerank_budget min_relevance".split())


def _text(asked: Mapping[str, Any]) -> str:
    text = asked.get("query")
    if not isinstance(text, str):
        raise UsageError("There is no query.", 'send {"query": "..."}')
    if len(text) > _LONGEST_QUERY:
        raise UsageError(
            f"The query has {len(text):,} characters.", f"ask in {_LONGEST_QUERY:,} or fewer"
        )
    check_query(text)
    return text


def _options(asked: Mapping[str, Any]) -> SearchOptions:
    if unknown := asked.keys() - _KNOWN:
        raise UsageError(
            f"{sorted(unknown)[0]!r} is not understood.", f"give {', '.join(sorted(_KNOWN))}"
        )
    strategy = asked.get("strategy")
    if strategy is not None and not isinstance(strategy, str):
        raise UsageError("A strategy is named by a text.", '"strategy": "blend"')
    budget = _number(asked, "rerank_budget")
    return SearchOptions(
        strategy=strategy_chosen(strategy),
        k=_whole(asked, "k", MOST_HITS) or 10,
        candidates=_whole(asked, "candidates", MOST_CANDIDATES),
        rerank_seconds=None if budget is None else budget / 1000,
        min_relevance=_number(asked, "min_relevance"),
        where=Filter(_texts(asked, "path"), tuple(map(_format, _texts(asked, "type")))),
    )


def _whole(asked: Mapping[str, Any], name: str, most: int) -> int | None:
    value = asked.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise UsageError(f"{name} is a whole number from 1 to {most}.", f'"{name}": {most}')
    return value


def _number(asked: Mapping[str, Any], name: str) -> float | None:
    value = asked.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise UsageError(f"{name} is a number.", f'"{name}": 0.5')
    # Python's JSON parser accepts integers of any size.
    return float(value) if abs(value) < 1e300 else float("inf")


def _texts(asked: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = asked.get(name) or []
    if (
        not isinstance(values, list)
        or len(values) > _MOST_FILTERS
        or not all(isinstance(one, str) and len(one) <= _LONGEST_QUERY for one in values)
    ):
        raise UsageError(f"{name} is a list of texts.", f'"{name}": ["docs/"]')
    return tuple(values)


def _format(name: str) -> str:
    found = format_named(name)
    if found is None:
        raise UsageError(
            f"There is no format '{name}'.", f"give one of: {', '.join(sorted(FORMATS))}"
        )
    return found
