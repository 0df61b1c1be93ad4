"""The answer of `query`: table, JSON, lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.errors import BiencError
from bienc_cli.render import hits as hit_
from bienc_cli.render import markdown_answers
from bienc_cli.render.breaking import AT_BLANKS, Flow, Words
from bienc_cli.render.compact import CompactHits
from bienc_cli.render.errors import error_as_json
from bienc_cli.render.links import link_to
from bienc_cli.render.listing import csv_lines, files, grep_lines
from bienc_cli.render.printable import cell, one_line, visible
from bienc_cli.render.tables import FirstThatFits, Grid
from bienc_cli.render.units import count, duration
from bienc_cli.render.view import View
from bienc_cli.search.result import Budget, Hit, SearchResult
from bienc_cli.stages import StageTime

SCHEMA = "bienc.query/2"


@dataclass(frozen=True, slots=True)
class SearchView(View):
    """The answer to one query.

    Attributes:
        result: what was found.
        full: whole passages instead of snippets.
        contexts: passage id to its text with lines around it, to be shown instead.
        compact: two lines a hit.
        lines: of the screen that it is to fit on, as far as it can: it becomes the more compact
            the fewer there are. None where it may be of any length.
        asked: name of the query among several. A line begins with it then, and an answer without
            a hit is a line too, of rank 0.
        warnings: that come besides those of the search.
        extra: more fields of the JSON.
        here: the working directory, from which files are named to other programs.
        header: CSV begins with the names of its columns.
        links: how citations link to their files on a terminal; see `links.link_to`.
        served: by a process that was running already.
    """

    result: SearchResult
    full: bool = False
    contexts: Mapping[int, str] | None = None
    compact: bool = False
    lines: int | None = None
    asked: str | None = None
    warnings: Sequence[str] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    here: Path = Path()
    header: bool = True
    links: str | None = None
    served: bool = False

    def as_table(self) -> RenderableType:
        """Ranked passages, and under them the time of each stage."""
        number = len(self.result.hits)
        if number and self.compact:
            return self._in_lines(1)
        if not number or self.lines is None:
            return self._in_columns()
        # No hit is shorter than its place, its heading and a line of text.
        columns = [self._in_columns()] if 3 * number < self.lines else []
        most = [lines for lines in (3, 2) if (1 + lines) * number < self.lines]
        return FirstThatFits([*columns, *map(self._in_lines, [*most, 1])], self.lines)

    def _in_columns(self) -> RenderableType:
        """All scores of a hit, and the time of each stage."""
        result = self.result
        served = ["served"] if self.served else []
        return Group(
            Words(one_line(result.query), "bold", ends=AT_BLANKS),
            *self._doubt(),
            _hits_table(self) if result.hits else Text("nothing found", style="yellow"),
            Flow([*served, *_times(result)], style="dim"),
            Flow(_summary(result, brief=False), style="dim"),
            *(Words(said, "dim", ends=AT_BLANKS) for said in _remarks(result)),
        )

    def _in_lines(self, snippet_lines: int) -> RenderableType:
        """The score of a hit that says most, and the time of all stages together.

        The query stands in the line above that was typed, unless it is one of several.
        """
        result = self.result
        served = ["served"] if self.served else []
        query = [] if self.asked is None else [one_line(result.query)]
        return Group(
            *(Words(one, "bold", ends=AT_BLANKS) for one in query),
            *self._doubt(),
            CompactHits(result.query, result.hits, self.links, snippet_lines),
            Flow([*served, *_summary(result, brief=True)], style="dim"),
            *(Words(said, "dim", ends=AT_BLANKS) for said in _remarks(result)),
        )

    def _doubt(self) -> list[RenderableType]:
        doubt = hit_.doubt(self.result) if self.result.hits else ""
        return [Words(doubt, "yellow", ends=AT_BLANKS)] if doubt else []

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: rank, relevance, similarity, place, heading, best sentence."""
        result, asked = self.result, self.asked
        first = () if asked is None else (asked,)
        for hit in result.hits:
            yield "\t".join(cell(field) for field in (*first, *hit_.hit_as_line(hit)))
        if asked is not None and not result.hits:
            yield _no_answer(asked)

    def other_forms(self) -> Mapping[str, Iterator[str]]:
        """Names of files, lines as of grep, CSV and Markdown."""
        return {
            "files": files(self.result, self.here),
            "grep": grep_lines(self.result, self.here),
            "csv": csv_lines(self.result, self.here, header=self.header),
            "markdown": markdown_answers.of_answer(self.result),
        }

    def as_json(self) -> dict[str, Any]:
        """The whole answer, `schema` first."""
        result, contexts = self.result, self.contexts
        rows = []
        for hit in result.hits:
            row = hit_.hit_as_json(hit)
            if result.indexes:
                found_in, row["passage_id"] = result.origin(hit)
                row["index"] = hit_.index_as_json(found_in)["directory"]
            if contexts is not None:
                row["context"] = contexts.get(hit.passage.passage_id)
            rows.append(row)
        bi, cross, asked = result.bi_encoder, result.cross_encoder, result.asked
        left_out = result.left_out
        return {
            "schema": SCHEMA,
            "query": hit_.writable(result.query),
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
            "spellings": {word: list(near) for word, near in result.spellings.items()},
            "phrases": list(asked.phrases),
            "without": [*asked.without, *asked.without_phrases],
            "hits": rows,
            "seconds": {
                **hit_.stages_as_json(result.stages),
                "total": hit_.rounded(result.seconds),
            },
            "index": None if result.indexes else hit_.index_as_json(result.index),
            **(
                {"indexes": list(map(hit_.index_as_json, result.indexes))} if result.indexes else {}
            ),
            **({"budget": asdict(result.budget)} if result.budget else {}),
            "models": {
                "bi_encoder": hit_.model_as_json(bi.identity, bi.runtime) if bi else None,
                "cross_encoder": (
                    hit_.model_as_json(cross.identity, cross.runtime) if cross else None
                ),
            },
            "warnings": [*result.warnings, *self.warnings],
            **({"served": True} if self.served else {}),
            **self.extra,
        }


