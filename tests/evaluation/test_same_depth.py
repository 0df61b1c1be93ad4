"""What is measured is what `query` answers: the same top ten, whatever the strategy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bienc_cli.evaluation.comparison import CompareOptions, compare
from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.qrels import Qrels, Unit, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import EvaluationOptions
from bienc_cli.search import Hit, SearchOptions, search
from bienc_cli.store import Filter, IndexReader, open_reader
from bienc_cli.strategy import Strategy
from console_blocks import ROOT
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder

QUERIES = (
    "why does espresso taste sour",
    "rail fares and expenses",
    "how a passage is cut",
    "an index that is damaged, or of another model",
    "light-blend against bi-encoder+cross-encoder",
    "measure with judgments of my own",
    # No model reads it as it stands.
    "the of\ufb01ce\u00ad's \u200bﬁles",
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Folder(tmp_path_factory.mktemp("real"))
    sources = [*(ROOT / "sample_docs").rglob("*.md"), *(ROOT / "docs").glob("*.md")]
    folder.write({str(path.relative_to(ROOT)): path.read_bytes() for path in sources})
    folder.index()
    return folder.home


@pytest.fixture
def reader(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexReader]:
    """An index of real texts, whose graph misses others at each depth, as large ones do."""
    with open_reader(directory / ".bienc", key_dir=directory / "keys") as opened:
        exact = type(opened).search_many

        def approximate(
            self: IndexReader,
            queries: NDArray[np.float32],
            k: int,
            where: Filter | None = None,
            **_: object,
        ) -> list[list[tuple[int, float]]]:
            found = exact(self, queries, 2 * k, where)
            missed = 3 + k // 10 % 11
            return [[hit for hit in one if hit[0] % missed][:k] for one in found]

        monkeypatch.setattr(type(opened), "search_many", approximate)
        yield opened


def ids(hits: Sequence[Hit]) -> list[int]:
    return [hit.passage.passage_id for hit in hits]


@pytest.mark.parametrize("candidates", [10, 20, 30])
@pytest.mark.parametrize("strategy", [one for one in Strategy if one.needs_bi_encoder])
def test_many_queries_are_measured_as_one_is_answered(
    reader: IndexReader, strategy: Strategy, candidates: int
) -> None:
    bi_encoder, cross_encoder = FakeBiEncoder(), FakeCrossEncoder()
    queries = [Query(str(number), text) for number, text in enumerate(QUERIES)]
    judged = judged_in(Qrels(Unit.DOCUMENT, {}), reader.documents())
    # Others beside it, which look to other depths.
    strategies = tuple(dict.fromkeys((strategy, Strategy.BI_ENCODER, Strategy.BLEND)))
    options = EvaluationOptions(strategies=strategies, candidates=(candidates,))
    measured = evaluate(reader, queries, judged, bi_encoder, cross_encoder, options).systems[0]
    asked = SearchOptions(strategy, k=10, candidates=candidates)
    for query in queries:
        hits = search(reader, query.text, bi_encoder, cross_encoder, asked).hits
        assert ids(measured.hits[query.query_id]) == ids(hits)
        documents = list(dict.fromkeys(hit.passage.passage.doc_id for hit in hits))
        assert list(measured.rankings[query.query_id])[: len(documents)] == documents


@pytest.mark.parametrize("strategy", [one for one in Strategy if one != Strategy.CROSS_ENCODER])
def test_side_by_side_is_what_query_answers(reader: IndexReader, strategy: Strategy) -> None:
    bi_encoder, cross_encoder = FakeBiEncoder(), FakeCrossEncoder()
    other = Strategy.BM25 if strategy is Strategy.BI_ENCODER else Strategy.BI_ENCODER
    options = CompareOptions(strategies=(other, strategy), exhaustive=False)
    compared = compare(reader, QUERIES, bi_encoder, cross_encoder, options)
    for text, one in zip(QUERIES, compared.queries, strict=True):
        asked = SearchOptions(strategy)
        hits = search(reader, text, bi_encoder, cross_encoder, asked).hits
        assert ids(one.rankings[-1].hits) == ids(hits)
        assert one.query == text
