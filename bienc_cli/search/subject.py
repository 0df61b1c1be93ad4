"""The subject of a similarity search: a document, a place in one, or an external text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bienc_cli.chunking.chunker import chunk
from bienc_cli.citations import NUMBER, cited
from bienc_cli.errors import UsageError
from bienc_cli.search.request import check_model
from bienc_cli.search.result import ModelUse
from bienc_cli.store import Filter, IndexReader, StoredPassage
from bienc_cli.types import BiEncoder, Document, Passage, Place, Vectors

MOST_PASSAGES = 64
"""Passages of a subject that are compared; a longer subject is sampled evenly."""

_ENCODED_AT_ONCE = 64
_LINE = re.compile(rf"(?s)(.+):({NUMBER})")
_RECORD = re.compile(r"(?s)(.+) \(([^()]+)\)")
_SPECIAL = re.compile(r"([\\*?\[\]!# ])")


@dataclass(frozen=True, slots=True)
class Subject:
    """Passages with their vectors.

    Attributes:
        name: how people refer to it.
        passages: at most `MOST_PASSAGES`, in text order.
        vectors: shape (passages, dim).
        passage_ids: all of its passages in the index; empty for an external text.
        document_passage_ids: all passages of its document, a superset of `passage_ids` if the
            subject is a place in it; empty likewise.
        total: how many passages it has, before sampling.
        encoder: the model that encoded it; None if its vectors are the index's.
    """

    name: str
    passages: tuple[Passage, ...]
    vectors: Vectors
    passage_ids: frozenset[int]
    document_passage_ids: frozenset[int]
    total: int
    encoder: ModelUse | None = None


def indexed_subject(index: IndexReader, names: Sequence[str]) -> Subject | None:
    """A document of the index, or a place in one, with its stored vectors.

    Args:
        index: opened for reading.
        names: alternative names, of which the first known one counts: a document's id, its path, or
            a citation of a place in it (`a.md:13`, `a.md:13-20`, `r.pdf p.3`, `c.jsonl:17 (d42)`).

    Returns:
        None if the index knows none of them.

    Raises:
        UsageError: the name means a collection of many documents, or a place without a passage.
    """
    named = passages_named(index, names)
    if named is None:
        return None
    passages = named.passages
    # In a collection, a line belongs to one record; the other records are other documents.
    documents = {stored.document_id for stored in passages}
    chosen = [passages[position] for position in _spread(len(passages))]
    return Subject(
        name=named.name,
        passages=tuple(stored.passage for stored in chosen),
        vectors=index.vectors_of([stored.passage_id for stored in chosen]),
        passage_ids=frozenset(stored.passage_id for stored in passages),
        document_passage_ids=frozenset(
            stored.passage_id for stored in named.around if stored.document_id in documents
        ),
        total=len(passages),
    )


@dataclass(frozen=True, slots=True)
class Named:
    """What a name resolves to.

    Attributes:
        name: the alternative that is known.
        place: in the document; None for all of it.
        passages: of the document or at the place; at least one.
        around: all passages of the documents with that name.
    """

    name: str
    place: Place | None
    passages: list[StoredPassage]
    around: list[StoredPassage]


def passages_named(index: IndexReader, names: Sequence[str]) -> Named | None:
    """Resolve a name to the passages of a document or at a place; see `indexed_subject`.

    Raises:
        UsageError: the name means a collection of many documents, or a place without a passage.
    """
    documents = list(index.documents())
    for name in names:
        for document_name, place in _readings(name):
            matching = [
                (doc_id, path) for doc_id, path in documents if document_name in (doc_id, path)
            ]
            if matching:
                return _resolved(index, name, document_name, place, matching)
    return None


def _readings(name: str) -> list[tuple[str, Place | None]]:
    """What a name may mean, likeliest first: (document, place in it)."""
    readings: list[tuple[str, Place | None]] = [(name, None)]
    if (place := cited(name)) is not None:
        readings.append(place)
    elif line := _LINE.fullmatch(name):
        number = int(line[2])
        readings.append((line[1], Place("line", number, number)))
    elif record := _RECORD.fullmatch(name):
        # The line identifies the record; without a line, its id does.
        readings += [*_readings(record[1])[1:], (record[2], None)]
    return readings


def _resolved(
    index: IndexReader,
    name: str,
    document_name: str,
    place: Place | None,
    matching: Sequence[tuple[str, str]],
) -> Named:
    if len(matching) > 1 and place is None:
        verb = "holds" if document_name == matching[0][1] else "is the id of"
        path = matching[0][1]
        raise UsageError(
            f"{document_name} {verb} {len(matching):,} documents.",
            f"name one by the line of its file, such as {path}:1",
        )
    paths = dict.fromkeys("/" + _SPECIAL.sub(r"\\\1", path.lstrip("/")) for _, path in matching)
    around = [
        stored
        for stored in index.iter_passages(Filter(paths=tuple(paths)))
        if (stored.passage.doc_id, stored.path) in matching
    ]
    passages = [
        stored for stored in around if place is None or _overlap(stored.passage.place, place)
    ]
    if not passages:
        raise UsageError(
            f"There is no passage at {name}.", "leave out the place to take the whole document"
        )
    return Named(name, place, passages, around)


def _overlap(place: Place, other: Place) -> bool:
    """Whether two places of the same kind overlap."""
    if place.kind != other.kind or place.first is None or other.first is None:
        return False
    if other.name and place.name != other.name:
        return False
    return place.first <= (other.last or other.first) and other.first <= (place.last or place.first)


def foreign_subject(
    index: IndexReader, name: str, documents: Iterable[Document], bi_encoder: BiEncoder
) -> Subject:
    """Chunk and encode external documents the way the index does with its own.

    Args:
        index: the one to compare with.
        name: how people refer to it.
        documents: as a format's reader produced them.
        bi_encoder: the model that the index was made with.

    Raises:
        IndexMismatch: the index was made with another model.
        UsageError: there is no text.
    """
    check_model(index.info.encoder, bi_encoder.identity)
    passages = [
        passage
        for document in documents
        for passage in chunk(document, bi_encoder.tokenizer, index.info.chunking)
    ]
    if not passages:
        raise UsageError(f"There is no text in {name}.", "give a text, or a file that has some")
    chosen = [passages[position] for position in _spread(len(passages))]
    texts = [passage.embedded_text for passage in chosen]
    vectors = [
        bi_encoder.encode_passages(texts[start : start + _ENCODED_AT_ONCE])
        for start in range(0, len(texts), _ENCODED_AT_ONCE)
    ]
    return Subject(
        name=name,
        passages=tuple(chosen),
        vectors=np.concatenate(vectors),
        passage_ids=frozenset(),
        document_passage_ids=frozenset(),
        total=len(passages),
        encoder=ModelUse.of(bi_encoder),
    )


def _spread(total: int) -> list[int]:
    """At most `MOST_PASSAGES` positions, evenly spaced."""
    if total <= MOST_PASSAGES:
        return list(range(total))
    return [round(step * (total - 1) / (MOST_PASSAGES - 1)) for step in range(MOST_PASSAGES)]
