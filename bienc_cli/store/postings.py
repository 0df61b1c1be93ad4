"""The stored postings of each word: their format, and reading them.

Passages are grouped into blocks of 65,536 consecutive ids, so that a passage's position in its
block fits into 16 bits, and so that scoring a block works on arrays that stay in the processor's
cache. A row of `postings` is one word in one block; a row of `lengths` is the number of words of
each passage in a block. Rows of `recent`, each one word in one passage, override the blocks (see
`words.py`); reading overlays them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby, pairwise
from operator import itemgetter, xor
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from bienc_cli.store.rows import checksum_of, damaged

BLOCK_BITS = 16
BLOCK = 1 << BLOCK_BITS
"""Passages per block."""

DENSE = BLOCK // 3
"""Passages from which storing a frequency for every position of the block takes less room than
storing the positions of the word's passages: 1 byte each against 2 + 1."""

LENGTH = ""
"""Takes the place of a word in `recent`: the row is the passage's number of words."""

_POSITION: np.dtype[Any] = np.dtype("<u2")
_WIDTHS: dict[int, np.dtype[Any]] = {1: np.dtype("u1"), 2: np.dtype("<u2"), 4: np.dtype("<u4")}

Numbers = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Postings:
    """The occurrences of a word in one block.

    Attributes:
        count: passages of the block that contain it.
        positions: of these in the block, ascending; None if `frequencies` covers the whole block.
        frequencies: the word's frequency, for each of `positions` or of the block.
    """

    count: int
    positions: Numbers | None
    frequencies: Numbers

    @classmethod
    def of(cls, positions: Numbers, frequencies: Numbers) -> Postings:
        """Build postings from ascending positions and the frequency at each."""
        if len(positions) <= DENSE:
            return cls(len(positions), positions, frequencies)
        everywhere = np.zeros(BLOCK, dtype=np.uint32)
        everywhere[positions] = frequencies
        return cls(len(positions), None, everywhere)

    def occurring(self) -> tuple[Numbers, Numbers]:
        """The positions that contain the word, and the frequency at each."""
        if self.positions is not None:
            return self.positions, self.frequencies
        positions = np.flatnonzero(self.frequencies).astype(np.uint32)
        return positions, self.frequencies[positions]

    def at(self, positions: Numbers) -> Numbers:
        """The frequency at each of the given positions, 0 where the word does not occur."""
        if self.positions is None:
            return self.frequencies[positions]
        # One dtype for both, or NumPy would convert the longer array.
        positions = positions.astype(self.positions.dtype)
        indexes = np.searchsorted(self.positions, positions)
        indexes[indexes == len(self.positions)] = 0
        frequencies = self.frequencies[indexes]
        frequencies[self.positions[indexes] != positions] = 0
        return frequencies

    def packed(self) -> bytes:
        """The stored form: positions as 16 bits, then frequencies as 8, 16 or 32, little-endian."""
        positions = b"" if self.positions is None else self.positions.astype(_POSITION).tobytes()
        return positions + packed_numbers(self.frequencies)

    @classmethod
    def unpacked(cls, count: int, blob: bytes) -> Postings:
        """Inverse of `packed`.

        Raises:
            ValueError: the blob is malformed.
        """
        if count > DENSE:
            return cls(count, None, unpacked_numbers(blob, 0, BLOCK))
        frequencies = unpacked_numbers(blob, count * _POSITION.itemsize, count)
        return cls(count, np.frombuffer(blob, _POSITION, count), frequencies)


def united(postings: Sequence[Postings], weights: Sequence[float]) -> Postings:
    """Merge the postings of several words in one block, adding up their weighted frequencies.

    The result is only for scoring; with weights it cannot be packed.
    """
    if len(postings) == 1 and weights[0] == 1.0:
        return postings[0]
    totals = np.zeros(BLOCK)
    for word_postings, weight in zip(postings, weights, strict=True):
        positions, frequencies = word_postings.occurring()
        totals[positions] += weight * frequencies
    positions = np.flatnonzero(totals)
    if len(positions) <= DENSE:
        return Postings(len(positions), positions, totals[positions])
    return Postings(len(positions), None, totals)


def packed_numbers(numbers: Numbers) -> bytes:
    """Pack numbers into as few bytes each as the largest needs: 1, 2 or 4, little-endian."""
    most = int(numbers.max(initial=0))
    width = 1 if most < 1 << 8 else 2 if most < 1 << 16 else 4
    return numbers.astype(_WIDTHS[width]).tobytes()


