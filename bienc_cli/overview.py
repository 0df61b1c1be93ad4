"""What is asked of an index as a whole: which passages are alike, which document is about what."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from bienc_cli.arguments import errors_in_arguments
from bienc_cli.cli import options as opt
from bienc_cli.index_answers import LabelsAnswer, PairsAnswer
from bienc_cli.search.clusters import gathered
from bienc_cli.search.pairs import DEFAULT_MIN_SIMILARITY, PairsOptions, find_pairs
from bienc_cli.search.zero_shot import label_documents
from bienc_cli.shared_models import Models
from bienc_cli.stages import Stopwatch
from bienc_cli.store import Filter, IndexReader


class Overview(ABC):
    """That part of `Index`."""

    models: Models

    @abstractmethod
    def reader(self) -> IndexReader:
        """The generation that is current now."""

    @errors_in_arguments()
    def pairs(
        self,
        *,
        min_similarity: float = DEFAULT_MIN_SIMILARITY,
        min_shared: float = 0.0,
        exact: bool = False,
        path: str | Sequence[str] = (),
        type: str | Sequence[str] = (),
        against: str | Sequence[str] = (),
        classify: bool = False,
        label: str | None = None,
    ) -> PairsAnswer:
        """Find pairs of similar passages: duplicates, variants, contradictions.

        Args:
            min_similarity: the least cosine; the same text is a pair at any.
            min_shared: the least share of common words, 0 to 1.
            exact: only the same text.
            path: where passages come from: documents whose path matches, as in .gitignore.
            type: only documents of these formats, or suffixes.
            against: where the other of each pair comes from; the same place if empty.
            classify: let the cross-encoder label each pair, both ways; it has several labels.
            label: only pairs that it gives this one.

        Raises:
            UsageError: it cannot be answered as it was asked.
            ModelUnavailable: a model's weights are not here.
        """
        options = PairsOptions(
            min_similarity=min_similarity,
            min_shared=min_shared,
            exact=exact,
            label=label,
            between=documents_of(path, type),
            against=documents_of(against, type) if against else None,
        )
        reader, watch = self.reader(), Stopwatch()
        classifier = self.models.load_cross_encoder() if classify else None
        with watch.stage("search"):
            found = list(find_pairs(reader, options, classifier))
        return PairsAnswer(gathered(reader, found, options, classifier, watch))

    @errors_in_arguments()
    def classify(
        self,
        labels: str | Sequence[str],
        *,
        path: str | Sequence[str] = (),
        type: str | Sequence[str] = (),
        rerank: bool = False,
    ) -> LabelsAnswer:
        """Give documents the likeliest of some labels, whose names are all that is known of them.

        Args:
            labels: two or more, in a list or with commas between them.
            path: as for `pairs`.
            type: as for `pairs`.
            rerank: let the cross-encoder judge as well.

        Raises:
            UsageError: it cannot be answered as it was asked.
            ModelUnavailable: a model's weights are not here.
        """
        reader = self.reader()
        result = label_documents(
            reader,
            several(labels),
            self.models.load_bi_encoder(reader.info),
            self.models.load_cross_encoder() if rerank else None,
            documents_of(path, type),
        )
        return LabelsAnswer(result)

    def count(self, *, path: str | Sequence[str] = (), type: str | Sequence[str] = ()) -> int:
        """How many passages such documents have; see `pairs`."""
        return self.reader().count(documents_of(path, type))


def documents_of(paths: str | Sequence[str], formats: str | Sequence[str]) -> Filter:
    """The documents that match; patterns as they are: nothing is looked up on the disk for them.

    Raises:
        UsageError: there is no such format.
    """
    named = opt.document_filter(None, [formats] if isinstance(formats, str) else list(formats))
    return Filter((paths,) if isinstance(paths, str) else tuple(paths), named.formats)


def several(named: str | Sequence[str]) -> Sequence[str]:
    """Names as commands take them, with commas between them, or in a list."""
    return named.split(",") if isinstance(named, str) else named
