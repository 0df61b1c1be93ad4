"""The answer of `score`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.errors import BiencError
from bienc_cli.evaluation.pair_scores import PairScore, PairScoring
from bienc_cli.render.columns import Grid
from bienc_cli.render.json_fields import labels_as_json, models_as_json, rounded, writable
from bienc_cli.render.printable import duration, one_line
from bienc_cli.render.view import View, as_items, error_as_json

SCHEMA = "bienc.score/1"


@dataclass(frozen=True, slots=True)
class ScoresView(View):
    """Pairs of texts, scored."""

    scoring: PairScoring
    refused: Mapping[int, BiencError] = field(default_factory=dict)

    def as_table(self) -> RenderableType:
        """Both encoders' scores and times, one table per pair."""
        scoring = self.scoring
        parts: list[RenderableType] = []
        for pair in scoring.pairs:
            parts += [_pair_table(pair, scoring), Text()]
        return Group(*parts[:-1])

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: similarity, then relevance and logit, or each label with its probability.

        A line that is not a pair yields an empty line.
        """
        for _, pair in _by_line(self.scoring, self.refused):
            if isinstance(pair, BiencError):
                yield ""
                continue
            fields = [f"{pair.similarity:.6f}"]
            if pair.relevance is not None:
                fields += [f"{pair.relevance.probability:.6f}", f"{pair.relevance.logit:.6f}"]
            fields += [f"{one_line(label.label)}={label.probability:.6f}" for label in pair.labels]
            yield "\t".join(fields)

    def as_json(self) -> dict[str, Any]:
        """All pairs, `schema` first; see `as_documents`."""
        return {
            "schema": SCHEMA,
            "pairs": as_items(self.as_documents()),
            "models": models_as_json(self.scoring.bi_encoder, self.scoring.cross_encoder),
        }

    def as_documents(self) -> Iterator[dict[str, Any]]:
        """One document per line: a pair's scores, or why it has none."""
        for number, pair in _by_line(self.scoring, self.refused):
            if isinstance(pair, BiencError):
                yield {**error_as_json(pair.code, pair.message, pair.hint), "line": number}
            else:
                yield {"schema": SCHEMA, **pair_as_json(pair)}


def _pair_table(pair: PairScore, scoring: PairScoring) -> RenderableType:
    table = Grid()
    table.column("encoder", wraps=True)
    table.column("score", wraps=True)
    table.column("value", style="bold", right=True)
    table.column("time", right=True)
    table.column("model", style="dim", wraps=True)
    table.row(
        "bi-encoder",
        "similarity (cosine)",
        f"{pair.similarity:.4f}",
        duration(pair.bi_encoder_seconds),
        scoring.bi_encoder.identity.name,
    )
    rows = [(label.label, f"{label.probability:.4f}") for label in pair.labels]
    if pair.relevance is not None:
        rows = [
            ("relevance (sigmoid)", f"{pair.relevance.probability:.4f}"),
            ("relevance (logit)", f"{pair.relevance.logit:+.3f}"),
        ]
    for position, (name, value) in enumerate(rows):
        is_first = position == 0
        table.row(
            "cross-encoder" if is_first else "",
            one_line(name),
            value,
            duration(pair.cross_encoder_seconds) if is_first else "",
            scoring.cross_encoder.identity.name if is_first else "",
        )
    texts = Text()
    texts.append("A ", style="bold").append(one_line(pair.first))
    texts.append("\nB ", style="bold").append(one_line(pair.second))
    if pair.truncated:
        texts.append("\nB is longer than the cross-encoder reads; its end was cut", style="yellow")
    return Group(texts, table)


def pair_as_json(pair: PairScore) -> dict[str, Any]:
    """One pair."""
    relevance = pair.relevance
    return {
        "a": writable(pair.first),
        "b": writable(pair.second),
        "similarity": rounded(pair.similarity),
        "relevance": rounded(relevance.probability) if relevance else None,
        "relevance_logit": rounded(relevance.logit) if relevance else None,
        "labels": labels_as_json(pair.labels),
        "truncated": pair.truncated,
        "seconds": {
            "bi_encoder": rounded(pair.bi_encoder_seconds),
            "cross_encoder": rounded(pair.cross_encoder_seconds),
        },
    }


def _by_line(
    scoring: PairScoring, refused: Mapping[int, BiencError]
) -> list[tuple[int, PairScore | BiencError]]:
    scored = zip(scoring.numbers, scoring.pairs, strict=True)
    return sorted([*scored, *refused.items()], key=lambda line: line[0])
