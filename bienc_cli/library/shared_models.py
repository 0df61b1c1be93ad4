"""The models of one or several `Index` objects, each loaded once, and their own answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bienc_cli.arguments import errors_in_arguments
from bienc_cli.environment import variables
from bienc_cli.library.model_loading import ModelLoading

if TYPE_CHECKING:
    from bienc_cli.library.measured_answers import ScoreAnswer
    from bienc_cli.library.model_answers import ClassifiedAnswer, ModelsAnswer, PairScoresAnswer
    from bienc_cli.store import IndexInfo

Pairs = Sequence[tuple[str, str]] | Mapping[int, tuple[str, str]]
"""Pairs of texts; by number if they are not to be numbered 1, 2, ..."""


class Models(ModelLoading):
    """Which models to use and how to run them; each is loaded once, when first needed.

    Several indexes can share them: `Index.open("b", models=a.models)`. So can threads, which take
    turns.

    Attributes:
        model: bi-encoder of a new index: alias, hub id or directory; None for the default. An
            existing index names its own.
        cross_encoder: likewise; None for the default.
        runtime: `auto`, `openvino` or `torch`.
        device: `auto`, `cpu`, `cuda`, ...
        threads: number of CPU threads; None for all cores.
        offline: never access the network.
        reporter: told about model loading; silent by default.
    """

    __slots__ = ()

    @errors_in_arguments()
    def score(
        self,
        queries: str | Sequence[str],
        passages: str | Sequence[str],
        *,
        info: IndexInfo | None = None,
    ) -> ScoreAnswer:
        """Score texts against texts, with both encoders.

        Args:
            queries: one or several.
            passages: likewise.
            info: of the index whose bi-encoder to use.

        Raises:
            UsageError: a text is empty, or there are too many.
            ModelUnavailable: a model's weights are not available.
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
        """Score pairs of a query and a passage with both encoders, timing each.

        Args:
            pairs: see `Pairs`.

        Raises:
            UsageError: a text is empty.
            ModelUnavailable: a model's weights are not available.
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
        """Label pairs of texts with a multi-label cross-encoder.

        Args:
            pairs: see `Pairs`.
            both: also label each pair in the other direction.

        Raises:
            UsageError: a text is empty, or the cross-encoder has one label.
            ModelUnavailable: its weights are not available.
        """
        from bienc_cli.evaluation.pair_scores import check_pair
        from bienc_cli.library.model_answers import ClassifiedAnswer, classified

        numbered = _numbered(pairs)
        for number, pair in numbered.items():
            check_pair(*pair, "The pair" if len(numbered) == 1 else f"Pair {number}")
        return ClassifiedAnswer(classified(numbered, self.load_cross_encoder(), both_ways=both))

    @staticmethod
    def known() -> ModelsAnswer:
        """The models with short names, and whether they are available."""
        from bienc_cli.library.model_answers import ModelsAnswer
        from bienc_cli.models import known_models

        return ModelsAnswer(known_models(variables.cache_directory()))

    @errors_in_arguments()
    def prepare(self, names: str | Sequence[str] = ()) -> None:
        """Prepare models for this machine, as their first use would.

        Args:
            names: short names; the two defaults if empty.

        Raises:
            UsageError: a name is unknown.
            ModelUnavailable: the weights are not available.
        """
        from bienc_cli.errors import UsageError
        from bienc_cli.models import DEFAULT_BI_ENCODER, DEFAULT_CROSS_ENCODER, KNOWN_MODELS, Role

        roles = {model.alias: model.role for model in KNOWN_MODELS}
        requested = (names,) if isinstance(names, str) else names
        unknown = next((name for name in requested if name not in roles), None)
        if unknown is not None:
            raise UsageError(
                f"There is no model of the short name '{unknown}'.", "the known ones: bienc models"
            )
        for name in requested or (DEFAULT_BI_ENCODER, DEFAULT_CROSS_ENCODER):
            if roles[name] is Role.BI_ENCODER:
                self.named(name, None).load_bi_encoder(None)
            else:
                self.named(None, name).load_cross_encoder()


def _numbered(pairs: Pairs) -> dict[int, tuple[str, str]]:
    return dict(pairs) if isinstance(pairs, Mapping) else dict(enumerate(pairs, 1))
