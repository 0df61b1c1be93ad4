"""`compare` holds what CI asks for: thresholds, a baseline, and how its misses are told."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from commands import Run, by_name, parsed
from folders import JUDGED


def test_fail_under_is_exit_1_and_says_which(judged: Run) -> None:
    argv = ("compare", *JUDGED, "--strategies", "bi-encoder,blend")
    assert judged(*argv, "--fail-under", "nDCG@10=0.01")[0] == 0
    code, out, err = judged(*argv, "--fail-under", "blend:P@5=0.9", "--fail-under", "RR@10=0.01")
    assert code == 1
    assert "nDCG@10" in out
    failed, passed = (line for line in out.splitlines() if line.startswith(("passed", "FAILED")))
    assert failed.startswith("FAILED  blend: P@5 is ")
    assert failed.endswith(", below 0.9")
    assert passed.startswith("passed  blend: RR@10 is ")
    assert "warning" not in err
    code, out, err = judged(*argv, "--fail-under", "blend:P@5=0.9", "-f", "plain", "-q")
    assert (code, err.startswith("FAILED  blend: P@5 is "), "FAILED" in out) == (1, True, False)
    found = parsed(judged(*argv, "--fail-under", "P@5=0.9", "-f", "json"), code=1)
    (failure,) = found["failures"]
    assert (failure["system"], failure["measure"], failure["least"]) == ("blend", "P@5", 0.9)
    assert failure["value"] == by_name(found)["blend"]["means"]["P@5"]["value"]


def test_a_drop_below_the_baseline_is_exit_1(judged: Run, tmp_path: Path) -> None:
    argv = ("compare", *JUDGED, "--strategies", "bi-encoder,bm25", "-f", "json")
    _, out, _ = judged(*argv)
    (tmp_path / "baseline.json").write_text(out)
    assert judged(*argv, "--baseline", "baseline.json", "--max-drop", "0")[0] == 0
    (tmp_path / "docs" / "pear.txt").unlink()
    assert judged("index")[0] == 0
    code, out, err = judged(*argv, "--baseline", "baseline.json")
    assert code == 1
    failures = json.loads(out)["failures"]
    assert {one["system"] for one in failures} <= {"bi-encoder", "bm25"}
    assert any("bm25: RR@10 fell from 1.0000 to 0." in one["message"] for one in failures)
    assert "by more than 0.02" in err
    assert judged(*argv, "--baseline", "baseline.json", "--max-drop", "1")[0] == 0


def test_quality_of_what_is_not_judged_holds_nothing(judged: Run, tmp_path: Path) -> None:
    argv = ("compare", "--queries", "queries.tsv")
    code, out, err = judged(*argv, "--fail-under", "RR@10=0.5")
    assert (code, out) == (2, "")
    assert "RR@10 was not measured" in err
    (tmp_path / "baseline.json").write_text("{}")
    code, _, err = judged(*argv, "--baseline", "baseline.json")
    assert code == 2
    assert "is not the JSON of an earlier comparison" in err


def test_a_threshold_that_cannot_be_held_is_refused_before_measuring(
    judged: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("measured")

    monkeypatch.setattr("bienc_cli.evaluation.experiment.evaluate", never)
    code, _, err = judged("compare", *JUDGED, "--fail-under", "blnd:nDCG@10=0.3")
    assert code == 2
    assert "blnd was not compared" in err
    code, _, err = judged("compare", "--queries", "queries.tsv", "--fail-under", "nDCG@10=0.3")
    assert code == 2
    assert "was not measured" in err


@pytest.mark.parametrize("threshold", ["nDCG@10=1.5", "blend:nDCG@10=1.5"])
def test_a_threshold_holds_a_strategy_at_every_depth_and_no_other(
    judged: Run, threshold: str
) -> None:
    sweep = ("--strategies", "bm25,blend", "--candidates", "10,20")
    code, out, _ = judged("compare", *JUDGED, *sweep, "--fail-under", threshold)
    assert code == 1
    assert [line.split()[1].rstrip(":") for line in out.splitlines() if "below" in line] == [
        "blend@10",
        "blend@20",
    ]


def test_gates_are_read_by_ci(judged: Run) -> None:
    argv = ("compare", *JUDGED, "--strategies", "bm25,blend", "--fail-under", "ndcg@10=0.01")
    argv = (*argv, "--fail-under", "bm25:P@5=0.9")
    code, out, _ = judged(*argv, "--format", "junit")
    assert code == 1
    suites = ElementTree.fromstring(out)
    assert suites.attrib == {"tests": "2", "failures": "1"}
    passed, failed = suites.iter("testcase")
    assert passed.attrib == {"classname": "blend", "name": "nDCG@10 at least 0.01"}
    assert [one.tag for one in failed] == ["failure"]
    assert "below 0.9" in failed[0].attrib["message"]
    code, out, _ = judged(*argv, "--format", "markdown")
    assert code == 1
    rows = [line for line in out.splitlines() if line.startswith("| ")]
    assert [row.split(" | ")[0] for row in rows] == ["| strategy", "| :--", "| bm25", "| blend"]
    assert {row.count("|") for row in rows} == {8}
    assert "- ✅ passed blend: nDCG@10 is " in out
    assert "- ❌ FAILED bm25: P@5 is " in out


@pytest.mark.parametrize(
    ("given", "measure"),
    [("ndcg@10", "nDCG@10"), ("rr@10", "RR@10"), ("MAP", "MAP"), ("p(rel=2)@5", "P(rel=2)@5")],
)
def test_a_measure_is_known_in_any_case(judged: Run, given: str, measure: str) -> None:
    found = parsed(
        judged("compare", *JUDGED, "--strategies", "bm25", "--measures", given, "-fjson")
    )
    assert found["measures"] == [measure]


def test_a_measure_that_is_misspelt_is_suggested(judged: Run) -> None:
    code, _, err = judged("compare", *JUDGED, "--measures", "nDGC@10")
    assert code == 2
    assert "hint: give nDCG@10; others are" in err


def test_a_comparison_of_queries_has_no_gates(judged: Run) -> None:
    code, _, err = judged("compare", "pear", "--format", "junit")
    assert (code, "is for many queries" in err) == (2, True)
