"""Several texts against several: every pair as if it were scored alone."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bienc_cli.errors import UsageError
from bienc_cli.evaluation import matrix
from bienc_cli.evaluation.matrix import score_matrix
from bienc_cli.evaluation.pair_scores import score_pairs
from commands import Run
from fakes import FakeBiEncoder, FakeClassifier, FakeCrossEncoder

QUERIES = ["red pear", "green apple", "word " * 70]
PASSAGES = ["a red pear", "an apple", "a green pear " * 30, "stones"]


def test_every_pair_has_the_scores_that_it_has_alone() -> None:
    found = score_matrix(QUERIES, PASSAGES, FakeBiEncoder(), FakeCrossEncoder())
    pairs = [(query, passage) for query in QUERIES for passage in PASSAGES]
    alone = score_pairs(pairs, FakeBiEncoder(), FakeCrossEncoder()).pairs
    assert found.similarities.shape == found.logits.shape == found.truncated.shape == (3, 4)
    assert found.similarities.ravel() == pytest.approx([one.similarity for one in alone], abs=1e-6)
    logits = [one.relevance.logit for one in alone if one.relevance]
    assert found.logits.ravel() == pytest.approx(logits)
    assert found.truncated.ravel().tolist() == [one.truncated for one in alone]


def test_each_text_is_encoded_once_and_each_pair_read_once() -> None:
    bi_encoder, cross_encoder = FakeBiEncoder(), FakeCrossEncoder()
    score_matrix(QUERIES, PASSAGES, bi_encoder, cross_encoder)
    assert bi_encoder.queries_encoded == QUERIES
    assert bi_encoder.passages_encoded == PASSAGES
    assert len(cross_encoder.pairs_scored) == 12


@pytest.mark.parametrize(
    ("queries", "passages", "message"),
    [
        ([], ["a"], "nothing to score"),
        (["a"], [], "nothing to score"),
        (["a", " "], ["b"], "Text 2 has an empty text"),
        (["a"], ["b\ud800"], "Text 2 is not UTF-8"),
    ],
)
def test_texts_that_cannot_be_scored_are_refused(
    queries: list[str], passages: list[str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        score_matrix(queries, passages, FakeBiEncoder(), FakeCrossEncoder())


def test_more_than_anybody_waits_for_and_classifiers_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(matrix, "MOST_PAIRS", 5)
    with pytest.raises(UsageError, match="would read 6 pairs"):
        score_matrix(["a", "b"], ["c", "d", "e"], FakeBiEncoder(), FakeCrossEncoder())
    with pytest.raises(UsageError, match="has 3 labels"):
        score_matrix(["a"], ["b"], FakeBiEncoder(), FakeClassifier())


def test_every_form_of_the_answer(run: Run) -> None:
    argv = ("score", "red pear", "green apple", "--with", "a red pear", "--with", "an apple")
    code, out, _ = run(*argv, "-f", "json")
    assert code == 0
    answer = json.loads(out)
    assert (answer["queries"], answer["passages"]) == (
        ["red pear", "green apple"],
        ["a red pear", "an apple"],
    )
    assert answer["relevance"][0][0] > answer["relevance"][0][1]
    assert answer["similarity"][1][1] > answer["similarity"][0][1]
    _, lines, _ = run(*argv, "-f", "plain")
    rows = [line.split("\t") for line in lines.splitlines()]
    assert [row[:2] for row in rows] == [["1", "1"], ["1", "2"], ["2", "1"], ["2", "2"]]
    assert float(rows[1][2]) == pytest.approx(answer["similarity"][0][1], abs=1e-6)
    table = run(*argv)[1]
    assert "\x1b" not in table
    assert "2  an apple" in table
    assert f"{answer['similarity'][0][1]:.3f}" in table


def test_three_texts_are_scored_each_with_each(run: Run) -> None:
    answer = json.loads(run("score", "red", "green", "blue", "-f", "json")[1])
    assert answer["queries"] == answer["passages"] == ["red", "green", "blue"]
    assert [row[place] for place, row in enumerate(answer["similarity"])] == pytest.approx([1] * 3)


def test_a_heat_map_is_hottest_where_the_score_is_highest() -> None:
    from rich.console import Console

    from bienc_cli.render.matrix import MatrixView

    found = score_matrix(QUERIES[:2], PASSAGES[:2], FakeBiEncoder(), FakeCrossEncoder())
    console = Console(width=90)
    painted = [
        (tuple(segment.style.bgcolor.get_truecolor()), float(segment.text))
        for segment in console.render(MatrixView(found).as_table())
        if segment.style and segment.style.bgcolor
    ]
    hottest, coldest = (250, 214, 90), (24, 36, 68)
    for scores in (found.similarities, 1 / (1 + np.exp(-found.logits))):
        assert scores.min() < scores.max()
        assert (hottest, round(float(scores.max()), 3)) in painted
        assert (coldest, round(float(scores.min()), 3)) in painted
