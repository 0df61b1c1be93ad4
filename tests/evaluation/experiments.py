"""An evaluation of a few queries with fake models, on a small library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.qrels import Item, Qrels, Unit, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import Evaluation, EvaluationOptions, SystemResult
from bienc_cli.evaluation.runs import Run
from bienc_cli.store import IndexReader
from bienc_cli.strategy import Strategy
from fakes import FakeBiEncoder, FakeCrossEncoder

QUERIES = tuple(
    Query(f"q{number}", text)
    for number, text in enumerate(
        ["amber river", "juniper and kelp in the meadow", "otter", "no such word", "heron fjord"]
    )
)
UNJUDGED = Qrels(Unit.DOCUMENT, {})
JUDGED = Qrels(
    Unit.DOCUMENT,
    {
        "q0": {Item("shelf1/01.txt"): 2, Item("shelf2/05.txt"): 1, Item("shelf0/03.txt"): 0},
        "q1": {Item("shelf0/06.txt"): 1},
        "q3": {Item("shelf0/09.txt"): 0},
        "q9": {Item("shelf0/12.txt"): 1},
    },
)


def evaluated(
    reader: IndexReader,
    *strategies: Strategy,
    queries: Sequence[Query] = QUERIES,
    qrels: Qrels = UNJUDGED,
    bi_encoder: FakeBiEncoder | None = None,
    cross_encoder: FakeCrossEncoder | None = None,
    runs: Sequence[Run] = (),
    cache_dir: Path | None = None,
    **options: object,
) -> Evaluation:
    return evaluate(
        reader,
        queries,
        judged_in(qrels, reader.documents()),
        bi_encoder or FakeBiEncoder(),
        cross_encoder or FakeCrossEncoder(),
        EvaluationOptions(strategies=strategies, **options),  # type: ignore[arg-type]
        runs=runs,
        cache_dir=cache_dir,
    )


def named(evaluation: Evaluation, name: str) -> SystemResult:
    (found,) = [result for result in evaluation.systems if result.name == name]
    return found
