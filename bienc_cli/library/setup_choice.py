"""Several models, or lengths of passages, to be measured side by side."""

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
    """What is to be compared; a None is what the index has, or the default.

    Attributes:
        models: bi-encoders by name.
        cross_encoders: by name.
        lengths: of passages, in tokens.
    """

    models: tuple[str | None, ...] = (None,)
    cross_encoders: tuple[str | None, ...] = (None,)
    lengths: tuple[int | None, ...] = (None,)

    @classmethod
    def of(
        cls, models: Sequence[str], cross_encoders: Sequence[str], lengths: Sequence[int]
    ) -> SetupChoice:
        """What is named, each once."""
        return cls(_once(models), _once(cross_encoders), tuple(lengths) or (None,))

    @property
    def several(self) -> bool:
        """Whether there is more than one, or an index has to be made for it."""
        number = len(self.models) * len(self.cross_encoders) * len(self.lengths)
        return number > 1 or self.lengths != (None,)

    def names(self, recorded: str) -> list[str]:
        """What each setup is called: by what tells it from the others.

        A model in a directory goes by the folder's name: the path says more of a machine than of
        the model, and a report is sent.

        Args:
            recorded: the model of the index.
        """
        models, cross_encoders = _called((*self.models, recorded)), _called(self.cross_encoders)
        found = []
        for model, length, cross_encoder in self._each():
            parts = [models[model or recorded]]
            if self.lengths != (None,):
                parts.append(str(length))
            if len(self.cross_encoders) > 1:
                parts.append(cross_encoders[cross_encoder])
            found.append("/".join(parts))
        return found

    def _each(self) -> list[tuple[str | None, int | None, str | None]]:
        return list(product(self.models, self.lengths, self.cross_encoders))

    def open(
        self,
        stack: ExitStack,
        reader: IndexReader,
        named: Models,
        options: EvaluationOptions,
        reporter: Reporter,
    ) -> list[Setup]:
        """Every setup, with an index of its own where the one that is here is of another model.

        Strategies that rerank nothing are measured once for each index, and BM25 once for each
        length of passages: more would be the same.

        Raises:
            UsageError, IndexBusy, StorageError: as `index_again`.
            ModelUnavailable: weights are not here.
        """
        from bienc_cli.evaluation.setups import Setup

        readers: dict[tuple[str | None, int | None], tuple[IndexReader, BiEncoder | None]] = {}
        cross_encoders: dict[str | None, CrossEncoder | None] = {}
        worded: set[int | None] = set()
        setups = []
        for name, (model, length, cross_encoder) in zip(
            self.names(reader.info.encoder.name), self._each(), strict=True
        ):
            strategies = options.strategies
            if (model, length) in readers:
                strategies = tuple(one for one in strategies if one.needs_cross_encoder)
            if length in worded:
                strategies = tuple(one for one in strategies if one.value != "bm25")
            if not strategies:
                continue
            worded.add(length)
            if (model, length) not in readers:
                readers[model, length] = _index_of(
                    stack, reader, named.named(model, None), model, length, reporter
                )
            if cross_encoder not in cross_encoders:
                reranks = any(one.needs_cross_encoder for one in options.strategies)
                reads = named.named(None, cross_encoder)
                cross_encoders[cross_encoder] = reads.load_cross_encoder() if reranks else None
            own, bi_encoder = readers[model, length]
            setups.append(
                Setup(
                    name,
                    own,
                    bi_encoder,
                    cross_encoders[cross_encoder],
                    replace(options, strategies=strategies),
                )
            )
        return setups


def _once(names: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(dict.fromkeys(filter(None, map(str.strip, names)))) or (None,)


def _called(names: tuple[str | None, ...]) -> dict[str | None, str]:
    """What to call each: a directory by its last part, unless two would be called the same."""
    whole = {name: str(name) for name in names}
    short = {
        # Unlike Path's, it raises nothing for what can be no name.
        name: Path(text).name if os.path.isdir(text) else text  # noqa: PTH112
        for name, text in whole.items()
    }
    return short if len(set(short.values())) == len(short) else whole


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
    opened = open_reader(directory, key_dir=variables.key_directory(), shown_from=Path.cwd())
    return stack.enter_context(opened), encoder
