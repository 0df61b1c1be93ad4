"""`compare` over files of queries, and `query --strategy`, through `main(argv)`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bienc_cli.search import Strategy

Run = Callable[..., tuple[int, str, str]]

QUERIES = "a\tapples ripen in autumn\nb\tpear cellar\nc\tcherry stones\n"
QRELS = (
    "query-id\tcorpus-id\tscore\n"
    "a\tapple.md\t2\na\ttable.csv\t1\nb\tpear.txt\t1\nc\tdeep/cherry.txt\t1\n"
)
FILES = ("--queries", "queries.tsv", "--qrels", "qrels.tsv")


@pytest.fixture
def indexed(run: Run, docs: Path, tmp_path: Path) -> Run:
    (tmp_path / "queries.tsv").write_text(QUERIES)
    (tmp_path / "qrels.tsv").write_text(QRELS)
    assert run("index", "docs")[0] == 0
    return run


def parsed(result: tuple[int, str, str], code: int = 0) -> dict[str, Any]:
    assert result[0] == code, result
    document = json.loads(result[1])
    assert isinstance(document, dict)
    return document


def by_name(document: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one for one in document["systems"]}


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    return {
        **document,
        "systems": [{**one, "latency": one["latency"] is not None} for one in document["systems"]],
    }


# ------------------------------------------------------------------ compare


def test_many_queries_give_a_table(indexed: Run) -> None:
    code, out, err = indexed("compare", *FILES)
    assert (code, err) == (0, "")
    assert "3 queries, quality over 3 judged queries" in out
    for expected in ("nDCG@10", "RR@10", "R@100", "p50", "p95", "pairs", "corrected", "ranked by"):
        assert expected in out
    lines = [line.split()[0] for line in out.splitlines() if line.strip()]
    for strategy in ("bi-encoder", "bm25", "light-blend", "bi-encoder+cross-encoder", "blend"):
        assert strategy in lines
    assert "\x1b" not in out


def test_many_queries_as_json(indexed: Run) -> None:
    found = parsed(indexed("compare", *FILES, "--measures", "nDCG@10,P@1", "-f", "json"))
    assert (found["queries"], found["judged_queries"], found["unit"]) == (3, 3, "document")
    assert found["measures"] == ["nDCG@10", "P@1"]
    assert found["baseline"] == "bi-encoder"
    assert (found["missing_documents"], found["failures"], found["warnings"]) == ([], [], [])
    for one in found["systems"]:
        for measure in found["measures"]:
            values = one["values"][measure]
            assert set(values) == {"a", "b", "c"}
            assert one["means"][measure]["value"] == pytest.approx(
                sum(values.values()) / 3, abs=1e-6
            )
            assert one["means"][measure]["low"] <= one["means"][measure]["value"]
        assert one["latency"]["queries_timed"] == 3
        assert (one["differences"] == {}) == (one["name"] == "bi-encoder")
    systems = by_name(found)
    assert systems["bm25"]["latency"]["passages_scored"] == 0
    assert systems["blend"]["latency"]["passages_scored"] == found["index"]["passages"]
    assert (systems["blend"]["strategy"], systems["blend"]["candidates"]) == ("blend", 20)


def test_many_queries_as_lines(indexed: Run) -> None:
    argv = ("compare", *FILES, "--strategies", "bm25,blend", "--measures", "RR@10", "-f", "plain")
    code, out, _ = indexed(*argv)
    assert code == 0
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[:2] for row in rows] == [
        [name, what] for name in ("bm25", "blend") for what in ("RR@10", "p50", "p95")
    ]
    assert {len(row) for row in rows} == {5}


@pytest.mark.parametrize("argv", [("compare", *FILES), ("compare", "a pear", "plums", "-k", "1")])
@pytest.mark.parametrize("width", [44, 56, 80])
def test_no_number_is_cut_short_on_a_narrow_screen(
    indexed: Run, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, _ = indexed(*argv)
    assert code == 0
    assert max(map(len, out.splitlines())) <= width
    assert "…" not in out


def test_queries_without_judgments_give_agreement(indexed: Run) -> None:
    code, out, err = indexed("compare", "--queries", "queries.tsv")
    assert (code, err) == (0, "")
    assert "queries, without judgments" in out
    assert "agreement with bi-encoder" in out
    assert "no judgments: agreement and time only" in out
    found = parsed(indexed("compare", "--queries", "queries.tsv", "-f", "json"))
    assert (found["judged_queries"], found["measures"]) == (0, [])
    assert found["systems"][0]["overlap"] is None
    assert all(0 <= one["overlap"] <= 1 for one in found["systems"][1:])


def test_a_beir_collection_brings_both(indexed: Run, tmp_path: Path) -> None:
    records = [
        dict(zip(("_id", "text"), line.split("\t"), strict=True)) for line in QUERIES.splitlines()
    ]
    records.append({"_id": "unjudged", "text": "nothing of the kind"})
    beir = tmp_path / "beir"
    (beir / "qrels").mkdir(parents=True)
    (beir / "queries.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    (beir / "qrels" / "test.tsv").write_text(QRELS)
    (beir / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nb\tpear.txt\t1\n")
    argv = ("compare", "--strategies", "bm25,hybrid", "-f", "json")
    whole = parsed(indexed(*argv, "--beir", "beir"))
    assert whole["queries"] == whole["judged_queries"] == 3
    assert without_times(whole) == without_times(parsed(indexed(*argv, *FILES)))
    assert parsed(indexed(*argv, "--beir", "beir", "--split", "dev"))["queries"] == 1
    error = parsed(indexed(*argv, "--beir", "beir", "--split", "train"), code=2)["error"]
    assert "train.tsv" in error["message"]


def test_missing_documents_and_unjudged_queries_are_said(indexed: Run, tmp_path: Path) -> None:
    (tmp_path / "qrels.tsv").write_text("a 0 gone.md 1\na 0 apple.md 1\nb 0 lost.md 1\n")
    found = indexed("compare", *FILES, "--strategies", "bm25,blend", "-f", "json")
    assert parsed(found)["missing_documents"] == ["gone.md", "lost.md"]
    assert parsed(found)["judged_queries"] == 2
    assert "1 query without judgments; quality leaves them out" in found[2]
    assert "2 judged documents not in the index, counted as not found: gone.md, lost.md" in found[2]
    values = by_name(parsed(found))["blend"]["values"]["R@100"]
    assert values == {"a": 0.5, "b": 0.0}


def test_several_depths_have_their_own_names(indexed: Run) -> None:
    argv = ("compare", *FILES, "--strategies", "bm25,blend", "--candidates", "1,3", "-f", "json")
    found = parsed(indexed(*argv))
    assert [one["name"] for one in found["systems"]] == ["bm25", "blend@1", "blend@3"]
    assert [one["candidates"] for one in found["systems"]] == [None, 1, 3]


def test_a_filter_reaches_the_evaluation(indexed: Run) -> None:
    argv = ("compare", *FILES, "--strategies", "bm25,bi-encoder", "--path", "docs/deep/")
    values = by_name(parsed(indexed(*argv, "-f", "json")))["bi-encoder"]["values"]["R@100"]
    assert values == {"a": 0.0, "b": 0.0, "c": 1.0}


# -------------------------------------------------------------------- gates


def test_fail_under_is_exit_1_and_says_which(indexed: Run) -> None:
    argv = ("compare", *FILES, "--strategies", "bi-encoder,blend")
    assert indexed(*argv, "--fail-under", "nDCG@10=0.01")[0] == 0
    code, out, err = indexed(*argv, "--fail-under", "blend:P@5=0.9", "--fail-under", "RR@10=0.01")
    assert code == 1
    assert "nDCG@10" in out
    failed, passed = (line for line in out.splitlines() if line.startswith(("passed", "FAILED")))
    assert failed.startswith("FAILED  blend: P@5 is ")
    assert failed.endswith(", below 0.9")
    assert passed.startswith("passed  blend: RR@10 is ")
    assert "warning" not in err
    code, out, err = indexed(*argv, "--fail-under", "blend:P@5=0.9", "-f", "plain", "-q")
    assert (code, err.startswith("FAILED  blend: P@5 is "), "FAILED" in out) == (1, True, False)
    found = parsed(indexed(*argv, "--fail-under", "P@5=0.9", "-f", "json"), code=1)
    (failure,) = found["failures"]
    assert (failure["system"], failure["measure"], failure["least"]) == ("blend", "P@5", 0.9)
    assert failure["value"] == by_name(found)["blend"]["means"]["P@5"]["value"]


def test_a_drop_below_the_baseline_is_exit_1(indexed: Run, tmp_path: Path) -> None:
    argv = ("compare", *FILES, "--strategies", "bi-encoder,bm25", "-f", "json")
    _, out, _ = indexed(*argv)
    (tmp_path / "baseline.json").write_text(out)
    assert indexed(*argv, "--baseline", "baseline.json", "--max-drop", "0")[0] == 0
    (tmp_path / "docs" / "pear.txt").unlink()
    assert indexed("index")[0] == 0
    code, out, err = indexed(*argv, "--baseline", "baseline.json")
    assert code == 1
    failures = json.loads(out)["failures"]
    assert {one["system"] for one in failures} <= {"bi-encoder", "bm25"}
    assert any("bm25: RR@10 fell from 1.0000 to 0." in one["message"] for one in failures)
    assert "by more than 0.02" in err
    assert indexed(*argv, "--baseline", "baseline.json", "--max-drop", "1")[0] == 0


def test_quality_of_what_is_not_judged_holds_nothing(indexed: Run, tmp_path: Path) -> None:
    argv = ("compare", "--queries", "queries.tsv")
    code, out, err = indexed(*argv, "--fail-under", "RR@10=0.5")
    assert (code, out) == (2, "")
    assert "RR@10 was not measured" in err
    (tmp_path / "baseline.json").write_text("{}")
    code, _, err = indexed(*argv, "--baseline", "baseline.json")
    assert code == 2
    assert "is not the JSON of an earlier comparison" in err


# --------------------------------------------------------------------- runs


def test_runs_written_and_read_again_measure_the_same(indexed: Run) -> None:
    argv = ("compare", *FILES, "--strategies", "bi-encoder,bm25,blend", "-f", "json")
    before = parsed(indexed(*argv, "--run-out", "runs"))
    runs = sorted(path.name for path in Path("runs").iterdir())
    assert runs == ["bi-encoder.run", "blend.run", "bm25.run"]
    again = [flag for name in runs for flag in ("--rerun", f"runs/{name}")]
    after = parsed(indexed(*argv, *again))
    assert [one["name"] for one in after["systems"]] == ["bi-encoder", "bm25", "blend"]
    for old, new in zip(before["systems"], after["systems"], strict=True):
        assert new["latency"] is None
        for key in ("means", "values", "differences", "overlap", "rbo"):
            assert new[key] == old[key]


def test_another_system_is_measured_beside(indexed: Run, tmp_path: Path) -> None:
    (tmp_path / "theirs.run").write_text(
        "a Q0 docs/apple.md 1 9.5 theirs\nb Q0 pear.txt 1 3 theirs\nb Q0 apple.md 2 3.5 theirs\n"
    )
    argv = ("compare", *FILES, "--strategies", "bm25", "--rerun", "theirs.run", "-f", "json")
    theirs = by_name(parsed(indexed(*argv)))["theirs"]
    assert theirs["values"]["RR@10"] == {"a": 1.0, "b": 0.5, "c": 0.0}
    assert (theirs["strategy"], theirs["latency"]) == (None, None)
    assert "theirs" in indexed(*argv[:-2])[1]


@pytest.mark.parametrize(
    ("ranked", "said"),
    [
        ("a Q0 apple.md 1 9 t\nb Q0 apple.md 1 9 t\n", "no ranking for 1 of 3 queries"),
        ("".join(f"{q} Q0 D-17 1 9 t\n" for q in "abc"), "names no document of this index"),
    ],
)
def test_what_keeps_a_run_low_is_said(indexed: Run, tmp_path: Path, ranked: str, said: str) -> None:
    (tmp_path / "t.run").write_text(ranked)
    argv = ("compare", *FILES, "--strategies", "bm25", "--rerun", "t.run")
    _, _, err = indexed(*argv)
    assert said in err
    assert any(said in one for one in parsed(indexed(*argv, "-f", "json"))["warnings"])


def test_a_name_that_two_roots_hold_is_said(indexed: Run, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "apple.md").write_text("Apples again.\n")
    assert indexed("index", "more")[0] == 0
    _, _, err = indexed("compare", *FILES, "--strategies", "bm25")
    assert "judge them by their paths: apple.md" in err
    assert "not in the index" not in err


def test_a_run_directory_that_cannot_be_is_said(indexed: Run, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file\n")
    code, _, err = indexed("compare", *FILES, "--strategies", "bm25,hybrid", "--run-out", "runs")
    assert code == 2
    assert "cannot be written" in err


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("pear", *FILES), "as arguments and as a file"),
        ((), "no query to compare"),
        (("--beir", "beir", "--queries", "queries.tsv"), "--beir names the queries"),
        (("--beir", "beir", "--qrels", "qrels.tsv"), "--beir names the queries"),
        (("--beir", "nowhere"), "nowhere"),
        (("pear", "--qrels", "qrels.tsv"), "--qrels is for many queries"),
        (("pear", "--fail-under", "RR@10=1"), "--fail-under is for many queries"),
        (("pear", "--baseline", "b.json"), "--baseline is for many queries"),
        (("pear", "--run-out", "runs"), "--run-out is for many queries"),
        (("pear", "--rerun", "a.run"), "--rerun is for many queries"),
        (("pear", "--report", "a.html"), "--report is for many queries"),
        (("pear", "--candidates", "10,20"), "Several depths"),
        ((*FILES, "--split", "dev"), "--split has no effect"),
        (("pear", "--split", "test"), "--split has no effect"),
        (("pear", "--measures", "P@5"), "--measures has no effect"),
        (("--queries", "queries.tsv", "--measures", "P@5"), "--measures has no effect"),
        ((*FILES, "-k", "3"), "-k has no effect"),
        ((*FILES, "--max-drop", "0.1"), "--max-drop has no effect"),
        (("pear", "--max-drop", "0"), "--max-drop has no effect"),
        ((*FILES, "--rerun", "a.run", "--path", "deep/"), "--path has no effect"),
        ((*FILES, "--rerun", "a.run", "--type", "text"), "--type has no effect"),
        (("pear", "--strategies", "bm25,bi-encoder", "--candidates", "30"), "--candidates has no"),
        (
            (*FILES, "--strategies", "bm25,cross-encoder", "--candidates", "30"),
            "--candidates has no effect",
        ),
        (("pear", "--candidates", "ten"), "--candidates"),
        ((*FILES, "--candidates", "0"), "--candidates"),
        (("pear", "--strategies", "bm25"), "takes two strategies"),
        (("pear", "--strategies", "bm25,best"), "no strategy 'best'"),
        ((*FILES, "--strategies", "best"), "no strategy 'best'"),
        ((*FILES, "--measures", "nDGC@10"), "no measure 'nDGC@10'"),
        ((*FILES, "--measures", "nDCG@0"), "no measure 'nDCG@0'"),
        ((*FILES, "--fail-under", "0.6"), "is not a threshold"),
        ((*FILES, "--fail-under", "best:RR@10=0.6"), "best was not compared"),
        ((*FILES, "--baseline", "none.json"), "no 'none.json' here"),
        ((*FILES, "--rerun", "none.run"), "no 'none.run' here"),
        ((*FILES, "--rerun", "empty.tsv"), "There is no ranking in 'empty.tsv'"),
        ((*FILES, "--rerun", "others.run"), "'others.run' ranks nothing for any of the queries"),
        (("--queries", "none.tsv"), "no 'none.tsv' here"),
        (("--queries", "docs"), "cannot be read"),
        (("--queries", "empty.tsv"), "There is no query in 'empty.tsv'"),
        (("--queries", "queries.tsv", "--qrels", "empty.tsv"), "There is no judgment in"),
        (("--queries", "queries.tsv", "--qrels", "header.tsv"), "There is no judgment in"),
        (("--queries", "queries.tsv", "--qrels", "queries.tsv"), "Line 1 of 'queries.tsv' is not"),
    ],
)
def test_what_contradicts_itself_is_refused(
    indexed: Run, tmp_path: Path, argv: tuple[str, ...], message: str
) -> None:
    (tmp_path / "empty.tsv").write_text("\n")
    (tmp_path / "others.run").write_text("z Q0 docs/apple.md 1 1 others\n")
    (tmp_path / "header.tsv").write_text("query-id\tcorpus-id\tscore\n")
    code, out, err = indexed("compare", *argv)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    document = parsed(indexed("compare", *argv, "-f", "json"), code=2)
    assert message in document["error"]["message"]


# ---------------------------------------------------------- query --strategy


@pytest.mark.parametrize("strategy", [one.value for one in Strategy])
def test_query_by_every_strategy(indexed: Run, strategy: str) -> None:
    found = parsed(indexed("query", "pear cellar", "--strategy", strategy, "-f", "json"))
    assert found["strategy"] == strategy
    top = found["hits"][0]
    assert top["document_id"] == "pear.txt"
    kind = Strategy(strategy)
    assert (found["models"]["cross_encoder"] is not None) == kind.needs_cross_encoder
    assert (found["models"]["bi_encoder"] is not None) == kind.needs_bi_encoder
    assert (top["relevance"] is not None) == kind.needs_cross_encoder
    assert (top["similarity"] is not None) == kind.needs_bi_encoder
    assert (top["bm25"] is not None) == kind.needs_bm25
    code, out, err = indexed("query", "pear cellar", "--strategy", strategy)
    assert (code, err) == (0, "")
    header = out.splitlines()[1].split()
    assert ("relev." in header) == kind.needs_cross_encoder
    assert ("simil." in header) == kind.needs_bi_encoder
    assert ("bm25" in header) == kind.needs_bm25
    assert strategy in out.splitlines()[-1]


def test_a_strategy_nobody_knows_is_refused(indexed: Run) -> None:
    code, out, err = indexed("query", "pear", "--strategy", "best")
    assert (code, out) == (2, "")
    assert "There is no strategy 'best'." in err
    for strategy in Strategy:
        assert strategy.value in err


def test_reranking_and_no_reranking_contradict(indexed: Run) -> None:
    argv = ("query", "pear", "--no-rerank", "--strategy")
    for strategy in Strategy:
        code, _, err = indexed(*argv, strategy.value)
        assert code == (2 if strategy.needs_cross_encoder else 0)
        assert ("reranks, and there is to be no reranking" in err) == strategy.needs_cross_encoder


def test_reading_every_passage_wants_to_be_asked_for(
    indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bienc_cli.search import reranking

    monkeypatch.setattr(reranking, "EXHAUSTIVE_LIMIT", 3)
    for argv in (
        ("query", "pear", "--strategy", "cross-encoder"),
        ("compare", *FILES, "--strategies", "bm25,cross-encoder"),
    ):
        code, out, err = indexed(*argv)
        assert (code, out) == (2, "")
        assert "would read all" in err
        assert "--exhaustive" in err
        assert indexed(*argv, "--exhaustive")[0] == 0
    argv = ("query", "pear", "--strategy", "cross-encoder", "--path", "docs/deep/")
    assert indexed(*argv)[0] == 0


def test_a_threshold_that_cannot_be_held_is_refused_before_measuring(
    indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("measured")

    monkeypatch.setattr("bienc_cli.evaluation.experiment.evaluate", never)
    code, _, err = indexed("compare", *FILES, "--fail-under", "blnd:nDCG@10=0.3")
    assert code == 2
    assert "blnd was not compared" in err
    code, _, err = indexed("compare", "--queries", "queries.tsv", "--fail-under", "nDCG@10=0.3")
    assert code == 2
    assert "was not measured" in err


@pytest.mark.parametrize("threshold", ["nDCG@10=1.5", "blend:nDCG@10=1.5"])
def test_a_threshold_holds_a_strategy_at_every_depth_and_no_other(
    indexed: Run, threshold: str
) -> None:
    sweep = ("--strategies", "bm25,blend", "--candidates", "10,20")
    code, out, _ = indexed("compare", *FILES, *sweep, "--fail-under", threshold)
    assert code == 1
    assert [line.split()[1].rstrip(":") for line in out.splitlines() if "below" in line] == [
        "blend@10",
        "blend@20",
    ]


def test_judgments_of_other_queries_are_refused(indexed: Run, tmp_path: Path) -> None:
    (tmp_path / "other.qrels").write_text("nobody 0 pear.txt 1\n")
    code, _, err = indexed("compare", "--queries", "queries.tsv", "--qrels", "other.qrels")
    assert code == 2
    assert "judges none of the queries" in err


def test_half_a_character_is_refused(indexed: Run, tmp_path: Path) -> None:
    (tmp_path / "half.jsonl").write_text('{"_id": "\\ud800", "text": "pear"}\n')
    code, _, err = indexed("compare", "--queries", "half.jsonl")
    assert code == 2
    assert "half a character" in err


def test_the_folder_of_a_report_is_made_before_measuring(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = indexed("compare", *FILES, "--report", "new/r.html")
    assert code == 0
    assert err.endswith("report: new/r.html\n")
    assert "r.html" not in out
    assert (tmp_path / "new" / "r.html").exists()

    def never(*_: object, **__: object) -> None:
        raise AssertionError("measured")

    monkeypatch.setattr("bienc_cli.evaluation.experiment.evaluate", never)
    for option in (("--report", "queries.tsv/r.html"), ("--run-out", "queries.tsv")):
        code, _, err = indexed("compare", *FILES, *option)
        assert code == 2
        assert "cannot be written" in err


@pytest.mark.parametrize("strategy", ["bm25", "hybrid", "light-blend", "cross-encoder"])
@pytest.mark.parametrize("option", ["--rerank-budget", "--candidates"])
def test_an_option_that_query_would_drop_is_refused(
    indexed: Run, strategy: str, option: str
) -> None:
    code, out, err = indexed("query", "pear", "--strategy", strategy, option, "50")
    assert (code, out) == (2, "")
    assert f"{option} has no effect" in err
    assert "hint: " in err


@pytest.mark.parametrize("options", [("--strategy", "bm25"), ("--no-rerank",)])
def test_a_cross_encoder_that_reads_nothing_is_refused(
    indexed: Run, options: tuple[str, ...]
) -> None:
    code, out, err = indexed("query", "pear", *options, "--cross-encoder", "any")
    assert (code, out) == (2, "")
    assert "--cross-encoder has no effect" in err


def test_gates_are_read_by_ci(indexed: Run) -> None:
    argv = ("compare", *FILES, "--strategies", "bm25,blend", "--fail-under", "ndcg@10=0.01")
    argv = (*argv, "--fail-under", "bm25:P@5=0.9")
    code, out, _ = indexed(*argv, "--format", "junit")
    assert code == 1
    suites = ElementTree.fromstring(out)
    assert suites.attrib == {"tests": "2", "failures": "1"}
    passed, failed = suites.iter("testcase")
    assert passed.attrib == {"classname": "blend", "name": "nDCG@10 at least 0.01"}
    assert [one.tag for one in failed] == ["failure"]
    assert "below 0.9" in failed[0].attrib["message"]
    code, out, _ = indexed(*argv, "--format", "markdown")
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
def test_a_measure_is_known_in_any_case(indexed: Run, given: str, measure: str) -> None:
    found = parsed(
        indexed("compare", *FILES, "--strategies", "bm25", "--measures", given, "-fjson")
    )
    assert found["measures"] == [measure]


def test_a_measure_that_is_misspelt_is_suggested(indexed: Run) -> None:
    code, _, err = indexed("compare", *FILES, "--measures", "nDGC@10")
    assert code == 2
    assert "hint: give nDCG@10; others are" in err


def test_a_comparison_of_queries_has_no_gates(indexed: Run) -> None:
    code, _, err = indexed("compare", "pear", "--format", "junit")
    assert (code, "is for many queries" in err) == (2, True)
