"""The word index: in which passages each word occurs, and how often.

Passages are taken together in blocks of 65,536 consecutive ids, so that a passage's place in
its block fits in 16 bits, and so that whoever scores a block works on arrays that stay in the
processor's cache. A row of `postings` is one word in one block; a row of `lengths` is how many
words each passage of a block has.

Rows change in the transaction that changes the passages, so that the numbers of passages and
words, of which scores are made, are always exact, and nothing of a removed text stays.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import xor
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from bienc_cli.errors import IndexDamaged
from bienc_cli.store.records import damaged
from bienc_cli.store.tokenizer import Tokenizer

BLOCK_BITS = 16
BLOCK = 1 << BLOCK_BITS
"""Passages of a block."""

DENSE = BLOCK // 3
"""Passages past which a frequency for every place of the block takes less room than the places
of those that have one: 1 byte each against 2 + 1."""

_BUFFERED = 1 << 25
"""Characters of text that wait to be taken in: some 40,000 passages, 100 MB while they are."""

_PLACE: np.dtype[Any] = np.dtype("<u2")
_WIDTHS: dict[int, np.dtype[Any]] = {1: np.dtype("u1"), 2: np.dtype("<u2"), 4: np.dtype("<u4")}

Numbers = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Postings:
    """Where in a block a word occurs.

    Attributes:
        count: passages of the block that hold it.
        places: their places in the block, ascending; None where `frequencies` has all places.
        frequencies: how often the word occurs, for each of `places`, or for each place of the
            block.
    """

    count: int
    places: Numbers | None
    frequencies: Numbers

    @classmethod
    def of(cls, places: Numbers, frequencies: Numbers) -> Postings:
        """Of the places, ascending, and the frequency at each."""
        if len(places) <= DENSE:
            return cls(len(places), places, frequencies)
        everywhere = np.zeros(BLOCK, dtype=np.uint32)
        everywhere[places] = frequencies
        return cls(len(places), None, everywhere)

    def occurring(self) -> tuple[Numbers, Numbers]:
        """The places that have it, and the frequency at each."""
        if self.places is not None:
            return self.places, self.frequencies
        places = np.flatnonzero(self.frequencies).astype(np.uint32)
        return places, self.frequencies[places]

    def at(self, places: Numbers) -> Numbers:
        """The frequency at each of some places, 0 where it does not occur."""
        if self.places is None:
            return self.frequencies[places]
        # Of one type, or the longer of the two would be converted.
        places = places.astype(self.places.dtype)
        found = np.searchsorted(self.places, places)
        found[found == len(self.places)] = 0
        frequencies = self.frequencies[found]
        frequencies[self.places[found] != places] = 0
        return frequencies

    def packed(self) -> bytes:
        """As it is stored: places as 16 bits, then frequencies as 8, 16 or 32, little-endian."""
        places = b"" if self.places is None else self.places.astype(_PLACE).tobytes()
        return places + _packed(self.frequencies)

    @classmethod
    def unpacked(cls, count: int, blob: bytes) -> Postings:
        """What `packed` packed.

        Raises:
            ValueError: it is not of that form.
        """
        if count > DENSE:
            return cls(count, None, _unpacked(blob, 0, BLOCK))
        frequencies = _unpacked(blob, count * _PLACE.itemsize, count)
        return cls(count, np.frombuffer(blob, _PLACE, count), frequencies)


def _packed(numbers: Numbers) -> bytes:
    most = int(numbers.max(initial=0))
    width = 1 if most < 1 << 8 else 2 if most < 1 << 16 else 4
    return numbers.astype(_WIDTHS[width]).tobytes()


def _unpacked(blob: bytes, start: int, count: int) -> Numbers:
    width = (len(blob) - start) // count if 0 < count <= BLOCK else 0
    if width not in _WIDTHS or len(blob) != start + width * count:
        raise ValueError(f"{len(blob)} bytes for {count} numbers")
    return np.frombuffer(blob, _WIDTHS[width], count, start)


# -------------------------------------------------------------------- rows


def _checksum(block: int, word: str, count: int, blob: bytes) -> int:
    hashed = xxhash.xxh3_64(f"{block} {count} {word}\0".encode())
    hashed.update(blob)
    return hashed.intdigest() - (1 << 63)


def read_postings(
    connection: sqlite3.Connection, words: Sequence[str], block: int, schema: str = "main"
) -> dict[str, Postings]:
    """Where in a block some words occur, by word; without those that do not.

    Raises:
        IndexDamaged: a row is not what was written.
    """
    rows = connection.execute(
        "SELECT word, count, postings, checksum FROM json_each(?) AS asked "
        f"CROSS JOIN {schema}.postings ON block = ? AND word = asked.value",
        (json.dumps(words), block),
    )
    found = {}
    for word, count, blob, checksum in rows:
        if _checksum(block, word, count, blob) != checksum:
            raise damaged(f"where {word!r} occurs")
        try:
            found[word] = Postings.unpacked(count, blob)
        except ValueError as error:
            raise damaged(f"where {word!r} occurs") from error
    return found


def words_beginning(connection: sqlite3.Connection, letter: str, block: int) -> dict[str, int]:
    """The words of a block that begin with a letter, with the number of passages that have each."""
    rows = connection.execute(
        "SELECT word, count FROM postings WHERE block = ? AND word >= ? AND word < ?",
        (block, letter, letter + "\U0010ffff"),
    )
    return dict(rows.fetchall())


def read_lengths(
    connection: sqlite3.Connection, checksum: int | None = None, schema: str = "main"
) -> dict[int, Numbers]:
    """How many words the passages of each block have, from its first place on, by block.

    Args:
        connection: to read by.
        checksum: what those of all rows must come to; None where it is still to be made.
        schema: `main` or `temp`.

    Raises:
        IndexDamaged: a row is not what was written, missing or too many.
    """
    found = {}
    combined = 0
    rows = connection.execute(
        f"SELECT block, count, lengths, checksum FROM {schema}.lengths ORDER BY block"
    )
    for block, count, blob, recorded in rows:
        if _checksum(block, "", count, blob) != recorded:
            raise damaged("the length of its passages")
        combined ^= recorded
        try:
            found[block] = _unpacked(blob, 0, count)
        except ValueError as error:
            raise damaged("the length of its passages") from error
    if checksum is not None and combined != checksum:
        raise damaged("the set of its words")
    return found


def lengths_checksum(connection: sqlite3.Connection) -> int:
    """The exclusive or of the checksums of all rows of `lengths`."""
    rows = connection.execute("SELECT checksum FROM main.lengths")
    return reduce(xor, (row[0] for row in rows), 0)


# ------------------------------------------------------------------ changes


@dataclass(frozen=True, slots=True)
class _Occurrences:
    """A word in some passages.

    Attributes:
        passages: ids, ascending, shape (n,).
        frequencies: in each, shape (n,).
    """

    passages: NDArray[np.int64]
    frequencies: NDArray[np.int64]

    def by_block(self) -> Iterator[tuple[int, _Occurrences]]:
        """Divided by block, with places instead of passages."""
        if not len(self.passages):
            return
        bounds = [0, len(self.passages)]
        if self.passages[0] >> BLOCK_BITS != self.passages[-1] >> BLOCK_BITS:
            bounds[1:1] = (np.flatnonzero(np.diff(self.passages >> BLOCK_BITS)) + 1).tolist()
        for start, end in pairwise(bounds):
            passages = self.passages[start:end]
            block = int(passages[0]) >> BLOCK_BITS
            yield block, _Occurrences(passages & (BLOCK - 1), self.frequencies[start:end])


_NONE = _Occurrences(np.empty(0, np.int64), np.empty(0, np.int64))


class _Texts:
    """Passages whose words come or go together."""

    def __init__(self, texts: dict[int, str]) -> None:
        ids = sorted(texts)
        self._texts = [texts[passage_id] for passage_id in ids]
        self._ids = np.array(ids, dtype=np.int64)
        self._lengths = np.zeros(len(ids), dtype=np.int64)

    def words(self, tokenizer: Tokenizer) -> Iterator[tuple[str, _Occurrences]]:
        """Each word, with the passages that have it."""
        for word, texts, frequencies in tokenizer.counted(self._texts):
            self._lengths[texts] += frequencies
            yield word, _Occurrences(self._ids[texts], frequencies)

    def lengths(self) -> _Occurrences:
        """How many words each passage has, once all have been gone through."""
        return _Occurrences(self._ids, self._lengths)


class WordIndexChanges:
    """Passages that come and go in one transaction.

    Attributes:
        stale: the rows do not hold together; the index must be made anew.

    Args:
        connection: with the transaction.
        schema: `main`, or `temp` for a second word index to compare with.
    """

    def __init__(self, connection: sqlite3.Connection, schema: str = "main") -> None:
        self.stale = False
        self._connection = connection
        self._schema = schema
        self._added: dict[int, str] = {}
        self._removed: dict[int, str] = {}
        self._buffered = 0

    def add(self, passage_id: int, text: str) -> None:
        """Take in a passage that is not there."""
        self._added[passage_id] = text
        self._buffer(text)

    def remove(self, passage_id: int, text: str) -> None:
        """Take out a passage that is there, with the text it has."""
        if passage_id in self._added:
            # What is removed goes before what is added; this one came first.
            self.flush()
        self._removed[passage_id] = text
        self._buffer(text)

    def _buffer(self, text: str) -> None:
        self._buffered += len(text)
        if self._buffered >= _BUFFERED:
            self.flush()

    def clear(self) -> None:
        """Take out all there is."""
        for table in ("postings", "lengths"):
            self._connection.execute(f"DELETE FROM {self._schema}.{table}")
        self._added, self._removed, self._buffered = {}, {}, 0
        self.stale = False

    def flush(self) -> None:
        """Bring the rows into step with what was added and removed."""
        going, coming = _Texts(self._removed), _Texts(self._added)
        self._added, self._removed, self._buffered = {}, {}, 0
        if self.stale:
            return
        try:
            with Tokenizer() as tokenizer:
                gone = dict(going.words(tokenizer))
                for word, occurrences in coming.words(tokenizer):
                    self._change(word, gone.pop(word, _NONE), occurrences)
                for word, occurrences in gone.items():
                    self._change(word, occurrences, _NONE)
            self._change_lengths(going.lengths(), coming.lengths())
        except IndexDamaged:
            self.stale = True

    def _change(self, word: str, gone: _Occurrences, new: _Occurrences) -> None:
        less, more = dict(gone.by_block()), dict(new.by_block())
        for block in less.keys() | more.keys():
            held = read_postings(self._connection, [word], block, self._schema).get(word)
            places, frequencies = held.occurring() if held else (_NONE.passages, _NONE.frequencies)
            if block in less:
                stays = np.isin(places, less[block].passages, invert=True)
                if len(places) - np.count_nonzero(stays) != len(less[block].passages):
                    raise damaged(f"where {word!r} occurs")
                places, frequencies = places[stays], frequencies[stays]
            if block in more:
                appended = not len(places) or places[-1] < more[block].passages[0]
                places = np.concatenate([places, more[block].passages])
                frequencies = np.concatenate([frequencies, more[block].frequencies])
                if not appended:
                    order = np.argsort(places)
                    places, frequencies = places[order], frequencies[order]
                    if (places[1:] == places[:-1]).any():
                        raise damaged(f"where {word!r} occurs")
            self._put(block, word, places, frequencies)

    def _put(self, block: int, word: str, places: Numbers, frequencies: Numbers) -> None:
        if not len(places):
            self._connection.execute(
                f"DELETE FROM {self._schema}.postings WHERE block = ? AND word = ?", (block, word)
            )
            return
        blob = Postings.of(places, frequencies).packed()
        checksum = _checksum(block, word, len(places), blob)
        self._connection.execute(
            f"INSERT OR REPLACE INTO {self._schema}.postings "
            "(block, word, count, postings, checksum) VALUES (?, ?, ?, ?, ?)",
            (block, word, len(places), blob, checksum),
        )

    def _change_lengths(self, gone: _Occurrences, new: _Occurrences) -> None:
        held = read_lengths(self._connection, schema=self._schema)
        changed: dict[int, NDArray[np.int64]] = {}
        for occurrences, sign in ((gone, -1), (new, 1)):
            for block, part in occurrences.by_block():
                if block not in changed:
                    changed[block] = np.zeros(BLOCK, dtype=np.int64)
                    changed[block][: len(held.get(block, ()))] = held.get(block, ())
                changed[block][part.passages] += sign * part.frequencies
        for block, lengths in changed.items():
            if (lengths < 0).any():
                raise damaged("the length of its passages")
            trimmed = lengths[: np.max(np.flatnonzero(lengths), initial=-1) + 1]
            self._connection.execute(
                f"DELETE FROM {self._schema}.lengths WHERE block = ?", (block,)
            )
            if len(trimmed):
                blob = _packed(trimmed)
                self._connection.execute(
                    f"INSERT INTO {self._schema}.lengths VALUES (?, ?, ?, ?)",
                    (block, len(trimmed), blob, _checksum(block, "", len(trimmed), blob)),
                )
