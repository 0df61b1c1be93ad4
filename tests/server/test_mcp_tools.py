"""What a tool answers is bounded, whatever the index holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bienc_cli import Index
from bienc_cli.errors import UsageError
from bienc_cli.server import mcp_tools
from bienc_cli.server.mcp_tools import TOOLS, checked
from commands import Run
from schema_check import validator

COPIES = 7


@pytest.fixture
def index(run: Run, tmp_path: Path) -> Index:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    for number in range(COPIES):
        (tmp_path / "old" / f"{number}.txt").write_text("A pear keeps for weeks in a cool cellar.")
    (tmp_path / "new" / "apple.txt").write_text("Apples ripen in autumn.")
    (tmp_path / "new" / "pear.txt").write_text("A pear keeps for weeks in a cool cellar.")
    return Index.build(["."])


def answer(index: Index, name: str, **given: object) -> Any:
    (tool,) = [one for one in TOOLS if one.name == name]
    document = tool.answer(index, checked(tool, given))
    assert isinstance(document, dict)
    assert tool.schema is not None
    validator(tool.schema).validate(document)
    return document


def test_pairs_are_as_many_as_asked_for_and_the_rest_is_counted(index: Index) -> None:
    found = answer(index, "pairs", k=2)
    assert (len(found["pairs"]), found["found"], found["superfluous"]) == (2, COPIES, COPIES)
    assert len(found["clusters"][0]["others"]) == 2
    assert found["warnings"] == [
        f"the first 2 of {COPIES} pairs",
        f"the first 2 of {COPIES} passages of a cluster",
    ]
    assert answer(index, "pairs", k=COPIES)["warnings"] == []


def test_pairs_are_of_the_documents_that_were_named(index: Index) -> None:
    found = answer(index, "pairs", path=["new/"], against=["old/"], exact=True, k=100)
    assert {one["first"]["path"] for one in found["pairs"]} == {"new/pear.txt"}
    assert {one["second"]["path"][:4] for one in found["pairs"]} == {"old/"}
    assert answer(index, "pairs", path=["new/"])["pairs"] == []


def test_documents_are_labelled_in_part_and_the_rest_is_counted(index: Index) -> None:
    found = answer(index, "classify", labels=["pear", "apple"], k=3)
    assert len(found["documents"]) == 3
    assert found["warnings"] == [f"the first 3 of {COPIES + 2} documents"]
    named = answer(index, "classify", labels=["pear", "apple"], path=["new/apple.txt"])
    assert [one["path"] for one in named["documents"]] == ["new/apple.txt"]


@pytest.mark.parametrize("given", [{"min_similarity": 1.5}, {"k": 0}, {"exact": 1}, {"path": "x"}])
def test_what_is_out_of_bounds_is_refused(index: Index, given: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="does not take that"):
        answer(index, "pairs", **given)


@pytest.mark.parametrize(
    "labels", [["one"], ["same", "same"], ["", "x"], ["x"] * 21, ["\ud800", "x"]]
)
def test_what_is_no_choice_is_refused(index: Index, labels: list[str]) -> None:
    with pytest.raises(UsageError):
        answer(index, "classify", labels=labels)


def test_an_index_too_large_for_an_answer_is_narrowed_first(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp_tools, "MOST_COMPARED", COPIES)
    for name, given in (("pairs", {}), ("classify", {"labels": ["pear", "apple"]})):
        with pytest.raises(UsageError, match="9 passages would be compared") as refused:
            answer(index, name, **given)
        assert "narrow it by path or type" in (refused.value.hint or "")
        answer(index, name, path=["old/"], **given)
    with pytest.raises(UsageError):
        answer(index, "pairs", path=["old/"], against=["new/"])
