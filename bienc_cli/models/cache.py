"""The cache directory: the results of a model's first use, published atomically, and file digests.

    <cache>/models/<name>-<key>/     a converted model, with its manifest
    <cache>/digests/<key>.json       sha256 of one file in one state

A directory is filled beside its final name and renamed, under a lock that the kernel releases when
the process ends: whoever finds it finds it complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from bienc_cli.errors import StorageError
from bienc_cli.models.registry import KnownModel
from bienc_cli.portable import lock

CONVERTER_VERSION = 1
"""Increased whenever the same carrier would be converted to other files."""

MANIFEST = "bienc-manifest.json"
WEIGHTS = "model.safetensors"


class Preparation(StrEnum):
    """Work that is done once per model and machine."""

    DOWNLOADING = "downloading"
    UNPACKING = "unpacking"
    CONVERTING = "converting"


@dataclass(frozen=True, slots=True)
class FirstUse:
    """Seconds of work that later uses do not need.

    Attributes:
        model: as named.
        work: the kind of work.
        size: bytes of weights involved; None if unknown.
    """

    model: str
    work: Preparation
    size: int | None


Watch: TypeAlias = Callable[[FirstUse], AbstractContextManager[object]]
"""Called when such work starts; the returned context manager is entered before and left after
it."""


def unwatched(_: FirstUse) -> AbstractContextManager[object]:
    """A `Watch` that shows nothing."""
    return nullcontext()


def publish(target: Path, *, valid: Callable[[Path], bool], make: Callable[[Path], None]) -> Path:
    """Return `target` as a valid directory, making it if it is missing or invalid.

    Args:
        target: the final path of the directory.
        valid: whether a directory has the right contents; must not raise.
        make: fills an empty directory. One process at a time calls it; others wait and then
            find its result.

    Raises:
        StorageError: the cache cannot be written.
    """
    if valid(target):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.parent / f".{target.name}.lock"):
            if valid(target):
                return target
            partial = target.parent / f".{target.name}.partial"
            # We hold the lock, so an existing one was left by a process that was stopped.
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            try:
                make(partial)
                _sync(partial)
                if target.exists():
                    shutil.rmtree(target)
                partial.rename(target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"The cache directory {target.parent} cannot be written: {error.strerror or error}.",
            "name another one: BIENC_CACHE=DIRECTORY",
        ) from error
    return target


def converted_path(model: KnownModel, cache_dir: Path) -> Path:
    """The path of the converted directory, whether or not it exists."""
    key = f"{model.carrier.sha256[:12]}-v{CONVERTER_VERSION}"
    return cache_dir / "models" / f"{model.alias}-{key}"


def is_converted(model: KnownModel, cache_dir: Path) -> bool:
    """Whether the cache contains the converted model, complete and unchanged."""
    return _valid(converted_path(model, cache_dir), model, cache_dir)


def converted_directory(
    model: KnownModel, cache_dir: Path, on_first_use: Watch = unwatched
) -> Path | None:
    """The converted model, made now if necessary; None if its carrier is not installed.

    Args:
        model: with an alias.
        cache_dir: directory of converted models.
        on_first_use: called if it is made; see `Watch`.

    Raises:
        ModelUnavailable: the carrier's file is not the published one, or is unreadable.
        StorageError: the cache cannot be written.
    """

    def make(empty: Path) -> None:
        from bienc_cli.models.carriers import convert

        convert(model, empty, on_first_use)

    if not is_converted(model, cache_dir):
        from bienc_cli.models.carriers import carrier_file

        if carrier_file(model.carrier) is None:
            return None
    return publish(
        converted_path(model, cache_dir),
        valid=lambda directory: _valid(directory, model, cache_dir),
        make=make,
    )


def _valid(directory: Path, model: KnownModel, cache_dir: Path) -> bool:
    try:
        manifest = json.loads((directory / MANIFEST).read_bytes())
        return (
            manifest["source"]["sha256"] == model.carrier.sha256
            and manifest["converter"] == CONVERTER_VERSION
            and all(
                (directory / name).stat().st_size == size
                for name, size in manifest["files"].items()
            )
            and remembered_sha256(directory / WEIGHTS, cache_dir) == manifest["weights_sha256"]
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remembered_sha256(path: Path, cache_dir: Path) -> str:
    """Hex SHA-256 of a file, computed again only if the file has changed.

    Changes are detected by size, inode, modification and change time: a program cannot set the
    change time, so a file rewritten under its old modification time is still read again.
    """
    path = path.resolve()
    stat = path.stat()
    state = [str(path), stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]
    memory = cache_dir / "digests" / f"{hashlib.sha256(str(path).encode()).hexdigest()[:32]}.json"
    try:
        remembered = json.loads(memory.read_bytes())
        if remembered["state"] == state:
            return str(remembered["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    digest = sha256_file(path)
    # An unwritable cache only costs time.
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        temporary = memory.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps({"state": state, "sha256": digest}))
        temporary.replace(memory)
    return digest


def write_json(path: Path, content: object) -> None:
    """Write JSON that people can read too."""
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        lock(file.fileno(), wait=True)
        yield


def _sync(directory: Path) -> None:
    """Flush the files to the disk before the rename that publishes them."""
    for path in directory.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
