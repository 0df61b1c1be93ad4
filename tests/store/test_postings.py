"""The word index after any changes is the one that would be made of what is left."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import postings, schema
from bienc_cli.store import words as words_module
from bienc_cli.store.postings import (
    Postings,
    lengths_checksum,
    read_lengths,
    read_postings,
)
from bienc_cli.store.words import WordIndexChanges


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 8 passages; a word is dense in 3 of them."""
    monkeypatch.setattr(postings, "BLOCK_BITS", 3)
    monkeypatch.setattr(postings, "BLOCK", 8)
    monkeypatch.setattr(postings, "DENSE", 2)


def empty_index() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in (*schema.WORD_INDEX, schema.RECENT):
        connection.execute(statement)
    return connection


def content(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """All that is read of an index: its words, block by block, and the lengths."""
    lengths = read_lengths(connection, lengths_checksum(connection))
    words = [
        row[0]
        for row in connection.execute(
            "SELECT word FROM postings UNION SELECT word FROM recent WHERE word <> '' ORDER BY 1"
        )
    ]
    return [
        (block, word, held.count, held.packed())
        for block in lengths
        for word, held in sorted(read_postings(connection, words, block).items())
    ] + [
        (block, trimmed)
        for block, held in lengths.items()
        if (trimmed := np.trim_zeros(held, "b").tolist())
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


@given(CHANGES, st.sampled_from([0, 6, 10_000]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changes_leave_what_a_new_index_would_have(
    small_blocks: None, changes: list[list[tuple[int, str | None]]], recent: int
) -> None:
    """A passage can go and come again under its id, within a transaction and between them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words_module, "RECENT_MOST", recent)
        _change_and_compare(changes)


def _change_and_compare(changes: list[list[tuple[int, str | None]]]) -> None:
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
    assert content(connection) == content(fresh)
    assert {
        block * 8 + place: int(length)
        for block, lengths in read_lengths(connection, lengths_checksum(connection)).items()
        for place, length in enumerate(lengths)
        if length
    } == {passage_id: len(text.split()) for passage_id, text in held.items() if text}
    connection.close()
    fresh.close()


def test_a_small_change_reads_no_row_of_a_word_that_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of frequent words are long: a passage that goes would have each of its words read."""
    connection = empty_index()
    words = WordIndexChanges(connection)
    for passage_id in range(1, 10):
        words.add(passage_id, "fig pear" if passage_id > 1 else "fig plum")
    words.flush(settle=True)
    looked_at = []
    read = read_postings

    def noted(connection: sqlite3.Connection, asked: list[str], *rest: object) -> object:
        looked_at.extend(asked)
        return read(connection, asked, *rest)

    monkeypatch.setattr(words_module, "read_postings", noted)
    for passage_id, text in enumerate(["fig plum", *["fig pear"] * 8], 1):
        words.remove(passage_id, text)
        words.flush()
        assert looked_at == {1: ["plum"], 9: ["fig", "pear"]}.get(passage_id, [])
        looked_at.clear()
    assert content(connection) == []
    connection.close()


def test_much_text_is_taken_in_by_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {number: f"word {number} of some" for number in range(1, 40)}
    made = []
    for buffered in (1, 100, 1 << 20):
        monkeypatch.setattr(words_module, "_BUFFERED", buffered)
        connection = empty_index()
        words = WordIndexChanges(connection)
        for passage_id, text in texts.items():
            words.add(passage_id, text)
        words.flush()
        made.append(content(connection))
        connection.close()
    assert made[0] == made[1] == made[2]
    assert len(made[0]) == 39 + 3 + 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE postings SET count = 2 WHERE word = 'fig'",
        "UPDATE postings SET postings = CAST(x'0000' || postings AS BLOB) WHERE word = 'fig'",
        "UPDATE lengths SET lengths = x'09'",
        "UPDATE recent SET frequency = 3 WHERE word = 'fig'",
        "UPDATE recent SET passage = 9 WHERE word = ''",
    ],
)
def test_damage_is_noticed_when_changes_go_into_the_blocks(statement: str) -> None:
    connection = empty_index()
    words = WordIndexChanges(connection)
    words.add(1, "fig pear")
    words.flush(settle=True)
    words.add(2, "a fig")
    words.flush()
    assert not words.stale
    connection.execute(statement)
    words.remove(2, "a fig")
    words.flush(settle=True)
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


def test_few_changes_leave_the_blocks_alone_until_all_is_settled() -> None:
    connection = empty_index()
    words = WordIndexChanges(connection)
    for passage_id in range(50):
        words.add(passage_id, "fig pear plum")
    words.flush(settle=True)
    blocks = connection.execute("SELECT * FROM postings ORDER BY word").fetchall()
    words.remove(7, "fig pear plum")
    words.add(50, "fig kiwi")
    words.flush()
    assert connection.execute("SELECT * FROM postings ORDER BY word").fetchall() == blocks
    before = content(connection)
    words.flush(settle=True)
    assert connection.execute("SELECT count(*) FROM recent").fetchone() == (0,)
    assert connection.execute("SELECT * FROM postings ORDER BY word").fetchall() != blocks
    assert content(connection) == before
    connection.close()


def test_a_passage_that_comes_back_with_its_text_changes_nothing() -> None:
    connection = empty_index()
    words = WordIndexChanges(connection)
    for passage_id in (1, 2):
        words.add(passage_id, "a fig")
    words.flush()
    before = content(connection)
    for passage_id in (1, 2):
        words.remove(passage_id, "a fig")
    assert [words.taken_back(text) for text in ("a fig", "a pear", "a fig", "a fig")] == [
        *(1, None, 2),
        None,
    ]
    changes = connection.total_changes
    words.flush()
    assert connection.total_changes == changes
    assert content(connection) == before
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
    checksum = postings.block_checksum(0, "fig", 2, b"123")
    connection.execute("INSERT INTO postings VALUES (0, 'fig', 2, ?, ?)", (b"123", checksum))
    with pytest.raises(IndexDamaged):
        read_postings(connection, ["fig"], 0)
    checksum = postings.block_checksum(0, "", 2, b"123")
    connection.execute("INSERT INTO lengths VALUES (0, 2, ?, ?)", (b"123", checksum))
    with pytest.raises(IndexDamaged):
        read_lengths(connection, checksum)
    connection.close()
