"""The interface between the pipelines and an index, however it is stored.

An index holds roots (what is covered), files, and their documents, passages and vectors. A reader
sees one committed generation and nothing else; a writer makes the next one, which becomes visible
all at once with `commit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bienc_cli.store.facts import (
    CommitReport,
    FileState,
    Filter,
    IndexInfo,
    Root,
    StoredPassage,
)
from bienc_cli.types import (
    ChunkingParameters,
    Document,
    EncoderIdentity,
    Passage,
    Skipped,
    TunedBlend,
    Vectors,
)


class Searchable(Protocol):
    """The part of an index that a search uses: of one index, a narrowed one, or several joined."""

    @property
    def info(self) -> IndexInfo:
        """A summary of the generation."""

    @property
    def warnings(self) -> Sequence[str]:
        """Problems found and worked around so far, as sentences."""

    def search(
        self, query: NDArray[np.float32], k: int, where: Filter | None = None
    ) -> list[tuple[int, float]]:
        """The `k` passages nearest to `query`, through the graph.

        Args:
            query: shape (dim,), length 1.
            k: how many; fewer only if there are fewer.
            where: filter, applied before the ranking is cut off.

        Returns:
            (passage id, cosine), ordered by (-cosine, passage id).
        """

    def similarities(self, query: NDArray[np.float32], passage_ids: Sequence[int]) -> list[float]:
        """The cosine of a query with each passage, in the order asked.

        The same numbers as `search` returns for these passages.

        Args:
            query: shape (dim,), length 1.
            passage_ids: ids of this reader.
        """

    def bm25(self, query: str, k: int, where: Filter | None = None) -> list[tuple[int, float]]:
        """The `k` best passages that contain any of the query's words, by BM25.

        Okapi BM25 (k1 = 1.2, b = 0.75) over the words of the embedded texts, stemmed by the
        language of each passage, counting each word of the query once. Exact at any size, with one
        exception: of a query of more than 192 words, only the rarest count if there are more than
        65,536 passages.

        Returns:
            (passage id, score), ordered by (-score, passage id).
        """

    def bm25_of(self, query: str, passage_ids: Sequence[int]) -> list[float]:
        """The scores that `bm25` gives these passages, in the order asked.

        Returns:
            A score for each; 0.0 for one without any of the query's words.
        """

    def spellings(self, query: str) -> dict[str, tuple[str, ...]]:
        """The words of a query that no passage contains, with similar words that occur.

        `bm25` and `bm25_of` look these up instead, at half their weight.

        Returns:
            The word in plain lower case, to stems. Words without similar ones are left out.
        """

    def holding(self, text: str, where: Filter | None = None) -> list[int]:
        """The passages that contain every word of a text, in any order.

        Words match as in `bm25`, compounds by their parts. Passages that contain the text verbatim
        are always included.

        Returns:
            Ids, ascending; none for a text without a word.
        """

    def passages(self, passage_ids: Sequence[int]) -> list[StoredPassage]:
        """Passages by id, in the order asked."""

    def iter_passages(self, where: Filter | None = None) -> Iterator[StoredPassage]:
        """All passages that pass the filter, document by document."""

    def count(self, where: Filter | None = None) -> int:
        """How many passages pass the filter."""


class IndexReader(Searchable, Protocol):
    """One committed generation: a snapshot that later commits do not change."""

    def search_many(
        self,
        queries: NDArray[np.float32],
        k: int,
        where: Filter | None = None,
        *,
        exact: bool = False,
    ) -> list[list[tuple[int, float]]]:
        """`search` for several queries at once; faster than one by one.

        Args:
            queries: shape (n, dim), rows of length 1.
            k: how many per query.
            where: as for `search`.
            exact: compare every vector instead of searching the graph.
        """

    def vectors_of(self, passage_ids: Sequence[int]) -> Vectors:
        """The stored vectors of passages, shape (n, dim), in the order asked.

        Args:
            passage_ids: ids of this reader; repeats are allowed.

        Raises:
            IndexDamaged: a vector is missing.
        """

    def iter_vectors(
        self, where: Filter | None = None
    ) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
        """All passages that pass the filter, with their vectors, in bounded memory.

        Passages with the same embedded text have the same vector.

        Yields:
            Passage ids, shape (n,), ascending over all that is yielded, and their vectors,
            shape (n, dim).
        """

    def documents(self) -> Iterator[tuple[str, str]]:
        """Id and displayed path of every document; records of a collection share their file's."""

    def document_text(self, document_id: int) -> str:
        """A document's whole text."""

    def files(self) -> Iterator[tuple[Root, FileState]]:
        """Every file that was read, with its root."""

    def file_times(self) -> list[tuple[Root, dict[str, tuple[int, int]]]]:
        """Each root with the size and time of its files, by path under it.

        Ten times as fast as `files`, because nothing is verified: good enough to decide whether to
        look again, but not to display or to rely on.
        """

    def skipped(self) -> list[Skipped]:
        """Files and records that were found but not indexed."""

    def is_current(self) -> bool:
        """Whether this is the latest generation; open readers of earlier ones keep the log long."""

    def close(self) -> None:
        """Release the snapshot."""

    def __enter__(self) -> Self:
        """The reader itself."""

    def __exit__(self, *_: object) -> None:
        """Close."""


