"""The same queries over several indexes and models: which of them suit a folder best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.experiment import evaluate, measured
from bienc_cli.evaluation.qrels import Qrels, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import Evaluation, EvaluationOptions, SetupUse, SystemResult
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.indexing.report import IndexObserver, IndexOptions
from bienc_cli.store import IndexInfo, IndexReader
from bienc_cli.types import BiEncoder, CrossEncoder


@dataclass(frozen=True, slots=True)
class Setup:
    """An index with the models that answer from it.

    Attributes:
        name: put in front of each strategy's; tells the setup from the others.
        index: opened for reading.
        bi_encoder: the model that the index was made with.
        cross_encoder: with one label; None where no strategy reranks.
        options: which strategies to measure here.
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
    """Measure every setup, and each system of them against the first.

    Args:
        setups: at least one, with the same measures; the first one's first strategy is the
            baseline.
        queries: at least one.
        qrels: judgments; may be of no query.
        cache_dir: where scores of pairs are kept from one run to the next.
        on_step: told the system that is at work and how many more queries it has answered.

    Raises:
        UsageError, IndexMismatch: as `evaluate`.
    """
    found: list[Evaluation] = []
    results: list[SystemResult] = []
    for setup in setups:
        evaluation = evaluate(
            setup.index,
            queries,
            judged_in(qrels, setup.index.documents()),
            setup.bi_encoder,
            setup.cross_encoder,
            setup.options,
            cache_dir=cache_dir,
            on_step=on_step,
        )
        found.append(evaluation)
        results += [
            replace(one, name=f"{setup.name} {one.name}", overlap=None, rbo=None, differences={})
            for one in evaluation.systems
        ]
    first = found[0]
    return replace(
        first,
        missing=tuple(dict.fromkeys(one for each in found for one in each.missing)),
        systems=tuple(measured(results, first.measures, first.grades, queries)),
        warnings=tuple(dict.fromkeys(one for each in found for one in each.warnings)),
        setups=tuple(
            SetupUse(setup.name, each.index, each.bi_encoder, each.cross_encoder)
            for setup, each in zip(setups, found, strict=True)
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
    """An index of the same documents by another model, or with passages of another length.

    What is there from an earlier time is brought up to date, so that only what is new is encoded.

    Args:
        info: of the index whose roots are covered.
        encoder: the model.
        passage_tokens: longest passage; None for what the other index has, or the model's own
            limit where that is less.
        directory: where such indexes lie.
        key_dir: where this user's key lies.
        observer: told how far it is.

    Raises:
        UsageError: the index is of a list of files.
        PathNotFound: a root is not there.
        IndexBusy, StorageError: it cannot be written.
    """
    if any(root.files is not None for root in info.roots):
        raise UsageError(
            "This index is of a list of files, which cannot be indexed again by itself.",
            "index a folder, or each model by hand: bienc index --model NAME --index DIR",
        )
    tokens = passage_tokens or min(info.chunking.max_tokens, encoder.identity.max_tokens)
    told = f"{info.directory}\n{encoder.identity.fingerprint}\n{tokens}"
    place = directory / blake2b(told.encode(), digest_size=12).hexdigest()
    for root in info.roots:
        index_paths(
            [root.path],
            directory=place,
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
    return place
