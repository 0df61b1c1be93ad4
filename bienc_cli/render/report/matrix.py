"""A matrix of scores as a page: a heat map for each encoder, and all texts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

import bienc_cli
from bienc_cli.evaluation.matrix import ScoreMatrix
from bienc_cli.render.matrix import heat_colours, probabilities
from bienc_cli.render.report import writing
from bienc_cli.render.report.page import environment, policy_hash

_STEPS = 20
"""Shades between the lowest and the highest score."""


def matrix_as_html(matrix: ScoreMatrix, *, created: datetime) -> str:
    """A self-contained page without a script.

    Every number is that of the JSON, and is also present unrounded in its `<data value>`.

    Args:
        matrix: of both encoders.
        created: the date of the page.
    """
    style = writing.resource("page.css") + _shades()
    page = (
        environment()
        .get_template("matrix.html.j2")
        .render(
            matrix=matrix,
            maps=(
                ("similarity", "bi-encoder", matrix.bi_encoder, matrix.similarities),
                ("relevance", "cross-encoder", matrix.cross_encoder, probabilities(matrix)),
            ),
            seconds={stage.name: stage.seconds for stage in matrix.stages},
            shade_of=_shade_of,
            created=created,
            version=bienc_cli.__version__,
            style=style,
            style_hash=policy_hash(style),
        )
    )
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


def _shades() -> str:
    """A class for each shade: the page's policy allows no style on a single cell."""
    rules = []
    for step in range(_STEPS + 1):
        (red, green, blue), ink = heat_colours(step / _STEPS)
        rules.append(f".heat-{step} {{ background: rgb({red} {green} {blue}); color: {ink}; }}")
    return "\n".join(rules)


def _shade_of(scores: NDArray[np.float64]) -> Callable[[float], str]:
    lowest, span = float(scores.min()), float(np.ptp(scores)) or 1.0
    return lambda score: f"heat-{round((score - lowest) / span * _STEPS)}"
