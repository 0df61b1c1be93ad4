"""The answer of `score` for several texts against several: heat maps, JSON, lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.style import Style
from rich.text import Text

from bienc_cli.evaluation.matrix import ScoreMatrix
from bienc_cli.render.columns import Grid, titled
from bienc_cli.render.json_fields import models_as_json, rounded, stages_as_json, writable
from bienc_cli.render.printable import cell, count, duration, one_line
from bienc_cli.render.view import View
from bienc_cli.search.reranking import sigmoid

SCHEMA = "bienc.matrix/1"

_COLD, _HOT = (24, 36, 68), (250, 214, 90)
"""Colours of the least and of the greatest score, red, green and blue."""


@dataclass(frozen=True, slots=True)
class MatrixView(View):
    """Several texts scored against several."""

    matrix: ScoreMatrix

    def as_table(self) -> RenderableType:
        """A heat map for each encoder, and the numbered passages."""
        matrix = self.matrix
        seconds = {stage.name: duration(stage.seconds) for stage in matrix.stages}
        legend = Text("\n").join(
            Text(f"{number}  {one_line(text)}") for number, text in enumerate(matrix.passages, 1)
        )
        pairs = count(matrix.similarities.size, "pair")
        texts = count(len(matrix.queries) + len(matrix.passages), "text")
        return Group(
            _heat_map(
                f"similarity · bi-encoder {matrix.bi_encoder.identity.name} · {texts} in "
                f"{seconds['bi-encoder']}",
                matrix,
                matrix.similarities,
            ),
            Text(),
            _heat_map(
                f"relevance · cross-encoder {matrix.cross_encoder.identity.name} · {pairs} in "
                f"{seconds['cross-encoder']}",
                matrix,
                probabilities(matrix),
            ),
            Text(),
            legend,
        )

    def as_lines(self) -> Iterator[str]:
        """Tab-separated, one pair per line: its numbers, similarity, relevance and logit."""
        matrix = self.matrix
        score_matrices = (matrix.similarities, probabilities(matrix), matrix.logits)
        for row, column in np.ndindex(matrix.logits.shape):
            fields = (
                str(row + 1),
                str(column + 1),
                *(f"{score_matrix[row, column]:.6f}" for score_matrix in score_matrices),
            )
            yield "\t".join(cell(field) for field in fields)

    def as_json(self) -> dict[str, Any]:
        """Everything, `schema` first; rows are queries."""
        matrix = self.matrix
        return {
            "schema": SCHEMA,
            "queries": [writable(query) for query in matrix.queries],
            "passages": [writable(passage) for passage in matrix.passages],
            "similarity": _rows(matrix.similarities),
            "relevance": _rows(probabilities(matrix)),
            "relevance_logit": _rows(matrix.logits),
            "truncated": matrix.truncated.tolist(),
            "seconds": stages_as_json(matrix.stages),
            "models": models_as_json(matrix.bi_encoder, matrix.cross_encoder),
        }


def probabilities(matrix: ScoreMatrix) -> NDArray[np.float64]:
    """Relevance of each pair, 0 to 1, shape (queries, passages)."""
    return np.array([[sigmoid(logit) for logit in row] for row in matrix.logits.tolist()])


def _heat_map(title: str, matrix: ScoreMatrix, scores: NDArray[np.float64]) -> RenderableType:
    table = Grid(gap=1)
    table.column(wraps=True)
    for number in range(1, len(matrix.passages) + 1):
        table.column(str(number), right=True)
    colour = _scale(scores)
    for query, row in zip(matrix.queries, scores.tolist(), strict=True):
        table.row(one_line(query), *(Text(f"{score:.3f}", colour(score)) for score in row))
    return titled(title, table)


def heat_colours(heat: float) -> tuple[tuple[int, int, int], str]:
    """The background and text colours of a score, from 0 (lowest) to 1 (highest)."""
    red, green, blue = (
        round(cold + heat * (hot - cold)) for cold, hot in zip(_COLD, _HOT, strict=True)
    )
    return (red, green, blue), "black" if heat > 0.45 else "white"


def _scale(scores: NDArray[np.float64]) -> Callable[[float], Style]:
    lowest, span = float(scores.min()), float(np.ptp(scores)) or 1.0

    def style(score: float) -> Style:
        (red, green, blue), ink = heat_colours((score - lowest) / span)
        return Style.parse(f"{ink} on rgb({red},{green},{blue})")

    return style


def _rows(scores: NDArray[np.float64]) -> list[list[float | None]]:
    return [[rounded(score) for score in row] for row in scores.tolist()]
