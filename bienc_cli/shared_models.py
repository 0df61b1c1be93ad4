"""The models of one or several `Index`, each loaded once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from bienc_cli.cli.loading import ModelChoice
from bienc_cli.cli.output import Output, OutputFormat
from bienc_cli.server.resident import SharedBiEncoder, SharedCrossEncoder
from bienc_cli.store import IndexInfo
from bienc_cli.types import BiEncoder, CrossEncoder


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

    def load_cross_encoder(self) -> CrossEncoder:
        """The cross-encoder.

        Raises:
            ModelUnavailable: its weights are not here.
        """
        with self._turn:
            if not self._cross_encoders:
                self._cross_encoders.append(SharedCrossEncoder(self._choice.load_cross_encoder()))
            return self._cross_encoders[0]
