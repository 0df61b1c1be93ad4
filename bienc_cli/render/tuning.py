"""The answer of `tune`: weights before and after, and what they gain on held-out queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.evaluation.tuning import MEASURE, Tuned, Tuning
from bienc_cli.render.columns import Grid, titled
from bienc_cli.render.json_fields import blend_as_json, rounded, weights_as_json, writable
from bienc_cli.render.printable import cell
from bienc_cli.render.view import View
from bienc_cli.search.fusion import DEFAULTS
from bienc_cli.types import BlendWeights, TunedBlend

SCHEMA = "bienc.tune/1"
RESET_SCHEMA = "bienc.reset/1"


@dataclass(frozen=True, slots=True)
class TuningView(View):
    """What was learned, and whether it was stored."""

    tuning: Tuning
    recorded: bool

    def as_table(self) -> RenderableType:
        """One line per blend, and what was done about it."""
        tuning = self.tuning
        table = Grid()
        table.column("strategy", wraps=True)
        for name in ("in use", "learned", "held-out gain", "95 % interval", "kept"):
            table.column(name, right=True)
        for name, tuned in _blends(tuning):
            table.row(
                name,
                _weights(tuned.before),
                _weights(tuned.weights),
                Text(f"{tuned.gain.mean:+.4f}", style="green" if tuned.helps else ""),
                f"{tuned.gain.low:+.3f} to {tuned.gain.high:+.3f}",
                "yes" if tuned.helps and self.recorded else "no",
            )
        lines = [
            "weights are those of similarity + BM25, beside 1 for relevance where there is one",
            f"gain: mean {MEASURE} on queries that the weights were not learned from",
        ]
        if not (tuning.blend.helps or tuning.light_blend.helps):
            lines.append("nothing was kept: the gain is none, or may be chance")
        elif not self.recorded:
            lines.append("a dry run: nothing was kept")
        title = f"learned from {tuning.queries:,} judged queries"
        return Group(titled(title, table), Text("\n".join(lines), style="dim"))

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: strategy, weights of similarity and BM25, held-out gain, kept or not."""
        for name, tuned in _blends(self.tuning):
            kept = "kept" if tuned.helps and self.recorded else "not kept"
            fields = [
                name,
                f"{tuned.weights.similarity:g}",
                f"{tuned.weights.bm25:g}",
                f"{tuned.gain.mean:+.6f}",
                kept,
            ]
            yield "\t".join(cell(field) for field in fields)

    def as_json(self) -> dict[str, Any]:
        """The whole answer, `schema` first."""
        tuning = self.tuning
        return {
            "schema": SCHEMA,
            "queries": tuning.queries,
            "measure": MEASURE,
            "missing_documents": [writable(document) for document in tuning.missing],
            "blends": [
                {
                    "strategy": name,
                    "before": weights_as_json(tuned.before),
                    "learned": weights_as_json(tuned.weights),
                    "gain": {
                        "mean": rounded(tuned.gain.mean),
                        "low": rounded(tuned.gain.low),
                        "high": rounded(tuned.gain.high),
                        "p_randomisation": rounded(tuned.gain.p_randomisation),
                    },
                    "kept": tuned.helps and self.recorded,
                }
                for name, tuned in _blends(tuning)
            ],
        }


def _blends(tuning: Tuning) -> tuple[tuple[str, Tuned], ...]:
    return (("blend", tuning.blend), ("light-blend", tuning.light_blend))


def _weights(weights: BlendWeights) -> str:
    return f"{weights.similarity:g} + {weights.bm25:g}"


@dataclass(frozen=True, slots=True)
class ResetView(View):
    """The default weights apply again; `removed` is what had been learned, None if nothing."""

    removed: TunedBlend | None

    def as_table(self) -> RenderableType:
        """A sentence."""
        return Text("the default weights hold again")

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: strategy, and the restored weights of similarity and BM25."""
        for name, weights in (("blend", DEFAULTS.weights), ("light-blend", DEFAULTS.light_weights)):
            yield f"{name}\t{weights.similarity:g}\t{weights.bm25:g}"

    def as_json(self) -> dict[str, Any]:
        """The restored weights, `schema` first."""
        return {
            "schema": RESET_SCHEMA,
            "blend": weights_as_json(DEFAULTS.weights),
            "light_blend": weights_as_json(DEFAULTS.light_weights),
            "removed": None if self.removed is None else blend_as_json(self.removed),
        }