class IndexWriter(Protocol):
    """Makes the next generation. Only one exists at a time; uncommitted changes are lost."""

    @property
    def info(self) -> IndexInfo | None:
        """The generation being replaced; None for a new index."""

    def begin(self, encoder: EncoderIdentity, chunking: ChunkingParameters) -> None:
        """Set the encoder and chunking; they must match what the index has recorded."""

    @property
    def is_asked_for_room(self) -> bool:
        """Whether another process is waiting to write and asks for room.

        Vectors encoded so far survive closing the writer, so little work is repeated.
        """

    def roots(self) -> dict[int, Root]:
        """The covered roots by id."""

    def put_root(self, root: Root) -> int:
        """Add a root, or update the settings of a covered one; returns its id."""

    def must_read_again(self, root_id: int) -> bool:
        """Whether a root's files must be read again to apply its new settings."""

    def vouches_for(self, root: Root) -> bool:
        """Whether this user added the root, with the settings as recorded.

        A root inside the folder that contains the index needs no confirmation; one outside may have
        been added by whoever made the index.
        """

    def vouch_for(self, root: Root) -> None:
        """Record that this user added the root, with these settings."""

    def remove_root(self, path: Path) -> int:
        """Stop covering a root and remove its files; returns how many documents they held."""

    def files(self, root_id: int) -> dict[str, FileState]:
        """The recorded state of a root's files, by path under the root."""

    def document_digests(self, file_id: int) -> dict[str, bytes]:
        """The digest of each document's text, by document id."""

    def document_counts(self, root_id: int) -> dict[int, int]:
        """How many documents each of a root's files holds, by file id, zeros included."""

    def replace_file(self, root_id: int, state: FileState) -> int:
        """Remove what is recorded for the file at `state.path` and start afresh; returns its id."""

    def touch_file(self, state: FileState, *, lazily: bool = False) -> None:
        """Update the state of a file whose documents stay as they are.

        Args:
            state: with the file's id.
            lazily: the change alone is not worth a commit.
        """

    def remove_file(self, file_id: int) -> None:
        """Remove a file."""

    def add_document(self, file_id: int, document: Document, passages: Sequence[Passage]) -> None:
        """Add a document with its passages; their vectors may follow later."""

    def add_skipped(self, file_id: int, skipped: Skipped) -> None:
        """Record that a file, or one record in it, could not be read."""

    def put_discovery_skips(self, root_id: int, skipped: Sequence[Skipped]) -> None:
        """Replace the record of what discovery skipped."""

    def unread(self, root_id: int) -> list[Skipped]:
        """What discovery skipped under a root, in discovery order."""

    def skipped(self, root_id: int) -> list[Skipped]:
        """Everything recorded as skipped under a root."""

    def without_vector(self, texts: Sequence[str]) -> list[str]:
        """The embedded texts without a known vector, without repeats."""

    def add_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Add vectors of embedded texts, shape (n, dim); kept even without a commit."""

    def put_blend(self, blend: TunedBlend | None) -> None:
        """Record weights learned for this index; None restores the defaults."""

    def commit(
        self,
        on_stage: Callable[[str], None] = ...,
        on_built: Callable[[int, int], None] = ...,
        *,
        compact: bool = False,
    ) -> CommitReport:
        """Make all changes visible at once; the writer's last operation.

        Args:
            on_stage: called with the name of each stage: `words`, `graph`, `commit`.
            on_built: called with how many vectors are in the graph, of how many.
            compact: erase everything removed from the disk, and free its space; takes time
                proportional to the index.

        Raises:
            StorageError: the disk is full or refused to write; the old generation is intact.
            IndexDamaged: the existing data is damaged.
        """

    def __enter__(self) -> Self:
        """The writer itself."""

    def __exit__(self, *_: object) -> None:
        """Close; uncommitted changes are discarded."""
