"""Answers HTTP requests with JSON documents in the shipped schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bienc_cli.errors import IndexDamaged, UsageError
from bienc_cli.formats.table import FORMATS, format_named
from bienc_cli.indexing.freshness import changed_since
from bienc_cli.render import hits
from bienc_cli.render.info import InfoView
from bienc_cli.render.json_fields import writable
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
class ServedIndex:
    """An index and the models for it.

    Attributes:
        bi_encoder: returns the index's own model.
        cross_encoder: returns the one that reranks.
    """

    reader: IndexReader
    bi_encoder: BiEncoder
    cross_encoder: CrossEncoder


def info(served: ServedIndex) -> dict[str, Any]:
    """What the index holds: `bienc.info/1`."""
    return InfoView(served.reader.info).as_json()


def query(served: ServedIndex, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a query: `bienc.query/2`.

    Args:
        served: the index and models to use.
        parameters: `query`, and the options `k`, `strategy`, `candidates`, `path`, `type`,
            `rerank_budget`, `min_relevance`, named like the command's.

    Raises:
        UsageError: it is malformed, or exceeds the limits here.
        IndexMismatch, IndexDamaged: as for `search`.
    """
    options, text = _options(parameters), _text(parameters)
    watch = Stopwatch()
    reranks = options.strategy is not None and options.strategy.needs_cross_encoder
    compares = options.strategy is not None and options.strategy.needs_bi_encoder
    result = search(
        served.reader,
        text,
        served.bi_encoder if compares else None,
        served.cross_encoder if reranks else None,
        options,
        watch,
    )
    warnings = changed_since(hit.passage for hit in result.hits)
    return SearchView(result, warnings=warnings, served=True).as_json()


def document(served: ServedIndex, passage_id: int, generation: int) -> dict[str, Any]:
    """The document around a passage: `bienc.document/1`.

    Its text comes from the index; no file is opened.

    Args:
        served: the index to read.
        passage_id: from a hit.
        generation: the index generation of the hit; ids differ between generations.

    Raises:
        UsageError: there is no such passage any more.
    """
    reader = served.reader
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
    text_start = _line_start(text, max(0, passage.start - _TEXT_AROUND))
    text_end = _line_end(text, min(len(text), passage.end + _TEXT_AROUND))
    return {
        "schema": DOCUMENT_SCHEMA,
        "document_id": writable(passage.doc_id),
        "passage_id": stored.passage_id,
        "path": writable(stored.path),
        "format": stored.format,
        "title": stored.title,
        "heading": list(passage.heading),
        "place": hits.place_as_json(passage.place),
        "citation": writable(hits.location(stored)),
        "start": passage.start,
        "end": passage.end,
        "text": text[text_start:text_end],
        "text_start": text_start,
        "text_line": text.count("\n", 0, text_start) + 1,
        "text_length": len(text),
        "warnings": list(changed_since([stored])),
    }


def _line_start(text: str, position: int) -> int:
    return text.rfind("\n", max(0, position - _TEXT_AROUND), position) + 1 or position


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position, position + _TEXT_AROUND)
    return end if end >= 0 else position


_PARAMETERS = frozenset("query k strategy candidates path type rerank_budget min_relevance".split())


def _text(parameters: Mapping[str, Any]) -> str:
    text = parameters.get("query")
    if not isinstance(text, str):
        raise UsageError("There is no query.", 'send {"query": "..."}')
    if len(text) > _LONGEST_QUERY:
        raise UsageError(
            f"The query has {len(text):,} characters.", f"ask in {_LONGEST_QUERY:,} or fewer"
        )
    check_query(text)
    return text


def _options(parameters: Mapping[str, Any]) -> SearchOptions:
    if unknown := parameters.keys() - _PARAMETERS:
        raise UsageError(
            f"{sorted(unknown)[0]!r} is not understood.", f"give {', '.join(sorted(_PARAMETERS))}"
        )
    strategy = parameters.get("strategy")
    if strategy is not None and not isinstance(strategy, str):
        raise UsageError("A strategy is named by a text.", '"strategy": "blend"')
    budget = _number(parameters, "rerank_budget")
    return SearchOptions(
        strategy=strategy_chosen(strategy),
        k=_whole(parameters, "k", MOST_HITS) or 10,
        candidates=_whole(parameters, "candidates", MOST_CANDIDATES),
        rerank_seconds=None if budget is None else budget / 1000,
        min_relevance=_number(parameters, "min_relevance"),
        where=Filter(_texts(parameters, "path"), tuple(map(_format, _texts(parameters, "type")))),
    )


def _whole(parameters: Mapping[str, Any], name: str, maximum: int) -> int | None:
    value = parameters.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= maximum:
        raise UsageError(f"{name} is a whole number from 1 to {maximum}.", f'"{name}": {maximum}')
    return value


def _number(parameters: Mapping[str, Any], name: str) -> float | None:
    value = parameters.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise UsageError(f"{name} is a number.", f'"{name}": 0.5')
    # Python's JSON parser accepts integers of any size.
    return float(value) if abs(value) < 1e300 else float("inf")


def _texts(parameters: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = parameters.get(name) or []
    if (
        not isinstance(values, list)
        or len(values) > _MOST_FILTERS
        or not all(isinstance(value, str) and len(value) <= _LONGEST_QUERY for value in values)
    ):
        raise UsageError(f"{name} is a list of texts.", f'"{name}": ["docs/"]')
    return tuple(values)


def _format(name: str) -> str:
    format_ = format_named(name)
    if format_ is None:
        raise UsageError(
            f"There is no format '{name}'.", f"give one of: {', '.join(sorted(FORMATS))}"
        )
    return format_