def unpacked_numbers(blob: bytes, start: int, count: int) -> Numbers:
    """Inverse of `packed_numbers`: `count` numbers from byte `start` on.

    Raises:
        ValueError: the blob is malformed.
    """
    width = (len(blob) - start) // count if 0 < count <= BLOCK else 0
    if width not in _WIDTHS or len(blob) != start + width * count:
        raise ValueError(f"{len(blob)} bytes for {count} numbers")
    return np.frombuffer(blob, _WIDTHS[width], count, start)


# -------------------------------------------------------------------- rows


def block_checksum(block: int, word: str, count: int, blob: bytes) -> int:
    """The checksum of a row of `postings`, or of `lengths` with `LENGTH` as the word."""
    hashed = xxhash.xxh3_64(f"{block} {count} {word}\0".encode())
    hashed.update(blob)
    return hashed.intdigest() - (1 << 63)


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The occurrences of a word in some passages.

    Attributes:
        passages: ids, ascending, shape (n,).
        frequencies: the frequency in each, shape (n,).
    """

    passages: NDArray[np.int64]
    frequencies: NDArray[np.int64]

    def by_block(self) -> Iterator[tuple[int, Occurrences]]:
        """Split by block, with positions instead of passage ids."""
        if not len(self.passages):
            return
        bounds = [0, len(self.passages)]
        if self.passages[0] >> BLOCK_BITS != self.passages[-1] >> BLOCK_BITS:
            bounds[1:1] = (np.flatnonzero(np.diff(self.passages >> BLOCK_BITS)) + 1).tolist()
        for start, end in pairwise(bounds):
            passages = self.passages[start:end]
            block = int(passages[0]) >> BLOCK_BITS
            yield block, Occurrences(passages & (BLOCK - 1), self.frequencies[start:end])

    def replaced_by(self, later: Occurrences) -> Occurrences:
        """The union of both; `later` wins where a passage is in both."""
        stays = np.isin(self.passages, later.passages, invert=True)
        passages = np.concatenate([self.passages[stays], later.passages])
        order = np.argsort(passages, kind="stable")
        frequencies = np.concatenate([self.frequencies[stays], later.frequencies])
        return Occurrences(passages[order], frequencies[order])


NOWHERE = Occurrences(np.empty(0, np.int64), np.empty(0, np.int64))


def read_postings(
    connection: sqlite3.Connection, words: Sequence[str], block: int, schema: str = "main"
) -> dict[str, Postings]:
    """The postings of some words in a block, by word, without words that do not occur.

    Raises:
        IndexDamaged: a row is not what was written.
    """
    postings = postings_in_block(connection, words, block, schema)
    changes = _read_recent(connection, words, block, schema)
    for word, occurrences in changes.items():
        current = overlaid(postings.pop(word, None), occurrences)
        if current is not None:
            postings[word] = current
    return postings


def postings_in_block(
    connection: sqlite3.Connection, words: Sequence[str], block: int, schema: str
) -> dict[str, Postings]:
    """The same from the block's rows alone, ignoring `recent`.

    Raises:
        IndexDamaged: a row is not what was written.
    """
    rows = connection.execute(
        "SELECT word, count, postings, checksum FROM json_each(?) AS asked "
        f"CROSS JOIN {schema}.postings ON block = ? AND word = asked.value",
        (json.dumps(words), block),
    )
    postings = {}
    for word, count, blob, checksum in rows:
        if block_checksum(block, word, count, blob) != checksum:
            raise damaged(f"where {word!r} occurs")
        try:
            postings[word] = Postings.unpacked(count, blob)
        except ValueError as error:
            raise damaged(f"where {word!r} occurs") from error
    return postings


def _read_recent(
    connection: sqlite3.Connection, words: Sequence[str], block: int, schema: str
) -> dict[str, Occurrences]:
    """The recent changes to some words in a block, with positions instead of passage ids."""
    rows = connection.execute(
        "SELECT word, passage, frequency, checksum FROM json_each(?) AS asked "
        f"CROSS JOIN {schema}.recent ON word = asked.value AND passage >= ? AND passage < ? "
        "ORDER BY word, passage",
        (json.dumps(words), block << BLOCK_BITS, (block + 1) << BLOCK_BITS),
    )
    return {
        word: Occurrences(passages & (BLOCK - 1), frequencies)
        for word, (passages, frequencies) in by_word(rows).items()
    }


def by_word(
    rows: Iterable[tuple[str, int, int, int]],
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Collect rows of `recent`, sorted by word and passage, into arrays per word.

    Raises:
        IndexDamaged: a row is not what was written.
    """
    arrays = {}
    for word, group in groupby(rows, key=itemgetter(0)):
        word_rows = list(group)
        for _, passage, frequency, checksum in word_rows:
            if checksum_of(word, passage, frequency) != checksum or frequency < 0:
                raise damaged(f"where {word!r} occurs")
        table = np.array([row[1:3] for row in word_rows], dtype=np.int64)
        arrays[word] = table[:, 0], table[:, 1]
    return arrays


