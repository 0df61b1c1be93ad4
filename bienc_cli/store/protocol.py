"""What the pipelines know of an index, whatever keeps it.

An index holds roots (what is covered), files, their documents, passages and vectors. A
reader sees one committed generation and nothing else; a writer makes the next one, which
becomes visible all at once with `commit`.
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


class IndexReader(Protocol):
    """One committed generation; a snapshot that later commits do not change."""

    @property
    def info(self) -> IndexInfo:
        """What it holds."""

    @property
    def warnings(self) -> Sequence[str]:
        """What was found amiss so far and worked around, as sentences."""

    def search(
        self, query: NDArray[np.float32], k: int, where: Filter | None = None
    ) -> list[tuple[int, float]]:
        """The `k` passages nearest to `query`, by the graph.

        Args:
            query: shape (dim,), length 1.
            k: how many; fewer come only where there are fewer.
            where: applied before the ranking is cut.

        Returns:
            (passage id, cosine), ordered by (-cosine, passage id).
        """

    def search_many(
        self,
        queries: NDArray[np.float32],
        k: int,
        where: Filter | None = None,
        *,
        exact: bool = False,
    ) -> list[list[tuple[int, float]]]:
        """`search` for several queries together; faster than one by one.

        Args:
            queries: shape (n, dim), rows of length 1.
            k: how many for each.
            where: as for `search`.
            exact: compare every vector: what the graph approximates.
        """

    def similarities(self, query: NDArray[np.float32], passage_ids: Sequence[int]) -> list[float]:
        """The cosine of a query with each of some passages, in the order asked.

        The same numbers as `search` gives for the same passages.

        Args:
            query: shape (dim,), length 1.
            passage_ids: this reader's own.
        """

    def vectors_of(self, passage_ids: Sequence[int]) -> Vectors:
        """The stored vectors of passages, shape (n, dim), in the order asked.

        Args:
            passage_ids: this reader's own; one may come twice.

        Raises:
            IndexDamaged: one is not there.
        """

    def iter_vectors(
        self, where: Filter | None = None
    ) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
        """All passages that count with their vectors, in bounded memory.

        Passages with the same embedded text have the same vector.

        Yields:
            Passage ids, shape (n,), ascending over all that is yielded, and their vectors,
            shape (n, dim).
        """

    def bm25(self, query: str, k: int, where: Filter | None = None) -> list[tuple[int, float]]:
        """The `k` best passages that hold any of the query's words, by BM25.

        Okapi BM25 (k1 = 1.2, b = 0.75) over words of the embedded texts, stemmed by the language
        of each passage, each word of the query once. Exact at any size, but that of a query of
        more than 192 words only the rarest count where there are more than 65,536 passages.

        Returns:
            (passage id, score), ordered by (-score, passage id).
        """

    def bm25_of(self, query: str, passage_ids: Sequence[int]) -> list[float]:
        """What `bm25` gives these passages, in the order asked.

        Returns:
            A score for each; 0.0 for one that holds none of the query's words.
        """

    def spellings(self, query: str) -> dict[str, tuple[str, ...]]:
        """The words of a query that no passage has, each with words that do and are near to it.

        Those are looked up in its place, at half their weight: `bm25` and `bm25_of` count them.

        Returns:
            The word in plain small letters, and stems. Words that nothing is near to are left out.
        """

    def holding(self, text: str, where: Filter | None = None) -> list[int]:
        """The passages that have every word of a text, whatever their order.

        Words are compared as `bm25` does, compounds as their parts. What has the text word for
        word is among them.

        Returns:
            Ids, ascending; none for a text without a word.
        """

    def passages(self, passage_ids: Sequence[int]) -> list[StoredPassage]:
        """Passages by id, in the order asked."""

    def iter_passages(self, where: Filter | None = None) -> Iterator[StoredPassage]:
        """All passages that count, document by document."""

    def count(self, where: Filter | None = None) -> int:
        """How many passages count."""

    def documents(self) -> Iterator[tuple[str, str]]:
        """Id and shown path of every document; records of a collection share their file's."""

    def document_text(self, document_id: int) -> str:
        """A document's whole text."""

    def files(self) -> Iterator[tuple[Root, FileState]]:
        """Every file that was read, with the root it was found under."""

    def file_times(self) -> list[tuple[Root, dict[str, tuple[int, int]]]]:
        """Each root with the size and time of its files, by path under it.

        Ten times as fast as `files`, because nothing is verified: good for telling whether
        it is time to look again, and for nothing that is shown or read.
        """

    def skipped(self) -> list[Skipped]:
        """Files and records that were found and not indexed."""

    def is_current(self) -> bool:
        """Whether this is the latest generation; a reader of an earlier one keeps the log long."""

    def close(self) -> None:
        """Let go of the snapshot."""

    def __enter__(self) -> Self:
        """The reader itself."""

    def __exit__(self, *_: object) -> None:
        """Close."""


