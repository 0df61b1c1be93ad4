"""Decides which models to use, by argument, index, environment or default, and loads each once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from bienc_cli.background import Background
from bienc_cli.environment import caller, variables
from bienc_cli.errors import ModelUnavailable, UsageError
from bienc_cli.library.reporting import Reporter
from bienc_cli.server import Declined
from bienc_cli.types import (
    BiEncoder,
    CrossEncoder,
    CrossEncoderIdentity,
    EncoderIdentity,
    PairScores,
    PassageTokenizer,
    Vectors,
)

if TYPE_CHECKING:
    from bienc_cli.indexing.workers import StartWorkers
    from bienc_cli.store import IndexInfo

Model = TypeVar("Model", bound=BiEncoder | CrossEncoder)


@dataclass(frozen=True, slots=True)
class ModelLoading:
    """The loading part of `Models`, where the attributes are described."""

    model: str | None = None
    cross_encoder: str | None = None
    runtime: str = "auto"
    device: str = "auto"
    threads: int | None = None
    offline: bool = False
    reporter: Reporter = field(default_factory=Reporter, repr=False, compare=False)
    _bi_encoders: dict[str, BiEncoder] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _cross_encoders: list[CrossEncoder] = field(
        default_factory=list, init=False, repr=False, compare=False
    )
    _loading: dict[str, Background[Any]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _turn: threading.Lock = field(
        default_factory=threading.Lock, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if self.runtime != "auto":
            from bienc_cli.models import RUNTIMES

            if self.runtime not in RUNTIMES:
                raise UsageError(
                    f"There is no runtime '{self.runtime}'.",
                    f"give one of: {', '.join(RUNTIMES)}",
                )
        warm = caller.warm()
        if warm is not None and warm.settings != self.settings:
            raise Declined(f"the models here run by {warm.settings}")

    @property
    def settings(self) -> caller.RunSettings:
        """How models are run."""
        offline = self.offline or variables.is_offline()
        return caller.RunSettings(self.runtime, self.device, self.threads, offline)

    def named(self, model: str | None, cross_encoder: str | None) -> Self:
        """Other models, run the same way; None for the index's, or the default."""
        return replace(self, model=model, cross_encoder=cross_encoder)

    def load_bi_encoder(self, info: IndexInfo | None) -> BiEncoder:
        """The index's bi-encoder, or the requested one for a new index; waits if it is loading.

        Raises:
            IndexMismatch: another model was requested than the index was made with.
            ModelUnavailable: its weights are not available.
        """
        with self._turn:
            loading: Background[BiEncoder] | None = self._loading.pop("bi-encoder", None)
            if loading is None:
                return self._load_bi_encoder(info)
            model = loading.result()
            return self._bi_encoders.setdefault(model.identity.name, model)

    def begin_bi_encoder(
        self, info: IndexInfo, started: Background[BiEncoder] | None = None
    ) -> Background[BiEncoder]:
        """Start loading the index's bi-encoder in the background.

        Args:
            info: of the index.
            started: a load that has already been started.
        """
        loading = started or Background(lambda: self._load_bi_encoder(info))
        self._loading["bi-encoder"] = loading
        return loading

    def check_bi_encoder(self, info: IndexInfo) -> None:
        """Refuse a model that the index was not made with, without loading either.

        Raises:
            IndexMismatch: another model was requested.
            ModelUnavailable: the model is unknown here.
        """
        if self.model is not None and self.model != info.encoder.name:
            self._check_identity(self.model, info, offline=variables.go_offline_if(self.offline))

    def load_cross_encoder(self) -> CrossEncoder:
        """Load the cross-encoder; waits if it is loading.

        Raises:
            ModelUnavailable: its weights are not available.
        """
        with self._turn:
            loading: Background[CrossEncoder] | None = self._loading.pop("cross-encoder", None)
            if not self._cross_encoders:
                self._cross_encoders.append(
                    loading.result() if loading else self._load_cross_encoder()
                )
            return self._cross_encoders[0]

    def begin_cross_encoder(
        self, started: Background[CrossEncoder] | None = None
    ) -> Background[CrossEncoder]:
        """Start loading the cross-encoder in the background.

        Args:
            started: a load that has already been started.
        """
        if started is None:
            from bienc_cli.models import import_runtime

            # Import here, immediately: in a thread it would compete with other imports and be late.
            import_runtime(self.runtime, self.device)
        self._loading["cross-encoder"] = loading = started or Background(self._load_cross_encoder)
        return loading

    def on_ray(self, address: str) -> StartWorkers:
        """Let a Ray cluster do the work; its workers load the same model.

        Raises:
            UsageError: Ray is not installed.
        """
        from bienc_cli.models import load_bi_encoder
        from bienc_cli.wings import workers

        load = partial(
            load_bi_encoder,
            cache_dir=variables.cache_directory(),
            offline=variables.go_offline_if(self.offline),
            runtime=self.runtime,
        )
        start_workers: StartWorkers = workers("ray").on_ray(address, load, threads=self.threads)
        return start_workers

    def _load_bi_encoder(self, info: IndexInfo | None) -> BiEncoder:
        from bienc_cli.models import DEFAULT_BI_ENCODER, load_bi_encoder

        offline = variables.go_offline_if(self.offline)
        if info is None:
            default = variables.default_model("model", "BIENC_MODEL", DEFAULT_BI_ENCODER)
            name = self.model or default.value
        else:
            name = self.model or info.encoder.name
            if self.model is None and not info.names_model_of_ours:
                _refuse_directory(name)
                offline = True
            self._check_identity(name, info, offline=offline)
        if name in self._bi_encoders:
            return self._bi_encoders[name]

        def load() -> BiEncoder:
            return SharedBiEncoder(load_bi_encoder(name, **self._load_options(offline=offline)))

        warm = caller.warm()
        model = warm.models.bi_encoder(_unambiguous_name(name), load) if warm else load()
        return self._bi_encoders.setdefault(name, self._with_notes(model))

    def _load_cross_encoder(self) -> CrossEncoder:
        from bienc_cli.models import DEFAULT_CROSS_ENCODER, load_cross_encoder

        variable = "BIENC_CROSS_ENCODER"
        default = variables.default_model("cross-encoder", variable, DEFAULT_CROSS_ENCODER)
        name = self.cross_encoder or default.value
        offline = variables.go_offline_if(self.offline)

        def load() -> CrossEncoder:
            return SharedCrossEncoder(
                load_cross_encoder(name, **self._load_options(offline=offline))
            )

        warm = caller.warm()
        model = warm.models.cross_encoder(_unambiguous_name(name), load) if warm else load()
        return self._with_notes(model)

    def _load_options(self, *, offline: bool) -> dict[str, Any]:
        return {
            "cache_dir": variables.cache_directory(),
            "offline": offline,
            "runtime": self.runtime,
            "device": self.device,
            "threads": self.threads,
            "on_first_use": self.reporter.preparing,
        }

    def _check_identity(self, name: str, info: IndexInfo, *, offline: bool) -> None:
        """Refuse another model early: its identity is known before its weights are loaded."""
        from bienc_cli.models import identify_bi_encoder

        identity = identify_bi_encoder(
            name,
            cache_dir=variables.cache_directory(),
            offline=offline,
            on_first_use=self.reporter.preparing,
        )
        if identity.fingerprint != info.encoder.fingerprint:
            # Imported late, so that its imports do not delay compiling the model.
            from bienc_cli.search import check_model

            check_model(info.encoder, identity)

    def _with_notes(self, model: Model) -> Model:
        for note in model.notes:
            self.reporter.note(f"note: {note}")
        return model


