"""Models for the commands: by flag, by what the index recorded, by environment, by default."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from bienc_cli.background import Background
from bienc_cli.cli import environment
from bienc_cli.cli.output import Output
from bienc_cli.errors import UsageError
from bienc_cli.types import BiEncoder, CrossEncoder, EncoderIdentity

if TYPE_CHECKING:
    from bienc_cli.indexing.execution import Executor

Encoder = TypeVar("Encoder", BiEncoder, CrossEncoder)

_ALIVE: list[object] = []
"""Models, to the end of the process: to take one apart takes as long as a search."""

RUNTIMES = ("auto", "openvino", "torch")


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

    def __post_init__(self) -> None:
        if self.runtime not in RUNTIMES:
            raise UsageError(
                f"There is no runtime '{self.runtime}'.", f"give one of: {', '.join(RUNTIMES)}"
            )

    def load_bi_encoder(self, recorded: EncoderIdentity | None) -> BiEncoder:
        """The index's own model; for a new index the one asked for. Loaded once.

        One that was begun is waited for.

        Raises:
            IndexMismatch: another model was asked for than the index was made with.
            ModelUnavailable: its weights are not here.
        """
        begun = self._begun.pop("bi-encoder", None)
        return begun.result() if begun else self._load_bi_encoder(recorded)

    def _load_bi_encoder(self, recorded: EncoderIdentity | None) -> BiEncoder:
        from bienc_cli.models import DEFAULT_BI_ENCODER, identify_bi_encoder, load_bi_encoder
        from bienc_cli.search import check_model

        offline = environment.go_offline_if(self.offline)
        cache = environment.cache_directory()
        if recorded is not None:
            name = self.model or recorded.name
            # Cheap, and before the weights are loaded: another model is refused at once.
            check_model(recorded, identify_bi_encoder(name, cache_dir=cache, offline=offline))
        else:
            name = self.model or environment.model_from_environment() or DEFAULT_BI_ENCODER
        if name in self._loaded:
            return self._loaded[name]
        self._loaded[name] = self._with_notes(
            load_bi_encoder(
                name,
                cache_dir=cache,
                offline=offline,
                runtime=self.runtime,
                device=self.device,
                threads=self.threads,
                on_convert=self._say_that_it_converts,
            )
        )
        return self._loaded[name]

    def on_ray(self, address: str) -> Executor:
        """Have a Ray cluster do the work, whose workers load the same model.

        Raises:
            UsageError: Ray is not installed.
        """
        from bienc_cli.indexing.distributed import on_ray
        from bienc_cli.models import load_bi_encoder

        load = partial(
            load_bi_encoder,
            cache_dir=environment.cache_directory(),
            offline=environment.go_offline_if(self.offline),
            runtime=self.runtime,
        )
        return on_ray(address, load, threads=self.threads)

    def begin_cross_encoder(self) -> None:
        """Have the cross-encoder loaded while other things are done; see `load_cross_encoder`."""
        from bienc_cli.models import import_runtime

        # Here and at once: beside other imports it would get its turn late, and compile late.
        import_runtime(self.runtime, self.device)
        self._begun["cross-encoder"] = Background(self._load_cross_encoder)

    def begin_bi_encoder(self, recorded: EncoderIdentity) -> None:
        """Have the index's model loaded while other things are done; see `load_bi_encoder`."""
        self._begun["bi-encoder"] = Background(lambda: self._load_bi_encoder(recorded))

    def load_cross_encoder(self) -> CrossEncoder:
        """The cross-encoder asked for; waited for if it was begun.

        Raises:
            ModelUnavailable: its weights are not here.
        """
        begun = self._begun.pop("cross-encoder", None)
        return begun.result() if begun else self._load_cross_encoder()

    def _load_cross_encoder(self) -> CrossEncoder:
        from bienc_cli.models import DEFAULT_CROSS_ENCODER, load_cross_encoder

        name = (
            self.cross_encoder
            or environment.cross_encoder_from_environment()
            or DEFAULT_CROSS_ENCODER
        )
        return self._with_notes(
            load_cross_encoder(
                name,
                cache_dir=environment.cache_directory(),
                offline=environment.go_offline_if(self.offline),
                runtime=self.runtime,
                device=self.device,
                threads=self.threads,
                on_convert=self._say_that_it_converts,
            )
        )

    def _with_notes(self, encoder: Encoder) -> Encoder:
        _ALIVE.append(encoder)
        for note in encoder.notes:
            self.output.note(f"note: {note}")
        return encoder

    def _say_that_it_converts(self, name: str) -> None:
        self.output.note(f"note: preparing {name} for this machine; this happens once")
