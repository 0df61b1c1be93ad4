"""The entry point for scripts and notebooks: an index, its models, and its questions.

    from bienc_cli import Index

    index = Index.open(".")
    index.search("sour espresso", k=5)

Commands call the same methods: settings, models and indexes are found the same way, and nothing is
printed. `Index` inherits from `Overview`, `Quality` and `Upkeep`; `search` and `compare` are
defined here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bienc_cli.arguments import errors_in_arguments
from bienc_cli.environment import index_places
from bienc_cli.environment.index_places import place_of, possible
from bienc_cli.library.opened_index import documents_of, several, unknown
from bienc_cli.library.overview import Overview
from bienc_cli.library.quality import Quality
from bienc_cli.library.reporting import Reporter
from bienc_cli.library.shared_models import Models
from bienc_cli.library.upkeep import Upkeep
from bienc_cli.strategy import strategies_named, strategy_chosen

if TYPE_CHECKING:
    from bienc_cli.indexing.report import IndexOptions
    from bienc_cli.library.measured_answers import ScoreAnswer
    from bienc_cli.library.search_answers import CompareAnswer, SearchAnswer
    from bienc_cli.search import SearchOptions
    from bienc_cli.search.excerpts import Excerpt
    from bienc_cli.search.joined import Joined
    from bienc_cli.stages import Stopwatch
    from bienc_cli.store import IndexReader


class Index(Overview, Quality, Upkeep):
    """An open index; each question sees what has been committed by then.

    Thread-safe: each thread has its own reader, and threads take turns at the models. Close it with
    `close`, or use it as a context manager.
    """

    @classmethod
    @errors_in_arguments()
    def open(
        cls,
        path: str | Path = ".",
        *,
        models: Models | None = None,
        reporter: Reporter | None = None,
    ) -> Self:
        """Open an index.

        Args:
            path: a folder in or below the one that contains the index, the index's own directory,
                or an address in Milvus.
            models: which models to use, and how to run them.
            reporter: told about progress; silent by default.

        Raises:
            IndexNotFound: there is no index.
            IndexMismatch, IndexDamaged: it cannot be read.
        """
        index = cls(place_of(path), models, reporter)
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
        reporter: Reporter | None = None,
    ) -> Self:
        """Index folders and files, or update an existing index, and open it.

        Args:
            paths: one or several folders and files.
            index: its directory, or an address in Milvus; by default the same as for `bienc index`.
            models: which models to use, and how to run them.
            options: what to cover and how to chunk it.
            reporter: as for `open`.

        Raises:
            PathNotFound: a named path does not exist.
            IndexBusy: another process is writing to it.
            StorageError: it cannot be written.
        """
        place = index_places.index_to_write(None if index is None else possible(index))
        built_index = cls(place, models, reporter)
        built_index.refresh(paths, options=options)
        built_index.reader()
        return built_index

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
            k: number of passages; by default 10, or as many as a budget may hold.
            strategy: `blend`, `bm25`, ...; None for the default.
            rerank: let the cross-encoder read the candidates.
            candidates: how many it reads.
            min_relevance: drop passages with a lower relevance, 0 to 1.
            budget_tokens: return as many whole passages as fit into this many tokens, best first,
                without near-duplicates.
            exhaustive: let it read more than 2,000 passages.
            path: only documents whose path matches, as in .gitignore.
            type: only documents of these formats, or suffixes.
            also: one or several other indexes to search together with this one. A row's path shows
                which index it is from; `result.origin(hit)` tells it for a hit.

        Raises:
            UsageError: the arguments are invalid or contradict each other.
            ModelUnavailable: a model's weights are not available.
            IndexMismatch: vectors of different models would have to be compared.
            IndexDamaged: the index is damaged.
        """
        options = search_options(
            k,
            strategy=strategy,
            rerank=rerank,
            candidates=candidates,
            min_relevance=min_relevance,
            budget_tokens=budget_tokens,
            exhaustive=exhaustive,
            path=path,
            type=type,
        )
        return self.answer(query, options, (also,) if isinstance(also, Index) else also)

    @errors_in_arguments()
    def answer(
        self, query: str, options: SearchOptions, also: Sequence[Index] = ()
    ) -> SearchAnswer:
        """Like `search`, with all options; see `search_options`."""
        from bienc_cli.library.search_answers import SearchAnswer
        from bienc_cli.search import check_query, search

        check_query(query)
        chosen_strategy = options.strategy or strategy_chosen(None, True)
        if also:
            reader, watch = self._joined(also, compares=chosen_strategy.needs_bi_encoder)
        else:
            reader, watch = self._reader_and_watch()
        # It counts the tokens of a budget.
        encodes = chosen_strategy.needs_bi_encoder or options.budget_tokens is not None
        with watch.stage("load models"):
            bi_encoder = self.models.load_bi_encoder(reader.info) if encodes else None
            reranker = (
                self.models.load_cross_encoder() if chosen_strategy.needs_cross_encoder else None
            )
        return SearchAnswer(search(reader, query, bi_encoder, reranker, options, watch), reader)

    def _joined(
        self, also: Sequence[Index], *, compares: bool
    ) -> tuple[IndexReader | Joined, Stopwatch]:
        """Several distinct indexes as one; if vectors are compared, they must be of one model."""
        from bienc_cli.search.joined import Joined, joined

        opened = [index._reader_and_watch() for index in dict.fromkeys((self, *also))]
        watch = opened[0][1]
        for _, other_watch in opened[1:]:
            for stage in other_watch.times:
                watch.add(stage.name, stage.seconds)
        searchable = joined([reader for reader, _ in opened])
        if compares and isinstance(searchable, Joined):
            searchable.check_same_model()
        return searchable, watch

    @errors_in_arguments()
    def compare(
        self,
        queries: str | Sequence[str],
        strategies: str | Sequence[str] | None = None,
        k: int = 10,
        *,
        candidates: int | None = None,
        exhaustive: bool | None = None,
        path: str | Sequence[str] = (),
        type: str | Sequence[str] = (),
    ) -> CompareAnswer:
        """Show the rankings of strategies side by side, with their times.

        Args:
            queries: one or several.
            strategies: two or more, by name; None for bi-encoder and bi-encoder+cross-encoder.
            k: length of the rankings.
            candidates: how many passages the cross-encoder reads.
            exhaustive: also let it read all passages; None does for at most 400 pairs, and
                otherwise estimates the time.
            path: as for `search`.
            type: as for `search`.

        Raises:
            UsageError: the arguments are invalid or contradict each other.
            ModelUnavailable: a model's weights are not available.
        """
        from bienc_cli.evaluation.comparison import COMPARED_BY_DEFAULT, CompareOptions, compare
        from bienc_cli.library.search_answers import CompareAnswer

        options = CompareOptions(
            strategies=strategies_named(several(strategies)) if strategies else COMPARED_BY_DEFAULT,
            k=k,
            candidates=candidates,
            exhaustive=exhaustive,
            where=documents_of(path, type),
        )
        texts = [queries] if isinstance(queries, str) else list(queries)
        check_queries(texts)
        reader = self.reader()
        bi_encoder = self.models.load_bi_encoder(reader.info)
        reranker = self.models.load_cross_encoder()
        # Plus one for the exhaustive cross-encoder.
        steps = (len(options.strategies) + 1) * len(texts)
        with self.reporter.measuring(steps, len(texts)) as on_step:
            result = compare(reader, texts, bi_encoder, reranker, options, on_step)
        return CompareAnswer(result)

    @errors_in_arguments()
    def score(self, queries: str | Sequence[str], passages: str | Sequence[str]) -> ScoreAnswer:
        """Score texts against texts with both encoders of this index; nothing is searched.

        Like `Models.score`, which needs no index.
        """
        return self.models.score(queries, passages, info=self.info)

    @errors_in_arguments()
    def read(
        self,
        document: str,
        *,
        around: int = 20,
        start: int | None = None,
        limit: int = 20_000,
    ) -> Excerpt:
        """A document's text, or the lines around a place in it, from the index instead of the disk.

        Args:
            document: by path, id or citation.
            around: lines before and after the place, if a citation names one.
            start: offset to start at instead; for a text longer than `limit`.
            limit: maximum number of characters.

        Raises:
            PathNotFound: the index does not contain it.
            UsageError: it names several documents, or a place without a passage.
        """
        from bienc_cli.search.excerpts import read

        names = [document, os.path.normpath(document)]
        excerpt = read(self.reader(), names, around=around, start=start, limit=limit)
        if excerpt is None:
            raise unknown(document)
        return excerpt


