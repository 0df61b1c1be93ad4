"""Measures against pytrec_eval, and one example by hand."""

from __future__ import annotations

import math
from itertools import product

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.measures import DEFAULT_MEASURES, check_measures, measure
from bienc_cli.evaluation.significance import compare_with_baseline, mean_of

MEASURES = {
    "nDCG@10": "ndcg_cut_10",
    "nDCG@3": "ndcg_cut_3",
    "R@100": "recall_100",
    "R@5": "recall_5",
    "P@5": "P_5",
    "AP": "map",
    "AP@10": "map_cut_10",
    "RR": "recip_rank",
}

items = st.integers(0, 24).map(lambda number: f"d{number}")
scored = st.dictionaries(items, st.integers(0, 5).map(float), max_size=25)
graded = st.dictionaries(items, st.integers(0, 3), max_size=12)
queries = st.dictionaries(
    st.integers(0, 5).map(lambda number: f"q{number}"), st.tuples(graded, scored), min_size=1
)


def ranked(scores: dict[str, float]) -> list[str]:
    return sorted(scores, key=lambda item: (-scores[item], item))


@given(queries)
def test_measures_equal_pytrec_eval(
    asked: dict[str, tuple[dict[str, int], dict[str, float]]],
) -> None:
    """Ties are resolved by (-score, id) before; pytrec_eval gets what is left without any."""
    judgments = {name: grades for name, (grades, _) in asked.items() if grades}
    rankings = {name: ranked(scores) for name, (_, scores) in asked.items()}
    values = measure(list(MEASURES), judgments, rankings)
    evaluator = pytrec_eval.RelevanceEvaluator(judgments, set(MEASURES.values()))
    expected = evaluator.evaluate(
        {
            name: {item: float(-place) for place, item in enumerate(ranking)}
            for name, ranking in rankings.items()
        }
    )
    assert set(values) == set(MEASURES)
    for name, theirs in MEASURES.items():
        assert set(values[name]) == set(judgments)
        for query_id in judgments:
            # It leaves out what was not answered.
            known = expected.get(query_id, {}).get(theirs, 0.0) if rankings[query_id] else 0.0
            assert values[name][query_id] == pytest.approx(known, abs=1e-9)


@given(queries, st.integers(1, 12))
def test_reciprocal_rank_is_cut_off(
    asked: dict[str, tuple[dict[str, int], dict[str, float]]], depth: int
) -> None:
    judgments = {name: grades for name, (grades, _) in asked.items()}
    rankings = {name: ranked(scores) for name, (_, scores) in asked.items()}
    values = measure([f"RR@{depth}"], judgments, rankings)[f"RR@{depth}"]
    for name, ranking in rankings.items():
        places = [
            place
            for place, item in enumerate(ranking[:depth], 1)
            if judgments[name].get(item, 0) > 0
        ]
        assert values[name] == pytest.approx(1 / places[0] if places else 0.0, abs=1e-9)


def test_six_documents_by_hand() -> None:
    """Six documents, three queries, two systems A and B.

    Judgments        q1: a=2, b=1        q2: c=1        q3: d=1, e=1
    A's rankings     q1: a b c d e f     q2: c a b      q3: a d e
    B's rankings     q1: c b a           q2: a b c      q3: f d e

    DCG@3 is the sum of grade / log2(rank + 1); log2 2 = 1, log2 3 = 1.584963, log2 4 = 2.

    q1, ideal        2/1 + 1/1.584963                    = 2.630930
        A            the ideal order                       nDCG 1
        B            0 + 1/1.584963 + 2/2 = 1.630930       nDCG 0.619906
    q2, ideal        1
        A            1                                     nDCG 1
        B            1/2                                   nDCG 0.5
    q3, ideal        1 + 1/1.584963                      = 1.630930
        A and B      1/1.584963 + 1/2     = 1.130930       nDCG 0.693426

    RR: A 1, 1, 1/2 (mean 5/6); B 1/2, 1/3, 1/2 (mean 4/9).

    Differences B - A of nDCG@3: -0.380094, -0.5, 0; their mean is -0.293365. Of the 8 ways to
    flip the signs of three differences, those whose mean is at least as far from 0 are (-, -)
    and (+, +), each with both signs of the zero: 4 of 8, so the two-sided p is 0.5.
    """
    judgments = {"q1": {"a": 2, "b": 1}, "q2": {"c": 1}, "q3": {"d": 1, "e": 1}}
    a = {"q1": list("abcdef"), "q2": list("cab"), "q3": list("ade")}
    b = {"q1": list("cba"), "q2": list("abc"), "q3": list("fde")}
    of_a, of_b = (measure(["nDCG@3", "RR"], judgments, run) for run in (a, b))
    log3 = math.log2(3)
    third = (1 / log3 + 1 / 2) / (1 + 1 / log3)
    assert of_a["nDCG@3"] == pytest.approx({"q1": 1, "q2": 1, "q3": third})
    first = (1 / log3 + 2 / 2) / (2 + 1 / log3)
    assert of_b["nDCG@3"] == pytest.approx({"q1": first, "q2": 0.5, "q3": third})
    assert (first, third) == pytest.approx((0.619906, 0.693426), abs=1e-6)
    assert of_a["RR"] == pytest.approx({"q1": 1, "q2": 1, "q3": 1 / 2})
    assert of_b["RR"] == pytest.approx({"q1": 1 / 2, "q2": 1 / 3, "q3": 1 / 2})
    assert mean_of(list(of_a["RR"].values())).value == pytest.approx(5 / 6)
    assert mean_of(list(of_b["RR"].values())).value == pytest.approx(4 / 9)

    found = compare_with_baseline(of_a["nDCG@3"], {"B": of_b["nDCG@3"]})["B"]
    assert found.mean == pytest.approx(-0.293365, abs=1e-6)
    assert (found.wins, found.ties, found.losses) == (0, 1, 2)
    assert (found.gained, found.lost) == ((), ("q2", "q1"))
    differences = [of_b["nDCG@3"][one] - of_a["nDCG@3"][one] for one in judgments]
    flips = [
        abs(sum(sign * one for sign, one in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=3)
    ]
    assert sum(flip >= abs(sum(differences)) - 1e-12 for flip in flips) == 4
    assert found.p_randomisation == pytest.approx(4 / 8)
    assert found.p_corrected == pytest.approx(4 / 8)


def test_two_names_of_one_measure_have_the_same_values() -> None:
    values = measure(["AP", "MAP", "RR@10", "MRR@10"], {"q": {"a": 1}}, {"q": ["b", "a"]})
    assert values == {name: {"q": 0.5} for name in ("AP", "MAP", "RR@10", "MRR@10")}


def test_a_judged_query_without_a_ranking_counts_as_0_and_an_unjudged_one_not() -> None:
    values = measure(list(DEFAULT_MEASURES), {"q": {"a": 1}}, {"other": ["a"]})
    assert values == {name: {"q": 0.0} for name in DEFAULT_MEASURES}


@pytest.mark.parametrize(
    "name",
    [
        "nDGC@10",
        "nDCG@",
        "",
        "(",
        "nDCG@10 RR@10",
        "nDCG@x",
        "nDCG(nonsense=3)@10",
        "1",
        "nDCG@0",
        "P(rel=0)@5",
    ],
)
def test_what_is_no_measure_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="There is no measure"):
        check_measures(["nDCG@10", name])


def test_a_measure_that_nothing_here_computes_is_refused_before_the_work() -> None:
    with pytest.raises(UsageError, match="alpha_nDCG@10 cannot be computed here"):
        check_measures(["alpha_nDCG@10"])
