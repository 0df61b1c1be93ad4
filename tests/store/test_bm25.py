"""BM25 against a plain reckoning of the formula, and against SQLite's."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import (
    Filter,
    bm25,
    check,
    open_reader,
    open_writer,
    postings,
    query_words,
    repair,
    schema,
)
from bienc_cli.store.bm25 import Bm25
from bienc_cli.store.postings import lengths_checksum
from bienc_cli.store.words import WordIndexChanges
from stores import CHUNKING, build, identity, numbered

# Words that the stemmer leaves alone.
WORDS = ["fig", "pear", "plum", "kiwi", "date", "lime", "mango", "melon"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
# Passages in three blocks of 8 and gaps between, ids up to 80.
CORPUS = st.dictionaries(st.integers(1, 80), TEXTS, min_size=1, max_size=40)
QUERIES = st.lists(st.sampled_from([*WORDS, "absent"]), max_size=8, unique=True).map(" ".join)


@pytest.fixture(params=["scanned", "looked up", "as it is"])
def small_blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Blocks of 8 passages; words gone through, looked up as soon as may be, or as it comes."""
    for module in (postings, bm25):
        monkeypatch.setattr(module, "BLOCK_BITS", 3)
        monkeypatch.setattr(module, "BLOCK", 8)
    monkeypatch.setattr(postings, "DENSE", 2)
    if request.param != "as it is":
        share = 2.0 if request.param == "scanned" else 0.0
        monkeypatch.setattr(bm25, "SHARE_WORTH_ASKING", share)
        monkeypatch.setattr(bm25, "_LOOKING_UP", 0)
    return str(request.param)


def index_of(texts: dict[int, str]) -> tuple[sqlite3.Connection, Bm25]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in (*schema.WORD_INDEX, schema.RECENT):
        connection.execute(statement)
    words = WordIndexChanges(connection)
    for passage_id, text in texts.items():
        words.add(passage_id, text)
    words.flush()
    return connection, Bm25(connection, len(texts), lengths_checksum(connection))


def reckoned(texts: dict[int, str], query: str) -> list[tuple[int, float]]:
    """Okapi BM25, word by word."""
    average = sum(len(text.split()) for text in texts.values()) / len(texts)
    scores: Counter[int] = Counter()
    for word in set(query.split()):
        holding = [one for one, text in texts.items() if word in text.split()]
        idf = math.log((len(texts) - len(holding) + 0.5) / (len(holding) + 0.5))
        for one in holding:
            frequency = texts[one].split().count(word)
            length = len(texts[one].split())
            saturated = frequency * 2.2 / (frequency + 1.2 * (0.25 + 0.75 * length / average))
            scores[one] += (idf if idf > 0 else 1e-6) * saturated
    return sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))


def by_sqlite(texts: dict[int, str], query: str) -> dict[int, float]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5 (text, tokenize='porter unicode61')")
    connection.executemany("INSERT INTO t (rowid, text) VALUES (?, ?)", texts.items())
    match = " OR ".join(f'"{word}"' for word in query.split())
    rows = connection.execute("SELECT rowid, -bm25(t) FROM t WHERE t MATCH ?", (match,)).fetchall()
    connection.close()
    return dict(rows)


def same_ranking(found: list[tuple[int, float]], expected: list[tuple[int, float]]) -> bool:
    """Equal scores in order; what ties but for rounding may stand either way."""
    scores = dict(expected)
    return (
        len(found) == len(expected)
        and all(math.isclose(a[1], b[1], rel_tol=1e-9) for a, b in zip(found, expected))
        and all(math.isclose(score, scores.get(one, 0.0), rel_tol=1e-9) for one, score in found)
    )


ALWAYS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(texts=CORPUS, query=QUERIES, k=st.integers(1, 40))
@ALWAYS
def test_the_best_are_those_of_the_formula(
    small_blocks: str, texts: dict[int, str], query: str, k: int
) -> None:
    connection, index = index_of(texts)
    everything = reckoned(texts, query)
    scores = index.scores_of(query, range(90))
    assert same_ranking(index.best(query, len(texts)), everything)
    found = index.best(query, k)
    assert [score for _, score in found] == pytest.approx([s for _, s in everything[:k]], rel=1e-9)
    assert found == sorted(found, key=lambda hit: (-hit[1], hit[0]))
    # To the last bit, whatever way they were found.
    assert found == index.best(query, len(texts))[:k]
    assert [score for _, score in found] == [scores[one] for one, _ in found]
    held = dict(everything)
    assert scores == pytest.approx([held.get(one, 0.0) for one in range(90)], rel=1e-9)
    if query:
        assert held == pytest.approx(by_sqlite(texts, query), rel=1e-9)
    index.close()
    connection.close()


@given(texts=CORPUS, query=QUERIES, k=st.integers(1, 9), allowed=st.sets(st.integers(1, 200)))
@ALWAYS
def test_a_filter_leaves_the_scores_of_what_counts(
    small_blocks: str, texts: dict[int, str], query: str, k: int, allowed: set[int]
) -> None:
    connection, index = index_of(texts)
    positions = index.positions(np.array(sorted(allowed), dtype=np.int64))
    found = index.best(query, k, positions)
    counting = [hit for hit in index.best(query, len(texts)) if hit[0] in allowed]
    assert found == counting[:k]
    index.close()
    connection.close()


