"""The answer of `query`: table, JSON, lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bienc_cli.errors import BiencError
from bienc_cli.render import hits
from bienc_cli.render.json_fields import index_as_json, models_as_json, seconds_as_json, writable
from bienc_cli.render.listing import csv_lines, files, grep_lines
from bienc_cli.render.printable import cell
from bienc_cli.render.view import View, error_as_json
from bienc_cli.search.result import SearchResult

if TYPE_CHECKING:
    from rich.console import RenderableType

SCHEMA = "bienc.query/2"


@dataclass(frozen=True, slots=True)
class SearchView(View):
    """The answer to one query.

    Attributes:
        result: the result to show.
        full: show whole passages instead of snippets.
        contexts: passage id to its text with lines around it, shown instead.
        compact: show two lines per hit.
        lines: height of the screen that it should fit on if possible: the fewer lines, the more
            compact. None for no limit.
        query_name: the name of the query among several. Lines then start with it, and an answer
            without hits is a line of rank 0.
        warnings: in addition to those of the search.
        extra: additional fields of the JSON.
        here: the working directory, which file names for other programs are relative to.
        header: whether CSV starts with the columns' names.
        links: URL template of links to citations; see `hits.link_to`.
        served: whether a running server answered.
    """

    result: SearchResult
    full: bool = False
    contexts: Mapping[int, str] | None = None
    compact: bool = False
    lines: int | None = None
    query_name: str | None = None
    warnings: Sequence[str] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    here: Path = Path()
    header: bool = True
    links: str | None = None
    served: bool = False

    def as_table(self) -> RenderableType:
        """Ranked passages, with the time of each stage below."""
        # Table layout is a tenth of all imports, and JSON does not need it.
        from bienc_cli.render.search_table import search_table

        return search_table(self)

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: rank, relevance, similarity, place, heading, best sentence."""
        result, query_name = self.result, self.query_name
        prefix = () if query_name is None else (query_name,)
        for hit in result.hits:
            yield "\t".join(cell(text) for text in (*prefix, *hits.hit_as_line(hit)))
        if query_name is not None and not result.hits:
            yield _no_answer(query_name)

    def other_forms(self) -> Mapping[str, Iterator[str]]:
        """File names, lines as in grep's output, CSV and Markdown."""
        return {
            "files": files(self.result, self.here),
            "grep": grep_lines(self.result, self.here),
            "csv": csv_lines(self.result, self.here, header=self.header),
            "markdown": _markdown(self.result),
        }

    def as_json(self) -> dict[str, Any]:
        """The whole answer, `schema` first."""
        result, contexts = self.result, self.contexts
        rows = []
        for hit in result.hits:
            row = hits.hit_as_json(hit)
            if result.indexes:
                index_info, row["passage_id"] = result.origin(hit)
                row["index"] = index_as_json(index_info)["directory"]
            if contexts is not None:
                row["context"] = contexts.get(hit.passage.passage_id)
            rows.append(row)
        parsed, left_out = result.parsed, result.left_out
        return {
            "schema": SCHEMA,
            "query": writable(result.query),
            "strategy": result.strategy.value,
            "k": result.k,
            "candidates": result.candidates,
            "reranked": result.reranked,
            "truncated": result.truncated,
            "query_tokens": result.query_tokens,
            "query_truncated": result.query_truncated,
            "signals": list(result.signals),
            "left_out": left_out.name if left_out else None,
            "answered": result.answered,
            "spellings": {
                word: list(substitutes) for word, substitutes in result.spellings.items()
            },
            "phrases": list(parsed.phrases),
            "without": [*parsed.without, *parsed.without_phrases],
            "hits": rows,
            "seconds": seconds_as_json(result.stages),
            "index": None if result.indexes else index_as_json(result.index),
            **({"indexes": list(map(index_as_json, result.indexes))} if result.indexes else {}),
            **({"budget": asdict(result.budget)} if result.budget else {}),
            "models": models_as_json(result.bi_encoder, result.cross_encoder),
            "warnings": [*result.warnings, *self.warnings],
            **({"served": True} if self.served else {}),
            **self.extra,
        }


def _markdown(result: SearchResult) -> Iterator[str]:
    from bienc_cli.render.markdown_answers import of_answer

    yield from of_answer(result)


def _no_answer(query_name: str) -> str:
    """The line of a query, among several, without hits or with an error."""
    return "\t".join((cell(query_name), "0", *[""] * 5))


@dataclass(frozen=True, slots=True)
class FailedQueryView(View):
    """A query, among several, that failed: its number, and why."""

    line: int
    error: BiencError

    def as_table(self) -> RenderableType:
        """Nothing: the error is reported as a warning."""
        from rich.console import Group

        return Group()

    def as_lines(self) -> Iterator[str]:
        """The same as for a query without hits."""
        yield _no_answer(str(self.line))

    def as_json(self) -> dict[str, Any]:
        """The error, and its line."""
        error = self.error
        return {**error_as_json(error.code, error.message, error.hint), "line": self.line}
