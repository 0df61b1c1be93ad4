"""`compare` over files of queries, through `main(argv)`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commands import Run, by_name, parsed
from folders import JUDGED, QRELS, QUERIES


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    return {
        **document,
        "systems": [{**one, "latency": one["latency"] is not None} for one in document["systems"]],
    }


# ------------------------------------------------------------------ compare


def test_many_queries_give_a_table(judged: Run) -> None:
    code, out, err = judged("compare", *JUDGED)
    assert (code, err) == (0, "")
    assert "3 queries, quality over 3 judged queries" in out
    for expected in ("nDCG@10", "RR@10", "R@100", "p50", "p95", "pairs", "corrected", "ranked by"):
        assert expected in out
    lines = [line.split()[0] for line in out.splitlines() if line.strip()]
    for strategy in ("bi-encoder", "bm25", "light-blend", "bi-encoder+cross-encoder", "blend"):
        assert strategy in lines
    assert "\x1b" not in out


def test_many_queries_as_json(judged: Run) -> None:
    found = parsed(judged("compare", *JUDGED, "--measures", "nDCG@10,P@1", "-f", "json"))
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


def test_many_queries_as_lines(judged: Run) -> None:
    argv = ("compare", *JUDGED, "--strategies", "bm25,blend", "--measures", "RR@10", "-f", "plain")
    code, out, _ = judged(*argv)
    assert code == 0
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[:2] for row in rows] == [
        [name, what] for name in ("bm25", "blend") for what in ("RR@10", "p50", "p95")
    ]
    assert {len(row) for row in rows} == {5}


@pytest.mark.parametrize("argv", [("compare", *JUDGED), ("compare", "a pear", "plums", "-k", "1")])
@pytest.mark.parametrize("width", [44, 56, 80])
def test_no_number_is_cut_short_on_a_narrow_screen(
    judged: Run, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, _ = judged(*argv)
    assert code == 0
    assert max(map(len, out.splitlines())) <= width
    assert "…" not in out


def test_queries_without_judgments_give_agreement(judged: Run) -> None:
    code, out, err = judged("compare", "--queries", "queries.tsv")
    assert (code, err) == (0, "")
    assert "queries, without judgments" in out
    assert "agreement with bi-encoder" in out
    assert "no judgments: agreement and time only" in out
    found = parsed(judged("compare", "--queries", "queries.tsv", "-f", "json"))
    assert (found["judged_queries"], found["measures"]) == (0, [])
    assert found["systems"][0]["overlap"] is None
    assert all(0 <= one["overlap"] <= 1 for one in found["systems"][1:])


def test_a_beir_collection_brings_both(judged: Run, tmp_path: Path) -> None:
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
    whole = parsed(judged(*argv, "--beir", "beir"))
    assert whole["queries"] == whole["judged_queries"] == 3
    assert without_times(whole) == without_times(parsed(judged(*argv, *JUDGED)))
    assert parsed(judged(*argv, "--beir", "beir", "--split", "dev"))["queries"] == 1
    error = parsed(judged(*argv, "--beir", "beir", "--split", "train"), code=2)["error"]
    assert "train.tsv" in error["message"]


def test_missing_documents_and_unjudged_queries_are_said(judged: Run, tmp_path: Path) -> None:
    (tmp_path / "qrels.tsv").write_text("a 0 gone.md 1\na 0 apple.md 1\nb 0 lost.md 1\n")
    found = judged("compare", *JUDGED, "--strategies", "bm25,blend", "-f", "json")
    assert parsed(found)["missing_documents"] == ["gone.md", "lost.md"]
    assert parsed(found)["judged_queries"] == 2
    assert "1 query without judgments; quality leaves them out" in found[2]
    assert "2 judged documents not in the index, counted as not found: gone.md, lost.md" in found[2]
    values = by_name(parsed(found))["blend"]["values"]["R@100"]
    assert values == {"a": 0.5, "b": 0.0}


def test_several_depths_have_their_own_names(judged: Run) -> None:
    argv = ("compare", *JUDGED, "--strategies", "bm25,blend", "--candidates", "1,3", "-f", "json")
    found = parsed(judged(*argv))
    assert [one["name"] for one in found["systems"]] == ["bm25", "blend@1", "blend@3"]
    assert [one["candidates"] for one in found["systems"]] == [None, 1, 3]


def test_a_filter_reaches_the_evaluation(judged: Run) -> None:
    argv = ("compare", *JUDGED, "--strategies", "bm25,bi-encoder", "--path", "docs/deep/")
    values = by_name(parsed(judged(*argv, "-f", "json")))["bi-encoder"]["values"]["R@100"]
    assert values == {"a": 0.0, "b": 0.0, "c": 1.0}


# --------------------------------------------------------------------- runs


def test_runs_written_and_read_again_measure_the_same(judged: Run) -> None:
    argv = ("compare", *JUDGED, "--strategies", "bi-encoder,bm25,blend", "-f", "json")
    before = parsed(judged(*argv, "--run-out", "runs"))
    runs = sorted(path.name for path in Path("runs").iterdir())
    assert runs == ["bi-encoder.run", "blend.run", "bm25.run"]
    again = [flag for name in runs for flag in ("--rerun", f"runs/{name}")]
    after = parsed(judged(*argv, *again))
    assert [one["name"] for one in after["systems"]] == ["bi-encoder", "bm25", "blend"]
    for old, new in zip(before["systems"], after["systems"], strict=True):
        assert new["latency"] is None
        for key in ("means", "values", "differences", "overlap", "rbo"):
            assert new[key] == old[key]


def test_another_system_is_measured_beside(judged: Run, tmp_path: Path) -> None:
    (tmp_path / "theirs.run").write_text(
        "a Q0 docs/apple.md 1 9.5 theirs\nb Q0 pear.txt 1 3 theirs\nb Q0 apple.md 2 3.5 theirs\n"
    )
    argv = ("compare", *JUDGED, "--strategies", "bm25", "--rerun", "theirs.run", "-f", "json")
    theirs = by_name(parsed(judged(*argv)))["theirs"]
    assert theirs["values"]["RR@10"] == {"a": 1.0, "b": 0.5, "c": 0.0}
    assert (theirs["strategy"], theirs["latency"]) == (None, None)
    assert "theirs" in judged(*argv[:-2])[1]


@pytest.mark.parametrize(
    ("ranked", "said"),
    [
        ("a Q0 apple.md 1 9 t\nb Q0 apple.md 1 9 t\n", "no ranking for 1 of 3 queries"),
        ("".join(f"{q} Q0 D-17 1 9 t\n" for q in "abc"), "names no document of this index"),
    ],
)
def test_what_keeps_a_run_low_is_said(judged: Run, tmp_path: Path, ranked: str, said: str) -> None:
    (tmp_path / "t.run").write_text(ranked)
    argv = ("compare", *JUDGED, "--strategies", "bm25", "--rerun", "t.run")
    _, _, err = judged(*argv)
    assert said in err
    assert any(said in one for one in parsed(judged(*argv, "-f", "json"))["warnings"])


def test_a_name_that_two_roots_hold_is_said(judged: Run, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "apple.md").write_text("Apples again.\n")
    assert judged("index", "more")[0] == 0
    _, _, err = judged("compare", *JUDGED, "--strategies", "bm25")
    assert "judge them by their paths: apple.md" in err
    assert "not in the index" not in err


def test_a_run_directory_that_cannot_be_is_said(judged: Run, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file\n")
    code, _, err = judged("compare", *JUDGED, "--strategies", "bm25,hybrid", "--run-out", "runs")
    assert code == 2
    assert "cannot be written" in err


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("pear", *JUDGED), "as arguments and as a file"),
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
        ((*JUDGED, "--split", "dev"), "--split has no effect"),
        (("pear", "--split", "test"), "--split has no effect"),
        (("pear", "--measures", "P@5"), "--measures has no effect"),
        (("--queries", "queries.tsv", "--measures", "P@5"), "--measures has no effect"),
        ((*JUDGED, "-k", "3"), "-k has no effect"),
        ((*JUDGED, "--max-drop", "0.1"), "--max-drop has no effect"),
        (("pear", "--max-drop", "0"), "--max-drop has no effect"),
        ((*JUDGED, "--rerun", "a.run", "--path", "deep/"), "--path has no effect"),
        ((*JUDGED, "--rerun", "a.run", "--type", "text"), "--type has no effect"),
        (("pear", "--strategies", "bm25,bi-encoder", "--candidates", "30"), "--candidates has no"),
        (
            (*JUDGED, "--strategies", "bm25,cross-encoder", "--candidates", "30"),
            "--candidates has no effect",
        ),
        (("pear", "--candidates", "ten"), "--candidates"),
        ((*JUDGED, "--candidates", "0"), "--candidates"),
        (("pear", "--strategies", "bm25"), "takes two strategies"),
        (("pear", "--strategies", "bm25,best"), "no strategy 'best'"),
        ((*JUDGED, "--strategies", "best"), "no strategy 'best'"),
        ((*JUDGED, "--measures", "nDGC@10"), "no measure 'nDGC@10'"),
        ((*JUDGED, "--measures", "nDCG@0"), "no measure 'nDCG@0'"),
        ((*JUDGED, "--fail-under", "0.6"), "is not a threshold"),
        ((*JUDGED, "--fail-under", "best:RR@10=0.6"), "best was not compared"),
        ((*JUDGED, "--baseline", "none.json"), "no 'none.json' here"),
        ((*JUDGED, "--rerun", "none.run"), "no 'none.run' here"),
        ((*JUDGED, "--rerun", "empty.tsv"), "There is no ranking in 'empty.tsv'"),
        ((*JUDGED, "--rerun", "others.run"), "'others.run' ranks nothing for any of the queries"),
        (("--queries", "none.tsv"), "no 'none.tsv' here"),
        (("--queries", "docs"), "cannot be read"),
        (("--queries", "empty.tsv"), "There is no query in 'empty.tsv'"),
        (("--queries", "queries.tsv", "--qrels", "empty.tsv"), "There is no judgment in"),
        (("--queries", "queries.tsv", "--qrels", "header.tsv"), "There is no judgment in"),
        (("--queries", "queries.tsv", "--qrels", "queries.tsv"), "Line 1 of 'queries.tsv' is not"),
    ],
)
def test_what_contradicts_itself_is_refused(
    judged: Run, tmp_path: Path, argv: tuple[str, ...], message: str
) -> None:
    (tmp_path / "empty.tsv").write_text("\n")
    (tmp_path / "others.run").write_text("z Q0 docs/apple.md 1 1 others\n")
    (tmp_path / "header.tsv").write_text("query-id\tcorpus-id\tscore\n")
    code, out, err = judged("compare", *argv)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    document = parsed(judged("compare", *argv, "-f", "json"), code=2)
    assert message in document["error"]["message"]


def test_judgments_of_other_queries_are_refused(judged: Run, tmp_path: Path) -> None:
    (tmp_path / "other.qrels").write_text("nobody 0 pear.txt 1\n")
    code, _, err = judged("compare", "--queries", "queries.tsv", "--qrels", "other.qrels")
    assert code == 2
    assert "judges none of the queries" in err


def test_half_a_character_is_refused(judged: Run, tmp_path: Path) -> None:
    (tmp_path / "half.jsonl").write_text('{"_id": "\\ud800", "text": "pear"}\n')
    code, _, err = judged("compare", "--queries", "half.jsonl")
    assert code == 2
    assert "half a character" in err


def test_the_folder_of_a_report_is_made_before_measuring(
    judged: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = judged("compare", *JUDGED, "--report", "new/r.html")
    assert code == 0
    assert err.endswith("report: new/r.html\n")
    assert "r.html" not in out
    assert (tmp_path / "new" / "r.html").exists()

    def never(*_: object, **__: object) -> None:
        raise AssertionError("measured")

    monkeypatch.setattr("bienc_cli.evaluation.experiment.evaluate", never)
    for option in (("--report", "queries.tsv/r.html"), ("--run-out", "queries.tsv")):
        code, _, err = judged("compare", *JUDGED, *option)
        assert code == 2
        assert "cannot be written" in err
