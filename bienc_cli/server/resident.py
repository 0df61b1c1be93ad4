"""What a server keeps between requests: models for all threads, readers for each thread."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from bienc_cli.errors import BiencError
from bienc_cli.store import IndexPlace, IndexReader, identity_of
from bienc_cli.types import BiEncoder, CrossEncoder

MOST_MODELS = 2
"""Per role; a model takes a few hundred megabytes."""

MOST_READERS = 4
"""Per thread."""

Model = TypeVar("Model")


class _RecentModels(Generic[Model]):
    """The most recently used models of a role, by name."""

    def __init__(self) -> None:
        self._models: OrderedDict[str, Model] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str, load: Callable[[], Model]) -> Model:
        # Hold the lock while loading, or two threads would load the same model.
        with self._lock:
            if name not in self._models:
                self._models[name] = load()
                if len(self._models) > MOST_MODELS:
                    self._models.popitem(last=False)
            self._models.move_to_end(name)
            return self._models[name]


class ResidentModels:
    """Models of both roles, loaded when first needed, shared by threads."""

    def __init__(self) -> None:
        self._bi_encoders = _RecentModels[BiEncoder]()
        self._cross_encoders = _RecentModels[CrossEncoder]()

    def bi_encoder(self, name: str, load: Callable[[], BiEncoder]) -> BiEncoder:
        """The bi-encoder of this name."""
        return self._bi_encoders.get(name, load)

    def cross_encoder(self, name: str, load: Callable[[], CrossEncoder]) -> CrossEncoder:
        """The cross-encoder of this name."""
        return self._cross_encoders.get(name, load)


@dataclass(frozen=True, slots=True)
class _OpenReader:
    reader: IndexReader
    identity: Hashable


class Readers:
    """The open indexes of one thread."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[IndexPlace, Path], _OpenReader] = OrderedDict()

    def get(
        self, place: IndexPlace, shown_from: Path, open_: Callable[[], IndexReader]
    ) -> IndexReader:
        """A reader of the current generation; this object keeps owning it.

        Args:
            place: of the index.
            shown_from: base of displayed paths.
            open_: opens the index.

        Raises:
            BiencError: raised by opening it.
        """
        key = (place, shown_from)
        entry = self._open.get(key)
        if entry is not None and not _is_current(place, entry):
            self._close(key)
        if key not in self._open:
            # Read before opening, so that an index replaced meanwhile is opened again.
            identity = identity_of(place)
            self._open[key] = _OpenReader(open_(), identity)
            if len(self._open) > MOST_READERS:
                self._close(next(iter(self._open)))
        self._open.move_to_end(key)
        return self._open[key].reader

    def close_obsolete(self) -> None:
        """Close readers of obsolete generations, so that the logs can shrink."""
        for key, entry in list(self._open.items()):
            if not _is_current(key[0], entry):
                self._close(key)

    def close(self) -> None:
        """Close all of them."""
        for key in list(self._open):
            self._close(key)

    def _close(self, key: tuple[IndexPlace, Path]) -> None:
        with suppress(BiencError, OSError):
            self._open.pop(key).reader.close()


def _is_current(place: IndexPlace, entry: _OpenReader) -> bool:
    if identity_of(place) != entry.identity:
        return False
    try:
        return entry.reader.is_current()
    except BiencError:
        return False
