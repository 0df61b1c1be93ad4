"""What a check or a repair of an index found and did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bienc_cli.store.protocol import IndexInfo


class Remedy(StrEnum):
    """What mends a problem."""

    REBUILD = "rebuild"
    """Made anew from what is whole, by `repair`."""
    READ_AGAIN = "read again"
    """`repair` forgets the file; the next run of `index` reads and encodes it again."""
    START_OVER = "start over"
    """Nothing; the index must be made again."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not what was written.

    Attributes:
        part: `catalog`, `texts`, `passages`, `vectors`, `words`, `codes` or `graph`.
        message: a sentence.
        file_ids: the files it concerns, where it concerns some.
    """

    part: str
    message: str
    remedy: Remedy
    file_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found.

    Attributes:
        info: None where even that cannot be told.
        recall: mean share of the 10 nearest vectors that the graph finds, over a sample of the
            vectors; None where there is no graph to ask.
    """

    info: IndexInfo | None
    problems: tuple[Problem, ...]
    recall: float | None = None


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair did.

    Attributes:
        rebuilt: parts that were made anew.
        forgotten: files to be read again, as paths under their roots.
    """

    rebuilt: tuple[str, ...]
    forgotten: tuple[str, ...]
