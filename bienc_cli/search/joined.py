"""Searches several indexes as one.

Each index returns its best passages, and these are merged into one ranking by score before the
cross-encoder reads anything: it reads as many passages as for one index, and whatever orders the
candidates of one index orders those of all. Cosines of one model are comparable across indexes, and
so is relevance. A BM25 score depends on how rare a word is in its own index, and is compared as it
is. Similarities of two different models are not comparable at all.

If two indexes hold the same text at the same place of the same file, it is one passage: the first
one that a query meets represents it for the rest of that query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import combinations
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import IndexMismatch
from bienc_cli.store import Filter, IndexInfo, IndexReader, StoredPassage

Result = TypeVar("Result")


class Joined:
    """Several indexes that are searched as one.

    Passage and document ids are its own, and encode which index they belong to: see `origin`.

    Args:
        readers: open readers of at least two different indexes. The caller closes them, or calls
            `close`.
    """

    def __init__(self, readers: Sequence[IndexReader]) -> None:
        self.readers = tuple(readers)
        self._overlap = any(
            _overlap(first, second) for first, second in combinations(self.infos, 2)
        )
        self._first_seen: dict[bytes, int] = {}
        """The first id seen for each passage, by the passage's identity."""

    def for_one_query(self) -> Joined:
        """A copy that has seen no passage yet, so that no query affects the next."""
        return Joined(self.readers)

    @property
    def infos(self) -> tuple[IndexInfo, ...]:
        """What each index holds."""
        return tuple(reader.info for reader in self.readers)

    @property
    def info(self) -> IndexInfo:
        """What the indexes hold together; path, settings and model are those of the first."""
        infos = self.infos
        blends = {info.blend for info in infos}
        return replace(
            infos[0],
            documents=sum(info.documents for info in infos),
            passages=sum(info.passages for info in infos),
            blend=infos[0].blend if len(blends) == 1 else None,
            names_model_of_ours=all(info.names_model_of_ours for info in infos),
        )

    @property
    def warnings(self) -> Sequence[str]:
        """Problems found and worked around so far, in any index."""
        return [warning for reader in self.readers for warning in reader.warnings]

    def check_same_model(self) -> None:
        """Refuse to compare vectors of one model with those of another.

        Raises:
            IndexMismatch: naming two indexes.
        """
        first, *others = self.infos
        for other in others:
            if other.encoder.fingerprint != first.encoder.fingerprint:
                raise IndexMismatch(
                    f"{first.directory} was made with {first.encoder.name}, {other.directory} with "
                    f"{other.encoder.name}, and similarities of two models do not compare.",
                    "give --strategy bm25+cross-encoder, or bm25, which compare none",
                )

    def search(
        self, query: NDArray[np.float32], k: int, where: Filter | None = None
    ) -> list[tuple[int, float]]:
        """The `k` nearest passages of all indexes."""
        return self._best([reader.search(query, k, where) for reader in self.readers], k)

    def similarities(self, query: NDArray[np.float32], passage_ids: Sequence[int]) -> list[float]:
        """The cosine of the query with each passage."""
        return self._of_each(passage_ids, lambda reader, ids: reader.similarities(query, ids))

    def bm25(self, query: str, k: int, where: Filter | None = None) -> list[tuple[int, float]]:
        """The `k` best passages by BM25, each scored by its own index."""
        return self._best([reader.bm25(query, k, where) for reader in self.readers], k)

    def bm25_of(self, query: str, passage_ids: Sequence[int]) -> list[float]:
        """The BM25 score of each passage."""
        return self._of_each(passage_ids, lambda reader, ids: reader.bm25_of(query, ids))

    def holding(self, text: str, where: Filter | None = None) -> list[int]:
        """The passages that contain every word of a text."""
        holding = [
            self._id(own_id, index_number)
            for index_number, reader in enumerate(self.readers)
            for own_id in reader.holding(text, where)
        ]
        return sorted(set(self._representatives(holding)))

    def spellings(self, query: str) -> dict[str, tuple[str, ...]]:
        """The words of the query that no index contains, with the words looked up instead."""
        by_index = [reader.spellings(query) for reader in self.readers]
        return {
            word: tuple(dict.fromkeys(stem for spellings in by_index for stem in spellings[word]))
            for word in by_index[0]
            if all(word in spellings for spellings in by_index)
        }

    def passages(self, passage_ids: Sequence[int]) -> list[StoredPassage]:
        """Passages by id, in the order asked."""
        passages = self._of_each(passage_ids, lambda reader, ids: reader.passages(ids))
        return [
            self._renamed(stored, passage_id % len(self.readers))
            for stored, passage_id in zip(passages, passage_ids, strict=True)
        ]

    def iter_passages(self, where: Filter | None = None) -> Iterator[StoredPassage]:
        """All passages that pass the filter, one index after the other."""
        for index_number, reader in enumerate(self.readers):
            for stored in reader.iter_passages(where):
                renamed = self._renamed(stored, index_number)
                if not self._overlap or self._representative(renamed) == renamed.passage_id:
                    yield renamed

    def count(self, where: Filter | None = None) -> int:
        """How many passages pass the filter."""
        if self._overlap:
            return sum(1 for _ in self.iter_passages(where))
        return sum(reader.count(where) for reader in self.readers)

    def document_text(self, document_id: int) -> str:
        """A document's whole text."""
        index_number, own_id = origin(document_id, len(self.readers))
        return self.readers[index_number].document_text(own_id)

    def is_current(self) -> bool:
        """Whether no index has a newer generation."""
        return all(reader.is_current() for reader in self.readers)

    def close(self) -> None:
        """Close all readers."""
        for reader in self.readers:
            reader.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _id(self, own_id: int, index_number: int) -> int:
        return own_id * len(self.readers) + index_number

    def _renamed(self, stored: StoredPassage, index_number: int) -> StoredPassage:
        return replace(
            stored,
            passage_id=self._id(stored.passage_id, index_number),
            document_id=self._id(stored.document_id, index_number),
        )

    def _best(self, rankings: Sequence[list[tuple[int, float]]], k: int) -> list[tuple[int, float]]:
        ranked = [
            (self._id(own_id, index_number), score)
            for index_number, ranking in enumerate(rankings)
            for own_id, score in ranking
        ]
        ranked.sort(key=lambda hit: (-hit[1], hit[0]))
        # Each index returned its own `k` best, so no deeper look is needed.
        representatives = self._representatives([passage_id for passage_id, _ in ranked])
        best: dict[int, float] = {}
        for representative, (_, score) in zip(representatives, ranked, strict=True):
            best.setdefault(representative, score)
        return sorted(best.items(), key=lambda hit: (-hit[1], hit[0]))[:k]

    def _representatives(self, passage_ids: Sequence[int]) -> list[int]:
        """Map ids to those of the copies in other indexes that were seen first."""
        if not self._overlap:
            return list(passage_ids)
        return [self._representative(stored) for stored in self.passages(passage_ids)]

    def _representative(self, stored: StoredPassage) -> int:
        if stored.file is None:
            # A remote file cannot be identified with a local one.
            return stored.passage_id
        identity = (
            stored.file.path,
            stored.passage.place,
            stored.passage.start,
            stored.passage.text,
        )
        return self._first_seen.setdefault(
            blake2b(repr(identity).encode(), digest_size=16).digest(), stored.passage_id
        )

    def _of_each(
        self,
        passage_ids: Sequence[int],
        ask: Callable[[IndexReader, list[int]], Sequence[Result]],
    ) -> list[Result]:
        """Ask each index about its own passages; results in the order asked."""
        positions_by_reader: list[list[int]] = [[] for _ in self.readers]
        for position, passage_id in enumerate(passage_ids):
            positions_by_reader[passage_id % len(self.readers)].append(position)
        results: dict[int, Result] = {}
        for reader, positions in zip(self.readers, positions_by_reader, strict=True):
            if positions:
                ids = [passage_ids[i] // len(self.readers) for i in positions]
                results.update(zip(positions, ask(reader, ids), strict=True))
        return [results[i] for i in range(len(passage_ids))]


def origin(joined_id: int, indexes: int) -> tuple[int, int]:
    """Which of so many indexes an id belongs to, and its id there."""
    own_id, index_number = divmod(joined_id, indexes)
    return index_number, own_id


def _overlap(first: IndexInfo, second: IndexInfo) -> bool:
    """Whether two indexes may cover the same file."""
    return any(
        first_root.path.is_relative_to(second_root.path)
        or second_root.path.is_relative_to(first_root.path)
        for first_root in first.roots
        for second_root in second.roots
    )


def joined(readers: Sequence[IndexReader]) -> IndexReader | Joined:
    """A single reader as it is; several as one."""
    return readers[0] if len(readers) == 1 else Joined(readers)