def test_common_words_are_looked_up_only(
    small_blocks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {n: f"plum {'fig ' * (n % 5)} {'mango' if n in {17, 40} else ''}" for n in range(1, 61)}
    connection, index = index_of(texts)
    added: list[str] = []
    genuine = Bm25._add
    monkeypatch.setattr(
        Bm25,
        "_add",
        lambda self, word, scores: (added.append(word.text), genuine(self, word, scores)),
    )
    found = index.best("the plum, fig and mango", 2)
    assert {one for one, _ in found} == {17, 40}
    assert added == (["mango", "fig", "plum"] if small_blocks == "scanned" else ["mango"])
    # Nothing but what is everywhere: an answer all the same.
    assert (
        index.best("plum", 3)
        == sorted(
            ((one, score) for one, score in index.best("plum", 99)),
            key=lambda hit: (-hit[1], hit[0]),
        )[:3]
    )
    index.close()
    connection.close()


def test_of_a_long_query_the_rarest_words_count(
    small_blocks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_words, "MOST_WORDS", 2)
    rare = {20: "fig plum", 21: "pear fig", 22: "pear kiwi"}
    texts = dict.fromkeys(range(1, 20), "plum") | rare
    connection, index = index_of(texts)
    assert index.best("plum fig pear kiwi absent", 99) == index.best("kiwi fig", 99)
    connection.close()
    # One block is never too much.
    connection, index = index_of({1: "fig", 2: "pear", 3: "plum", 4: "lime"})
    assert len(index.best("fig pear plum lime", 9)) == 4
    connection.close()


# ------------------------------------------------------------------ a catalog

FILES = {
    "fruit.md": ["figs and pears", "a pear is no fig, and a fig no pear", "plums only", ""],
    "tools.md": ["sawing wood with saws", "the saw, the saw, the saw", "naïve_pears café"],
}
ASKED = ["figs", "Pears or the sawing of wood?", "absent", "", "pear pears", "cafe naive_pears"]


def test_scores_of_chosen_passages_are_those_of_the_ranking(tmp_path: Path) -> None:
    build(tmp_path / ".bienc", tmp_path / "keys", FILES)
    with open_reader(tmp_path / ".bienc", key_dir=tmp_path / "keys") as index:
        for query in ASKED:
            ranked = dict(index.bm25(query, 99))
            chosen = [6, 1, 3, 2, 5, 4, 1, 99, 1 << 40]
            assert index.bm25_of(query, chosen) == [ranked.get(one, 0.0) for one in chosen]
        assert any(index.bm25_of(ASKED[1], range(1, 7)))
        assert index.bm25_of("figs", []) == []


def test_an_empty_index_has_no_best(tmp_path: Path) -> None:
    with open_writer(tmp_path / ".bienc", key_dir=tmp_path / "keys") as writer:
        writer.begin(identity(), CHUNKING)
        writer.commit()
    with open_reader(tmp_path / ".bienc", key_dir=tmp_path / "keys") as index:
        assert index.bm25("figs", 3) == []
        assert index.bm25("figs", 3, Filter(formats=("text",))) == []
        assert index.bm25_of("figs", [1]) == [0.0]


def changed(home: Path, statement: str) -> None:
    connection = sqlite3.connect(home / ".bienc" / "catalog.sqlite")
    assert connection.execute(statement).rowcount
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE postings SET postings = zeroblob(length(postings)) WHERE word = 'number'",
        "UPDATE postings SET count = count - 1 WHERE word = 'number'",
        "UPDATE lengths SET lengths = CAST(lengths || x'01' AS BLOB)",
        "DELETE FROM lengths",
    ],
)
def test_damage_is_told_found_and_mended(tmp_path: Path, statement: str) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    build(directory, keys, {"a.md": numbered(20)})
    with open_reader(directory, key_dir=keys) as index:
        right = index.bm25("number 7", 9)
    changed(tmp_path, statement)
    with open_reader(directory, key_dir=keys) as index:
        for ask in (lambda: index.bm25("number 7", 9), lambda: index.bm25_of("number 7", [1])):
            with pytest.raises(IndexDamaged):
                ask()
    (problem,) = check(directory, key_dir=keys).problems
    assert problem.part == "words"
    repair(directory, key_dir=keys)
    with open_reader(directory, key_dir=keys) as index:
        assert index.bm25("number 7", 9) == right


def test_damage_is_mended_by_the_next_change(tmp_path: Path) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    build(directory, keys, {"a.md": numbered(20), "b.md": ["one number"]})
    changed(tmp_path, "DELETE FROM postings WHERE word = 'number'")
    build(directory, keys, {"a.md": numbered(20)})
    assert check(directory, key_dir=keys).problems == ()


def test_nothing_of_a_removed_text_stays(tmp_path: Path) -> None:
    directory, keys = tmp_path / ".bienc", tmp_path / "keys"
    build(directory, keys, {"a.md": numbered(20), "b.md": ["the secretword"]})
    build(directory, keys, {"a.md": numbered(20)})
    assert b"secretword" not in (directory / "catalog.sqlite").read_bytes()


def test_passages_that_hold_every_word(tmp_path: Path) -> None:
    files = {"a.md": ["loop.run_in_executor(None)", "run the executor", "Running IN executors"]}
    build(tmp_path / ".bienc", tmp_path / "keys", files)
    with open_reader(tmp_path / ".bienc", key_dir=tmp_path / "keys") as index:
        assert index.holding("run_in_executor") == [1, 3]
        assert index.holding("Executor run") == [1, 2, 3]
        assert index.holding("executor absent") == []
        assert index.holding("--") == []
        assert index.holding("run", Filter(formats=("html",))) == []


@given(texts=CORPUS, query=QUERIES)
@ALWAYS
def test_what_holds_every_word_is_what_has_all_of_them(
    small_blocks: str, texts: dict[int, str], query: str
) -> None:
    connection, index = index_of(texts)
    words = set(query.split())
    expected = [one for one, text in sorted(texts.items()) if words <= set(text.split())]
    assert index.holding(query) == (expected if words else [])
    index.close()
    connection.close()
