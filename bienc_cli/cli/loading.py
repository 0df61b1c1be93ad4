"""Models for the commands: by flag, by what the index recorded, by environment, by default."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bienc_cli.background import Background
from bienc_cli.cli import caller, environment
from bienc_cli.cli.output import Output, OutputFormat
from bienc_cli.errors import ModelUnavailable, UsageError
from bienc_cli.server import Declined
from bienc_cli.types import BiEncoder, CrossEncoder

if TYPE_CHECKING:
    from bienc_cli.indexing.workers import StartWorkers
    from bienc_cli.models import FirstUse
    from bienc_cli.store import IndexInfo, IndexPlace

LoadedModel = TypeVar("LoadedModel", BiEncoder, CrossEncoder)

_ALIVE: list[object] = []
"""Models, to the end of the process: to take one apart takes as long as a search."""

RUNTIMES = ("auto", "openvino", "torch")

_AHEAD: dict[str, Background[Any]] = {}
"""Models that are loading before anybody has asked: `cross-encoder`, or a bi-encoder's identity."""


def begin_ahead(
    *, cross_encoder: bool, indexes: Sequence[str] | None, offline: bool, quiet: bool
) -> None:
    """Begin loading models; who asks for them next gets them.

    Args:
        cross_encoder: the default one.
        indexes: a directory whose model is loaded, as on a command line; None for the one that is
            found, nothing for no model.
        offline: look nothing up.
        quiet: say nothing of a first use.
    """
    output = Output(OutputFormat.plain, quiet=quiet)
    choice = ModelChoice(None, None, "auto", "auto", None, offline, output)
    _AHEAD.clear()
    # What is wrong will be said when the model is asked for, in its turn.
    with suppress(Exception):
        if cross_encoder:
            _AHEAD["cross-encoder"] = choice.begin_cross_encoder()
        if indexes is None or indexes:
            _begin_model_of(environment.indexes_to_read(indexes), choice)


def _begin_model_of(places: Sequence[IndexPlace], choice: ModelChoice) -> None:
    from bienc_cli.models import import_runtime

    import_runtime()
    for place in places:
        # One on a server would be asked twice.
        if isinstance(place, Path):
            with environment.open_index(place) as reader:
                _AHEAD[_model_of(reader.info)] = choice.begin_bi_encoder(reader.info)


