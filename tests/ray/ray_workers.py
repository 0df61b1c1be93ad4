"""Encoders and readers for workers of a cluster, which import them by name."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import bienc_cli
from bienc_cli.ray import actors
from bienc_cli.types import Skipped, Vectors
from fakes import FakeBiEncoder

TESTS = Path(__file__).parent
PATHS = [str(TESTS.parent), str(TESTS), str(Path(bienc_cli.__file__).parent.parent)]
"""What a worker imports from."""


def load_fake(name: str, *, device: str, threads: int) -> FakeBiEncoder:
    assert (name, device, threads) == ("fake", "cpu", 1)
    return FakeBiEncoder()


def load_other(_name: str, **_: object) -> FakeBiEncoder:
    return FakeBiEncoder(max_tokens=48)


class UnaskedEncoder(actors.EncodingActor):
    """Says nothing about its version."""

    def state(self, version: str) -> tuple[str, str]:
        del version
        return super().state(bienc_cli.__version__)


class DyingEncoder(FakeBiEncoder):
    """Its process is killed in the midst of its second batch, the first time."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home = home

    @staticmethod
    def told(home: Path) -> None:
        (home / "alive").touch()

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        if self.calls:
            die_once(self._home, "alive", "died")
        return super().encode_passages(texts)


def die_once(home: Path, token: str, note: str) -> None:
    try:
        (home / token).unlink()
    except FileNotFoundError:
        return
    (home / note).write_text(str(os.getpid()))
    os.kill(os.getpid(), signal.SIGKILL)


def _dying(home: Path, _name: str, **_: object) -> DyingEncoder:
    return DyingEncoder(home)


def load_dying(home: Path) -> Any:
    return partial(_dying, home)


class _Failing(FakeBiEncoder):
    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        raise ArithmeticError("out of ink")


def load_failing(_name: str, **_: object) -> FakeBiEncoder:
    return _Failing()


class _Slow(FakeBiEncoder):
    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        told = Path(os.environ["TOLD"])
        told.with_suffix(".new").write_text(str(os.getpid()))
        told.with_suffix(".new").rename(told)
        time.sleep(600)
        return super().encode_passages(texts)


def load_slow(_name: str, **_: object) -> FakeBiEncoder:
    return _Slow()


def dying_reader(home: Path) -> Callable[..., Iterator[actors.Portion]]:
    (home / "reading").touch()
    whole = actors.read_and_cut

    def read(*arguments: Any) -> Iterator[actors.Portion]:
        for number, portion in enumerate(whole(*arguments)):
            if number:
                die_once(home, "reading", "reader died")
            yield portion

    return read


def read_elsewhere(files: Sequence[actors.NamedFile], *_: object) -> Iterator[actors.Portion]:
    yield [
        (number, Skipped(file.doc_id, "vanished", "was there and is gone"))
        for number, file in enumerate(files)
    ]
