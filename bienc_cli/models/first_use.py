"""What a model's first use takes on a machine, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Preparation(StrEnum):
    """What is done once."""

    DOWNLOADING = "downloading"
    UNPACKING = "unpacking"
    CONVERTING = "converting"


@dataclass(frozen=True, slots=True)
class FirstUse:
    """Seconds of work that no later use needs.

    Attributes:
        model: as it was named.
        work: what is done.
        size: bytes of weights that it is done to; None where nobody says.
    """

    model: str
    work: Preparation
    size: int | None


Watch: TypeAlias = Callable[[FirstUse], AbstractContextManager[object]]
"""Called with what begins; what it returns is entered before and left after."""


def unwatched(_: FirstUse) -> AbstractContextManager[object]:
    """A `Watch` for a first use that nobody waits for."""
    return nullcontext()
