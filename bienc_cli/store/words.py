"""Maintains the word index: which passages contain each word, and how often.

Passages are grouped into blocks (see `postings.py`). A word that occurs in many passages has a long
row, so changing a passage would rewrite a page or more for each of its words. Small changes are
therefore kept in `recent`, with one row per word and passage, which overrides the blocks; reading
overlays them. Once there are more than `RECENT_MOST`, they are merged into the blocks together.

Rows change in the transaction that changes the passages, so the counts of passages and words that
scores depend on are always exact. A word that no text contains any more is not left in any row.

The words of a passage are stemmed in its language: the declared one of its file, or else the
detected one. The number of passages in each language except English is recorded, so that a query
knows which stems to look up.
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
"""Increased whenever the same text yields other words than before; the next commit then rebuilds
the index."""

RECENT_MOST = 8_192
"""Rows of `recent`: about 200 KB, of which a small change writes the pages its words are on."""

_BUFFERED = 1 << 25
"""Characters of text buffered before they are indexed: about 40,000 passages, 100 MB while
processing."""


class _Texts:
    """Passages whose words are added or removed together."""

    def __init__(self, texts: dict[int, SearchedText]) -> None:
        ids = sorted(texts)
        self._texts = [texts[passage_id] for passage_id in ids]
        self._ids = np.array(ids, dtype=np.int64)
        self._lengths = np.zeros(len(ids), dtype=np.int64)

    def words(self, tokenizer: Tokenizer) -> Iterator[tuple[str, Occurrences]]:
        """Each word, with its occurrences in the passages."""
        languages = [text.stemmed_as for text in self._texts]
        for language in sorted(set(languages)):
            in_language = np.array(
                [i for i, text_language in enumerate(languages) if text_language == language]
            )
            texts = [self._texts[i].text for i in in_language.tolist()]
            for word, positions, frequencies in tokenizer.counted(texts, language or None):
                containing = in_language[positions]
                self._lengths[containing] += frequencies
                yield word, Occurrences(self._ids[containing], frequencies)

    def languages(self) -> Counter[str]:
        """How many passages are in each language except English."""
        return Counter(text.language for text in self._texts if text.language)

    def lengths(self) -> Occurrences:
        """How many words each passage has; only after `words` has been exhausted."""
        return Occurrences(self._ids, self._lengths)

    def no_lengths(self) -> Occurrences:
        """The same passages with zero words."""
        return Occurrences(self._ids, np.zeros_like(self._lengths))


class WordIndexChanges:
    """The passages added and removed in one transaction.

    Attributes:
        stale: the rows are inconsistent; the word index must be rebuilt.
        languages: how many passages there are in each language except English.

    Args:
        connection: with an open transaction.
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
        """Continue from what the last generation recorded."""
        self.languages = Counter(dict(meta.get("languages", ())))
        self.stale = meta.get("words") != WORDS_VERSION or (
            bool(self.languages) and meta.get("stemmed_by") != made_by()
        )

    def recorded(self) -> dict[str, Any]:
        """What the next generation will continue from."""
        languages = [pair for pair in self.languages.most_common() if pair[1]]
        stemmed_by = made_by() if languages else None
        return {"words": WORDS_VERSION, "languages": languages, "stemmed_by": stemmed_by}

    def add(self, passage_id: int, text: str, language: str | None = None) -> None:
        """Add a passage.

        Args:
            passage_id: its id.
            text: its searched text.
            language: the declared one of its file, if any.
        """
        self._added[passage_id] = SearchedText.of(text, language)
        self._buffer(text)

    def remove(self, passage_id: int, text: str, language: str | None = None) -> None:
        """Remove a passage, given the text and language it was added with."""
        if passage_id in self._added:
            # A flush removes before it adds, but this passage was added first.
            self.flush()
        removed = SearchedText.of(text, language)
        self._removed[passage_id] = removed
        self._free.setdefault(removed, []).append(passage_id)
        self._buffer(text)

    def taken_back(self, text: str, language: str | None = None) -> int | None:
        """Undo the removal of a passage with this text; returns its id, or None if there is none.

        A file that is read again keeps most of its passages. Passages that keep their ids change
        nothing in the index.
        """
        free = self._free.get(SearchedText.of(text, language)) if self._free else None
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
        """Remove everything."""
        for table in ("postings", "lengths", "recent"):
            self._connection.execute(f"DELETE FROM {self._schema}.{table}")
        self._forget_buffered()
        self.languages.clear()
        self.stale = False

    def _forget_buffered(self) -> None:
        self._added, self._removed, self._free, self._buffered = {}, {}, {}, 0

    def flush(self, *, settle: bool = False) -> None:
        """Apply the additions and removals to the rows.

        Args:
            settle: leave no rows in `recent`, and so no trace of removed text.
        """
        removed, added = _Texts(self._removed), _Texts(self._added)
        self._forget_buffered()
        if self.stale:
            return
        self.languages.update(added.languages())
        self.languages.subtract(removed.languages())
        try:
            changes = _changes(removed, added)
            (recent,) = self._connection.execute(
                f"SELECT count(*) FROM {self._schema}.recent"
            ).fetchone()
            change_count = sum(len(occurrences.passages) for occurrences in changes.values())
            if recent + change_count <= RECENT_MOST and not settle:
                self._put_recent(changes)
            else:
                self._put_into_blocks(changes, bool(recent))
        except IndexDamaged:
            self.stale = True

    def _put_recent(self, changes: Mapping[str, Occurrences]) -> None:
        for word, occurrences in changes.items():
            for block, part in occurrences.by_block():
                if word == LENGTH or self._still_contains(word, block, part):
                    self._put_rows(word, block, part)

    def _still_contains(self, word: str, block: int, changes: Occurrences) -> bool:
        """Whether a block still contains a word; a word that no text contains is dropped."""
        removed = changes.passages[changes.frequencies == 0]
        # If any of the changes add the word, the block contains it.
        if len(removed) < len(changes.passages) or self._least_count(word, block) > len(removed):
            return True
        word_postings = read_postings(self._connection, [word], block, self._schema).get(word)
        if word_postings is None or not word_postings.at(removed).all():
            raise damaged(f"where {word!r} occurs")
        if overlaid(word_postings, changes) is not None:
            return True
        self._put_postings(block, word, None)
        self._connection.execute(
            f"DELETE FROM {self._schema}.recent WHERE word = ? AND passage >= ? AND passage < ?",
            (word, block << postings.BLOCK_BITS, (block + 1) << postings.BLOCK_BITS),
        )
        return False

    def _least_count(self, word: str, block: int) -> int:
        """A lower bound on how many passages of a block contain a word, without reading them.

        The row of a frequent word spans many pages, with the count on the first.
        """
        (least,) = self._connection.execute(
            f"SELECT ifnull((SELECT count FROM {self._schema}.postings "
            "WHERE block = ?1 AND word = ?2), 0) - (SELECT count(*) "
            f"FROM {self._schema}.recent WHERE word = ?2 AND passage >= ?3 AND passage < ?4 "
            "AND frequency = 0)",
            (block, word, block << postings.BLOCK_BITS, (block + 1) << postings.BLOCK_BITS),
        ).fetchone()
        return int(least)

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
                stored = None
                if not empty.get(block):
                    in_block = postings_in_block(self._connection, [word], block, self._schema)
                    stored = in_block.get(word)
                self._put_postings(block, word, overlaid(stored, part))
        self._put_lengths(lengths)

    def _is_empty(self, block: int) -> bool:
        """Whether a block has no words yet, as in a new index, so that no lookups are needed."""
        (has_words,) = self._connection.execute(
            f"SELECT EXISTS (SELECT 1 FROM {self._schema}.postings WHERE block = ?)", (block,)
        ).fetchone()
        return not has_words

    def _put_postings(self, block: int, word: str, word_postings: Postings | None) -> None:
        if word_postings is None:
            self._connection.execute(
                f"DELETE FROM {self._schema}.postings WHERE block = ? AND word = ?", (block, word)
            )
            return
        blob = word_postings.packed()
        self._connection.execute(
            f"INSERT OR REPLACE INTO {self._schema}.postings "
            "(block, word, count, postings, checksum) VALUES (?, ?, ?, ?, ?)",
            (
                block,
                word,
                word_postings.count,
                blob,
                block_checksum(block, word, word_postings.count, blob),
            ),
        )

    def _put_lengths(self, changes: Occurrences) -> None:
        stored, _ = lengths_of_blocks(self._connection, self._schema)
        for block, part in changes.by_block():
            lengths = np.zeros(postings.BLOCK, dtype=np.int64)
            lengths[: len(stored.get(block, ()))] = stored.get(block, ())
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


def _changes(removed: _Texts, added: _Texts) -> dict[str, Occurrences]:
    """The frequency of each word in the added passages, and 0 in the removed ones."""
    with Tokenizer() as tokenizer:
        removals = {
            word: Occurrences(occurrences.passages, np.zeros_like(occurrences.frequencies))
            for word, occurrences in removed.words(tokenizer)
        }
        changes = {
            word: removals.pop(word).replaced_by(occurrences) if word in removals else occurrences
            for word, occurrences in added.words(tokenizer)
        }
    lengths = removed.no_lengths().replaced_by(added.lengths())
    return {**changes, **removals, LENGTH: lengths} if len(lengths.passages) else {}


def rebuild(connection: sqlite3.Connection, words: WordIndexChanges) -> None:
    """Rebuild the word index from the texts.

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
