"""Converts passages and records to rows of Milvus, and back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bienc_cli.milvus.connection import MilvusRow
from bienc_cli.milvus.schema import MOST_STRING_BYTES, VECTOR, record_row
from bienc_cli.store.facts import FileState, StoredPassage
from bienc_cli.store.rows import check_vectors, damaged, digest_of, inside_root, place_from
from bienc_cli.store.searched_text import SearchedText, searched_text
from bienc_cli.store.tokenizer import Tokenizer, bare, made_by
from bienc_cli.store.words import WORDS_VERSION
from bienc_cli.types import Document, Passage, Place, Vectors

_LONG = ("name", "heading", "context", "text", "doc_id", "path", "title")


@dataclass(frozen=True, slots=True)
class Record:
    """Anything but a passage: a file, a document, its text, a skip, a body of the head.

    Attributes:
        kind: `file`, `document`, `text`, `skip`, `long` or `body`.
        key: unique among records of its kind.
        born: the attempt that wrote it.
        root_id: the root it belongs to; 0 for none.
        file_id: the file it belongs to; likewise.
        body: any length.
    """

    kind: str
    key: int
    born: int
    root_id: int
    file_id: int
    body: str

    def rows(self) -> Iterator[MilvusRow]:
        """The rows of a record, each with a piece of the body."""
        for number, piece in enumerate(pieces(self.body)):
            yield record_row(
                f"{self.kind}/{self.key}/{number}",
                piece,
                kind=self.kind,
                key=self.key,
                piece=number,
                born=self.born,
                root_id=self.root_id,
                file_id=self.file_id,
            )


def pieces(text: str) -> Iterator[str]:
    """Split a text into parts that fit into Milvus strings; one empty part for an empty text."""
    encoded = text.encode()
    start = 0
    while True:
        end = min(start + MOST_STRING_BYTES, len(encoded))
        # Never inside a character: continuation bytes are 10xxxxxx.
        while end < len(encoded) and encoded[end] & 0xC0 == 0x80:
            end -= 1
        yield encoded[start:end].decode()
        start = end
        if start >= len(encoded):
            return


def joined(rows: Iterable[MilvusRow]) -> list[Record]:
    """Assemble records from their rows, ascending by key.

    Raises:
        IndexDamaged: a piece is missing.
    """
    parts: dict[tuple[str, int], list[MilvusRow]] = {}
    for row in rows:
        parts.setdefault((row["kind"], row["key"]), []).append(row)
    records = []
    for (kind, key), piece_rows in sorted(parts.items()):
        piece_rows.sort(key=lambda row: row["piece"])
        if [row["piece"] for row in piece_rows] != list(range(len(piece_rows))):
            raise damaged(f"{kind} {key}")
        first, body = piece_rows[0], "".join(row["body"] for row in piece_rows)
        records.append(Record(kind, key, first["born"], first["root_id"], first["file_id"], body))
    return records


def parsed(record: Record) -> dict[str, Any]:
    """Parse the JSON body of a record.

    Raises:
        IndexDamaged: it is not JSON.
    """
    try:
        body = json.loads(record.body)
    except ValueError as error:
        raise damaged(f"{record.kind} {record.key}") from error
    if not isinstance(body, dict):
        raise damaged(f"{record.kind} {record.key}")
    return body


# ------------------------------------------------------------------- files


def file_record(key: int, born: int, root_id: int, state: FileState) -> Record:
    """The record of a file's state; `key` distinguishes states of a file."""
    body = {
        "path": state.path,
        "size": state.size,
        "mtime_ns": state.mtime_ns,
        "digest": state.digest.hex(),
        "reader": state.reader,
        "inode": state.inode,
        "ctime_ns": state.ctime_ns,
        "outcome": state.outcome,
        "code": state.code,
        "attempts": state.attempts,
    }
    return Record("file", key, born, root_id, state.file_id, _json(body))


