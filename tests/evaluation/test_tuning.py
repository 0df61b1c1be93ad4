"""What is learned, from how much, and what is not kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.qrels import JudgedIndex, judged_in, read_qrels
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.score_cache import CachedScores
from bienc_cli.evaluation.tuning import GRID, Tuning, tune, values_by_weights
from bienc_cli.search.fusion import DEFAULT_BLEND
from bienc_cli.store import IndexReader
from fakes import FakeBiEncoder, FakeCrossEncoder, MisledCrossEncoder
from folders import Folder

QUERIES = 30


@pytest.fixture
def judged_folder(folder: Folder) -> Iterator[tuple[IndexReader, list[Query], JudgedIndex]]:
    """Queries whose words their own document has, and the others partly."""
    folder.write(
        {f"{n}.txt": f"gadget{n} widget{n} with shared words all around\n" for n in range(QUERIES)}
    )
    folder.index()
    qrels = folder.home / "qrels.txt"
    qrels.write_text("".join(f"q{n} 0 {n}.txt 1\n" for n in range(QUERIES)))
    queries = [
        Query(f"q{n}", f"gadget{n} widget{n} shared words all around") for n in range(QUERIES)
    ]
    with folder.open() as index:
        yield index, queries, judged_in(read_qrels(qrels), index.documents())


def tuned(
    parts: tuple[IndexReader, list[Query], JudgedIndex], cross_encoder: FakeCrossEncoder
) -> Tuning:
    index, queries, judged = parts
    with CachedScores(cross_encoder, None) as scores:
        return tune(index, queries, judged, FakeBiEncoder(), scores)


def test_a_cross_encoder_that_is_wrong_is_outweighed(
    judged_folder: tuple[IndexReader, list[Query], JudgedIndex],
) -> None:
    result = tuned(judged_folder, MisledCrossEncoder("gadget0"))
    assert result.queries == QUERIES
    assert result.blend.helps
    assert result.blend.gain.mean > 0
    assert result.blend.weights.similarity > DEFAULT_BLEND.similarity
    assert result.kept is not None
    assert result.kept.weights == result.blend.weights
    # Without a cross-encoder all was right before: nothing is changed where nothing is gained.
    assert not result.light_blend.helps
    assert result.kept.light_weights == result.light_blend.before


def test_what_is_right_already_is_left_alone(
    judged_folder: tuple[IndexReader, list[Query], JudgedIndex],
) -> None:
    result = tuned(judged_folder, FakeCrossEncoder())
    assert result.blend.gain.mean == 0
    assert result.kept is None


def test_the_same_judgments_give_the_same_weights_in_any_order(
    judged_folder: tuple[IndexReader, list[Query], JudgedIndex],
) -> None:
    index, queries, judged = judged_folder
    one = tuned((index, queries, judged), MisledCrossEncoder("gadget0"))
    other = tuned((index, queries[::-1], judged), MisledCrossEncoder("gadget0"))
    assert other.blend.gain.mean == pytest.approx(one.blend.gain.mean)
    assert other.kept == one.kept


def test_too_few_judgments(
    judged_folder: tuple[IndexReader, list[Query], JudgedIndex],
) -> None:
    index, queries, judged = judged_folder
    with pytest.raises(UsageError, match="19 judged queries are too few"):
        tuned((index, queries[:19], judged), FakeCrossEncoder())


def test_a_value_for_each_point_and_query() -> None:
    assert values_by_weights({}, {}, GRID).shape == (len(GRID), 0)