def check_queries(texts: Iterable[str]) -> None:
    """Refuse invalid queries before anything is opened.

    Raises:
        UsageError: a text is empty, or not text.
    """
    from bienc_cli.search import check_query

    for text in texts:
        check_query(text)


def search_options(
    k: int | None = None,
    *,
    strategy: str | None = None,
    rerank: bool = True,
    candidates: int | None = None,
    rerank_seconds: float | None = None,
    min_relevance: float | None = None,
    budget_tokens: int | None = None,
    exhaustive: bool = False,
    best_sentence: bool = True,
    path: str | Sequence[str] = (),
    type: str | Sequence[str] = (),
) -> SearchOptions:
    """The options for `Index.answer`; arguments are those of `Index.search`, and two more.

    Args:
        rerank_seconds: time limit for the cross-encoder, which reads the best candidates first.
        best_sentence: find the sentence of each passage that tables show.

    Raises:
        UsageError: the arguments contradict each other.
    """
    from bienc_cli.search import DEFAULT_K, SearchOptions
    from bienc_cli.search.budget import passages_for

    chosen_strategy = strategy_chosen(strategy, rerank)
    if k is None:
        k = DEFAULT_K if budget_tokens is None else passages_for(budget_tokens, candidates)
    return SearchOptions(
        strategy=chosen_strategy,
        k=k,
        candidates=candidates,
        rerank_seconds=rerank_seconds,
        min_relevance=min_relevance,
        exhaustive=exhaustive,
        where=documents_of(path, type),
        best_sentence=best_sentence and chosen_strategy.needs_bi_encoder,
        budget_tokens=budget_tokens,
    )
