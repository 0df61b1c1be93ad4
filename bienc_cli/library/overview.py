"""Questions about an index without a query: similar documents, pairs, labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.arguments import errors_in_arguments
from bienc_cli.environment import variables
from bienc_cli.environment.index_places import possible
from bienc_cli.errors import PathNotFound, UsageError
from bienc_cli.library.opened_index import OpenedIndex, documents_of, several, unknown

if TYPE_CHECKING:
    from bienc_cli.library.overview_answers import LabelsAnswer, PairsAnswer, SimilarAnswer
    from bienc_cli.search.pairs import Pair
    from bienc_cli.search.similar import Similar
    from bienc_cli.search.subject import Subject
    from bienc_cli.stages import Stopwatch
    from bienc_cli.store import IndexReader
    from bienc_cli.types import Document


class Overview(OpenedIndex):
    """The methods of `Index` that need no query."""

    @errors_in_arguments()
    def similar(
        self,
        path: str | Path | None = None,
        k: int = 10,
        *,
        text: str | None = None,
        called: str = "the text",
        unit: str = "document",
        rerank: bool = False,
        candidates: int | None = None,
        min_similarity: float | None = None,
        among: str | Sequence[str] = (),
        type: str | Sequence[str] = (),
        indexed_only: bool = False,
    ) -> SimilarAnswer:
        """Find documents, or passages, similar to one.

        Args:
            path: a document of the index, by path, id or citation; or any other file.
            k: how many.
            text: a text to compare with, instead of a path.
            called: what to call that text in the answer.
            unit: `document` or `passage`.
            rerank: let the cross-encoder read the best-matching passages.
            candidates: how many of them it reads.
            min_similarity: drop hits with a lower similarity.
            among: only documents whose path matches, as in .gitignore.
            type: only documents of these formats, or suffixes.
            indexed_only: refuse a file that is not in the index.

        Raises:
            PathNotFound: the path is neither a document of the index nor a file.
            UsageError: the arguments are invalid or contradict each other.
        """
        from bienc_cli.library.overview_answers import SimilarAnswer
        from bienc_cli.search.similar import SimilarOptions, similar

        if (path is None) == (text is None):
            raise UsageError("Something is like a document or like a text.", "name one of the two")
        options = SimilarOptions(
            unit=_unit(unit),
            k=k,
            candidates=candidates,
            min_similarity=min_similarity,
            where=documents_of(among, type),
        )
        reader, watch = self._reader_and_watch()
        cross_encoder = None
        if rerank:
            with watch.stage("load models"):
                cross_encoder = self.models.load_cross_encoder()
        source = None if path is None else possible(path)
        subject = self._subject(
            reader, source, (text or "", called), watch, indexed_only=indexed_only
        )
        return SimilarAnswer(similar(reader, subject, options, cross_encoder, watch))

    def _subject(
        self,
        reader: IndexReader,
        source: str | None,
        text_and_name: tuple[str, str],
        watch: Stopwatch,
        *,
        indexed_only: bool,
    ) -> Subject:
        from bienc_cli.search.subject import foreign_subject, indexed_subject

        if source is not None:
            real = os.path.realpath(source)
            spellings = [source, os.path.normpath(source), os.path.relpath(real), real]
            with watch.stage("find"):
                subject = indexed_subject(reader, spellings)
            if subject is not None:
                return subject
            if indexed_only:
                raise unknown(source)
        text, called = text_and_name
        documents = [_document_of(text)] if source is None else _documents_in(source)
        with watch.stage("load models"):
            encoder = self.models.load_bi_encoder(reader.info)
        with watch.stage("encode"):
            return foreign_subject(reader, source or called, documents, encoder)

    @errors_in_arguments()
    def pairs(
        self,
        *,
        min_similarity: float = 0.9,
        min_shared: float = 0.0,
        exact: bool = False,
        path: str | Sequence[str] = (),
        type: str | Sequence[str] = (),
        against: str | Sequence[str] = (),
        classify: bool = False,
        label: str | None = None,
        on_pair: Callable[[Pair], None] = lambda _: None,
    ) -> PairsAnswer:
        """Find pairs of similar passages: duplicates, variants, contradictions.

        Resumes an interrupted search.

        Args:
            min_similarity: the minimum cosine; identical texts are always a pair.
            min_shared: the minimum fraction of shared words, 0 to 1.
            exact: find only identical texts.
            path: only passages of documents whose path matches, as in .gitignore.
            type: only documents of these formats, or suffixes.
            against: the same for the second passage of each pair; as `path` if empty.
            classify: let the cross-encoder, which must have several labels, label each pair in both
                directions.
            label: only pairs that get this label.
            on_pair: called with each pair as soon as it is found.

        Raises:
            UsageError: the arguments are invalid or contradict each other.
            ModelUnavailable: a model's weights are not available.
        """
        from bienc_cli.library.overview_answers import PairsAnswer
        from bienc_cli.search.clusters import gathered
        from bienc_cli.search.pair_log import PairLog
        from bienc_cli.search.pairs import PairsOptions, find_pairs, search_key

        options = PairsOptions(
            min_similarity=min_similarity,
            min_shared=min_shared,
            exact=exact,
            label=label,
            between=documents_of(path, type),
            against=documents_of(against, type) if against else None,
        )
        reader, watch = self._reader_and_watch()
        classifier = None
        if classify:
            with watch.stage("load models"):
                classifier = self.models.load_cross_encoder()
        logs = variables.cache_directory() / "pairs"
        pairs = []
        with (
            PairLog(logs, search_key(reader, options, classifier)) as log,
            self.reporter.portions("comparing", "passages") as advance,
            watch.stage("search"),
        ):
            if log.portions:
                self.reporter.note("note: going on where the interrupted search was")
            for pair in find_pairs(reader, options, classifier, log, advance):
                on_pair(pair)
                pairs.append(pair)
            log.finish()
        return PairsAnswer(gathered(reader, pairs, options, classifier, watch))

    @errors_in_arguments()
    def classify(
        self,
        labels: str | Sequence[str],
        *,
        path: str | Sequence[str] = (),
        type: str | Sequence[str] = (),
        rerank: bool = False,
    ) -> LabelsAnswer:
        """Give documents the most likely of some labels, knowing only the labels' names.

        Args:
            labels: two or more, in a list or separated by commas.
            path: as for `pairs`.
            type: as for `pairs`.
            rerank: let the cross-encoder judge as well.

        Raises:
            UsageError: the arguments are invalid.
            ModelUnavailable: a model's weights are not available.
        """
        from bienc_cli.library.overview_answers import LabelsAnswer
        from bienc_cli.search.zero_shot import check_labels, label_documents

        names, where = check_labels(several(labels)), documents_of(path, type)
        reader, watch = self._reader_and_watch()
        with watch.stage("load models"):
            bi_encoder = self.models.load_bi_encoder(reader.info)
            cross_encoder = self.models.load_cross_encoder() if rerank else None
        with self.reporter.portions("reading", "documents") as advance:
            result = label_documents(
                reader, names, bi_encoder, cross_encoder, where, watch, advance
            )
        return LabelsAnswer(result)

    def count(self, *, path: str | Sequence[str] = (), type: str | Sequence[str] = ()) -> int:
        """How many passages the matching documents have; arguments as for `pairs`."""
        return self.reader().count(documents_of(path, type))


def _unit(name: str) -> Similar:
    from bienc_cli.search.similar import Similar

    try:
        return Similar(name)
    except ValueError:
        raise UsageError(f"There is no unit '{name}'.", "give document or passage") from None


# Texts that are not indexed: a file given by its path, or a bare text.


def _documents_in(file_name: str) -> list[Document]:
    """Read the documents of a file.

    Raises:
        PathNotFound: the file does not exist.
        UsageError: it cannot be read; says why.
    """
    from bienc_cli.formats.isolation import read_files
    from bienc_cli.formats.worker_messages import Limits
    from bienc_cli.indexing.workers import NamedFile
    from bienc_cli.types import Document

    path = Path(file_name)
    if file_name and path.is_dir():
        raise UsageError(f"{file_name} is a folder, and no document.", "name one of those in it")
    if not path.is_file():
        raise PathNotFound(
            f"There is neither a document of the index nor a file called '{file_name}'.",
            "bienc info says what the index covers; - reads a text from standard input",
        )
    file = NamedFile(path.absolute(), path.name, path.stat().st_size)
    documents: list[Document] = []
    for _, items in read_files([file], workers=1, limits=Limits()):
        for item in items:
            if isinstance(item, Document):
                documents.append(item)
            elif item.path == file.doc_id and not documents:
                raise UsageError(f"{file_name} cannot be read: {item.reason}.")
    return documents


def _document_of(text: str) -> Document:
    """A bare text as a document."""
    from bienc_cli.formats.cleaning import clean
    from bienc_cli.types import Document

    # No name, because it would be embedded as a title.
    return Document("-", clean(text), "text")
