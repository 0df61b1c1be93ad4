"""The word index: in which passages each word occurs, and how often.

Passages are taken together in blocks of 65,536 consecutive ids, so that a passage's place in
its block fits in 16 bits, and so that whoever scores a block works on arrays that stay in the
processor's cache. A row of `postings` is one word in one block; a row of `lengths` is how many
words each passage of a block has.

A word that is in many passages has a long row, so a passage that changes would have each of its
words write a page or more. Small changes are therefore kept in `recent`, a word in a passage to a
row, which say what holds in place of what the blocks have; reading puts them over the blocks.
When there are more than `RECENT_MOST`, they go into the blocks together.

Rows change in the transaction that changes the passages, so that the numbers of passages and
words, of which scores are made, are always exact. A word that no text has any more is not left in
any row.

The words of a passage are stemmed by its language: what its files are said to be in, or else what
it reads as. How many passages there are in each language but English is counted, so that a query
knows which stems to ask for.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import postings
from bienc_cli.store.meta import language_in
from bienc_cli.store.postings import (
    LENGTH,
    NOWHERE,
    Occurrences,
    Postings,
    block_checksum,
    by_word,
    lengths_of_blocks,
    overlaid,
    packed_numbers,
    postings_in_block,
    read_postings,
)
from bienc_cli.store.rows import PASSAGE_COLUMNS, DocumentText, checksum_of, damaged, passage_from
from bienc_cli.store.searched_text import SearchedText, searched_text
from bienc_cli.store.tokenizer import Tokenizer, made_by

WORDS_VERSION = 7
"""Raised whenever the same text has other words than before: the next commit makes all anew."""

RECENT_MOST = 8_192
"""Rows of `recent`: some 200 KB, of which a small change writes what its words are among."""

_BUFFERED = 1 << 25
"""Characters of text that wait to be taken in: some 40,000 passages, 100 MB while they are."""


class _Texts:
    """Passages whose words come or go together."""

    def __init__(self, texts: dict[int, SearchedText]) -> None:
        ids = sorted(texts)
        self._texts = [texts[passage_id] for passage_id in ids]
        self._ids = np.array(ids, dtype=np.int64)
        self._lengths = np.zeros(len(ids), dtype=np.int64)

    def words(self, tokenizer: Tokenizer) -> Iterator[tuple[str, Occurrences]]:
        """Each word, with the passages that have it."""
        languages = [text.stemmed_as for text in self._texts]
        for language in sorted(set(languages)):
            places = np.array([at for at, one in enumerate(languages) if one == language])
            texts = [self._texts[at].text for at in places.tolist()]
            for word, positions, frequencies in tokenizer.counted(texts, language or None):
                holding = places[positions]
                self._lengths[holding] += frequencies
                yield word, Occurrences(self._ids[holding], frequencies)

    def languages(self) -> Counter[str]:
        """How many are in each language but English."""
        return Counter(text.language for text in self._texts if text.language)

    def lengths(self) -> Occurrences:
        """How many words each passage has, once all have been gone through."""
        return Occurrences(self._ids, self._lengths)

    def no_lengths(self) -> Occurrences:
        """The same passages without a word."""
        return Occurrences(self._ids, np.zeros_like(self._lengths))


class WordIndexChanges:
    """Passages that come and go in one transaction.

    Attributes:
        stale: the rows do not hold together; the index must be made anew.
        languages: how many passages there are in each language but English.

    Args:
        connection: with the transaction.
        schema: `main`, or `temp` for a second word index to compare with.
    """

    def __init__(self, connection: sqlite3.Connection, schema: str = "main") -> None:
        self.stale = False
        self.languages = Counter[str]()
        self._connection = connection
        self._schema = schema
        self._added: dict[int, SearchedText] = {}
        self._removed: dict[int, SearchedText] = {}
        self._free: dict[SearchedText, list[int]] = {}
        self._buffered = 0

    def begin_with(self, meta: Mapping[str, Any]) -> None:
        """Take up what the last generation recorded."""
        self.languages = Counter(dict(meta.get("languages", ())))
        self.stale = meta.get("words") != WORDS_VERSION or (
            bool(self.languages) and meta.get("stemmed_by") != made_by()
        )

    def recorded(self) -> dict[str, Any]:
        """What the next one will take up."""
        languages = [pair for pair in self.languages.most_common() if pair[1]]
        stemmed_by = made_by() if languages else None
        return {"words": WORDS_VERSION, "languages": languages, "stemmed_by": stemmed_by}

    def add(self, passage_id: int, text: str, said: str | None = None) -> None:
        """Take in a passage that is not there.

        Args:
            passage_id: its id.
            text: what it is found by.
            said: the language that its file is said to be in, if it is.
        """
        self._added[passage_id] = SearchedText.of(text, said)
        self._buffer(text)

    def remove(self, passage_id: int, text: str, said: str | None = None) -> None:
        """Take out a passage that is there, with the text and the language it has."""
        if passage_id in self._added:
            # What is removed goes before what is added; this one came first.
            self.flush()
        removed = SearchedText.of(text, said)
        self._removed[passage_id] = removed
        self._free.setdefault(removed, []).append(passage_id)
        self._buffer(text)

    def taken_back(self, text: str, said: str | None = None) -> int | None:
        """The id of a passage that was taken out with this text, and is not taken out after all.

        A file that is read again has most of its passages as before. Those that keep their id
        change nothing here.
        """
        free = self._free.get(SearchedText.of(text, said)) if self._free else None
        if not free:
            return None
        passage_id = free.pop(0)
        del self._removed[passage_id]
        return passage_id

    def _buffer(self, text: str) -> None:
        self._buffered += len(text)
        if self._buffered >= _BUFFERED:
            self.flush()

    def clear(self) -> None:
        """Take out all there is."""
        for table in ("postings", "lengths", "recent"):
            self._connection.execute(f"DELETE FROM {self._schema}.{table}")
        self._forget_buffered()
        self.languages.clear()
        self.stale = False

    def _forget_buffered(self) -> None:
        self._added, self._removed, self._free, self._buffered = {}, {}, {}, 0

    def flush(self, *, settle: bool = False) -> None:
        """Bring the rows into step with what was added and removed.

        Args:
            settle: leave nothing in `recent`, and so nothing of what was removed anywhere.
        """
        going, coming = _Texts(self._removed), _Texts(self._added)
        self._forget_buffered()
        if self.stale:
            return
        self.languages.update(coming.languages())
        self.languages.subtract(going.languages())
        try:
            changes = _changes(going, coming)
            (recent,) = self._connection.execute(
                f"SELECT count(*) FROM {self._schema}.recent"
            ).fetchone()
            more = sum(len(occurrences.passages) for occurrences in changes.values())
            if recent + more <= RECENT_MOST and not settle:
                self._put_recent(changes)
            else:
                self._put_into_blocks(changes, bool(recent))
        except IndexDamaged:
            self.stale = True

    def _put_recent(self, changes: Mapping[str, Occurrences]) -> None:
        for word, occurrences in changes.items():
            for block, part in occurrences.by_block():
                if word == LENGTH or self._goes_on(word, block, part):
                    self._put_rows(word, block, part)

    def _goes_on(self, word: str, block: int, changes: Occurrences) -> bool:
        """Whether a word is still in a block; one that is in no text any more is not left there."""
        gone = changes.passages[changes.frequencies == 0]
        # One that is in what is written anew is there whatever else held it.
        if len(gone) < len(changes.passages) or self._least_held(word, block) > len(gone):
            return True
        held = read_postings(self._connection, [word], block, self._schema).get(word)
        if held is None or not held.at(gone).all():
            raise damaged(f"where {word!r} occurs")
        if overlaid(held, changes) is not None:
            return True
        self._put(block, word, None)
        self._connection.execute(
            f"DELETE FROM {self._schema}.recent WHERE word = ? AND passage >= ? AND passage < ?",
            (word, block << postings.BLOCK_BITS, (block + 1) << postings.BLOCK_BITS),
        )
        return False

    def _least_held(self, word: str, block: int) -> int:
        """In how many passages of a block a word is at least, without a look at which.

        The row of a frequent word is many pages long, and its number stands on the first.
        """
        (held,) = self._connection.execute(
            f"SELECT ifnull((SELECT count FROM {self._schema}.postings "
            "WHERE block = ?1 AND word = ?2), 0) - (SELECT count(*) "
            f"FROM {self._schema}.recent WHERE word = ?2 AND passage >= ?3 AND passage < ?4 "
            "AND frequency = 0)",
            (block, word, block << postings.BLOCK_BITS, (block + 1) << postings.BLOCK_BITS),
        ).fetchone()
        return int(held)

    def _put_rows(self, word: str, block: int, changes: Occurrences) -> None:
        passages = (changes.passages + (block << postings.BLOCK_BITS)).tolist()
        self._connection.executemany(
            f"INSERT OR REPLACE INTO {self._schema}.recent VALUES (?, ?, ?, ?)",
            [
                (word, passage, frequency, checksum_of(word, passage, frequency))
                for passage, frequency in zip(passages, changes.frequencies.tolist(), strict=True)
            ],
        )

    def _put_into_blocks(self, changes: dict[str, Occurrences], recent: bool) -> None:
        if recent:
            rows = self._connection.execute(
                f"SELECT word, passage, frequency, checksum FROM {self._schema}.recent "
                "ORDER BY word, passage"
            ).fetchall()
            for word, (passages, frequencies) in by_word(rows).items():
                earlier = Occurrences(passages, frequencies)
                later = changes.get(word)
                changes[word] = earlier if later is None else earlier.replaced_by(later)
            self._connection.execute(f"DELETE FROM {self._schema}.recent")
        lengths = changes.pop(LENGTH, NOWHERE)
        empty = {block: self._is_empty(block) for block, _ in lengths.by_block()}
        for word, occurrences in changes.items():
            for block, part in occurrences.by_block():
                known = None
                if not empty.get(block):
                    found = postings_in_block(self._connection, [word], block, self._schema)
                    known = found.get(word)
                self._put(block, word, overlaid(known, part))
        self._put_lengths(lengths)

    def _is_empty(self, block: int) -> bool:
        """Whether a block has no word yet, as all of a new index's: none has to be looked for."""
        (held,) = self._connection.execute(
            f"SELECT EXISTS (SELECT 1 FROM {self._schema}.postings WHERE block = ?)", (block,)
        ).fetchone()
        return not held

    def _put(self, block: int, word: str, held: Postings | None) -> None:
        if held is None:
            self._connection.execute(
                f"DELETE FROM {self._schema}.postings WHERE block = ? AND word = ?", (block, word)
            )
            return
        blob = held.packed()
        self._connection.execute(
            f"INSERT OR REPLACE INTO {self._schema}.postings "
            "(block, word, count, postings, checksum) VALUES (?, ?, ?, ?, ?)",
            (block, word, held.count, blob, block_checksum(block, word, held.count, blob)),
        )

    def _put_lengths(self, changes: Occurrences) -> None:
        held, _ = lengths_of_blocks(self._connection, self._schema)
        for block, part in changes.by_block():
            lengths = np.zeros(postings.BLOCK, dtype=np.int64)
            lengths[: len(held.get(block, ()))] = held.get(block, ())
            lengths[part.passages] = part.frequencies
            trimmed = lengths[: np.max(np.flatnonzero(lengths), initial=-1) + 1]
            self._connection.execute(
                f"DELETE FROM {self._schema}.lengths WHERE block = ?", (block,)
            )
            if len(trimmed):
                blob = packed_numbers(trimmed)
                self._connection.execute(
                    f"INSERT INTO {self._schema}.lengths VALUES (?, ?, ?, ?)",
                    (block, len(trimmed), blob, block_checksum(block, "", len(trimmed), blob)),
                )


