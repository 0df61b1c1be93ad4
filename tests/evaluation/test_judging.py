"""A session of judging: what is asked, in which order, and what undo brings back."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.judging import Judging
from bienc_cli.evaluation.judgments import JudgmentFile
from bienc_cli.evaluation.pooling import PooledDocument
from bienc_cli.evaluation.qrels import Item, read_qrels
from bienc_cli.evaluation.queries import Query

QUERIES = (Query("1", "one"), Query("2", "nothing"), Query("3", "three"))
POOLS = {"1": ["a", "b", "c"], "2": [], "3": ["c", "d  e", "f"]}


class Session:
    def __init__(self, path: Path, known: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self.asked: list[str] = []
        self.path = path
        self.judging = Judging(QUERIES, self._pool, known or {}, JudgmentFile(path))

    def _pool(self, query: Query) -> list[PooledDocument]:
        self.asked.append(query.query_id)
        return [PooledDocument(name, ()) for name in POOLS[query.query_id]]

    @property
    def place(self) -> tuple[str, str, str] | None:
        question = self.judging.question()
        return question and (
            question.pooled.document,
            f"{question.query_number}/{question.queries}",
            f"{question.number}/{question.of}",
        )

    def answer(self, grade: int) -> None:
        question = self.judging.question()
        assert question is not None
        self.judging.answer(question, grade)

    @property
    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "my.qrels")


def test_every_document_is_asked_about_once(session: Session) -> None:
    seen = []
    while (place := session.place) is not None:
        seen.append(place)
        session.answer(len(seen) % 4)
    assert seen == [
        ("a", "1/3", "1/3"),
        ("b", "1/3", "2/3"),
        ("c", "1/3", "3/3"),
        ("c", "3/3", "1/2"),
        ("f", "3/3", "2/2"),
    ]
    assert session.lines == ["1 0 a 1", "1 0 b 2", "1 0 c 3", "3 0 c 0", "3 0 f 1"]
    summary = session.judging.summary()
    assert (summary.queries, summary.finished, summary.empty) == (3, 3, ("2",))
    assert (summary.added, summary.judged, summary.relevant) == (5, 5, 4)
    assert summary.unnameable == ("d  e",)


def test_a_pool_is_made_when_its_query_comes_and_once(session: Session) -> None:
    assert session.asked == []
    assert session.place is not None
    assert session.asked == ["1"]
    session.judging.next_query()
    assert session.place == ("c", "3/3", "1/2")
    session.judging.undo()
    assert session.place == ("a", "1/3", "1/3")
    assert session.asked == ["1", "2", "3"]


def test_what_is_known_is_passed_over(tmp_path: Path) -> None:
    session = Session(tmp_path / "my.qrels", {"1": {"a": 0, "c": 2}, "3": {"c": 1, "f": 1}})
    assert session.place == ("b", "1/3", "2/3")
    session.answer(3)
    assert session.place is None
    assert session.lines == ["1 0 b 3"]
    summary = session.judging.summary()
    assert (summary.finished, summary.added, summary.judged) == (3, 1, 5)


@pytest.mark.parametrize("grade", [-1, 4])
def test_what_is_no_grade_is_refused_and_asked_again(session: Session, grade: int) -> None:
    before = session.place
    with pytest.raises(UsageError, match=f"from 0 to 3, not {grade}"):
        session.answer(grade)
    assert (session.place, session.lines) == (before, [])


def test_undo_goes_back_over_answers_skips_and_queries(session: Session) -> None:
    session.judging.undo()
    assert not session.judging.can_undo
    session.answer(1)
    session.judging.skip()
    session.judging.next_query()
    session.answer(2)
    assert session.place == ("f", "3/3", "2/2")
    for place, lines in (
        (("c", "3/3", "1/2"), ["1 0 a 1"]),
        (("c", "1/3", "3/3"), ["1 0 a 1"]),
        (("b", "1/3", "2/3"), ["1 0 a 1"]),
        (("a", "1/3", "1/3"), []),
    ):
        session.judging.undo()
        assert session.place == place
        assert session.lines == lines
    assert not session.judging.can_undo


def test_the_last_answer_can_be_taken_back_at_the_end(session: Session) -> None:
    while session.place:
        session.answer(0)
    session.judging.undo()
    assert session.place == ("f", "3/3", "2/2")
    assert session.judging.summary().finished == 2


@given(st.lists(st.sampled_from(["0", "1", "2", "3", "s", "n", "u"]), max_size=25))
def test_a_new_session_goes_on_from_the_file(keys: list[str]) -> None:
    """Whatever is pressed: the file holds the answers not taken back, and no pair twice."""
    with tempfile.TemporaryDirectory() as folder:
        session = Session(Path(folder, "my.qrels"))
        for key in keys:
            question = session.judging.question()
            if key == "u":
                session.judging.undo()
            elif question is None:
                break
            elif key == "s":
                session.judging.skip()
            elif key == "n":
                session.judging.next_query()
            else:
                session.judging.answer(question, int(key))
        lines = session.lines
        assert len({tuple(line.split()[:3]) for line in lines}) == len(lines)
        known: dict[str, dict[str, int]] = {}
        if lines:
            found = read_qrels(session.path).by_query
            known = {
                query_id: {place.document: grade for place, grade in places.items()}
                for query_id, places in found.items()
            }
            assert Item("d  e") not in found.get("3", {})
        left = Session(Path(folder, "my.qrels"), known)
        while left.place:
            left.answer(0)
        assert len(left.lines) == 5
        assert left.lines[: len(lines)] == lines
