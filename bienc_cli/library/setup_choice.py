"""Chooses the setups to measure: combinations of models and passage lengths."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.environment import variables
from bienc_cli.library.reporting import Reporter
from bienc_cli.library.shared_models import Models

if TYPE_CHECKING:
    from bienc_cli.evaluation.results import EvaluationOptions
    from bienc_cli.evaluation.setups import Setup
    from bienc_cli.store import IndexReader
    from bienc_cli.types import BiEncoder, CrossEncoder


@dataclass(frozen=True, slots=True)
class SetupChoice:
    """What to compare; None means the index's own, or the default.

    Attributes:
        models: names of bi-encoders.
        cross_encoders: names of cross-encoders.
        lengths: passage lengths in tokens.
    """

    models: tuple[str | None, ...] = (None,)
    cross_encoders: tuple[str | None, ...] = (None,)
    lengths: tuple[int | None, ...] = (None,)

    @classmethod
    def of(
        cls, models: Sequence[str], cross_encoders: Sequence[str], lengths: Sequence[int]
    ) -> SetupChoice:
        """The named models and lengths, without repeats."""
        return cls(
            _without_repeats(models), _without_repeats(cross_encoders), tuple(lengths) or (None,)
        )

    @property
    def several(self) -> bool:
        """Whether there are several setups, or one that needs its own index."""
        count = len(self.models) * len(self.cross_encoders) * len(self.lengths)
        return count > 1 or self.lengths != (None,)

    def names(self, recorded: str) -> list[str]:
        """The name of each setup: what distinguishes it from the others.

        A model in a directory is named after the folder: its path says more about a machine than
        about the model, and reports get shared.

        Args:
            recorded: name of the index's model.
        """
        models = _display_names((*self.models, recorded))
        cross_encoders = _display_names(self.cross_encoders)
        names = []
        for model, length, cross_encoder in self._each():
            parts = [models[model or recorded]]
            if self.lengths != (None,):
                parts.append(str(length))
            if len(self.cross_encoders) > 1:
                parts.append(cross_encoders[cross_encoder])
            names.append("/".join(parts))
        return names

    def _each(self) -> list[tuple[str | None, int | None, str | None]]:
        return list(product(self.models, self.lengths, self.cross_encoders))

    def open(
        self,
        stack: ExitStack,
        reader: IndexReader,
        base_models: Models,
        options: EvaluationOptions,
        reporter: Reporter,
    ) -> list[Setup]:
        """Open every setup, indexing the documents again where the existing index does not fit.

        Strategies that rerank nothing are measured once per index, and BM25 once per passage
        length; the results would be the same.

        Raises:
            UsageError, IndexBusy, StorageError: as `index_again`.
            ModelUnavailable: a model's weights are not available.
        """
        from bienc_cli.evaluation.setups import Setup

        readers: dict[tuple[str | None, int | None], tuple[IndexReader, BiEncoder | None]] = {}
        cross_encoders: dict[str | None, CrossEncoder | None] = {}
        lengths_searched: set[int | None] = set()
        setups = []
        for name, (model, length, cross_encoder) in zip(
            self.names(reader.info.encoder.name), self._each(), strict=True
        ):
            strategies = options.strategies
            if (model, length) in readers:
                strategies = tuple(
                    strategy for strategy in strategies if strategy.needs_cross_encoder
                )
            if length in lengths_searched:
                strategies = tuple(strategy for strategy in strategies if strategy.value != "bm25")
            if not strategies:
                continue
            lengths_searched.add(length)
            if (model, length) not in readers:
                readers[model, length] = _index_of(
                    stack, reader, base_models.named(model, None), model, length, reporter
                )
            if cross_encoder not in cross_encoders:
                reranks = any(strategy.needs_cross_encoder for strategy in options.strategies)
                reranking_models = base_models.named(None, cross_encoder)
                cross_encoders[cross_encoder] = (
                    reranking_models.load_cross_encoder() if reranks else None
                )
            setup_reader, bi_encoder = readers[model, length]
            setups.append(
                Setup(
                    name,
                    setup_reader,
                    bi_encoder,
                    cross_encoders[cross_encoder],
                    replace(options, strategies=strategies),
                )
            )
        return setups


def _without_repeats(names: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(dict.fromkeys(filter(None, map(str.strip, names)))) or (None,)


def _display_names(names: tuple[str | None, ...]) -> dict[str | None, str]:
    """Display names: a directory by its last part, unless that is ambiguous."""
    full_names = {name: str(name) for name in names}
    short_names = {
        # Unlike `Path.is_dir`, it does not raise for an invalid name.
        name: Path(text).name if os.path.isdir(text) else text  # noqa: PTH112
        for name, text in full_names.items()
    }
    return short_names if len(set(short_names.values())) == len(short_names) else full_names


def _index_of(
    stack: ExitStack,
    reader: IndexReader,
    models: Models,
    model: str | None,
    length: int | None,
    reporter: Reporter,
) -> tuple[IndexReader, BiEncoder]:
    from bienc_cli.evaluation.setups import index_again
    from bienc_cli.store import open_reader

    info = reader.info
    encoder = models.load_bi_encoder(info if model is None else None)
    same_model = encoder.identity.fingerprint == info.encoder.fingerprint
    if same_model and length in (None, info.chunking.max_tokens):
        return reader, encoder
    with reporter.indexing() as observer:
        directory = index_again(
            info,
            encoder,
            length,
            directory=variables.cache_directory() / "indexes",
            key_dir=variables.key_directory(),
            observer=observer,
        )
    setup_reader = open_reader(directory, key_dir=variables.key_directory(), shown_from=Path.cwd())
    return stack.enter_context(setup_reader), encoder
