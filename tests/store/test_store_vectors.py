"""What every store promises of the vectors it holds: they come back as they were put in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import Filter, IndexReader
from places import DIM, Place, encode
from stores import numbered

FILES = {
    "a.md": numbered(6),
    "sub/b.md": ["shared words", *numbered(3, "other")],
    "sub/c.txt": ["shared words", *numbered(40, "third")],
}


@pytest.fixture
def index(place: Place) -> Iterator[IndexReader]:
    place.build(FILES)
    with place.read() as reader:
        yield reader


def collected(index: IndexReader, where: Filter | None = None):  # type: ignore[no-untyped-def]
    parts = list(index.iter_vectors(where))
    ids = [int(one) for part, _ in parts for one in part]
    return ids, np.concatenate([np.empty((0, DIM), np.float32), *(rows for _, rows in parts)])


def embedded(index: IndexReader, ids: list[int]) -> np.ndarray:
    return encode([one.passage.embedded_text for one in index.passages(ids)])


def test_vectors_come_in_the_order_asked_and_as_they_were_put_in(index: IndexReader) -> None:
    ids = [stored.passage_id for stored in index.iter_passages()]
    asked = ids[::-1] + ids[:3]
    found = index.vectors_of(asked)
    assert found.shape == (len(asked), DIM)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, embedded(index, asked))
    assert index.vectors_of([]).shape == (0, DIM)
    with pytest.raises(IndexDamaged, match="passage 10000"):
        index.vectors_of([ids[0], 10_000])


def test_every_passage_comes_once_with_its_vector(index: IndexReader) -> None:
    ids, vectors = collected(index)
    assert ids == sorted(stored.passage_id for stored in index.iter_passages())
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, embedded(index, ids))
    shared = [
        row
        for one, row in zip(index.passages(ids), vectors, strict=True)
        if one.passage.text == "shared words"
    ]
    assert len(shared) == 2
    np.testing.assert_array_equal(shared[0], shared[1])


@pytest.mark.parametrize(
    "where", [Filter(paths=("sub/",)), Filter(formats=("text",)), Filter(paths=("none/",))]
)
def test_a_filter_leaves_out_what_does_not_count(index: IndexReader, where: Filter) -> None:
    ids, vectors = collected(index, where)
    assert ids == sorted(stored.passage_id for stored in index.iter_passages(where))
    np.testing.assert_array_equal(vectors, index.vectors_of(ids))


def test_passages_can_be_read_between_two_portions_of_vectors(index: IndexReader) -> None:
    for ids, vectors in index.iter_vectors(Filter(paths=("sub/",))):
        first = int(ids[0])
        assert index.similarities(vectors[0], [first]) == [pytest.approx(1.0, abs=1e-6)]
        assert index.search(vectors[0], 1, Filter(paths=("a.md",)))
