"""A file of judgments that grows: what is written is read, and nothing is lost."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import StorageError, UsageError
from bienc_cli.evaluation.judgments import (
    Judgment,
    JudgmentFile,
    can_name,
    check_query_id,
    queries_beside,
)
from bienc_cli.evaluation.qrels import Item, read_qrels
from bienc_cli.evaluation.queries import Query, read_queries


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_answers_are_appended_as_trec_qrels(tmp_path: Path) -> None:
    path = tmp_path / "new" / "my.qrels"
    file = JudgmentFile(path)
    assert not path.exists()
    file.add(Judgment("q1", "a.md", 2))
    file.add(Judgment("q1", "with blanks in it.md", 0))
    assert lines(path) == ["q1 0 a.md 2", "q1 0 with blanks in it.md 0"]
    assert read_qrels(path).by_query == {"q1": {Item("a.md"): 2, Item("with blanks in it.md"): 0}}
    again = JudgmentFile(path)
    assert again.qrels == read_qrels(path)
    again.add(Judgment("q2", "a.md", 3))
    assert lines(path)[2:] == ["q2 0 a.md 3"]
    assert [one.query_id for one in again.added] == ["q2"]


TRICKY = st.text(st.sampled_from("ab01 \t\n\r\x0b\x1c\x85\xa0\u2028{}:#-=page.é\ufeff\ud800"))
QUERY_IDS = st.text(min_size=1) | TRICKY
DOCUMENTS = st.text(min_size=1) | TRICKY | st.from_regex(r"\A[a-z ]+(:\d+-\d+|#page=\d+)?\Z")


@given(QUERY_IDS, DOCUMENTS, st.integers(0, 3))
def test_what_is_taken_is_read_as_it_was_written(query_id: str, document: str, grade: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "my.qrels")
        file = JudgmentFile(path)
        try:
            file.add(Judgment(query_id, document, grade))
        except UsageError:
            assert not path.exists()
            return
        assert read_qrels(path).by_query == {query_id: {Item(document): grade}}
        assert JudgmentFile(path).qrels == read_qrels(path)


def test_ordinary_names_are_taken() -> None:
    for name in ("a.md", "deep/b c.txt", "4983", "naïve.md", "x:y.txt", "a#b", "2024-01-02.log"):
        assert can_name(name), name
    for name in ("", " a", "a  b", "a\tb", "a\nb", "a:1-2", "a.pdf#page=3", "a\udcff"):
        assert not can_name(name), name
    for query_id in ("1", "q-1", "PLAIN-12"):
        check_query_id(query_id)
    for query_id in ("", "q 1", "{1}", "a\u2028b", "\udcff"):
        with pytest.raises(UsageError, match="query id"):
            check_query_id(query_id)


def test_undo_takes_back_what_was_added_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "my.qrels"
    path.write_text("q1 0 a 1\n")
    file = JudgmentFile(path)
    file.add(Judgment("q1", "b", 2))
    file.add(Judgment("q1", "b c", 3))
    assert file.undo() == Judgment("q1", "b c", 3)
    assert lines(path) == ["q1 0 a 1", "q1 0 b 2"]
    assert file.undo() == Judgment("q1", "b", 2)
    assert file.undo() is None
    assert path.read_text() == "q1 0 a 1\n"


@pytest.mark.parametrize("changed", ["", "q1 0 b 2\nq9 0 z 1\n", "q1 0 b 3\n"])
def test_undo_never_cuts_what_somebody_else_wrote(tmp_path: Path, changed: str) -> None:
    path = tmp_path / "my.qrels"
    file = JudgmentFile(path)
    file.add(Judgment("q1", "b", 2))
    path.write_text(changed)
    with pytest.raises(StorageError, match="somebody else"):
        file.undo()
    assert path.read_text() == changed
    assert file.added == [Judgment("q1", "b", 2)]


def test_a_missing_line_end_is_added(tmp_path: Path) -> None:
    path = tmp_path / "my.qrels"
    path.write_text("q1 0 a 1\nq1 0 b 0")
    file = JudgmentFile(path)
    file.add(Judgment("q1", "c", 2))
    assert lines(path) == ["q1 0 a 1", "q1 0 b 0", "q1 0 c 2"]
    assert file.qrels.by_query["q1"] == {Item("a"): 1, Item("b"): 0}


def test_half_a_judgment_behind_whole_ones_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "my.qrels"
    path.write_text("q1 0 a 1\nq1 0 b.m")
    file = JudgmentFile(path)
    file.add(Judgment("q1", "b.md", 2))
    assert lines(path) == ["q1 0 a 1", "q1 0 b.md 2"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("query-id\tcorpus-id\tscore\nq1\ta.md\t2\n", "Line 1 "),
        ('{"query_id": "1", "doc_id": "a", "relevance": 2}\n', "Line 1 "),
        ("q1 0 a 1\n\nhow is this?\n", "Line 3 "),
        ("notes without an end", "Line 1 "),
        ("# Title\n\nSome text", "Line 1 "),
        ("q1 0 a.pdf#page=3 1\n", "judges pages"),
        ("q1 0 a.md:3-8 1\n", "judges lines"),
        (b"q1 0 \xff 1\n", "not UTF-8"),
    ],
)
def test_another_file_is_refused_and_left_alone(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    path = tmp_path / "my.qrels"
    raw = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(raw)
    with pytest.raises(UsageError, match=message):
        JudgmentFile(path)
    assert path.read_bytes() == raw


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be opened"):
        JudgmentFile(tmp_path)


def test_a_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "my.qrels"
    file = JudgmentFile(path)
    file.add(Judgment("q1", "a", 1))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="No space left"):
            file.add(Judgment("q1", "b", 1))
    assert path.read_text() == "q1 0 a 1\n"
    assert len(file.added) == 1
    file.add(Judgment("q1", "b", 1))
    assert lines(path) == ["q1 0 a 1", "q1 0 b 1"]


def test_an_answer_outlives_its_process(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from bienc_cli.evaluation.judgments import Judgment, JudgmentFile\n"
        "file = JudgmentFile(Path(sys.argv[1]))\n"
        "file.add(Judgment('q1', 'a', 1))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = tmp_path / "my.qrels"
    assert subprocess.run([sys.executable, "-c", program, str(path)]).returncode == -9
    assert lines(path) == ["q1 0 a 1"]


def test_queries_beside_the_judgments_keep_their_ids(tmp_path: Path) -> None:
    qrels = tmp_path / "my.qrels"
    path, first = queries_beside(qrels, ["sour  espresso", "rail fares", "sour espresso"])
    assert path == tmp_path / "my.queries.tsv"
    assert first == (Query("1", "sour espresso"), Query("2", "rail fares"))
    _, second = queries_beside(qrels, ["burns", "rail fares"])
    assert second == (Query("3", "burns"), Query("2", "rail fares"))
    assert read_queries(path) == (*first, second[0])
    before = path.read_bytes()
    queries_beside(qrels, ["burns"])
    assert path.read_bytes() == before


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=5))
def test_kept_queries_are_read_as_they_were_typed(texts: list[str]) -> None:
    typed = [" ".join(text.split()) for text in texts]
    if any("\ud800" <= letter <= "\udfff" for text in texts for letter in text):
        return
    with tempfile.TemporaryDirectory() as folder:
        qrels = Path(folder, "my.qrels")
        path, queries = queries_beside(qrels, texts)
        assert [query.text for query in queries] == list(dict.fromkeys(typed))
        assert read_queries(path) == queries
        assert queries_beside(qrels, texts)[1] == queries
