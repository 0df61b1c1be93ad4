"""The word index after any changes is the one that would be made of what is left."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import postings, schema
from bienc_cli.store.postings import (
    Postings,
    WordIndexChanges,
    lengths_checksum,
    read_lengths,
    read_postings,
)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 8 passages; a word is dense in 3 of them."""
    monkeypatch.setattr(postings, "BLOCK_BITS", 3)
    monkeypatch.setattr(postings, "BLOCK", 8)
    monkeypatch.setattr(postings, "DENSE", 2)


def empty_index() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in schema.WORD_INDEX:
        connection.execute(statement)
    return connection


def rows(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return [
        row
        for table in ("postings", "lengths")
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
    ]


@given(st.dictionaries(st.integers(0, 65_535), st.integers(1, 70_000), min_size=1, max_size=50))
@settings(max_examples=30)
def test_places_and_frequencies_come_back(held: dict[int, int]) -> None:
    places = np.array(sorted(held))
    frequencies = np.array([held[place] for place in sorted(held)])
    packed = Postings.of(places, frequencies).packed()
    width = 1 if max(frequencies) < 256 else 2 if max(frequencies) < 65_536 else 4
    assert len(packed) == len(held) * (2 + width)
    back = Postings.unpacked(len(held), packed)
    for found, given_ in zip(back.occurring(), (places, frequencies), strict=True):
        np.testing.assert_array_equal(found, given_)
    asked = np.array([0, *places, 65_535])
    assert back.at(asked).tolist() == [held.get(place, 0) for place in asked.tolist()]


def test_a_word_of_many_passages_takes_a_byte_for_each_place() -> None:
    places = np.arange(0, 65_536, 2)
    dense = Postings.of(places, np.full(len(places), 7))
    assert len(dense.packed()) == 65_536
    back = Postings.unpacked(len(places), dense.packed())
    np.testing.assert_array_equal(back.occurring()[0], places)
    assert back.at(np.array([0, 1, 65_534])).tolist() == [7, 0, 7]


TEXTS = st.lists(st.sampled_from(["fig", "pear", "plum", "kiwi"]), max_size=4).map(" ".join)
CHANGES = st.lists(
    st.lists(st.tuples(st.integers(1, 30), st.none() | TEXTS), max_size=12), max_size=4
)


@given(CHANGES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changes_leave_what_a_new_index_would_have(
    small_blocks: None, changes: list[list[tuple[int, str | None]]]
) -> None:
    """A passage can go and come again under its id, within a transaction and between them."""
    connection = empty_index()
    held: dict[int, str] = {}
    for transaction in changes:
        words = WordIndexChanges(connection)
        for passage_id, text in transaction:
            if passage_id in held:
                words.remove(passage_id, held.pop(passage_id))
            if text is not None:
                words.add(passage_id, text)
                held[passage_id] = text
        words.flush()
        assert not words.stale
    fresh = empty_index()
    words = WordIndexChanges(fresh)
    for passage_id, text in held.items():
        words.add(passage_id, text)
    words.flush()
    assert rows(connection) == rows(fresh)
    assert {
        block * 8 + place: int(length)
        for block, lengths in read_lengths(connection, lengths_checksum(connection)).items()
        for place, length in enumerate(lengths)
        if length
    } == {passage_id: len(text.split()) for passage_id, text in held.items() if text}
    connection.close()
    fresh.close()


def test_much_text_is_taken_in_by_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {number: f"word {number} of some" for number in range(1, 40)}
    made = []
    for buffered in (1, 100, 1 << 20):
        monkeypatch.setattr(postings, "_BUFFERED", buffered)
        connection = empty_index()
        words = WordIndexChanges(connection)
        for passage_id, text in texts.items():
            words.add(passage_id, text)
        words.flush()
        made.append(rows(connection))
        connection.close()
    assert made[0] == made[1] == made[2]
    assert len(made[0]) == 39 + 3 + 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE postings SET count = 1 WHERE word = 'fig'",
        "UPDATE postings SET block = 1 WHERE word = 'fig'",
        "UPDATE postings SET postings = CAST(x'0000' || postings AS BLOB) WHERE word = 'fig'",
        "UPDATE postings SET word = 'date' WHERE word = 'fig'",
        "DELETE FROM postings WHERE word = 'fig'",
        "UPDATE lengths SET lengths = x'09'",
        "DELETE FROM lengths",
    ],
)
def test_damage_is_noticed_by_the_next_change(statement: str) -> None:
    connection = empty_index()
    words = WordIndexChanges(connection)
    words.add(1, "fig pear")
    words.add(2, "a fig")
    words.flush()
    assert not words.stale
    connection.execute(statement)
    words.remove(2, "a fig")
    words.flush()
    assert words.stale
    words.add(3, "fig")
    words.flush()
    assert words.stale
    words.clear()
    words.add(1, "fig pear")
    words.flush()
    assert not words.stale
    found = read_postings(connection, ["fig", "absent"], 0)
    assert found["fig"].occurring()[0].tolist() == [1]
    assert list(found) == ["fig"]
    connection.close()


def test_a_passage_that_was_never_taken_out_is_noticed() -> None:
    connection = empty_index()
    words = WordIndexChanges(connection)
    for text in ("a fig", "figs"):
        words.add(1, text)
        words.flush()
    assert words.stale
    connection.close()


@pytest.mark.parametrize(
    ("count", "size"), [(0, 0), (-1, 3), (1, 2), (1, 9), (70_000, 70_000), (30_000, 90_000)]
)
def test_what_packed_never_makes_is_refused(count: int, size: int) -> None:
    with pytest.raises(ValueError, match="bytes for"):
        Postings.unpacked(count, bytes(size))


def test_a_row_whose_checksum_is_right_and_content_is_not() -> None:
    """As a stranger could make it."""
    connection = empty_index()
    checksum = postings._checksum(0, "fig", 2, b"123")
    connection.execute("INSERT INTO postings VALUES (0, 'fig', 2, ?, ?)", (b"123", checksum))
    with pytest.raises(IndexDamaged):
        read_postings(connection, ["fig"], 0)
    checksum = postings._checksum(0, "", 2, b"123")
    connection.execute("INSERT INTO lengths VALUES (0, 2, ?, ?)", (b"123", checksum))
    with pytest.raises(IndexDamaged):
        read_lengths(connection, checksum)
    connection.close()
