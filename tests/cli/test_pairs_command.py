"""`bienc pairs` through `main(argv)`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Run
from fakes import FakeClassifier
from folders import Folder

DOCS = {
    "old/parking.txt": "Visitors may park here for two hours on working days.\n",
    "new/parking.txt": "Visitors may park here for two hours on working days.\n",
    "new/longer.txt": "Visitors may park here for three hours on working days.\n",
    "new/never.txt": "Visitors may not park here for two hours on working days.\n",
    "new/pear.txt": "A pear keeps for weeks in a cool cellar.\n",
}


@pytest.fixture
def docs(folder: Folder) -> Path:
    folder.write(dict(DOCS))
    return folder.root


@pytest.fixture
def classifying(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    from bienc_cli import models

    monkeypatch.setattr(models, "load_cross_encoder", lambda name, **_: FakeClassifier())
    return indexed


def test_pairs_come_with_clusters_and_what_differs(indexed: Run) -> None:
    code, out, err = indexed("pairs", "--min-similarity", "0.7", "-f", "json")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert (answer["found"], answer["superfluous"]) == (len(answer["pairs"]), 3)
    (cluster,) = answer["clusters"]
    assert len(cluster["others"]) == 3
    by_ends = {
        (pair["first"]["document_id"], pair["second"]["document_id"]): pair
        for pair in answer["pairs"]
    }
    same = by_ends[("new/parking.txt", "old/parking.txt")]
    assert (same["kind"], same["shared"], same["diff"]) == ("same", 1.0, None)
    variant = by_ends[("new/longer.txt", "new/parking.txt")]
    assert variant["kind"] == "near-duplicate"
    assert {"first": "three", "second": "two"} in variant["diff"]


def test_every_form_of_the_answer(indexed: Run) -> None:
    code, table, _ = indexed("pairs", "--min-similarity", "0.7")
    assert code == 0
    assert "[-three-]{+two+}" in table
    assert "3 passages of 5 could be done without" in table
    _, lines, _ = indexed("pairs", "--min-similarity", "0.7", "-f", "plain")
    rows = [line.split("\t") for line in lines.splitlines()]
    assert {len(row) for row in rows} == {9}
    assert rows[0][2:5] == ["same", "docs/new/parking.txt:1", "docs/old/parking.txt:1"]
    _, out, _ = indexed("pairs", "--min-similarity", "0.7", "-f", "jsonl")
    documents = [json.loads(line) for line in out.splitlines()]
    assert [one["schema"] for one in documents] == [
        *["bienc.pair/1"] * (len(documents) - 1),
        "bienc.pairs/1",
    ]
    assert documents[-1]["found"] == len(documents) - 1 == len(rows)
    assert "pairs" not in documents[-1]


def test_exact_and_between_and_shared_select(indexed: Run) -> None:
    answer = json.loads(indexed("pairs", "--exact", "-f", "json")[1])
    assert [pair["kind"] for pair in answer["pairs"]] == ["same"]
    argv = ("pairs", "--between", "old/", "--with", "new/", "--min-similarity", "0.5")
    answer = json.loads(indexed(*argv, "-f", "json")[1])
    assert {pair["first"]["document_id"] for pair in answer["pairs"]} == {"old/parking.txt"}
    assert len(answer["pairs"]) >= 3
    shared = json.loads(indexed(*argv, "--min-shared", "0.99", "-f", "json")[1])
    assert [pair["kind"] for pair in shared["pairs"]] == ["same"]


def test_nothing_found_is_exit_1_and_still_json(indexed: Run) -> None:
    code, out, _ = indexed("pairs", "--path", "old/", "-f", "json")
    assert code == 1
    assert json.loads(out)["pairs"] == []
    assert "no pairs" in indexed("pairs", "--path", "old/")[1]


@pytest.mark.parametrize(
    ("allowed", "path", "code"),
    [("0", "old/", 0), ("0", "docs/", 1), ("1", "docs/", 0), ("2", "docs/", 0)],
)
def test_a_folder_with_too_many_duplicates_fails(
    indexed: Run, allowed: str, path: str, code: int
) -> None:
    got, _, err = indexed("pairs", "--exact", "--path", path, "--fail-over", allowed)
    assert got == code
    assert ("could be done without; --fail-over allows" in err) == (code == 1)


@pytest.mark.parametrize(
    "places", [("--path", "typo/"), ("--between", "old/", "--with", "typo/"), ("--type", "pdf")]
)
def test_a_check_of_nothing_does_not_pass(indexed: Run, places: tuple[str, ...]) -> None:
    code, _, err = indexed("pairs", "--exact", *places, "--fail-over", "0")
    assert code == 1
    assert "nothing was compared" in err


def test_contradictions_are_found_by_a_classifier(classifying: Run) -> None:
    argv = ("pairs", "--classify", "nli", "--label", "contradiction", "--min-similarity", "0.6")
    code, out, _ = classifying(*argv, "-f", "json")
    answer = json.loads(out)
    assert code == 0
    assert answer["models"]["cross_encoder"]["name"] == "fake-nli"
    assert len(answer["pairs"]) >= 1
    for pair in answer["pairs"]:
        assert "new/never.txt" in (pair["first"]["document_id"], pair["second"]["document_id"])
        assert sum(one["probability"] for one in pair["labels"]["forward"]) == pytest.approx(1)
    table = classifying(*argv)[1]
    assert "→ contradiction 0.91" in table
    assert "done without" not in table


def test_nothing_is_left_of_a_search_that_came_to_its_end(indexed: Run, tmp_path: Path) -> None:
    indexed("pairs")
    assert list((tmp_path / "cache" / "pairs").iterdir()) == []


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("--between", "old/"), 2, "--between and --with go together"),
        (("--with", "old/"), 2, "--between and --with go together"),
        (("--between", "a", "--with", "b", "--path", "c"), 2, "--path has no effect"),
        (("--min-similarity", "1.5"), 2, "A similarity of 1.5 does not exist"),
        (("--min-shared", "2"), 2, "A share of 2.0 does not exist"),
        (("--label", "no"), 2, "Nothing gives the label no"),
        (("--classify", "fake-cross"), 2, "has one label"),
        (("--fail-over", "-1"), 2, "--fail-over"),
        (("--index", "nowhere"), 3, "no such index"),
    ],
)
def test_errors_say_what_and_exit_with_their_code(
    indexed: Run, argv: tuple[str, ...], code: int, message: str
) -> None:
    got, _, err = indexed("pairs", "--min-similarity", "0.5", *argv)
    assert got == code, err
    assert message in err
    assert "Traceback" not in err
