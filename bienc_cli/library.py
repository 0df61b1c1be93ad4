"""The front door for scripts and notebooks: an index, its models, and what can be asked of it.

    from bienc_cli import Index

    index = Index.open(".")
    index.search("sour espresso", k=5)

It is the commands' way in another dress: settings and models are found as they find them, and
nothing is printed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from bienc_cli.arguments import errors_in_arguments
from bienc_cli.cli import environment, outside
from bienc_cli.cli.environment import possible
from bienc_cli.cli.remove import absolute
from bienc_cli.errors import BiencError, PathNotFound, UsageError
from bienc_cli.evaluation.comparison import DEFAULT_STRATEGIES, CompareOptions, compare
from bienc_cli.index_answers import (
    BuildAnswer,
    CompareAnswer,
    SearchAnswer,
    SimilarAnswer,
)
from bienc_cli.index_places import place_of
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.indexing.report import IndexOptions
from bienc_cli.overview import Overview, documents_of, several
from bienc_cli.search import SearchOptions, search
from bienc_cli.search.budget import passages_for
from bienc_cli.search.excerpts import DEFAULT_AROUND, MOST_CHARACTERS, Excerpt, read
from bienc_cli.search.joined import Joined, joined
from bienc_cli.search.similar import Similar, SimilarOptions, similar
from bienc_cli.search.subject import Subject, foreign_subject, indexed_subject
from bienc_cli.shared_models import Models
from bienc_cli.store import (
    IndexInfo,
    IndexPlace,
    IndexReader,
    identity_of,
    open_reader,
)
from bienc_cli.strategy import strategies_named, strategy_chosen
from bienc_cli.upkeep import Upkeep

_WAIT_SECONDS = 60.0
"""For another writer, such as `bienc index --watch` in the midst of a batch."""


class _Opened(threading.local):
    """What a thread has open of an index: a reader is for one."""

    reader: IndexReader | None = None
    identity: Hashable = None


class Index(Overview, Upkeep):
    """An index, open for questions; what is committed to it meanwhile is seen by the next one.

    Several threads may ask: each reads the index by itself, and they take turns at the models.
    Closed by `close`, or as a context manager.
    """

    def __init__(self, place: IndexPlace, models: Models | None = None) -> None:
        """Use `open` or `build`."""
        self.place = place
        self.models = models or Models()
        self._mine = _Opened()

    @classmethod
    @errors_in_arguments()
    def open(cls, path: str | Path = ".", *, models: Models | None = None) -> Self:
        """Open an index.

        Args:
            path: a folder in it or above which the index lies, the index's own directory, or an
                address in Milvus.
            models: which, and how they run.

        Raises:
            IndexNotFound: there is none.
            IndexMismatch, IndexDamaged: it cannot be read.
        """
        index = cls(place_of(path), models)
        index.reader()
        return index

    @classmethod
    @errors_in_arguments()
    def build(
        cls,
        paths: str | Path | Iterable[str | Path],
        *,
        index: str | Path | None = None,
        models: Models | None = None,
        options: IndexOptions | None = None,
    ) -> Self:
        """Make an index of folders and files, or bring one up to date with them, and open it.

        Args:
            paths: folders and files, or one.
            index: its directory, or an address in Milvus; by default as `bienc index` has it.
            models: which, and how they run.
            options: what to cover and how to cut it.

        Raises:
            PathNotFound: something that was named is not there.
            IndexBusy: another process is writing to it.
            StorageError: it cannot be written.
        """
        place = environment.index_to_write(None if index is None else possible(index))
        built = cls(place, models)
        named = [paths] if isinstance(paths, str | Path) else paths
        built._run(absolute([possible(path) for path in named]), options)
        built.reader()
        return built

    @errors_in_arguments()
    def refresh(self, options: IndexOptions | None = None) -> BuildAnswer:
        """Bring the index up to date with all that it covers.

        Raises:
            IndexBusy: another process is writing to it, and goes on.
            StorageError: it cannot be written.
        """
        return self._run([], options)

    def _run(self, paths: Sequence[Path], options: IndexOptions | None) -> BuildAnswer:
        return BuildAnswer(
            index_paths(
                paths,
                directory=self.place,
                base=Path.cwd(),
                load_encoder=self.models.load_bi_encoder,
                key_dir=environment.key_directory(),
                options=options or IndexOptions(excludes_file=environment.excludes_file()),
                wait=_WAIT_SECONDS,
                ask=True,
            )
        )

    @property
    def info(self) -> IndexInfo:
        """What the index holds now."""
        return self.reader().info

    def reader(self) -> IndexReader:
        """The generation that is current now; closed when a later one is asked for.

        Raises:
            IndexNotFound: the index is gone.
            IndexMismatch, IndexDamaged: it cannot be read.
        """
        mine = self._mine
        if mine.reader is not None and not self._is_current(mine.reader):
            self.close()
        if mine.reader is None:
            # Before it is opened: what is replaced meanwhile is then opened once more.
            mine.identity = identity_of(self.place)
            mine.reader = open_reader(
                self.place, key_dir=environment.key_directory(), shown_from=Path.cwd()
            )
        return mine.reader

    def _is_current(self, reader: IndexReader) -> bool:
        with suppress(BiencError):
            return identity_of(self.place) == self._mine.identity and reader.is_current()
        return False

    @errors_in_arguments()
    def search(
        self,
        query: str,
        k: int | None = None,
        *,
        strategy: str | None = None,
        rerank: bool = True,
        candidates: int | None = None,
        min_relevance: float | None = None,
        budget_tokens: int | None = None,
        exhaustive: bool = False,
        path: str | Sequence[str] = (),
        type: str | Sequence[str] = (),
        also: Index | Sequence[Index] = (),
    ) -> SearchAnswer:
        """Find the passages that answer a query.

        Args:
            query: in plain language.
            k: how many; 10, or what a budget may hold.
            strategy: `blend`, `bm25`, ...; None for the default.
            rerank: let the cross-encoder read the candidates.
            candidates: how many it reads.
            min_relevance: drop what it finds less relevant, 0 to 1.
            budget_tokens: as many whole passages as fit into so many tokens, best first, without
                near-repeats.
            exhaustive: let the cross-encoder read more than 2,000 passages.
            path: only documents whose path matches, as in .gitignore.
            type: only documents of these formats, or suffixes.
            also: another index or several, searched with this one as if they were one. A row's
                path says which it is from; `result.origin(hit)` says it for a hit.

        Raises:
            UsageError: it cannot be answered as it was asked.
            ModelUnavailable: a model's weights are not here.
            IndexMismatch: vectors of different models would have to be compared.
            IndexDamaged: the index does not hold together.
        """
        chosen = strategy_chosen(strategy, rerank)
        if k is None:
            k = 10 if budget_tokens is None else passages_for(budget_tokens, candidates)
        options = SearchOptions(
            strategy=chosen,
            k=k,
            candidates=candidates,
            min_relevance=min_relevance,
            exhaustive=exhaustive,
            where=documents_of(path, type),
            best_sentence=chosen.needs_bi_encoder,
            budget_tokens=budget_tokens,
        )
        others = (also,) if isinstance(also, Index) else also
        reader = joined([one.reader() for one in dict.fromkeys((self, *others))])
        if isinstance(reader, Joined) and chosen.needs_bi_encoder:
            reader.check_same_model()
        compares = chosen.needs_bi_encoder or budget_tokens is not None
        result = search(
            reader,
            query,
            self.models.load_bi_encoder(reader.info) if compares else None,
            self.models.load_cross_encoder() if chosen.needs_cross_encoder else None,
            options,
        )
        return SearchAnswer(result)

    @errors_in_arguments()
    def similar(
        self,
        path: str | Path,
        k: int = 10,
        *,
        unit: str = "document",
        rerank: bool = False,
        min_similarity: float | None = None,
        indexed_only: bool = False,
    ) -> SimilarAnswer:
        """Find documents, or passages, like one.

        Args:
            path: a document of the index, by path, id or citation; else any other file.
            k: how many.
            unit: `document` or `passage`.
            rerank: let the cross-encoder read the passages that match best.
            min_similarity: drop what is less similar.
            indexed_only: refuse a file that the index does not hold.

        Raises:
            PathNotFound: there is neither.
            UsageError: it cannot be answered as it was asked.
        """
        options = SimilarOptions(unit=_unit(unit), k=k, min_similarity=min_similarity)
        reader = self.reader()
        subject = self._subject(reader, possible(path), indexed_only=indexed_only)
        cross_encoder = self.models.load_cross_encoder() if rerank else None
        return SimilarAnswer(similar(reader, subject, options, cross_encoder))

    def _subject(self, reader: IndexReader, named: str, *, indexed_only: bool) -> Subject:
        real = os.path.realpath(Path.cwd() / named)
        found = indexed_subject(reader, [named, os.path.normpath(named), real])
        if found is not None:
            return found
        if indexed_only:
            raise _unknown(named)
        documents, called = outside.documents(named)
        return foreign_subject(reader, called, documents, self.models.load_bi_encoder(reader.info))

    @errors_in_arguments()
    def compare(
        self,
        queries: str | Sequence[str],
        strategies: str | Sequence[str] | None = None,
        k: int = 10,
        *,
        candidates: int | None = None,
        path: str | Sequence[str] = (),
        type: str | Sequence[str] = (),
    ) -> CompareAnswer:
        """Put the rankings of strategies side by side, with their time.

        Args:
            queries: one or several.
            strategies: two or more, by name; None for bi-encoder and bi-encoder+cross-encoder.
            k: length of the rankings.
            candidates: how many passages the cross-encoder reads.
            path: as for `search`.
            type: as for `search`.

        Raises:
            UsageError: it cannot be answered as it was asked.
            ModelUnavailable: a model's weights are not here.
        """
        options = CompareOptions(
            strategies=strategies_named(several(strategies)) if strategies else DEFAULT_STRATEGIES,
            k=k,
            candidates=candidates,
            where=documents_of(path, type),
        )
        reader = self.reader()
        result = compare(
            reader,
            [queries] if isinstance(queries, str) else list(queries),
            self.models.load_bi_encoder(reader.info),
            self.models.load_cross_encoder(),
            options,
        )
        return CompareAnswer(result)

    @errors_in_arguments()
    def read(
        self,
        document: str,
        *,
        around: int = DEFAULT_AROUND,
        start: int | None = None,
        limit: int = MOST_CHARACTERS,
    ) -> Excerpt:
        """A document's text, or what stands around a place in it; out of the index, not the disk.

        Args:
            document: by path, id or citation.
            around: lines in front of the place and behind it, where a citation names one.
            start: offset to begin at, instead; for a text longer than `limit`.
            limit: most characters.

        Raises:
            PathNotFound: the index does not hold it.
            UsageError: it names several documents, or a place without a passage.
        """
        names = [document, os.path.normpath(document)]
        found = read(self.reader(), names, around=around, start=start, limit=limit)
        if found is None:
            raise _unknown(document)
        return found

    def close(self) -> None:
        """Let go of the index's files; a later question opens them again.

        Those that this thread has open; another's are let go of when it ends.
        """
        if self._mine.reader is not None:
            self._mine.reader.close()
            self._mine.reader = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        try:
            info = self.info
        except BiencError as error:
            return f"Index({str(self.place)!r}: {error.message})"
        return (
            f"Index({str(self.place)!r}: {info.documents:,} documents, "
            f"{info.passages:,} passages, {info.encoder.name})"
        )


def _unit(named: str) -> Similar:
    try:
        return Similar(named)
    except ValueError:
        raise UsageError(f"There is no unit '{named}'.", "give document or passage") from None


def _unknown(named: str) -> PathNotFound:
    return PathNotFound(
        f"The index holds no document called {named}.",
        "name one as answers do: by its path, its id or a citation",
    )
