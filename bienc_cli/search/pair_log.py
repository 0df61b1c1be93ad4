"""What a search for pairs has found so far, so that an interrupted one goes on where it was."""

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
    """Two passages by id, with what was expensive to find out.

    Attributes:
        similarity: their cosine.
        forward: logits of a classifier for (first, second); empty where it did not read them.
        backward: for (second, first).
        truncated: the classifier could not read both to the end.
    """

    first: int
    second: int
    similarity: float
    forward: tuple[float, ...] = ()
    backward: tuple[float, ...] = ()
    truncated: bool = False


class PairLog:
    """Portions of found pairs in a file of this search alone, one a line, each written when done.

    A file that cannot be opened or written costs a later run its time, and nothing else.

    Args:
        directory: where the logs of all searches lie; None keeps nothing.
        search: all that decides what is found: the index and its generation, options, models.
    """

    def __init__(self, directory: Path | None, search: str) -> None:
        digest = blake2b(search.encode(), digest_size=12).hexdigest()
        self._path = directory / f"{digest}.jsonl" if directory else None
        self._file: TextIOWrapper | None = None
        self.portions: list[list[FoundPair]] = []
        if self._path is not None:
            # What a user may not read here, the search finds again.
            with suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._open(self._path)

    def _open(self, path: Path) -> None:
        whole = 0
        if path.exists():
            for line in path.read_bytes().splitlines(keepends=True):
                # The last line of an interrupted run may have been cut off.
                try:
                    portion = [_pair(*fields) for fields in json.loads(line)]
                except (ValueError, TypeError):
                    break
                if not line.endswith(b"\n"):
                    break
                self.portions.append(portion)
                whole += len(line)
        self._file = path.open("a", encoding="utf-8")
        self._file.truncate(whole)

    def add(self, portion: Sequence[FoundPair]) -> None:
        """Remember the next portion."""
        if self._file is None:
            return
        fields = [
            (one.first, one.second, one.similarity, one.forward, one.backward, one.truncated)
            for one in portion
        ]
        with suppress(OSError):
            self._file.write(json.dumps(fields) + "\n")
            self._file.flush()

    def finish(self) -> None:
        """Forget it all: there is nothing left to go on with."""
        self.close()
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file, for another run; one in which nothing stands is removed."""
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
