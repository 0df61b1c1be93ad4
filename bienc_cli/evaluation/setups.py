"""Compares several indexes and models on the same queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.baseline import measured
from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.qrels import Qrels, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import Evaluation, EvaluationOptions, SetupUse, SystemResult
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.indexing.report import IndexObserver, IndexOptions
from bienc_cli.store import IndexInfo, IndexReader
from bienc_cli.types import BiEncoder, CrossEncoder


@dataclass(frozen=True, slots=True)
class Setup:
    """An index with the models to query it with.

    Attributes:
        name: prefixes the names of its strategies; distinguishes the setup from the others.
        index: opened for reading.
        bi_encoder: the model that the index was made with.
        cross_encoder: with one label; None where no strategy reranks.
        options: which strategies to measure with it.
    """

    name: str
    index: IndexReader
    bi_encoder: BiEncoder | None
    cross_encoder: CrossEncoder | None
    options: EvaluationOptions


def evaluate_setups(
    setups: Sequence[Setup],
    queries: Sequence[Query],
    qrels: Qrels,
    *,
    cache_dir: Path | None = None,
    on_step: Callable[[str, int], None] = lambda _name, _queries: None,
) -> Evaluation:
    """Measure every setup, and compare each of their systems with the first.

    Args:
        setups: at least one, with the same measures; the first setup's first strategy is the
            baseline.
        queries: at least one.
        qrels: judgments; may be empty.
        cache_dir: keeps scores of pairs between runs.
        on_step: called with the system at work and how many more queries it has answered.

    Raises:
        UsageError, IndexMismatch: as `evaluate`.
    """
    evaluations: list[Evaluation] = []
    results: list[SystemResult] = []
    for setup in setups:
        of_setup = evaluate(
            setup.index,
            queries,
            judged_in(qrels, setup.index.documents()),
            setup.bi_encoder,
            setup.cross_encoder,
            setup.options,
            cache_dir=cache_dir,
            on_step=on_step,
        )
        evaluations.append(of_setup)
        results += [
            replace(
                result, name=f"{setup.name} {result.name}", overlap=None, rbo=None, differences={}
            )
            for result in of_setup.systems
        ]
    first = evaluations[0]
    return replace(
        first,
        missing=tuple(
            dict.fromkeys(document for evaluation in evaluations for document in evaluation.missing)
        ),
        systems=tuple(measured(results, first.measures, first.grades, queries)),
        warnings=tuple(
            dict.fromkeys(warning for evaluation in evaluations for warning in evaluation.warnings)
        ),
        setups=tuple(
            SetupUse(setup.name, evaluation.index, evaluation.bi_encoder, evaluation.cross_encoder)
            for setup, evaluation in zip(setups, evaluations, strict=True)
        ),
    )


def index_again(
    info: IndexInfo,
    encoder: BiEncoder,
    passage_tokens: int | None,
    *,
    directory: Path,
    key_dir: Path,
    observer: IndexObserver | None = None,
) -> Path:
    """Index the same documents with another model, or with another passage length.

    An index left from an earlier time is updated, so that only new texts are encoded.

    Args:
        info: of the existing index, whose roots are covered.
        encoder: the model.
        passage_tokens: longest passage; None for the existing index's length, or the model's limit
            if that is less.
        directory: holds such indexes.
        key_dir: directory of this user's key.
        observer: told about progress.

    Raises:
        UsageError: the index covers a list of files.
        PathNotFound: a root does not exist.
        IndexBusy, StorageError: it cannot be written.
    """
    if any(root.files is not None for root in info.roots):
        raise UsageError(
            "This index is of a list of files, which cannot be indexed again by itself.",
            "index a folder, or each model by hand: bienc index --model NAME --index DIR",
        )
    tokens = passage_tokens or min(info.chunking.max_tokens, encoder.identity.max_tokens)
    identity = f"{info.directory}\n{encoder.identity.fingerprint}\n{tokens}"
    index_directory = directory / blake2b(identity.encode(), digest_size=12).hexdigest()
    for root in info.roots:
        index_paths(
            [root.path],
            directory=index_directory,
            load_encoder=lambda _: encoder,
            key_dir=key_dir,
            options=IndexOptions(
                include=root.include,
                exclude=root.exclude,
                max_bytes=root.max_bytes,
                hidden=root.hidden,
                pdf_engine=root.pdf_engine,
                ocr=root.ocr,
                ocr_languages=root.ocr_languages,
                language=root.language,
                excludes_file=root.excludes_file,
                passage_tokens=tokens,
                overlap_tokens=min(info.chunking.overlap_tokens, tokens // 4),
            ),
            observer=observer,
        )
    return index_directory