class _Shared(Generic[Model]):
    """A model shared by threads, which take turns."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._turn = threading.Lock()

    @property
    def runtime(self) -> str:
        """How it runs, for display."""
        return self._model.runtime

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how it runs, as sentences."""
        return self._model.notes


class SharedBiEncoder(_Shared[BiEncoder]):
    """A bi-encoder shared by threads, which take turns."""

    @property
    def identity(self) -> EncoderIdentity:
        """What decides the vectors."""
        return self._model.identity

    @property
    def tokenizer(self) -> PassageTokenizer:
        """The tokenizer that chunking counts with; thread-safe."""
        return self._model.tokenizer

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Encode one batch, in order."""
        with self._turn:
            return self._model.encode_passages(texts)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode queries, in order."""
        with self._turn:
            return self._model.encode_queries(texts)


class SharedCrossEncoder(_Shared[CrossEncoder]):
    """A cross-encoder shared by threads, which take turns."""

    @property
    def identity(self) -> CrossEncoderIdentity:
        """Which model scores."""
        return self._model.identity

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
        """Score (query, passage) pairs, in order."""
        with self._turn:
            return self._model.score_pairs(pairs)


def _unambiguous_name(name: str) -> str:
    """A model's name, after checking that it means the same in every directory.

    Raises:
        Declined: it may be a directory relative to the client's.
    """
    if not Path(name).expanduser().is_absolute() and (caller.here() / name).is_dir():
        raise Declined(f"{name} may be a directory of the client's")
    return name


def _refuse_directory(name: str) -> None:
    """Refuse to load a model from a directory that only somebody else's index names.

    Raises:
        ModelUnavailable: the name is a directory.
    """
    if name.startswith((".", "/", "~")) or Path(name).is_dir():
        raise ModelUnavailable(
            f"The index was made elsewhere, with a model in the directory '{name}', which is "
            "not read on the index's word.",
            f"if that is a model of yours: --model {name}",
        )