def overlaid(postings: Postings | None, changes: Occurrences) -> Postings | None:
    """A word's postings in a block, with changes overriding its row."""
    positions, frequencies = (
        postings.occurring() if postings else (NOWHERE.passages, NOWHERE.frequencies)
    )
    occurs = changes.frequencies > 0
    added_positions, added_frequencies = changes.passages[occurs], changes.frequencies[occurs]
    # Usually all changes follow the existing positions, and no lookup is needed.
    all_later = not len(positions) or positions[-1] < changes.passages[0]
    if not all_later:
        stays = np.isin(positions, changes.passages, invert=True)
        positions, frequencies = positions[stays], frequencies[stays]
    positions = np.concatenate([positions, added_positions]).astype(_POSITION)
    frequencies = np.concatenate([frequencies, added_frequencies]).astype(np.uint32)
    if not len(positions):
        return None
    if not all_later:
        order = np.argsort(positions)
        positions, frequencies = positions[order], frequencies[order]
    return Postings.of(positions, frequencies)


def words_beginning(connection: sqlite3.Connection, letters: str, block: int) -> dict[str, int]:
    """The words of a block that start with some letters, each with its approximate count."""
    rows = connection.execute(
        "SELECT word, sum(count) FROM (SELECT word, count FROM postings "
        "WHERE block = ?1 AND word >= ?2 AND word < ?3 UNION ALL "
        "SELECT word, count(*) FROM recent WHERE word >= ?2 AND word < ?3 AND frequency > 0 "
        "AND passage >> ?4 = ?1 GROUP BY word) GROUP BY word",
        (block, letters, letters + "\U0010ffff", BLOCK_BITS),
    )
    return dict(rows.fetchall())


def read_lengths(
    connection: sqlite3.Connection, checksum: int | None = None, schema: str = "main"
) -> dict[int, Numbers]:
    """The number of words of each passage, from the first position on, by block.

    Args:
        connection: to read by.
        checksum: the expected checksum of all rows; None to skip the comparison.
        schema: `main` or `temp`.

    Raises:
        IndexDamaged: a row is not what was written, or rows are missing or superfluous.
    """
    lengths_by_block, combined = lengths_of_blocks(connection, schema)
    rows = connection.execute(
        f"SELECT word, passage, frequency, checksum FROM {schema}.recent WHERE word = ? "
        "ORDER BY passage",
        (LENGTH,),
    ).fetchall()
    combined = reduce(xor, (row[3] for row in rows), combined)
    if checksum is not None and combined != checksum:
        raise damaged("the set of its words")
    if rows:
        recent = Occurrences(*by_word(rows)[LENGTH])
        for block, part in recent.by_block():
            stored = lengths_by_block.get(block, NOWHERE.frequencies)
            lengths = np.zeros(max(len(stored), int(part.passages[-1]) + 1), dtype=np.uint32)
            lengths[: len(stored)] = stored
            lengths[part.passages] = part.frequencies
            lengths_by_block[block] = np.trim_zeros(lengths, "b")
    return {
        block: block_lengths
        for block, block_lengths in sorted(lengths_by_block.items())
        if len(block_lengths)
    }


def lengths_of_blocks(
    connection: sqlite3.Connection, schema: str
) -> tuple[dict[int, Numbers], int]:
    """The rows of `lengths` by block, and the exclusive or of their checksums."""
    lengths_by_block = {}
    combined = 0
    rows = connection.execute(
        f"SELECT block, count, lengths, checksum FROM {schema}.lengths ORDER BY block"
    )
    for block, count, blob, recorded in rows:
        if block_checksum(block, "", count, blob) != recorded:
            raise damaged("the length of its passages")
        combined ^= recorded
        try:
            lengths_by_block[block] = unpacked_numbers(blob, 0, count)
        except ValueError as error:
            raise damaged("the length of its passages") from error
    return lengths_by_block, combined


def lengths_checksum(connection: sqlite3.Connection) -> int:
    """The exclusive or of the checksums of all rows that record passage lengths."""
    rows = connection.execute(
        "SELECT checksum FROM main.lengths "
        "UNION ALL SELECT checksum FROM main.recent WHERE word = ?",
        (LENGTH,),
    )
    return reduce(xor, (row[0] for row in rows), 0)
