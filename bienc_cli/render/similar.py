"""The answer of `similar`: table, JSON, lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.citations import citation
from bienc_cli.render import hits
from bienc_cli.render.columns import AT_BLANKS, Flow, Grid, Words
from bienc_cli.render.json_fields import (
    index_as_json,
    models_as_json,
    rounded,
    seconds_as_json,
    writable,
)
from bienc_cli.render.printable import cell, count, one_line, stage_times, visible
from bienc_cli.render.view import View
from bienc_cli.search.similar import Similar, SimilarHit, SimilarResult

SCHEMA = "bienc.similar/1"

_SNIPPET = 240
"""Characters: about three lines beside the scores at 80 columns."""


@dataclass(frozen=True, slots=True)
class SimilarView(View):
    """The documents or passages similar to a subject; `full` shows whole passages."""

    result: SimilarResult
    full: bool

    def as_table(self) -> RenderableType:
        """Similar documents or passages with the best-matching passage; `full` shows all of it."""
        result = self.result
        parts: list[RenderableType] = [Text(f"like {one_line(result.subject.name)}", style="bold")]
        if result.hits:
            parts.append(_hits_table(result, self.full))
        else:
            parts.append(Text("nothing found", style="yellow"))
        parts += [
            Flow(stage_times(result.stages), style="dim"),
            Flow(_summary(result), style="dim"),
        ]
        return Group(*parts)

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: rank, relevance, similarity, matched, place, heading, text."""
        result = self.result
        for hit in result.hits:
            relevance = f"{hit.relevance.probability:.3f}" if hit.relevance else ""
            yield "\t".join(
                cell(field)
                for field in (
                    str(hit.rank),
                    relevance,
                    f"{hit.similarity:.3f}",
                    f"{hit.matched}/{len(result.subject.passages)}",
                    hits.location(hit.passage),
                    hits.heading(hit.passage),
                    hit.passage.passage.text,
                )
            )

    def as_json(self) -> dict[str, Any]:
        """Everything, `schema` first."""
        result = self.result
        subject = result.subject
        return {
            "schema": SCHEMA,
            "subject": {
                "name": writable(subject.name),
                "indexed": subject.encoder is None,
                "passages": subject.total,
                "compared": len(subject.passages),
            },
            "unit": result.unit.value,
            "k": result.k,
            "candidates": result.candidates,
            "reranked": result.reranked,
            "hits": [_hit_as_json(result, hit) for hit in result.hits],
            "seconds": seconds_as_json(result.stages),
            "index": index_as_json(result.index),
            "models": models_as_json(subject.encoder, result.cross_encoder),
            "warnings": list(result.warnings),
        }


def _hits_table(result: SimilarResult, full: bool) -> RenderableType:
    of_documents = result.unit is Similar.DOCUMENT
    table = Grid()
    table.column("#", style="bold", right=True)
    if result.cross_encoder is not None:
        table.column("relev.", right=True)
    table.column("simil.", right=True)
    if of_documents:
        table.column("matched", right=True)
    table.column("document" if of_documents else "passage", wraps=True)
    for hit in result.hits:
        scores = [Text(f"{hit.similarity:.3f}", style="cyan")]
        if hit.relevance is not None:
            scores.insert(0, Text(f"{hit.relevance.probability:.3f}", style="green"))
        if of_documents:
            scores.append(Text(f"{hit.matched}/{len(result.subject.passages)}"))
        table.row(str(hit.rank), *scores, _passage_cell(result, hit, full))
    return table


def _passage_cell(result: SimilarResult, hit: SimilarHit, full: bool) -> RenderableType:
    text = hit.passage.passage.text
    body: RenderableType = (
        Text(visible(text))
        if full
        else Words(hits.beginning(hit.passage, _SNIPPET), ends=AT_BLANKS)
    )
    parts = hits.place_and_heading(hit.passage, hits.location(hit.passage))
    if len(result.subject.passages) > 1:
        parts.append(Words(f"like {_matched_citation(result, hit)}", "dim"))
    return Group(*parts, body)


def _matched_citation(result: SimilarResult, hit: SimilarHit) -> str:
    passage = result.subject.passages[hit.like]
    return one_line(citation(passage.doc_id, passage.place))


def _summary(result: SimilarResult) -> list[str]:
    noun = "document" if result.unit is Similar.DOCUMENT else "passage"
    models = [use for use in (result.subject.encoder, result.cross_encoder) if use]
    counts = (
        f"{count(len(result.hits), noun)} like {count(result.subject.total, 'passage')}, of "
        f"{count(result.index.passages, 'passage')} in {count(result.index.documents, 'document')}"
    )
    return [counts, *(f"{use.identity.name}, {use.runtime}" for use in models)]


def _hit_as_json(result: SimilarResult, hit: SimilarHit) -> dict[str, Any]:
    subject_passage = result.subject.passages[hit.like]
    return {
        "rank": hit.rank,
        "similarity": rounded(hit.similarity),
        "best_similarity": rounded(hit.best),
        "matched": hit.matched,
        "relevance": rounded(hit.relevance.probability) if hit.relevance else None,
        "relevance_logit": rounded(hit.relevance.logit) if hit.relevance else None,
        "truncated": hit.truncated,
        "like": {
            "place": hits.place_as_json(subject_passage.place),
            "start": subject_passage.start,
            "end": subject_passage.end,
            "text": subject_passage.text,
        },
        **hits.passage_as_json(hit.passage),
    }