def _changes(going: _Texts, coming: _Texts) -> dict[str, Occurrences]:
    """How often each word is in each passage that has come, 0 in those that have gone."""
    with Tokenizer() as tokenizer:
        gone = {
            word: Occurrences(held.passages, np.zeros_like(held.frequencies))
            for word, held in going.words(tokenizer)
        }
        changes = {
            word: gone.pop(word).replaced_by(held) if word in gone else held
            for word, held in coming.words(tokenizer)
        }
    lengths = going.no_lengths().replaced_by(coming.lengths())
    return {**changes, **gone, LENGTH: lengths} if len(lengths.passages) else {}


def rebuild(connection: sqlite3.Connection, words: WordIndexChanges) -> None:
    """Make the word index anew from the texts.

    Raises:
        IndexDamaged: a text or a passage is not what was written.
    """
    words.clear()
    documents = connection.execute(
        "SELECT documents.id, doc_id, format, title, settings FROM documents "
        "JOIN files ON files.id = file_id JOIN roots ON roots.id = root_id ORDER BY documents.id"
    )
    for document_id, doc_id, format_name, title, settings in documents:
        text = DocumentText(connection, document_id)
        rows = connection.execute(
            f"SELECT {PASSAGE_COLUMNS} FROM passages WHERE document_id = ? ORDER BY start",
            (document_id,),
        )
        for row in rows.fetchall():
            passage = passage_from(row, doc_id, text.between)
            searched = searched_text(passage, format_name, title)
            words.add(row[0], searched, language_in(settings))
    words.flush(settle=True)
