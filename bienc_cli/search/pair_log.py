"""Logs what a search for pairs has found, so that an interrupted search can resume."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from io import TextIOWrapper
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class FoundPair:
    """Two passage ids with the results that were expensive to compute.

    Attributes:
        similarity: the cosine of the two.
        forward: a classifier's logits for (first, second); empty if it did not read the pair.
        backward: for (second, first).
        truncated: the pair was longer than the classifier reads.
    """

    first: int
    second: int
    similarity: float
    forward: tuple[float, ...] = ()
    backward: tuple[float, ...] = ()
    truncated: bool = False


class PairLog:
    """A log file of one particular search: one line per finished portion of pairs.

    A file that cannot be opened or written only costs a later run its time.

    Args:
        directory: holds the logs of all searches; None disables logging.
        search: everything that determines the result: index and generation, options, models.
    """

    def __init__(self, directory: Path | None, search: str) -> None:
        digest = blake2b(search.encode(), digest_size=12).hexdigest()
        self._path = directory / f"{digest}.jsonl" if directory else None
        self._file: TextIOWrapper | None = None
        self.portions: list[list[FoundPair]] = []
        if self._path is not None:
            # Without access to the log, the search starts from the beginning.
            with suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._open(self._path)

    def _open(self, path: Path) -> None:
        complete_length = 0
        if path.exists():
            for line in path.read_bytes().splitlines(keepends=True):
                # An interrupted run may have left its last line incomplete.
                try:
                    portion = [_pair(*fields) for fields in json.loads(line)]
                except (ValueError, TypeError):
                    break
                if not line.endswith(b"\n"):
                    break
                self.portions.append(portion)
                complete_length += len(line)
        self._file = path.open("a", encoding="utf-8")
        self._file.truncate(complete_length)

    def add(self, portion: Sequence[FoundPair]) -> None:
        """Append a finished portion."""
        if self._file is None:
            return
        fields = [
            (pair.first, pair.second, pair.similarity, pair.forward, pair.backward, pair.truncated)
            for pair in portion
        ]
        with suppress(OSError):
            self._file.write(json.dumps(fields) + "\n")
            self._file.flush()

    def finish(self) -> None:
        """Delete the log: the search is complete."""
        self.close()
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file so that another run can resume; delete it if it is empty."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None
            with suppress(OSError):
                if self._path is not None and self._path.stat().st_size == 0:
                    self._path.unlink()

    def __enter__(self) -> Self:
        """The log itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()


def _pair(
    first: int,
    second: int,
    similarity: float,
    forward: Sequence[float],
    backward: Sequence[float],
    truncated: bool,
) -> FoundPair:
    return FoundPair(first, second, similarity, tuple(forward), tuple(backward), truncated)
