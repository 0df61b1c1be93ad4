"""Models for the commands: by flag, by what the index recorded, by environment, by default."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from bienc_cli.cli import environment
from bienc_cli.cli.output import Output
from bienc_cli.errors import UsageError
from bienc_cli.types import BiEncoder, CrossEncoder, EncoderIdentity

if TYPE_CHECKING:
    from bienc_cli.indexing.execution import Executor

Encoder = TypeVar("Encoder", BiEncoder, CrossEncoder)

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

    def __post_init__(self) -> None:
        if self.runtime not in RUNTIMES:
            raise UsageError(
                f"There is no runtime '{self.runtime}'.", f"give one of: {', '.join(RUNTIMES)}"
            )

    def load_bi_encoder(self, recorded: EncoderIdentity | None) -> BiEncoder:
        """The index's own model; for a new index the one asked for. Loaded once.

        Raises:
            IndexMismatch: another model was asked for than the index was made with.
            ModelUnavailable: its weights are not here.
        """
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

    def load_cross_encoder(self) -> CrossEncoder:
        """The cross-encoder asked for.

        Raises:
            ModelUnavailable: its weights are not here.
        """
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
        for note in encoder.notes:
            self.output.note(f"note: {note}")
        return encoder

    def _say_that_it_converts(self, name: str) -> None:
        self.output.note(f"note: preparing {name} for this machine; this happens once")
