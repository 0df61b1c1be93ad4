"""Evaluations of a small folder, with fake models, for the report to show."""

from __future__ import annotations

from pathlib import Path

from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.qrels import Qrels, Unit, item_of, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import Evaluation, EvaluationOptions
from bienc_cli.evaluation.runs import Run
from bienc_cli.strategy import Strategy
from fakes import FakeCrossEncoder
from folders import FRUIT, Folder

HOSTILE = '<script>alert(1)</script> & "quoted" \' </style> \u202etxt.exe\x1b[31m \x00 {{ 7 * 7 }}'
QUERIES = (
    Query("q1", "apples ripen in autumn"),
    Query("q2", "pears in a cellar"),
    Query("q<3>", f"cherry stones {HOSTILE}"),
    Query("q4", "price of a pear"),
)
GRADES = {
    "q1": {"apple.md": 2},
    "q2": {"pear.txt": 1, "apple.md": 2, "table.csv": 0, "nowhere.txt": 1},
    "q<3>": {"deep/cherry.txt": 1},
}
STRATEGIES = (
    Strategy.BM25,
    Strategy.BI_ENCODER,
    Strategy.BI_ENCODER_RERANKED,
    Strategy.BLEND,
)


def sample(
    home: Path,
    *,
    queries: tuple[Query, ...] = QUERIES,
    grades: dict[str, dict[str, int]] | None = None,
    strategies: tuple[Strategy, ...] = STRATEGIES,
    candidates: tuple[int, ...] = (2, 4),
    runs: tuple[Run, ...] = (),
) -> Evaluation:
    """All of it measured for real; only the models are fakes."""
    folder = Folder(home)
    folder.write({**FRUIT, "hostile.txt": "Cherry stones. " + HOSTILE.replace("\0", "")})
    folder.index()
    judged = {
        query_id: {item_of(name): grade for name, grade in items.items()}
        for query_id, items in (GRADES if grades is None else grades).items()
    }
    units = {item.unit for items in judged.values() for item in items} or {Unit.DOCUMENT}
    (unit,) = units
    with folder.open() as reader:
        return evaluate(
            reader,
            queries,
            judged_in(Qrels(unit, judged), reader.documents()),
            folder.encoder,
            FakeCrossEncoder(),
            EvaluationOptions(strategies=strategies, candidates=candidates),
            runs=runs,
        )
