"""What a script does with an index besides asking it, held to what the commands say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bienc_cli import Index
from bienc_cli.errors import PathNotFound, UsageError
from commands import Run
from schema_check import checked


@pytest.fixture
def judged() -> tuple[str, str]:
    """Queries and judgments."""
    Path("q.jsonl").write_text('{"_id": "1", "text": "pears"}\n{"_id": "2", "text": "apples"}\n')
    Path("q.qrels").write_text("1 0 pear.txt 1\n2 0 apple.md 1\n")
    return "q.jsonl", "q.qrels"


def test_strategies_are_measured_as_the_command_measures_them(
    index: Index, judged: tuple[str, str], run: Run
) -> None:
    found = index.evaluate(*judged, "bm25,bi-encoder", measures="nDCG@10")
    argv = ("compare", "--queries", judged[0], "--qrels", judged[1], "-f", "json")
    argv += ("--strategies", "bm25,bi-encoder", "--measures", "nDCG@10")
    printed = json.loads(run(*argv)[1])
    (mine,) = checked(json.dumps(found.to_json()))
    assert [one["strategy"] for one in mine["systems"]] == [
        one["strategy"] for one in printed["systems"]
    ]
    assert {row.strategy: row.value for row in found} == {
        one["name"]: one["means"]["nDCG@10"]["value"] for one in printed["systems"]
    }
    assert [row.difference is None for row in found] == [True, False]
    assert "bi-encoder" in repr(found)


def test_texts_are_scored_as_the_command_scores_them(index: Index, run: Run) -> None:
    found = index.score(["pear", "apple"], ["a pear", "an apple"])
    argv = ("score", "pear", "apple", "--with", "a pear", "--with", "an apple", "-f", "json")
    printed = json.loads(run(*argv)[1])
    (mine,) = checked(json.dumps(found.to_json()))
    for document in (printed, mine):
        document.pop("seconds")
    assert mine == printed
    assert [(row.query, row.passage) for row in found] == [
        ("pear", "a pear"),
        ("pear", "an apple"),
        ("apple", "a pear"),
        ("apple", "an apple"),
    ]
    assert len(index.score("pear", "a pear")) == 1
    with pytest.raises(UsageError):
        index.score([], "a pear")


def test_what_is_removed_is_gone_and_what_is_damaged_is_found(index: Index, tmp_path: Path) -> None:
    assert not index.check().problems
    report = index.remove(["docs/pear.txt", "nowhere"])
    assert [path.name for path in report.unmatched] == ["nowhere"]
    assert "docs/pear.txt" not in {row.path for row in index.search("pear", k=9)}
    assert (tmp_path / "docs" / "pear.txt").exists()
    index.close()
    (vectors,) = (tmp_path / ".bienc").glob("vectors-*.f32")
    content = bytearray(vectors.read_bytes())
    content[-1] ^= 1
    vectors.write_bytes(content)
    assert index.check().problems
    index.check(mend=True)
    index.refresh()
    assert not index.check().problems


def test_what_is_not_there_is_said(index: Index, judged: tuple[str, str]) -> None:
    with pytest.raises((PathNotFound, UsageError)):
        index.evaluate("nowhere.jsonl", judged[1])
    with pytest.raises(UsageError):
        index.evaluate(*judged, measures="nonsense@3")
