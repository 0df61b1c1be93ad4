"""What to use, by what was measured: the cheapest of what is not measurably worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bienc_cli.evaluation.results import Cost, Evaluation, Latency
from bienc_cli.evaluation.significance import mean_of
from bienc_cli.evaluation.verdict import verdict
from bienc_cli.render.verdict import sentences
from bienc_cli.strategy import Strategy
from report_samples import sample


def evaluated(
    home: Path, values: Mapping[str, list[float]], seconds: Mapping[str, float]
) -> Evaluation:
    """Of systems with these values for their queries, which answer in so many seconds."""
    one = sample(home, strategies=(Strategy.BM25,))
    systems = tuple(
        replace(
            one.baseline,
            name=name,
            values={"nDCG@10": {str(number): value for number, value in enumerate(own)}},
            means={"nDCG@10": mean_of(own)},
            latency=(
                Latency((Cost(Strategy.BM25, 0.0, seconds[name], 0.0, 0),))
                if name in seconds
                else None
            ),
        )
        for name, own in values.items()
    )
    judged = tuple(map(str, range(len(next(iter(values.values()))))))
    return replace(one, systems=systems, judged=judged, measures=("nDCG@10",))


def test_the_cheapest_of_what_is_as_good_is_recommended(tmp_path: Path) -> None:
    """`dear` and `cheap` win by turns; `poor` loses every query."""
    dear = [0.9, 0.7] * 14 + [1.0]
    cheap = [0.7, 0.9] * 14 + [0.9]
    poor = [0.2] * 29
    found = verdict(
        evaluated(
            tmp_path,
            {"poor": poor, "dear": dear, "cheap": cheap, "file": dear},
            {"poor": 0.001, "dear": 1.36, "cheap": 0.009},
        )
    )
    assert found is not None
    assert found.use.name == "cheap"
    assert [one.name for one in found.best] == ["dear", "file"]
    assert [one.name for one in found.equals] == ["dear", "file"]
    assert [one.name for one in found.worse] == ["poor"]
    assert sentences(found) == [
        "Use cheap: nDCG@10 0.8034 at 9.0 ms a query.",
        "No difference to dear (0.8069, 1.36 s), file (0.8069) can be measured over 29 judged "
        "queries.",
        "Measurably worse (p < 0.05 over 29 judged queries): poor.",
    ]


def test_few_queries_recommend_nothing_and_ties_are_named(tmp_path: Path) -> None:
    values = {"a": [1.0, 1.0, 1.0], "b": [1.0, 1.0, 1.0], "c": [0.5, 1.0, 1.0]}
    found = verdict(evaluated(tmp_path, values, {"a": 1.0, "b": 2.0, "c": 0.1}))
    assert found is not None
    assert not found.sure
    assert sentences(found) == [
        "Best so far: a and b tie at nDCG@10 1.0000.",
        "3 judged queries are too few to recommend anything: judge 20 or more.",
    ]


@pytest.mark.parametrize("systems", [1, 2])
def test_without_judgments_or_rivals_there_is_none(tmp_path: Path, systems: int) -> None:
    both = {"a": [1.0, 1.0], "b": [0.5, 1.0]}
    some = evaluated(tmp_path, dict(list(both.items())[:systems]), {})
    assert verdict(some if systems == 1 else replace(some, measures=())) is None
