"""Starts loading models before the command line is parsed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.strategy import SHORT_NAMES, Strategy

if TYPE_CHECKING:
    from bienc_cli.background import Background
    from bienc_cli.library.shared_models import Models
    from bienc_cli.store import IndexInfo, IndexPlace
    from bienc_cli.types import BiEncoder, CrossEncoder

_DECISIVE = frozenset("--runtime --device --threads --help -h".split())
"""Options of `query` that determine how models run, if at all."""

_cross_encoder: list[Background[CrossEncoder]] = []
_bi_encoders: dict[str, Background[BiEncoder]] = {}
"""Models being loaded in advance; bi-encoders by everything that determines them."""


def begin(arguments: Sequence[str]) -> None:
    """Start loading the models that a `query` almost certainly needs.

    Importing the command line's libraries takes as long as loading a model, which uses another
    core.
    """
    _cross_encoder.clear()
    _bi_encoders.clear()
    words = [part for word in arguments for part in word.split("=", 1)]
    if words[:1] != ["query"] or not _DECISIVE.isdisjoint(words):
        return
    strategies = _strategies(words)
    cross_encoder = (
        any(strategy.needs_cross_encoder for strategy in strategies)
        and "--cross-encoder" not in words
    )
    # For several indexes, or one that is updated first, the model is not known yet.
    index_names = [value for word, value in pairwise(words) if word == "--index"]
    model_unknown = len(index_names) > 1 or not {"--model", "--refresh"}.isdisjoint(words)
    bi_encoder = any(strategy.needs_bi_encoder for strategy in strategies) and not model_unknown
    if not (cross_encoder or bi_encoder):
        return
    begin_models(
        cross_encoder=cross_encoder,
        indexes=(index_names or None) if bi_encoder else (),
        offline="--offline" in words,
        quiet=not {"-q", "--quiet"}.isdisjoint(words),
    )


def begin_models(
    *, cross_encoder: bool, indexes: Sequence[str] | None, offline: bool, quiet: bool
) -> None:
    """Start loading models.

    Args:
        cross_encoder: load the default cross-encoder.
        indexes: directory whose model to load, as on a command line; None for the index that is
            found, empty for no model.
        offline: never access the network.
        quiet: do not report a first use.
    """
    from bienc_cli.cli.opening import models_for
    from bienc_cli.cli.output import Output
    from bienc_cli.environment.index_places import indexes_to_read
    from bienc_cli.render.view import OutputFormat

    models = models_for(Output(OutputFormat.plain, quiet=quiet), offline=offline)
    # Any error will be reported when the model is needed.
    with suppress(Exception):
        if cross_encoder:
            _cross_encoder.append(models.begin_cross_encoder())
        if indexes is None or indexes:
            _begin_model_of(indexes_to_read(indexes), models)


def _begin_model_of(places: Sequence[IndexPlace], models: Models) -> None:
    from bienc_cli.environment.variables import key_directory
    from bienc_cli.models import import_runtime
    from bienc_cli.store import open_reader

    import_runtime()
    for place in places:
        # A remote index would be queried twice.
        if isinstance(place, Path):
            with open_reader(place, key_dir=key_directory()) as reader:
                _bi_encoders[_model_of(reader.info)] = models.begin_bi_encoder(reader.info)


def cross_encoder_begun() -> Background[CrossEncoder] | None:
    """The cross-encoder that is being loaded; returned only once."""
    return _cross_encoder.pop() if _cross_encoder else None


def bi_encoder_begun(info: IndexInfo) -> Background[BiEncoder] | None:
    """The index's model that is being loaded; returned only once."""
    return _bi_encoders.pop(_model_of(info), None)


def _model_of(info: IndexInfo) -> str:
    """Everything that determines how an index's model is loaded."""
    return f"{info.encoder} {info.names_model_of_ours}"


def _strategies(words: Sequence[str]) -> list[Strategy]:
    """The strategy that is meant; empty if that is unclear."""
    if "--strategy" not in words:
        return [Strategy.LIGHT_BLEND if "--no-rerank" in words else Strategy.BLEND]
    if "--no-rerank" in words:
        return []
    typed = words[words.index("--strategy") + 1 :][:1]
    names = [SHORT_NAMES.get(name, name) for name in typed]
    return [strategy for strategy in Strategy if [strategy.value] == names]