def _hits_table(view: SearchView) -> RenderableType:
    result = view.result
    reranked = result.cross_encoder is not None
    compared, worded = result.strategy.needs_bi_encoder, result.strategy.needs_bm25
    table = Grid()
    table.column("#", style="bold", right=True)
    if reranked:
        table.column("moved", right=True)
        table.column("relev.", right=True)
    if compared:
        table.column("simil.", right=True)
    if worded:
        table.column("bm25", right=True)
    table.column("passage", wraps=True)
    for hit in result.hits:
        scores = [hit_.movement(hit), Text(hit_.relevance(hit), style="green")] if reranked else []
        table.row(
            str(hit.rank),
            *scores,
            *([Text(hit_.similarity(hit), style="cyan")] if compared else []),
            *([Text(hit_.bm25(hit), style="yellow")] if worded else []),
            _passage_cell(view, hit),
        )
    return table


def _passage_cell(view: SearchView, hit: Hit) -> RenderableType:
    query, context = view.result.query, (view.contexts or {}).get(hit.passage.passage_id)
    link = link_to(hit, view.links)
    shown = hit_.place_and_heading(hit.passage, hit_.location(hit.passage), link)
    if view.result.indexes:
        shown.insert(1, Words(one_line(f"in {_index_name(view, hit)}"), "dim"))
    if context is not None or view.full:
        text = Text(visible(context if context is not None else hit.passage.passage.text))
        hit_.light(query, text)
        body: RenderableType = text
    else:
        body = Words(hit_.snippet(query, hit), ends=AT_BLANKS)
    return Group(*shown, body)


def _index_name(view: SearchView, hit: Hit) -> str:
    """The index that a hit is of, as it is named from the working directory."""
    directory, here = view.result.origin(hit)[0].directory, view.here.absolute()
    if isinstance(directory, Path) and directory.is_relative_to(here):
        return str(directory.relative_to(here))
    return str(directory)


def _times(result: SearchResult) -> list[str]:
    parts = [f"{stage.name} {duration(stage.seconds)}" for stage in result.stages]
    if result.cross_encoder is not None:
        parts = [
            part + _rerank_detail(result, stage)
            for part, stage in zip(parts, result.stages, strict=True)
        ]
    return [*parts, f"total {duration(result.seconds)}"]


def _summary(result: SearchResult, *, brief: bool) -> list[str]:
    narrowed = f" {one_line(result.asked.said)}" if result.asked.narrows else ""
    found = (
        f"{count(len(result.hits), 'hit')}{narrowed} of "
        f"{count(result.index.passages, 'passage')} in "
        f"{count(result.index.documents, 'document')}"
    )
    if result.indexes:
        found += f" of {count(len(result.indexes), 'index', 'indexes')}"
    if brief:
        return [found, result.strategy.value, duration(result.seconds)]
    models = [use for use in (result.bi_encoder, result.cross_encoder) if use]
    names = " + ".join(use.identity.name for use in models)
    return [found, result.strategy.value, *([names, hit_.runtimes(models)] if models else [])]


def _remarks(result: SearchResult) -> Iterator[str]:
    """What was looked up in place of words that nobody wrote, who did not speak, what fitted."""
    for word, near in result.spellings.items():
        # Stems, with what may follow.
        looked_up = " and ".join(f"{one}…" for one in near)
        yield f"no passage has '{one_line(word)}': looked up {looked_up}"
    unread = [result.left_out.name] if result.left_out else []
    if result.similarity_left_out:
        unread.append(result.index.encoder.name)
    if result.words_left_out:
        yield "ordered by similarity: the documents are in another language than the query"
    elif unread:
        read = "read" if len(unread) > 1 else "reads"
        signals = " and ".join(result.signals)
        yield f"ordered by {signals}: {' and '.join(unread)} {read} English only"
    if result.budget is not None:
        yield _spent(result.budget)


def _spent(budget: Budget) -> str:
    """What became of a budget."""
    left_out = [
        f"{number:,} {why}"
        for number, why in (
            (budget.repeats, "for saying nearly the same"),
            (budget.too_long, "for want of room"),
        )
        if number
    ]
    said = f"; left out: {', '.join(left_out)}" if left_out else ""
    return f"{budget.used:,} of {budget.tokens:,} tokens, citations included{said}"


def _rerank_detail(result: SearchResult, stage: StageTime) -> str:
    if stage.name != "rerank" or not result.reranked:
        return ""
    cut = f", {result.truncated} cut" if result.truncated else ""
    of = f" of {result.candidates}" if result.reranked < result.candidates else ""
    noun = "passage" if (result.reranked, of) == (1, "") else "passages"
    return f" ({result.reranked}{of} {noun}{cut})"


def _no_answer(asked: str) -> str:
    """The line of a query that finds nothing, or cannot be asked, among several."""
    return "\t".join((cell(asked), "0", *[""] * 5))


@dataclass(frozen=True, slots=True)
class UnaskedView(View):
    """Of several queries one that cannot be asked: its number, and why."""

    line: int
    error: BiencError

    def as_table(self) -> RenderableType:
        """Nothing: what is wrong is a warning."""
        return Group()

    def as_lines(self) -> Iterator[str]:
        """As a query that finds nothing."""
        yield _no_answer(str(self.line))

    def as_json(self) -> dict[str, Any]:
        """The error, and its line."""
        error = self.error
        return {**error_as_json(error.code, error.message, error.hint), "line": self.line}