class IndexWriter(Protocol):
    """Makes the next generation. One at a time; what is not committed never was."""

    @property
    def info(self) -> IndexInfo | None:
        """The generation that is being replaced; None in a new index."""

    def begin(self, encoder: EncoderIdentity, chunking: ChunkingParameters) -> None:
        """Say what vectors and passages will be of; the same as recorded, if anything is."""

    @property
    def is_asked_for_room(self) -> bool:
        """Whether another process waits to write and asks for room.

        What is encoded by then is kept when the writer is closed, so that little is done twice.
        """

    def roots(self) -> dict[int, Root]:
        """What is covered now, by id."""

    def put_root(self, root: Root) -> int:
        """Cover a root, or change the settings of one that is covered; its id."""

    def must_read_again(self, root_id: int) -> bool:
        """Whether a root's files must be read again for its new settings to hold."""

    def vouches_for(self, root: Root) -> bool:
        """Whether it was this user who had the index cover a root, as it is recorded.

        A root inside the folder that the index lies in needs nobody's word; one outside might
        have been written there by whoever the index came from.
        """

    def vouch_for(self, root: Root) -> None:
        """Record that this user has the index cover a root, with these settings."""

    def remove_root(self, path: Path) -> int:
        """Stop covering a root and forget its files; how many documents those held."""

    def files(self, root_id: int) -> dict[str, FileState]:
        """What is known of a root's files, by path under the root."""

    def document_digests(self, file_id: int) -> dict[str, bytes]:
        """Digest of each document's text, by document id."""

    def document_counts(self, root_id: int) -> dict[int, int]:
        """How many documents each of a root's files holds, by file id; none are left out."""

    def replace_file(self, root_id: int, state: FileState) -> int:
        """Forget what is known of the file at `state.path` and begin anew; its id."""

    def touch_file(self, state: FileState, *, lazily: bool = False) -> None:
        """Record another state of a file, whose documents stay as they are.

        Args:
            state: with the file's id.
            lazily: it is not worth a commit of its own.
        """

    def remove_file(self, file_id: int) -> None:
        """Forget a file."""

    def add_document(self, file_id: int, document: Document, passages: Sequence[Passage]) -> None:
        """Add a document with its passages; their vectors may come later."""

    def add_skipped(self, file_id: int, skipped: Skipped) -> None:
        """Record that a file, or a record of it, could not be read."""

    def put_discovery_skips(self, root_id: int, skipped: Sequence[Skipped]) -> None:
        """Record what discovery passed over, in place of what it did last time."""

    def unread(self, root_id: int) -> list[Skipped]:
        """What discovery passed over under a root, in its order."""

    def skipped(self, root_id: int) -> list[Skipped]:
        """All that is recorded as skipped under a root."""

    def without_vector(self, texts: Sequence[str]) -> list[str]:
        """Those of the embedded texts, each once, whose vector is not known."""

    def add_vectors(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Vectors of embedded texts, shape (n, dim); kept even if the commit never comes."""

    def put_blend(self, blend: TunedBlend | None) -> None:
        """Record weights learned for this index; None goes back to the defaults."""

    def commit(
        self,
        on_stage: Callable[[str], None] = ...,
        on_built: Callable[[int, int], None] = ...,
        *,
        compact: bool = False,
    ) -> CommitReport:
        """Make everything visible at once; the writer's last act.

        Args:
            on_stage: told what begins: `words`, `graph`, `commit`.
            on_built: told how many vectors are in the graph, of how many.
            compact: leave nothing on the disk of what was removed, and no room for it; takes
                time in proportion to the index.

        Raises:
            StorageError: the disk is full, or otherwise refused; the old generation is whole.
            IndexDamaged: what is there already does not hold together.
        """

    def __enter__(self) -> Self:
        """The writer itself."""

    def __exit__(self, *_: object) -> None:
        """Let go; what is not committed is dropped."""
