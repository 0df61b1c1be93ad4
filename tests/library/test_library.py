"""The front door: what a script or a notebook can do with an index."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple, fields
from pathlib import Path

import pytest

from bienc_cli import Index
from bienc_cli.errors import BiencError, IndexNotFound, PathNotFound, UsageError
from commands import Run
from folders import FRUIT
from schema_check import validator


def test_the_package_imports_nothing_for_what_nobody_asks() -> None:
    program = "import sys, bienc_cli; print(sorted(m for m in sys.modules if 'bienc' in m))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "['bienc_cli']"


def test_it_answers_as_the_command_does(index: Index, run: Run) -> None:
    answer = index.search("apples in autumn", k=3)
    plain = run("query", "apples in autumn", "-k", "3", "-f", "plain")[1]
    assert [line.split("\t")[3] for line in plain.splitlines()] == [row.citation for row in answer]
    validator("bienc.query/2").validate(answer.to_json())
    assert answer.to_dicts() == [asdict(row) for row in answer]


def test_an_answer_prints_as_a_table_and_is_escaped_in_a_notebook(
    index: Index, tmp_path: Path
) -> None:
    (tmp_path / "docs" / "page.txt").write_text("A quince <script>alert(1)</script> jelly.\n")
    index.refresh()
    answer = index.search("quince jelly", k=1)
    assert "quince" in repr(answer)
    assert "\x1b" not in repr(answer)
    html = answer._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_what_is_committed_meanwhile_is_seen(index: Index, tmp_path: Path) -> None:
    other = Index.open(tmp_path / "docs")
    assert "quince.txt" not in {row.document_id for row in other.search("quince", k=9)}
    (tmp_path / "docs" / "quince.txt").write_text("A quince is hard.\n")
    index.refresh()
    assert "quince.txt" in {row.document_id for row in other.search("quince", k=9)}


def test_similar_and_compare(index: Index) -> None:
    assert [row.document_id for row in index.similar("docs/pear.txt")] != []
    with pytest.raises(PathNotFound):
        index.similar("/etc/hostname", indexed_only=True)
    compared = index.compare("apples", ["bm25", "blend"], k=2)
    assert {row.strategy for row in compared} == {"bm25", "blend"}
    with pytest.raises(UsageError):
        index.similar("docs/pear.txt", unit="chapter")


def test_hints_name_arguments_and_not_flags(index: Index) -> None:
    asked: list[Callable[[], object]] = [
        lambda: index.search("pear", k=5, candidates=2),
        lambda: index.search("pear", min_relevance=2),
        lambda: index.search("pear", min_relevance=0.5, rerank=False),
        lambda: index.search("pear", budget_tokens=0),
        lambda: index.search("pear", strategy="cross"),
        lambda: index.search("pear", strategy="blend", rerank=False),
        lambda: index.similar("docs/pear.txt", min_similarity=2),
        lambda: index.pairs(min_shared=2),
        lambda: index.pairs(label="contradiction"),
        lambda: index.pairs(classify=True),
        lambda: index.classify(["one"]),
        lambda: index.compare("pear", ["bm25", "nothing"]),
        lambda: index.compare([], ["bm25", "blend"]),
    ]
    for ask in asked:
        with pytest.raises(BiencError) as raised:
            ask()
        command = (raised.value.hint or "").partition("bienc ")[0]
        assert "--" not in raised.value.message + command, raised.value.hint


def test_threads_ask_one_index_and_see_what_is_committed(index: Index, tmp_path: Path) -> None:
    def ask(query: str) -> list[str]:
        return [row.citation for row in index.search(query, k=3)]

    queries = ["apples in autumn", "pears in a cellar"] * 8
    alone = [ask(query) for query in queries]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, queries)) == alone
        (tmp_path / "docs" / "quince.txt").write_text("A quince is hard.\n")
        index.refresh()
        found = list(threads.map(ask, ["a hard quince"] * 8))
        index.close()
        assert list(threads.map(ask, ["a hard quince"] * 8)) == found
    assert {row[0] for row in found} == {"docs/quince.txt:1"}


def test_one_need_not_be_a_list(index: Index, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "quince.txt").write_text("Quinces keep in a cool cellar.\n")
    other = Index.build("more", index=tmp_path / "other", models=index.models)
    assert "more/quince.txt" in {row.path for row in index.search("quinces", also=other)}
    assert {row.strategy for row in index.compare("pears", "bm25,blend")} == {"bm25", "blend"}
    assert {row.label for row in index.classify("apples,pears")} <= {"apples", "pears"}


def test_an_index_that_is_gone_still_has_a_name(index: Index, tmp_path: Path) -> None:
    assert "documents" in repr(index)
    shutil.rmtree(tmp_path / ".bienc")
    assert str(tmp_path / ".bienc") in repr(index)
    with pytest.raises(IndexNotFound):
        index.search("pears")


def test_pairs_and_labels_are_those_of_the_commands(index: Index, run: Run, tmp_path: Path) -> None:
    (tmp_path / "docs" / "copy.txt").write_text(FRUIT["pear.txt"])
    index.refresh()
    pairs = index.pairs(exact=True)
    printed = run("pairs", "--exact", "-f", "plain")[1].splitlines()
    assert [f"{one.first}\t{one.second}" for one in pairs] == [
        "\t".join(line.split("\t")[3:5]) for line in printed
    ]
    assert {one.kind for one in pairs} == {"same"}
    validator("bienc.pairs/1").validate(pairs.to_json())
    assert "could be done without" in repr(pairs)
    assert len(index.pairs(exact=True, path="copy.txt")) == 0
    assert len(index.pairs(exact=True, path="copy.txt", against="pear.txt")) == 1
    labels = index.classify(["apples", "pears"], path="docs/")
    printed = run("classify", "--labels", "apples,pears", "-f", "plain")[1].splitlines()
    assert [[one.path, one.label] for one in labels] == [line.split("\t")[:2] for line in printed]
    assert {one.cross_encoder_label for one in labels} == {None}
    judged = index.classify(["apples", "pears"], rerank=True)
    assert {one.cross_encoder_label for one in judged} <= {"apples", "pears"}
    validator("bienc.labels/1").validate(judged.to_json())
    with pytest.raises(UsageError):
        index.pairs(classify=True)  # by a model of relevance


def test_a_document_is_read_out_of_the_index_and_nowhere_else(index: Index, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    assert str(index.read("docs/pear.txt")).startswith("A pear keeps")
    (tmp_path / "docs" / "pear.txt").unlink()
    part = index.read("docs/pear.txt", start=2, limit=4)
    assert (part.text, part.start, part.end) == ("pear", 2, 6)
    for name in ("secret.txt", "../secret.txt", str(tmp_path / "secret.txt"), "docs/../secret.txt"):
        with pytest.raises(PathNotFound):
            index.read(name)


def test_a_budget_holds_whole_passages_and_no_repeats(index: Index, tmp_path: Path) -> None:
    (tmp_path / "docs" / "copy.txt").write_text(FRUIT["pear.txt"])
    index.refresh()
    answer = index.search("pears in a cellar", budget_tokens=60)
    budget = answer.result.budget
    assert budget is not None
    assert 0 < budget.used <= 60
    assert budget.repeats >= 1
    texts = [row.text for row in answer]
    assert len(texts) == len(set(texts)) > 0
    with pytest.raises(UsageError):
        index.search("pears", budget_tokens=0)


def test_several_indexes_answer_as_one_with_one_load_of_each_model(
    index: Index, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "quince.txt").write_text("Quinces keep in a cool cellar.\n")
    other = Index.build(["more"], index=tmp_path / "other", models=index.models)
    answer = index.search("a cool cellar", also=[other, index])
    assert {"docs/pear.txt", "more/quince.txt"} <= {row.path for row in answer}
    validator("bienc.query/2").validate(answer.to_json())
    origins = {answer.result.origin(hit)[0].directory for hit in answer.result.hits}
    assert origins == {index.place, other.place}


@pytest.mark.parametrize("named", ["a\0b", "\ud800", "x" * 5000], ids=["nul", "surrogate", "long"])
def test_what_no_file_can_be_called_is_an_error_of_the_tree(index: Index, named: str) -> None:
    questions: list[Callable[[], object]] = [
        lambda: index.similar(named),
        lambda: index.similar(named, indexed_only=True),
        lambda: index.read(named),
        lambda: Index.open(named),
        lambda: Index.build([named]),
        lambda: Index.build(["docs"], index=named),
    ]
    for ask in questions:
        with pytest.raises(PathNotFound) as refused:
            ask()
        assert refused.value.hint
    if named.isprintable():
        assert len(index.search("pear", path=named)) == 0


def test_a_pattern_that_is_no_text_is_refused_and_one_of_no_file_finds_nothing(
    index: Index,
) -> None:
    with pytest.raises(UsageError, match="of path is malformed"):
        index.search("pear", path="\ud800")
    assert len(index.search("pear", path="a\0b")) == 0


class Frame:
    """Takes what data frames take: a sequence of dataclasses, a row each."""

    def __init__(self, data: object) -> None:
        assert isinstance(data, Sequence)
        self.columns = [field.name for field in fields(data[0])]
        self.rows = [astuple(row) for row in data]


def test_answers_become_data_frames(index: Index) -> None:
    for answer in (index.search("pear"), index.similar("docs/pear.txt"), index.compare("pear")):
        dicts = answer.to_dicts()
        frame = Frame(answer)
        assert [dict(zip(frame.columns, row, strict=True)) for row in frame.rows] == dicts
        assert all(
            value is None or isinstance(value, str | int | float)
            for row in dicts
            for value in row.values()
        )
        if importlib.util.find_spec("pandas"):
            import pandas

            told = pandas.DataFrame(answer)
            assert list(told.columns) == frame.columns
            assert told["citation"].tolist() == [row["citation"] for row in dicts]


def test_where_there_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound, match=r"Index\.build|index"):
        Index.open(tmp_path)
