"""What is done with an index besides asking it: measured, scored with, verified, made to forget."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path

from bienc_cli.arguments import errors_in_arguments
from bienc_cli.cli import environment
from bienc_cli.cli.environment import possible
from bienc_cli.cli.remove import absolute
from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.matrix import score_matrix
from bienc_cli.evaluation.measures import DEFAULT_MEASURES
from bienc_cli.evaluation.qrels import judged_in, read_qrels
from bienc_cli.evaluation.queries import read_queries
from bienc_cli.evaluation.results import DEFAULT_STRATEGIES, EvaluationOptions
from bienc_cli.indexing.forget import RemovalReport, remove_paths
from bienc_cli.measured_answers import EvaluateAnswer, ScoreAnswer
from bienc_cli.overview import documents_of, several
from bienc_cli.search import DEFAULT_CANDIDATES
from bienc_cli.shared_models import Models
from bienc_cli.store import CheckReport, IndexPlace, IndexReader, check, repair
from bienc_cli.strategy import strategies_named

_WAIT_SECONDS = 60.0
"""For another writer."""


class Upkeep(ABC):
    """That part of `Index`."""

    models: Models
    place: IndexPlace

    @abstractmethod
    def reader(self) -> IndexReader:
        """The generation that is current now."""

    @errors_in_arguments()
    def evaluate(
        self,
        queries: str | Path,
        qrels: str | Path,
        strategies: str | Sequence[str] | None = None,
        *,
        measures: str | Sequence[str] = DEFAULT_MEASURES,
        candidates: int = DEFAULT_CANDIDATES,
        path: str | Sequence[str] = (),
        type: str | Sequence[str] = (),
    ) -> EvaluateAnswer:
        """Measure strategies over judged queries, as `bienc compare --queries --qrels` does.

        Args:
            queries: a file: text lines, JSON lines, TSV or TREC topics.
            qrels: a file of judgments: BEIR TSV, TREC qrels or JSON lines.
            strategies: the first is what the others are compared with; None for five of them.
            measures: in the grammar of ir-measures, such as `nDCG@10`.
            candidates: how many passages the cross-encoder reads.
            path: only documents whose path matches, as in .gitignore.
            type: only documents of these formats, or suffixes.

        Raises:
            PathNotFound: a file is not there.
            UsageError: one is not of its form, or it cannot be answered as it was asked.
            ModelUnavailable: a model's weights are not here.
        """
        options = EvaluationOptions(
            strategies=strategies_named(several(strategies)) if strategies else DEFAULT_STRATEGIES,
            candidates=(candidates,),
            measures=tuple(several(measures)),
            where=documents_of(path, type),
        )
        reader = self.reader()
        asked, judgments = read_queries(Path(queries)), read_qrels(Path(qrels))
        compares = any(one.needs_bi_encoder for one in options.strategies)
        reranks = any(one.needs_cross_encoder for one in options.strategies)
        return EvaluateAnswer(
            evaluate(
                reader,
                asked,
                judged_in(judgments, reader.documents()),
                self.models.load_bi_encoder(reader.info) if compares else None,
                self.models.load_cross_encoder() if reranks else None,
                options,
                cache_dir=environment.cache_directory() / "scores",
            )
        )

    @errors_in_arguments()
    def score(self, queries: str | Sequence[str], passages: str | Sequence[str]) -> ScoreAnswer:
        """Score texts against texts by both encoders, those of this index; nothing is looked up.

        Args:
            queries: one or several.
            passages: likewise.

        Raises:
            UsageError: one is empty, or there are too many.
            ModelUnavailable: a model's weights are not here.
        """
        return ScoreAnswer(
            score_matrix(
                [queries] if isinstance(queries, str) else list(queries),
                [passages] if isinstance(passages, str) else list(passages),
                self.models.load_bi_encoder(self.reader().info),
                self.models.load_cross_encoder(),
            )
        )

    @errors_in_arguments()
    def remove(self, paths: str | Path | Iterable[str | Path]) -> RemovalReport:
        """Have the index forget files, folders or roots; the files themselves stay.

        Args:
            paths: as they are shown or as they lie on the disk.

        Returns:
            What is gone; `unmatched` are paths of which it knows nothing.

        Raises:
            IndexBusy: another process is writing to it, and goes on.
            StorageError: it cannot be written.
        """
        named = [paths] if isinstance(paths, str | Path) else paths
        return remove_paths(
            absolute([possible(path) for path in named]),
            directory=self.place,
            key_dir=environment.key_directory(),
            wait=_WAIT_SECONDS,
        )

    @errors_in_arguments()
    def check(self, *, mend: bool = False) -> CheckReport:
        """Verify the index to the last byte: every text, passage and vector, words and graph.

        Args:
            mend: first make anew what can be made of what is whole, and forget files whose texts
                are damaged; the next `refresh` reads them again.

        Returns:
            `problems`: what is wrong; empty where nothing is.

        Raises:
            IndexBusy: another process is writing to it, where it is to be mended.
        """
        keys = environment.key_directory()
        if mend:
            repair(self.place, key_dir=keys)
        return check(self.place, key_dir=keys)
