"""A session of judging: what is asked next, and what an answer does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.judgments import Judgment, JudgmentFile, can_name
from bienc_cli.evaluation.pooling import PooledDocument
from bienc_cli.evaluation.queries import Query

GRADES = (0, 1, 2, 3)
"""Not relevant, partly, relevant, perfect. Measures that know no grades (RR, R, P, AP) count
1 and more as relevant; nDCG weighs them."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: how well a document answers a query. Numbers are 1-based.

    Attributes:
        number: the document's place in the query's pool, those answered before counted too.
        of: size of that pool.
    """

    query: Query
    query_number: int
    queries: int
    number: int
    of: int
    pooled: PooledDocument

    def __str__(self) -> str:
        """The query, the document, and of that what strategies put first."""
        best = self.pooled.passages[0].passage.text
        return f"{self.query.text}\n\n{self.pooled.document}\n{best}"


@dataclass(frozen=True, slots=True)
class JudgingSummary:
    """Where the judging of some queries stands.

    Attributes:
        finished: queries that this session came to and whose whole pool is judged.
        judged_earlier: queries that this session did not come to and that have judgments; whether
            all of theirs is judged is not known.
        empty: ids of those for which no strategy found anything, as far as it was looked for.
        added: judgments of this session.
        judged: judgments of these queries altogether.
        relevant: those of them that are above 0.
        unnameable: documents that no line of TREC qrels can name, and that were not asked about.
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
    """Goes through the pools of queries, one document at a time.

    A pool is made when its query comes. What the file of judgments knows already is passed
    over; what is skipped is not asked again in this session, but in the next.

    Attributes:
        source: the file of the queries.
        warnings: what should be known of the judgments that are there.
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
        """Begin with the first query.

        Args:
            queries: with ids that differ.
            pool_of: what to judge for a query, in the order to ask.
            known: grades by query id and document, as pools name documents.
            file: takes the answers.
            source: where the queries are from.
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
        """What to ask now; None at the end."""
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
        """Save a grade for what was asked.

        Raises:
            UsageError: it is none of `GRADES`.
            StorageError: it cannot be written; the same is asked again.
        """
        if grade not in GRADES:
            raise UsageError(f"A grade is a whole number from 0 to 3, not {grade}.")
        judgment = Judgment(question.query.query_id, question.pooled.document, grade)
        self._file.add(judgment)
        self._grades[judgment.query_id][judgment.document] = grade
        self._leave(self._query, self._document + 1, wrote=True)
        return judgment

    def skip(self) -> None:
        """Leave what was asked unanswered."""
        self._leave(self._query, self._document + 1)

    def next_query(self) -> None:
        """Leave the rest of the query's pool unanswered."""
        self._leave(self._query + 1, 0)

    @property
    def can_undo(self) -> bool:
        """Whether anything was answered or skipped in this session."""
        return bool(self._history)

    def undo(self) -> None:
        """Take back the last answer, or the last skip, and ask again; at first do nothing.

        Raises:
            StorageError: the file of judgments has been changed by somebody else.
        """
        if not self._history:
            return
        step = self._history[-1]
        if step.wrote and (taken := self._file.undo()):
            del self._grades[taken.query_id][taken.document]
        self._history.pop()
        self._query, self._document = step.query, step.document

    def summary(self) -> JudgingSummary:
        """Where it stands."""
        finished = sum(
            all(one.document in self._grades[self._queries[place].query_id] for one in pool)
            for place, pool in self._pools.items()
        )
        grades = [grade for known in self._grades.values() for grade in known.values()]
        return JudgingSummary(
            queries=len(self._queries),
            finished=finished,
            judged_earlier=sum(
                bool(self._grades[query.query_id])
                for place, query in enumerate(self._queries)
                if place not in self._pools
            ),
            empty=tuple(self._queries[place].query_id for place in sorted(self._empty)),
            added=len(self._file.added),
            judged=len(grades),
            relevant=sum(grade > 0 for grade in grades),
            unnameable=tuple(self._unnameable),
        )

    def _pool(self, place: int) -> list[PooledDocument]:
        if place not in self._pools:
            pool = self._pool_of(self._queries[place])
            if not pool:
                self._empty.add(place)
            self._pools[place] = [one for one in pool if can_name(one.document)]
            self._unnameable.update(
                (one.document, None) for one in pool if not can_name(one.document)
            )
        return self._pools[place]

    def _leave(self, query: int, document: int, *, wrote: bool = False) -> None:
        self._history.append(_Step(self._query, self._document, wrote))
        self._query, self._document = query, document
