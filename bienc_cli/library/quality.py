"""The quality of answers: measuring strategies and models, judging passages, tuning blends."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.arguments import errors_in_arguments
from bienc_cli.environment import variables
from bienc_cli.errors import UsageError
from bienc_cli.library.opened_index import OpenedIndex, documents_of, several
from bienc_cli.settings import WAIT_SECONDS

if TYPE_CHECKING:
    from bienc_cli.evaluation.gates import Gates
    from bienc_cli.evaluation.judging import Judging
    from bienc_cli.evaluation.qrels import Qrels
    from bienc_cli.evaluation.queries import Query
    from bienc_cli.evaluation.results import Evaluation, EvaluationOptions
    from bienc_cli.evaluation.runs import Run
    from bienc_cli.library.measured_answers import EvaluateAnswer, TuneAnswer
    from bienc_cli.library.setup_choice import SetupChoice
    from bienc_cli.types import TunedBlend

MAX_DROP = 0.02
"""How far a mean may fall below a baseline by default."""


class Quality(OpenedIndex):
    """The methods of `Index` that measure answers and learn from judgments."""

    @errors_in_arguments()
    def evaluate(
        self,
        queries: str | Path | None = None,
        qrels: str | Path | None = None,
        strategies: str | Sequence[str] | None = None,
        *,
        beir: str | Path | None = None,
        split: str = "test",
        measures: str | Sequence[str] | None = None,
        candidates: int | Sequence[int] = (),
        exhaustive: bool = False,
        path: str | Sequence[str] = (),
        type: str | Sequence[str] = (),
        models: str | Sequence[str] = (),
        cross_encoders: str | Sequence[str] = (),
        passage_tokens: int | Sequence[int] = (),
        runs: Sequence[str | Path] = (),
        fail_under: str | Sequence[str] = (),
        baseline: str | Path | None = None,
        max_drop: float = MAX_DROP,
    ) -> EvaluateAnswer:
        """Measure strategies over many queries, as `bienc compare --queries --qrels` does.

        Several models or passage lengths are each measured with an index of their own, in the
        cache.

        Args:
            queries: a file: text lines, JSON lines, TSV or TREC topics.
            qrels: a file of judgments: BEIR TSV, TREC qrels or JSON lines; None to measure only
                time and agreement.
            strategies: the others are compared with the first; None for five of them.
            beir: a folder with `queries.jsonl` and `qrels/SPLIT.tsv`, instead of both files.
            split: which judgments of `beir` to use.
            measures: in the grammar of ir-measures; None for nDCG@10, RR@10 and R@100.
            candidates: how many passages the cross-encoder reads; each of several depths is
                measured.
            exhaustive: let it read more than 2,000 passages.
            path: only documents whose path matches, as in .gitignore.
            type: only documents of these formats, or suffixes.
            models: bi-encoders; the index's if empty.
            cross_encoders: likewise; that of `self.models` if empty.
            passage_tokens: lengths of the longest passage; the index's if empty.
            runs: TREC run files of any system, to measure as well.
            fail_under: thresholds such as `blend:nDCG@10=0.6`; see `gates` of the answer.
            baseline: JSON of an earlier answer to compare with; likewise.
            max_drop: how far a mean may fall below it.

        Raises:
            PathNotFound: a file does not exist.
            UsageError: a file is malformed, or the arguments are invalid.
            ModelUnavailable: a model's weights are not available.
        """
        from bienc_cli.evaluation.gates import Gates
        from bienc_cli.evaluation.qrels import Qrels, Unit
        from bienc_cli.evaluation.results import MEASURED_BY_DEFAULT, EvaluationOptions
        from bienc_cli.evaluation.runs import read_run
        from bienc_cli.library.measured_answers import EvaluateAnswer
        from bienc_cli.library.setup_choice import SetupChoice
        from bienc_cli.search.request import DEFAULT_CANDIDATES
        from bienc_cli.strategy import strategies_named

        gates = Gates.parsed(
            _as_list(fail_under), Path(baseline) if baseline is not None else None, max_drop
        )
        options = EvaluationOptions(
            strategies=strategies_named(several(strategies)) if strategies else MEASURED_BY_DEFAULT,
            candidates=_numbers(candidates) or (DEFAULT_CANDIDATES,),
            measures=_measures(measures, gates),
            where=documents_of(path, type),
            exhaustive=exhaustive,
        )
        query_list, judgments = _queries_and_qrels(queries, qrels, beir, split)
        other_runs = [_checked_run(Path(file), read_run(Path(file)), query_list) for file in runs]
        setups = SetupChoice.of(several(models), several(cross_encoders), _numbers(passage_tokens))
        if setups.several:
            _refuse_with_several_setups(gates, other_runs)
        systems = [
            name for system in options.systems() for name in (system.name, system.strategy.value)
        ]
        systems += [run.name for run in other_runs]
        gates.check(systems, judged=judgments is not None)
        judgments = judgments or Qrels(Unit.DOCUMENT, {})
        if setups.several:
            result = self._measured_each(setups, options, query_list, judgments)
        else:
            result = self._measured(setups, options, query_list, judgments, other_runs)
        return EvaluateAnswer(result, gates.results(result))

    def _measured_each(
        self,
        setups: SetupChoice,
        options: EvaluationOptions,
        queries: Sequence[Query],
        qrels: Qrels,
    ) -> Evaluation:
        from bienc_cli.evaluation.setups import evaluate_setups

        with ExitStack() as stack:
            opened_setups = setups.open(stack, self.reader(), self.models, options, self.reporter)
            steps = sum(len(setup.options.systems()) for setup in opened_setups) * len(queries)
            with self.reporter.measuring(steps, len(queries)) as on_step:
                return evaluate_setups(
                    opened_setups, queries, qrels, cache_dir=_score_directory(), on_step=on_step
                )

    def _measured(
        self,
        setups: SetupChoice,
        options: EvaluationOptions,
        queries: Sequence[Query],
        qrels: Qrels,
        runs: Sequence[Run],
    ) -> Evaluation:
        from bienc_cli.evaluation.experiment import evaluate
        from bienc_cli.evaluation.qrels import judged_in

        reader, models = self.reader(), self.models
        if setups.models != (None,) or setups.cross_encoders != (None,):
            models = models.named(setups.models[0], setups.cross_encoders[0])
        strategies = [system.strategy for system in options.to_search(runs)]
        compares = any(strategy.needs_bi_encoder for strategy in strategies)
        reranks = any(strategy.needs_cross_encoder for strategy in strategies)
        bi_encoder = models.load_bi_encoder(reader.info) if compares else None
        cross_encoder = models.load_cross_encoder() if reranks else None
        steps = len(strategies) * len(queries)
        with self.reporter.measuring(steps, len(queries)) as on_step:
            return evaluate(
                reader,
                queries,
                judged_in(qrels, reader.documents()),
                bi_encoder,
                cross_encoder,
                options,
                runs=runs,
                cache_dir=_score_directory(),
                on_step=on_step,
            )

    @errors_in_arguments()
    def judge(
        self,
        queries: str | Sequence[str] = (),
        qrels: str | Path = "judgments.qrels",
        *,
        queries_file: str | Path | None = None,
        strategies: str | Sequence[str] | None = None,
        depth: int = 5,
        exhaustive: bool = False,
    ) -> Judging:
        """Start judging what strategies find, without revealing which strategy found what.

        Args:
            queries: texts; they are stored with ids beside the judgments.
            qrels: the file to store judgments in, TREC qrels; what it contains is not asked again.
            queries_file: a file of queries instead: text lines, JSON lines, TSV or TREC topics.
            strategies: the strategies to judge; None for all that `evaluate` measures.
            depth: how many documents of each to judge.
            exhaustive: let the cross-encoder read more than 2,000 passages.

        Returns:
            A session: `question()` is what to judge next; `answer(question, grade)` saves a grade
            of 0 to 3 immediately.

        Raises:
            UsageError: there are no queries, or a file is malformed.
            StorageError: a file cannot be written.
            ModelUnavailable: a model's weights are not available.
        """
        from bienc_cli.evaluation.judging import Judging
        from bienc_cli.evaluation.judgments import JudgmentFile, check_source, queries_to_judge
        from bienc_cli.evaluation.pooling import PoolOptions, pool
        from bienc_cli.evaluation.qrels import judged_in
        from bienc_cli.evaluation.results import MEASURED_BY_DEFAULT
        from bienc_cli.strategy import strategies_named

        options = PoolOptions(
            strategies_named(several(strategies))
            if strategies is not None
            else MEASURED_BY_DEFAULT,
            depth,
            exhaustive,
        )
        texts, qrels_path = _as_list(queries), Path(qrels)
        queries_path = None if queries_file is None else Path(queries_file)
        check_source(texts, queries_path, qrels_path)
        file = JudgmentFile(qrels_path)
        reader = self.reader()
        source, query_list = queries_to_judge(texts, queries_path, qrels_path)
        judged = judged_in(file.qrels, reader.documents())
        compares = any(strategy.needs_bi_encoder for strategy in options.strategies)
        reranks = any(strategy.needs_cross_encoder for strategy in options.strategies)
        if compares or reranks:
            self.reporter.note("note: loading the models")
        bi_encoder = self.models.load_bi_encoder(reader.info) if compares else None
        reranker = self.models.load_cross_encoder() if reranks else None
        return Judging(
            query_list,
            lambda query: pool(reader, query, judged, bi_encoder, reranker, options),
            judged.by_query,
            file,
            source=source,
            warnings=tuple(judged.warnings),
        )

    @errors_in_arguments()
    def tune(
        self,
        queries: str | Path,
        qrels: str | Path,
        *,
        dry_run: bool = False,
        wait: float = WAIT_SECONDS,
    ) -> TuneAnswer:
        """Learn the weights of the blends from judgments, and store those that help.

        The gain is measured on held-out queries.

        Args:
            queries: a file, as for `evaluate`.
            qrels: likewise.
            dry_run: store nothing.
            wait: seconds to wait for another process that is writing to the index.

        Raises:
            PathNotFound: a file does not exist.
            UsageError: a file is malformed, or fewer than 20 queries are judged.
            ModelUnavailable: a model's weights are not available.
            IndexBusy: the other process was still writing after that.
            StorageError: it cannot be written.
        """
        from bienc_cli.evaluation.qrels import judged_in, read_qrels
        from bienc_cli.evaluation.queries import read_queries
        from bienc_cli.evaluation.score_cache import CachedScores
        from bienc_cli.evaluation.tuning import tune
        from bienc_cli.library.measured_answers import TuneAnswer

        query_list, judgments = read_queries(Path(queries)), read_qrels(Path(qrels))
        reader = self.reader()
        judged = judged_in(judgments, reader.documents())
        bi_encoder = self.models.load_bi_encoder(reader.info)
        with (
            CachedScores(self.models.load_cross_encoder(), _score_directory()) as scores,
            self.reporter.counting("reading", len(query_list)) as advance,
        ):
            result = tune(reader, query_list, judged, bi_encoder, scores, advance)
        recorded = result.kept is not None and not dry_run
        if recorded:
            self._record(result.kept, wait)
        return TuneAnswer(result, recorded=recorded, warnings=judged.warnings)

    @errors_in_arguments()
    def reset_weights(self, *, wait: float = WAIT_SECONDS) -> TunedBlend | None:
        """Restore the default weights; returns the learned ones, if there were any.

        Args:
            wait: as for `tune`.

        Raises:
            IndexBusy, StorageError: as for `tune`.
        """
        removed = self.info.blend
        self._record(None, wait)
        return removed

    def _record(self, blend: TunedBlend | None, wait: float) -> None:
        from bienc_cli.store import open_writer

        with open_writer(
            self.place,
            key_dir=variables.key_directory(),
            create=False,
            wait=wait,
            on_wait=self._note_waiting,
            ask=True,
        ) as writer:
            writer.put_blend(blend)
            writer.commit()


def _measures(names: str | Sequence[str] | None, gates: Gates) -> tuple[str, ...]:
    """The named measures, or the defaults, and those that thresholds need."""
    from bienc_cli.evaluation.measures import DEFAULT_MEASURES, measure_named

    measures = [measure_named(name.strip()) for name in several(names or ()) if name.strip()]
    measures_of_gates = [threshold.measure for threshold in gates.thresholds]
    return tuple(dict.fromkeys([*(measures or DEFAULT_MEASURES), *measures_of_gates]))


def _refuse_with_several_setups(gates: Gates, runs: Sequence[Run]) -> None:
    if gates.thresholds or gates.baseline is not None or runs:
        flag = "--baseline" if gates.baseline is not None else "--rerun"
        raise UsageError(
            f"{'--fail-under' if gates.thresholds else flag} has no effect: it holds one model and "
            "one length of passages to something.",
            "leave it out, or compare the chosen one by itself",
        )


def _score_directory() -> Path:
    return variables.cache_directory() / "scores"


def _as_list(values: str | Sequence[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def _numbers(numbers: int | Sequence[int]) -> tuple[int, ...]:
    return (numbers,) if isinstance(numbers, int) else tuple(numbers)


def _checked_run(path: Path, run: Run, queries: Sequence[Query]) -> Run:
    if not any(query.query_id in run.rankings for query in queries):
        raise UsageError(
            f"'{path}' ranks nothing for any of the queries.",
            "both have to name the queries alike; a plain line's id is its number",
        )
    return run


def check_judged(
    queries: str | Path | None, qrels: str | Path | None, beir: str | Path | None, split: str
) -> None:
    """Refuse files that `Index.evaluate` cannot read, before the index is opened.

    Raises:
        UsageError: the files contradict each other, do not exist or are malformed.
    """
    _queries_and_qrels(queries, qrels, beir, split)


def _queries_and_qrels(
    queries: str | Path | None, qrels: str | Path | None, beir: str | Path | None, split: str
) -> tuple[Sequence[Query], Qrels | None]:
    """The queries (for a BEIR collection, only judged ones) and the judgments."""
    from bienc_cli.evaluation.qrels import read_qrels
    from bienc_cli.evaluation.queries import read_queries

    if beir is not None and (queries is not None or qrels is not None):
        raise UsageError(
            "--beir names the queries and the judgments already.",
            "leave out --queries and --qrels, or --beir",
        )
    if beir is None:
        if queries is None:
            raise UsageError("There is no file of queries.", "give --queries FILE")
        judgments = read_qrels(Path(qrels)) if qrels is not None else None
        query_list = read_queries(Path(queries))
        query_ids = {query.query_id for query in query_list}
        if judgments is not None and query_ids.isdisjoint(judgments.by_query):
            raise UsageError(
                f"'{qrels}' judges none of the queries in '{queries}'.",
                "both have to name the queries alike; a plain line's id is its number",
            )
        return query_list, judgments
    folder = Path(beir)
    nested = folder / "qrels" / f"{split}.tsv"
    judgments = read_qrels(nested if nested.parent.is_dir() else folder / "qrels.tsv")
    query_list = read_queries(folder / "queries.jsonl")
    judged = tuple(query for query in query_list if query.query_id in judgments.by_query)
    if not judged:
        raise UsageError(f"'{folder}' judges none of its own queries.")
    return judged, judgments
