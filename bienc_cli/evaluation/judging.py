"""A judging session: what to ask next, and how answers are recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.judgments import Judgment, JudgmentFile, can_name
from bienc_cli.evaluation.pooling import PooledDocument
from bienc_cli.evaluation.queries import Query

GRADES = (0, 1, 2, 3)
"""Not relevant, partly, relevant, perfect. Measures without grades (RR, R, P, AP) count 1 and above
as relevant; nDCG weighs them."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question: how well a document answers a query. Numbers are 1-based.

    Attributes:
        number: the document's position in the query's pool, counting those judged before.
        of: size of that pool.
    """

    query: Query
    query_number: int
    queries: int
    number: int
    of: int
    pooled: PooledDocument

    def __str__(self) -> str:
        """The query, the document, and the passages that strategies ranked first."""
        best = self.pooled.passages[0].passage.text
        return f"{self.query.text}\n\n{self.pooled.document}\n{best}"


@dataclass(frozen=True, slots=True)
class JudgingSummary:
    """The state of judging some queries.

    Attributes:
        finished: queries whose whole pool is judged, among those reached in this session.
        judged_earlier: queries with judgments that this session did not reach; whether their pools
            are complete is unknown.
        empty: ids of the queries for which no strategy found anything, as far as tried.
        added: number of judgments made in this session.
        judged: total number of judgments of these queries.
        relevant: how many of them are above 0.
        unnameable: number of documents not asked about because no line of TREC qrels can name them.
    """

    queries: int
    finished: int
    judged_earlier: int
    empty: tuple[str, ...]
    added: int
    judged: int
    relevant: int
    unnameable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    query: int
    document: int
    wrote: bool


class Judging:
    """Goes through the pools of several queries, one document at a time.

    A query's pool is created when its turn comes. Documents already judged in the file are passed
    over; skipped ones are not asked again in this session, but in the next.

    Attributes:
        source: the file of the queries.
        warnings: what the user should know about the existing judgments.
    """

    def __init__(
        self,
        queries: Sequence[Query],
        pool_of: Callable[[Query], Sequence[PooledDocument]],
        known: Mapping[str, Mapping[str, int]],
        file: JudgmentFile,
        *,
        source: Path | None = None,
        warnings: tuple[str, ...] = (),
    ) -> None:
        """Start with the first query.

        Args:
            queries: with distinct ids.
            pool_of: returns the documents to judge for a query, in the order to ask.
            known: grades by query id and document name.
            file: stores the answers.
            source: the file of the queries.
            warnings: see the attribute.
        """
        self.source = source
        self.warnings = warnings
        self._queries = queries
        self._pool_of = pool_of
        self._file = file
        self._grades = {query.query_id: dict(known.get(query.query_id, {})) for query in queries}
        self._pools: dict[int, list[PooledDocument]] = {}
        self._empty: set[int] = set()
        self._unnameable: dict[str, None] = {}
        self._query = 0
        self._document = 0
        self._history: list[_Step] = []

    def question(self) -> Question | None:
        """The current question; None at the end."""
        while self._query < len(self._queries):
            query, pool = self._queries[self._query], self._pool(self._query)
            while self._document < len(pool):
                pooled = pool[self._document]
                if pooled.document not in self._grades[query.query_id]:
                    return Question(
                        query,
                        self._query + 1,
                        len(self._queries),
                        self._document + 1,
                        len(pool),
                        pooled,
                    )
                self._document += 1
            self._query, self._document = self._query + 1, 0
        return None

    def answer(self, question: Question, grade: int) -> Judgment:
        """Save a grade for the question.

        Raises:
            UsageError: the grade is not one of `GRADES`.
            StorageError: it cannot be written; the question remains.
        """
        if grade not in GRADES:
            raise UsageError(f"A grade is a whole number from 0 to 3, not {grade}.")
        judgment = Judgment(question.query.query_id, question.pooled.document, grade)
        self._file.add(judgment)
        self._grades[judgment.query_id][judgment.document] = grade
        self._leave(self._query, self._document + 1, wrote=True)
        return judgment

    def skip(self) -> None:
        """Skip the current question."""
        self._leave(self._query, self._document + 1)

    def next_query(self) -> None:
        """Skip the rest of the query's pool."""
        self._leave(self._query + 1, 0)

    @property
    def can_undo(self) -> bool:
        """Whether anything was answered or skipped in this session."""
        return bool(self._history)

    def undo(self) -> None:
        """Undo the last answer or skip, and ask again; does nothing at the start.

        Raises:
            StorageError: somebody else changed the file of judgments.
        """
        if not self._history:
            return
        step = self._history[-1]
        if step.wrote and (undone := self._file.undo()):
            del self._grades[undone.query_id][undone.document]
        self._history.pop()
        self._query, self._document = step.query, step.document

    def summary(self) -> JudgingSummary:
        """The current state."""
        finished = sum(
            all(
                pooled.document in self._grades[self._queries[query_index].query_id]
                for pooled in pool
            )
            for query_index, pool in self._pools.items()
        )
        grades = [grade for by_document in self._grades.values() for grade in by_document.values()]
        return JudgingSummary(
            queries=len(self._queries),
            finished=finished,
            judged_earlier=sum(
                bool(self._grades[query.query_id])
                for query_index, query in enumerate(self._queries)
                if query_index not in self._pools
            ),
            empty=tuple(self._queries[query_index].query_id for query_index in sorted(self._empty)),
            added=len(self._file.added),
            judged=len(grades),
            relevant=sum(grade > 0 for grade in grades),
            unnameable=tuple(self._unnameable),
        )

    def _pool(self, query_index: int) -> list[PooledDocument]:
        if query_index not in self._pools:
            pool = self._pool_of(self._queries[query_index])
            if not pool:
                self._empty.add(query_index)
            self._pools[query_index] = [pooled for pooled in pool if can_name(pooled.document)]
            self._unnameable.update(
                (pooled.document, None) for pooled in pool if not can_name(pooled.document)
            )
        return self._pools[query_index]

    def _leave(self, query: int, document: int, *, wrote: bool = False) -> None:
        self._history.append(_Step(self._query, self._document, wrote))
        self._query, self._document = query, document
