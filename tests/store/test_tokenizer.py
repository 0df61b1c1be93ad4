"""Words are those of SQLite's full-text search over the folded text."""

from __future__ import annotations

import sqlite3
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.store.folding import folded
from bienc_cli.store.tokenizer import Tokenizer

TEXTS = st.lists(st.text("aàÀbeißs ßk_K-'0５日本\n\0é́", max_size=30), max_size=6)


def test_words_are_folded_and_stemmed() -> None:
    with Tokenizer() as tokenizer:
        assert tokenizer.words_of("Running, RAN; naïve_cafés — runs") == [
            ("cafe",),
            ("naiv",),
            ("naivecaf",),
            ("ran",),
            ("run",),
        ]
        assert tokenizer.words_of("»«! \0") == tokenizer.words_of("") == []
        assert tokenizer.words_of("half \ud800 a pair") == [("a",), ("half",), ("pair",)]


@given(TEXTS)
def test_counts_are_those_of_a_full_text_table(texts: list[str]) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        'CREATE VIRTUAL TABLE t USING fts5 (text, tokenize="porter unicode61 '
        "remove_diacritics 0 categories 'L* N* Co Mn Mc'\")"
    )
    connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab (t, instance)")
    connection.executemany(
        "INSERT INTO t (rowid, text) VALUES (?, ?)", enumerate(map(folded, texts))
    )
    expected = Counter(connection.execute("SELECT term, doc FROM v").fetchall())
    connection.close()
    with Tokenizer() as tokenizer:
        for _ in range(2):
            found = list(tokenizer.counted(texts))
            assert [word for word, _, _ in found] == sorted(
                {word for word, _ in expected}, key=str.encode
            )
            assert expected == {
                (word, number): count
                for word, numbers, counts in found
                for number, count in zip(numbers.tolist(), counts.tolist(), strict=True)
            }