def _model_of(info: IndexInfo) -> str:
    """All that decides how an index's model is loaded."""
    return f"{info.encoder} {info.names_model_of_ours}"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What the user said about models and how to run them."""

    model: str | None
    cross_encoder: str | None
    runtime: str
    device: str
    threads: int | None
    offline: bool
    output: Output
    _loaded: dict[str, BiEncoder] = field(default_factory=dict, init=False, repr=False)
    _begun: dict[str, Background[Any]] = field(default_factory=dict, init=False, repr=False)
    _prepared: set[str] = field(default_factory=set, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.runtime not in RUNTIMES:
            raise UsageError(
                f"There is no runtime '{self.runtime}'.", f"give one of: {', '.join(RUNTIMES)}"
            )
        warm = caller.warm()
        if warm is not None and warm.settings != self.settings:
            raise Declined(f"the models here run by {warm.settings}")

    @property
    def settings(self) -> caller.RunSettings:
        """How models are to run."""
        offline = self.offline or environment.is_offline()
        return caller.RunSettings(self.runtime, self.device, self.threads, offline)

    def load_bi_encoder(self, info: IndexInfo | None) -> BiEncoder:
        """The index's own model; for a new index the one asked for. Loaded once.

        One that was begun is waited for.

        Raises:
            IndexMismatch: another model was asked for than the index was made with.
            ModelUnavailable: its weights are not here.
        """
        begun = self._begun.pop("bi-encoder", None)
        return begun.result() if begun else self._load_bi_encoder(info)

    def _load_bi_encoder(self, info: IndexInfo | None) -> BiEncoder:
        from bienc_cli.models import DEFAULT_BI_ENCODER, load_bi_encoder

        offline = environment.go_offline_if(self.offline)
        cache = environment.cache_directory()
        if info is not None:
            name = self.model or info.encoder.name
            if self.model is None and not info.names_model_of_ours:
                _check_is_only_a_name(name)
                offline = True
            self._check_identity(name, info, offline=offline)
        else:
            name = (
                self.model
                or environment.default_model("model", "BIENC_MODEL", DEFAULT_BI_ENCODER).value
            )
        if name in self._loaded:
            return self._loaded[name]
        load = partial(
            load_bi_encoder,
            name,
            cache_dir=cache,
            offline=offline,
            runtime=self.runtime,
            device=self.device,
            threads=self.threads,
            on_first_use=self._shown_first_use,
        )
        warm = caller.warm()
        self._loaded[name] = self._with_notes(
            warm.models.bi_encoder(_meant_by_all(name), load) if warm else load()
        )
        return self._loaded[name]

    def check_bi_encoder(self, info: IndexInfo) -> None:
        """Refuse another model by `--model` than the index was made with.

        Raises:
            IndexMismatch: it is another one.
            ModelUnavailable: nothing is known of it here.
        """
        if self.model is not None and self.model != info.encoder.name:
            offline = environment.go_offline_if(self.offline)
            self._check_identity(self.model, info, offline=offline)

    def _check_identity(self, name: str, info: IndexInfo, *, offline: bool) -> None:
        """Cheap, and before the weights are loaded: another model is refused at once."""
        from bienc_cli.models import identify_bi_encoder

        cache = environment.cache_directory()
        found = identify_bi_encoder(
            name, cache_dir=cache, offline=offline, on_first_use=self._shown_first_use
        )
        if found.fingerprint != info.encoder.fingerprint:
            # Only here: beside a model that is to be compiled its imports would come first.
            from bienc_cli.search import check_model

            check_model(info.encoder, found)

    def on_ray(self, address: str) -> StartWorkers:
        """Have a Ray cluster do the work, whose workers load the same model.

        Raises:
            UsageError: Ray is not installed.
        """
        from bienc_cli.models import load_bi_encoder
        from bienc_cli.wings import workers

        load = partial(
            load_bi_encoder,
            cache_dir=environment.cache_directory(),
            offline=environment.go_offline_if(self.offline),
            runtime=self.runtime,
        )
        hired: StartWorkers = workers("ray").on_ray(address, load, threads=self.threads)
        return hired

    def begin_cross_encoder(self) -> Background[CrossEncoder]:
        """Have the cross-encoder loaded while other things are done; see `load_cross_encoder`."""
        begun = _AHEAD.pop("cross-encoder", None)
        if begun is None:
            from bienc_cli.models import import_runtime

            # Here and at once: beside other imports it would get its turn late, and compile late.
            import_runtime(self.runtime, self.device)
            begun = Background(self._load_cross_encoder)
        self._begun["cross-encoder"] = begun
        return begun

    def begin_bi_encoder(self, info: IndexInfo) -> Background[BiEncoder]:
        """Have the index's model loaded while other things are done; see `load_bi_encoder`."""
        begun = None if self.model else _AHEAD.pop(_model_of(info), None)
        self._begun["bi-encoder"] = begun or Background(lambda: self._load_bi_encoder(info))
        return self._begun["bi-encoder"]

    def load_cross_encoder(self) -> CrossEncoder:
        """The cross-encoder asked for; waited for if it was begun.

        Raises:
            ModelUnavailable: its weights are not here.
        """
        begun = self._begun.pop("cross-encoder", None)
        return begun.result() if begun else self._load_cross_encoder()

    def _load_cross_encoder(self) -> CrossEncoder:
        from bienc_cli.models import DEFAULT_CROSS_ENCODER, load_cross_encoder

        variable = "BIENC_CROSS_ENCODER"
        held = environment.default_model("cross-encoder", variable, DEFAULT_CROSS_ENCODER)
        name = self.cross_encoder or held.value
        load = partial(
            load_cross_encoder,
            name,
            cache_dir=environment.cache_directory(),
            offline=environment.go_offline_if(self.offline),
            runtime=self.runtime,
            device=self.device,
            threads=self.threads,
            on_first_use=self._shown_first_use,
        )
        warm = caller.warm()
        return self._with_notes(
            warm.models.cross_encoder(_meant_by_all(name), load) if warm else load()
        )

    def _with_notes(self, encoder: LoadedModel) -> LoadedModel:
        if caller.warm() is None:
            _ALIVE.append(encoder)
        for note in encoder.notes:
            self.output.note(f"note: {note}")
        return encoder

    @contextmanager
    def _shown_first_use(self, use: FirstUse) -> Iterator[None]:
        """A bar while it goes on; where none can move, a line, and one of each model is enough."""
        from bienc_cli.cli import progress

        megabytes = f"{max(use.size / 1e6, 1):.0f} MB, " if use.size else ""
        if not self.output.animated and use.model not in self._prepared:
            self.output.note(f"note: {use.work} {use.model} ({megabytes}only this once)")
        self._prepared.add(use.model)
        with progress.waiting(self.output, f"{use.work} {use.model}", f"{megabytes}only this once"):
            yield


def _meant_by_all(name: str) -> str:
    """A model's name, if it means the same wherever one is.

    Raises:
        Declined: it may be a directory of the client's.
    """
    if not Path(name).expanduser().is_absolute() and (caller.here() / name).is_dir():
        raise Declined(f"{name} may be a directory of the client's")
    return name


def _check_is_only_a_name(name: str) -> None:
    """Refuse a directory that only a stranger's index says is a model.

    Raises:
        ModelUnavailable: it is one.
    """
    if name.startswith((".", "/", "~")) or Path(name).is_dir():
        raise ModelUnavailable(
            f"The index was made elsewhere, with a model in the directory '{name}', which is "
            "not read on the index's word.",
            f"if that is a model of yours: --model {name}",
        )
