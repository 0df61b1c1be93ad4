"""The models of one or several `Index`, each loaded once; and what they say without an index."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bienc_cli.arguments import errors_in_arguments
from bienc_cli.cli import environment
from bienc_cli.cli.loading import ModelChoice
from bienc_cli.cli.output import Output, OutputFormat
from bienc_cli.server.resident import SharedBiEncoder, SharedCrossEncoder

if TYPE_CHECKING:
    from bienc_cli.library.measured_answers import ScoreAnswer
    from bienc_cli.library.model_answers import ClassifiedAnswer, ModelsAnswer, PairScoresAnswer
    from bienc_cli.store import IndexInfo
    from bienc_cli.types import BiEncoder, CrossEncoder

Pairs = Sequence[tuple[str, str]] | Mapping[int, tuple[str, str]]
"""Pairs of texts; by number where they are called otherwise than 1, 2, ..."""


@dataclass(frozen=True, slots=True)
class Models:
    """Which models, and how they run; each is loaded once, when it is first needed.

    Several indexes share them: `Index.open("b", models=a.models)`. So do threads, taking turns.

    Attributes:
        model: bi-encoder of a new index: alias, hub id or directory; None for the default. An
            index that is there names its own.
        cross_encoder: likewise; None for the default.
        runtime: `auto`, `openvino` or `torch`.
        device: `auto`, `cpu`, `cuda`, ...
        threads: of the CPU; None for all cores.
        offline: look nothing up.
    """

    model: str | None = None
    cross_encoder: str | None = None
    runtime: str = "auto"
    device: str = "auto"
    threads: int | None = None
    offline: bool = False
    _choice: ModelChoice = field(init=False, repr=False, compare=False)
    _turn: threading.Lock = field(
        default_factory=threading.Lock, init=False, repr=False, compare=False
    )
    _bi_encoders: dict[str, BiEncoder] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _cross_encoders: list[CrossEncoder] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        silent = Output(OutputFormat.plain, quiet=True)
        choice = ModelChoice(
            self.model,
            self.cross_encoder,
            self.runtime,
            self.device,
            self.threads,
            self.offline,
            silent,
        )
        object.__setattr__(self, "_choice", choice)

    @classmethod
    def by(cls, choice: ModelChoice) -> Models:
        """Those that a command was told, loaded as it loads them."""
        models = cls(
            choice.model,
            choice.cross_encoder,
            choice.runtime,
            choice.device,
            choice.threads,
            choice.offline,
        )
        object.__setattr__(models, "_choice", choice)
        return models

    def named(self, model: str | None, cross_encoder: str | None) -> Models:
        """Others that run in the same way; None for the index's, or the default."""
        return Models.by(replace(self._choice, model=model, cross_encoder=cross_encoder))

    def load_bi_encoder(self, info: IndexInfo | None) -> BiEncoder:
        """The model of an index; of a new one the one asked for.

        Raises:
            IndexMismatch: another was asked for than the index was made with.
            ModelUnavailable: its weights are not here.
        """
        with self._turn:
            loaded = self._choice.load_bi_encoder(info)
            return self._bi_encoders.setdefault(
                loaded.identity.fingerprint, SharedBiEncoder(loaded)
            )

    def check_bi_encoder(self, info: IndexInfo) -> None:
        """Refuse another model than an index was made with, without loading either.

        Raises:
            IndexMismatch: another was asked for.
            ModelUnavailable: nothing is known of it here.
        """
        self._choice.check_bi_encoder(info)

    def load_cross_encoder(self) -> CrossEncoder:
        """The cross-encoder.

        Raises:
            ModelUnavailable: its weights are not here.
        """
        with self._turn:
            if not self._cross_encoders:
                self._cross_encoders.append(SharedCrossEncoder(self._choice.load_cross_encoder()))
            return self._cross_encoders[0]

    @errors_in_arguments()
    def score(
        self,
        queries: str | Sequence[str],
        passages: str | Sequence[str],
        *,
        info: IndexInfo | None = None,
    ) -> ScoreAnswer:
        """Score texts against texts by both encoders.

        Args:
            queries: one or several.
            passages: likewise.
            info: of the index whose bi-encoder is asked.

        Raises:
            UsageError: one is empty, or there are too many.
            ModelUnavailable: a model's weights are not here.
        """
        from bienc_cli.evaluation.matrix import score_matrix
        from bienc_cli.library.measured_answers import ScoreAnswer

        return ScoreAnswer(
            score_matrix(
                [queries] if isinstance(queries, str) else list(queries),
                [passages] if isinstance(passages, str) else list(passages),
                self.load_bi_encoder(info),
                self.load_cross_encoder(),
            )
        )

    @errors_in_arguments()
    def score_pairs(self, pairs: Pairs) -> PairScoresAnswer:
        """Score pairs of a query and a passage by both encoders, one by one, each timed.

        Args:
            pairs: see `Pairs`.

        Raises:
            UsageError: a text is empty.
            ModelUnavailable: a model's weights are not here.
        """
        from bienc_cli.evaluation.pair_scores import score_pairs
        from bienc_cli.library.model_answers import PairScoresAnswer

        numbered = _numbered(pairs)
        return PairScoresAnswer(
            score_pairs(
                list(numbered.values()),
                self.load_bi_encoder(None),
                self.load_cross_encoder(),
                list(numbered),
            )
        )

    @errors_in_arguments()
    def classify(self, pairs: Pairs, *, both: bool = False) -> ClassifiedAnswer:
        """Give pairs of texts the labels of a cross-encoder that has several.

        Args:
            pairs: see `Pairs`.
            both: read each also the other way round.

        Raises:
            UsageError: a text is empty, or the cross-encoder has one label.
            ModelUnavailable: its weights are not here.
        """
        from bienc_cli.evaluation.pair_scores import check_pair
        from bienc_cli.library.model_answers import ClassifiedAnswer, classified

        numbered = _numbered(pairs)
        for number, pair in numbered.items():
            check_pair(*pair, "The pair" if len(numbered) == 1 else f"Pair {number}")
        return ClassifiedAnswer(classified(numbered, self.load_cross_encoder(), both_ways=both))

    @staticmethod
    def known() -> ModelsAnswer:
        """The models that have short names, and whether they are here."""
        from bienc_cli.library.model_answers import ModelsAnswer
        from bienc_cli.models import known_models

        return ModelsAnswer(known_models(environment.cache_directory()))

    @errors_in_arguments()
    def prepare(self, names: str | Sequence[str] = ()) -> None:
        """Make models ready for this machine, as their first use would.

        Args:
            names: short ones; the two defaults if there are none.

        Raises:
            UsageError: there is no such name.
            ModelUnavailable: the weights are not here.
        """
        from bienc_cli.errors import UsageError
        from bienc_cli.models import DEFAULT_BI_ENCODER, DEFAULT_CROSS_ENCODER, KNOWN_MODELS, Role

        roles = {model.alias: model.role for model in KNOWN_MODELS}
        wanted = (names,) if isinstance(names, str) else names
        unknown = next((name for name in wanted if name not in roles), None)
        if unknown is not None:
            raise UsageError(
                f"There is no model of the short name '{unknown}'.", "the known ones: bienc models"
            )
        for name in wanted or (DEFAULT_BI_ENCODER, DEFAULT_CROSS_ENCODER):
            if roles[name] is Role.BI_ENCODER:
                self.named(name, None).load_bi_encoder(None)
            else:
                self.named(None, name).load_cross_encoder()


def _numbered(pairs: Pairs) -> dict[int, tuple[str, str]]:
    return dict(pairs) if isinstance(pairs, Mapping) else dict(enumerate(pairs, 1))
