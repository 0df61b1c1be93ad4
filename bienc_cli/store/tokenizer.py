"""Texts to words, by SQLite's own tokenizer.

Words are those of the folded text (`folding.py`), stemmed (`unicode61` and `porter` of FTS5).
SQLite shows what its tokenizer makes of a text only through a full-text table and a
`fts5vocab` over it, so there is one in memory, which is filled, read off and emptied.

Source of the stemmer: Porter, "An algorithm for suffix stripping", Program 14(3), 1980.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bienc_cli.store.folding import folded, plain_letters

_WORDS_AT_ONCE = 4096

_BETWEEN_PARTS = re.compile(r"[-_./\\@:\u2010]+")

WordCounts = tuple[str, NDArray[np.int64], NDArray[np.int64]]
"""A word, the positions of the texts that hold it, ascending, and how often each does."""


class Tokenizer:
    """Texts to words; one call at a time."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.execute(
            "CREATE VIRTUAL TABLE texts USING fts5 "
            "(text, content='', columnsize=0, tokenize=\"porter unicode61 remove_diacritics 0 "
            "categories 'L* N* Co Mn Mc'\")"
        )
        self._connection.execute("CREATE VIRTUAL TABLE words USING fts5vocab (texts, instance)")

    def words_of(self, text: str) -> list[str]:
        """The words of a query, each once, alphabetically."""
        # A command line can hold what is no text: half of a surrogate pair.
        readable = text.encode(errors="replace").decode()
        return [word for word, _, _ in self._counted([folded(readable, asked=True)])]

    def parts_of(self, text: str) -> list[str]:
        """The words of a text, each once, compounds as their parts only.

        Every text that has this one in it, between the edges of words, has all of them.
        """
        # Capitals within a word would ask for its parts, which another writing of it lacks.
        apart = _BETWEEN_PARTS.sub(" ", text.encode(errors="replace").decode().lower())
        return [word for word, _, _ in self._counted([folded(apart, asked=True)])]

    def stems(self, text: str) -> dict[str, str]:
        """The words of letters in a query, as they were written but folded, each with its stem."""
        written = dict.fromkeys(re.findall(r"[^\W\d_]+", plain_letters(text)))
        return {word: stem for word in written for stem in self.parts_of(word)[:1]}

    def counted(self, texts: Sequence[str]) -> Iterator[WordCounts]:
        """The words of some passages, alphabetically, each with the texts that hold it."""
        return self._counted(map(folded, texts))

    def _counted(self, texts: Iterable[str]) -> Iterator[WordCounts]:
        execute = self._connection.execute
        execute("BEGIN")
        try:
            self._connection.executemany(
                "INSERT INTO texts (rowid, text) VALUES (?, ?)", enumerate(texts)
            )
            # Occurrences come by word and then by text, so that nothing has to be sorted.
            statement = "SELECT term, count(*), group_concat(doc) FROM words GROUP BY term"
            with closing(execute(statement)) as rows:
                while some := rows.fetchmany(_WORDS_AT_ONCE):
                    yield from _counted(some)
        finally:
            execute("ROLLBACK")

    def close(self) -> None:
        """Let go of the memory."""
        self._connection.close()

    def __enter__(self) -> Self:
        """The tokenizer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


def _counted(rows: Sequence[tuple[str, int, str]]) -> Iterator[WordCounts]:
    """Rows (word, occurrences, the text of each occurrence, as digits between commas)."""
    texts = np.fromstring(",".join(row[2] for row in rows), dtype=np.int64, sep=",")
    words = np.repeat(np.arange(len(rows)), [row[1] for row in rows])
    first = np.flatnonzero(np.r_[True, (np.diff(texts) != 0) | (np.diff(words) != 0)])
    frequencies = np.diff(np.r_[first, len(texts)])
    bounds = np.searchsorted(words[first], np.arange(len(rows) + 1)).tolist()
    holding = texts[first]
    for row, start, end in zip(rows, bounds, bounds[1:], strict=False):
        yield row[0], holding[start:end], frequencies[start:end]