def file_state(record: Record) -> FileState:
    """Inverse of `file_record`.

    Raises:
        IndexDamaged: it is not what was written, or leads out of its root.
    """
    body = parsed(record)
    try:
        return FileState(
            record.file_id,
            inside_root(body["path"]),
            int(body["size"]),
            int(body["mtime_ns"]),
            bytes.fromhex(body["digest"]),
            str(body["reader"]),
            # Missing in records older than these fields.
            int(body.get("inode", 0)),
            int(body.get("ctime_ns", 0)),
            body.get("outcome", "whole"),
            str(body.get("code", "")),
            int(body.get("attempts", 0)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(f"file {record.file_id}") from error


# --------------------------------------------------------------- documents


def searched_texts(
    passages: Sequence[Passage], format_name: str, title: str | None, language: str | None
) -> list[SearchedText]:
    """The searched texts of a document's passages; `language` is the declared one."""
    return [
        SearchedText.of(searched_text(passage, format_name, title), language)
        for passage in passages
    ]


def document_records(
    key: int,
    born: int,
    root_id: int,
    file_id: int,
    document: Document,
    path: str,
    searched: Sequence[SearchedText],
    language: str | None,
) -> Iterator[Record]:
    """A document with its text.

    Args:
        path: of its file, absolute.
        searched: the searched text of each passage.
        language: the declared language of its file, if any.
    """
    languages = Counter(text.language for text in searched if text.language)
    body = {
        "doc_id": document.doc_id,
        "title": document.title,
        "format": document.format,
        "digest": digest_of(document.text).hex(),
        "path": path,
        "passages": len(searched),
        "said": language,
        "languages": dict(languages),
        "words": WORDS_VERSION,
        "stems_by": made_by() if languages else None,
    }
    yield Record("document", key, born, root_id, file_id, _json(body))
    yield Record("text", key, born, root_id, file_id, document.text)


# ---------------------------------------------------------------- passages


def passage_rows(
    first_id: int,
    born: int,
    file_id: int,
    document_id: int,
    document: Document,
    path: str,
    passages: Sequence[Passage],
    searched: Sequence[SearchedText],
    tokenizer: Tokenizer,
) -> list[MilvusRow]:
    """One row per passage, without its vector; ids count up from `first_id`."""
    rows = []
    for number, (passage, words) in enumerate(
        zip(passages, words_of(searched, tokenizer), strict=True)
    ):
        rows.append(
            {
                "id": first_id + number,
                "born": born,
                "file_id": file_id,
                "document_id": document_id,
                "ordinal": passage.ordinal,
                "start": passage.start,
                "end": passage.end,
                **_place_fields(passage.place),
                "heading": json.dumps(passage.heading, ensure_ascii=False),
                "context": passage.context,
                "text": passage.text,
                "doc_id": passage.doc_id,
                "path": path,
                "title": document.title or "",
                "format": document.format,
                "text_key": text_key(passage.embedded_text),
                "long": False,
                "words": words,
            }
        )
    return rows


def text_key(text: str) -> str:
    """Identifies an embedded text, and so its vector."""
    return digest_of(text).hex()


def has_words_of_now(document: Mapping[str, Any]) -> bool:
    """Whether a document's words, by its body, were derived as they would be today."""
    # Without this key, it was stemmed as English, whatever its language.
    stems_by = document.get("stems_by", "")
    return document.get("words") == WORDS_VERSION and stems_by in (None, made_by())


def languages_in(document: Mapping[str, Any]) -> Counter[str]:
    """How many passages of a document are in each language except English, by its body.

    Raises:
        ValueError, TypeError: the body is malformed.
    """
    languages = document.get("languages", {})
    return Counter({str(code): int(number) for code, number in dict(languages).items()})


def words_of(texts: Sequence[SearchedText], tokenizer: Tokenizer) -> list[str]:
    """The words of each text, folded and stemmed by its language, repeated by frequency.

    Stems have no language prefix. Milvus weighs every index term separately: a term that only
    occurs in the few texts mistaken for another language would outweigh all others.

    If a text has more words than a string can hold, every word occurs before any is repeated.
    """
    counts = [Counter[str]() for _ in texts]
    for language in sorted({text.stemmed_as for text in texts}):
        indices = [index for index, text in enumerate(texts) if text.stemmed_as == language]
        same_language = [texts[index].text for index in indices]
        for word, positions, frequencies in tokenizer.counted(same_language, language or None):
            for position, frequency in zip(positions.tolist(), frequencies.tolist(), strict=True):
                counts[indices[position]][spelled(word)] += frequency
    return [_repeated_words(word_counts) for word_counts in counts]


def spelled(word: str) -> str:
    """A stem without its language, in ASCII letters and digits, so that no analyzer splits it."""
    word = bare(word)
    return word if word.isascii() and word.isalnum() else f"0x{word.encode().hex()}"


def _repeated_words(counts: Mapping[str, int]) -> str:
    words = " ".join(word for word, count in counts.items() for _ in range(count))
    if len(words.encode()) <= MOST_STRING_BYTES:
        return words
    rounds = (
        word
        for round_ in range(max(counts.values()))
        for word, count in counts.items()
        if count > round_
    )
    return next(pieces(" ".join(rounds))).rpartition(" ")[0]


def split_long(row: MilvusRow) -> tuple[MilvusRow, Record | None]:
    """A row that fits into Milvus, and a record with whatever does not fit."""
    long = {name: row[name] for name in _LONG if len(row[name].encode()) > MOST_STRING_BYTES}
    if not long:
        return row, None
    record = Record("long", row["id"], row["born"], 0, row["file_id"], _json(long))
    return {**row, **dict.fromkeys(long, ""), "long": True}, record


def stored(row: Mapping[str, Any], shown_from: Path | None) -> StoredPassage:
    """Decode a row to a passage with its place.

    Raises:
        IndexDamaged: it is not what was written.
    """
    try:
        trail = tuple(str(title) for title in json.loads(row["heading"]))
    except (ValueError, TypeError) as error:
        raise damaged(f"passage {row['id']}") from error
    return StoredPassage(
        passage_id=row["id"],
        document_id=row["document_id"],
        passage=Passage(
            doc_id=row["doc_id"],
            ordinal=row["ordinal"],
            start=row["start"],
            end=row["end"],
            text=row["text"],
            place=_place(row),
            heading=trail,
            context=row["context"],
        ),
        path=shown(row["path"], shown_from),
        title=row["title"] or None,
        format=row["format"],
    )


def _place_fields(place: Place) -> dict[str, Any]:
    # Milvus fields cannot be null, so 0 stands for no number.
    return {
        "place": place.kind,
        "first": place.first or 0,
        "last": place.last or 0,
        "name": place.name,
        "recognised": place.recognised,
    }


def _place(row: Mapping[str, Any]) -> Place:
    values = row["place"], row["first"] or None, row["last"] or None, row["name"]
    return place_from((*values, row["recognised"]), f"passage {row['id']}")


def shown(path: str, shown_from: Path | None) -> str:
    """A displayed path of a file: relative to the user's folder if below it, else absolute."""
    if shown_from is not None and Path(path).is_relative_to(shown_from):
        return str(Path(path).relative_to(shown_from))
    return path


def vectors_of(rows: Sequence[Mapping[str, Any]], dim: int) -> Vectors:
    """The vectors of some rows, shape (n, dim).

    Raises:
        IndexDamaged: a vector is not one that an encoder produces.
    """
    if not rows:
        return np.empty((0, dim), dtype=np.float32)
    try:
        vectors = np.array([row[VECTOR] for row in rows], dtype=np.float32).reshape(-1, dim)
    except (ValueError, TypeError) as error:
        raise damaged("a vector") from error
    check_vectors(vectors)
    return vectors


def _json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False)
