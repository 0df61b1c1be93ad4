"""Resolves a name to a model directory and its fingerprint, without importing model libraries.

A name is tried as an alias, a directory, and a hub id, in this order. An alias's weights come from
the cache, from its carrier, or from the hub.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.errors import ModelUnavailable, UsageError
from bienc_cli.models.cache import (
    Watch,
    converted_directory,
    converted_path,
    is_converted,
    remembered_sha256,
    unwatched,
)
from bienc_cli.models.carriers import carrier_file
from bienc_cli.models.files import ModelFiles, read_model_files
from bienc_cli.models.hub import HUB_ID, cached_snapshot, snapshot
from bienc_cli.models.registry import (
    DEFAULT_BI_ENCODER,
    DEFAULT_CROSS_ENCODER,
    KNOWN_MODELS,
    KnownModel,
    Role,
    known_model,
    reads_english_only,
)
from bienc_cli.types import CrossEncoderIdentity, EncoderIdentity


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model on this machine, ready to load.

    Attributes:
        name: what the user calls it.
        files: the metadata of its directory.
        weights_digest: hex digest over all weight files.
        fingerprint: hex digest over everything that determines the outputs.
        tested: its weights are exactly those of an alias, which this project's tests run in every
            precision; others are tested before use.
    """

    name: str
    files: ModelFiles
    weights_digest: str
    fingerprint: str
    tested: bool = False

    @property
    def directory(self) -> Path:
        """The model's root."""
        return self.files.directory

    @property
    def encoder_identity(self) -> EncoderIdentity:
        """A bi-encoder's identity, as an index records it."""
        return EncoderIdentity(
            name=self.name,
            fingerprint=self.fingerprint,
            dim=self.files.dim,
            max_tokens=self.files.max_tokens,
            pooling=self.files.pooling,
            query_prompt=self.files.query_prompt,
            passage_prompt=self.files.passage_prompt,
        )

    @property
    def cross_encoder_identity(self) -> CrossEncoderIdentity:
        """A cross-encoder's identity."""
        return CrossEncoderIdentity(
            name=self.name,
            fingerprint=self.fingerprint,
            max_tokens=self.files.max_tokens,
            labels=self.files.labels,
            activation=self.files.activation,
            english_only=reads_english_only(self.name),
        )


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A known model, and the location of its weights.

    Attributes:
        carrier_installed: the package with its weights is installed.
        converted: the cache contains it, ready to load.
        in_hub_cache: the hub's local cache contains it.
        default: it is the default of its role.
    """

    model: KnownModel
    carrier_installed: bool
    converted: bool
    in_hub_cache: bool
    default: bool

    @property
    def available_offline(self) -> bool:
        """Whether it can be loaded without network access."""
        return self.carrier_installed or self.converted or self.in_hub_cache


def known_models(cache_dir: Path) -> tuple[ModelStatus, ...]:
    """Every model with an alias, and its status on this machine."""
    return tuple(
        ModelStatus(
            model=model,
            carrier_installed=carrier_file(model.carrier) is not None,
            converted=is_converted(model, cache_dir),
            in_hub_cache=cached_snapshot(model.hub_id) is not None,
            default=model.alias in (DEFAULT_BI_ENCODER, DEFAULT_CROSS_ENCODER),
        )
        for model in KNOWN_MODELS
    )


def resolve_model(
    name: str, role: Role, *, cache_dir: Path, offline: bool, on_first_use: Watch = unwatched
) -> ResolvedModel:
    """Find a model, converting or downloading its weights if necessary.

    Args:
        name: alias, directory or hub id.
        role: the role it is needed for.
        cache_dir: directory of converted models.
        offline: never access the network.
        on_first_use: called for a conversion or download; see `Watch`.

    Raises:
        ModelUnavailable: there is no such model, or it cannot be obtained.
        UsageError: the model has another role, or is of an unsupported kind.
        StorageError: the cache cannot be written.
    """
    known = known_model(name)
    directory = (
        _alias_directory(known, cache_dir, on_first_use, offline=offline)
        if known is not None
        else _directory(name, on_first_use, offline=offline)
    )
    files = read_model_files(directory, name)
    if files.role is not role:
        flag = "--model" if files.role is Role.BI_ENCODER else "--cross-encoder"
        raise UsageError(
            f"{name} is a {files.role}, and a {role} is needed here.",
            f"a {files.role} is named with {flag}; the known models: bienc models",
        )
    try:
        weights_digest = _digest(files.directory, files.weight_files, cache_dir)
        fingerprint = _fingerprint(files, weights_digest, cache_dir)
    except OSError as error:
        raise ModelUnavailable(
            f"The files of the model {name} in {files.directory} cannot be read: "
            f"{error.strerror or error}.",
            "fetch the model again, or name another one: bienc models",
        ) from error
    tested = known is not None and directory == converted_path(known, cache_dir)
    return ResolvedModel(name, files, weights_digest, fingerprint, tested)


def _directory(name: str, on_first_use: Watch, *, offline: bool) -> Path:
    path = Path(name).expanduser()
    if name and path.is_dir():
        return path.absolute()
    if name.startswith((".", "/", "~")) or not HUB_ID.fullmatch(name):
        aliases = [model.alias for model in KNOWN_MODELS]
        close_matches = difflib.get_close_matches(name, aliases, n=1)
        raise ModelUnavailable(
            f"There is no model {name!r}: it is neither an alias, a directory nor a hub id.",
            f"did you mean {close_matches[0]}?"
            if close_matches
            else "the known ones: bienc models",
        )
    return snapshot(name, offline=offline, on_first_use=on_first_use)


def _alias_directory(
    model: KnownModel, cache_dir: Path, on_first_use: Watch, *, offline: bool
) -> Path:
    directory = converted_directory(model, cache_dir, on_first_use)
    if directory is not None:
        return directory
    try:
        return snapshot(model.hub_id, offline=offline, on_first_use=on_first_use)
    except ModelUnavailable as error:
        reason = "offline" if offline else "the hub did not give it"
        raise ModelUnavailable(
            f"The weights of {model.alias} are not on this machine: the package"
            f" {model.carrier.requirement} is not installed, and {model.hub_id} is not in the"
            f" hub's cache ({reason}).",
            model.carrier.install_hint,
        ) from error


def _digest(directory: Path, files: tuple[Path, ...], cache_dir: Path) -> str:
    """Hex digest over the contents of files, independent of their location."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}\0{remembered_sha256(directory / file, cache_dir)}\n".encode())
    return digest.hexdigest()


def _fingerprint(files: ModelFiles, weights_digest: str, cache_dir: Path) -> str:
    tokenizer = [remembered_sha256(path, cache_dir) for path in files.tokenizer_files]
    decisive = {
        "weights": weights_digest,
        "tokenizer": tokenizer,
        "config": files.config,
        "modules": files.modules,
        "pooling": files.pooling,
        "prompt_pooled": files.prompt_pooled,
        "prompts": [files.query_prompt, files.passage_prompt],
        "max_tokens": files.max_tokens,
        "dim": files.dim,
        "labels": files.labels,
    }
    canonical = json.dumps(decisive, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
