"""What stands in a text to the letter, against a plain reading of the two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.search.wording import Wording
from bienc_cli.store.folding import plain_letters


def stands(phrase: str, text: str) -> bool:
    return Wording(phrase).stands_in(plain_letters(text))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("192.168.254.1", "from 192.168.254.1 port 22"),
        ("192.168.254.1", "at 192.168.254.1:8080, and 192.168.254.1/24."),
        ("192.168.254.1", "It was 192.168.254.1."),
        ("2024-01-31", "2024-01-31T12:00:00Z start"),
        ("v1.2.3", "(V1.2.3)"),
        ("to be or not to be", "To be, or not\nto be: that"),
        ("CAFÉ", "a cafe\u0301"),
        ("office", "the oﬃce"),
        ("绿茶", "我喜欢喝绿茶。"),
        ("run_in_executor", "loop.run_in_executor(None, f)"),
        ("C++", "in C++, say"),
        ("-name", "find . -name x"),
    ],
)
def test_what_stands_there(phrase: str, text: str) -> None:
    assert stands(phrase, text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("192.168.254.1", "192.168.1.254"),
        ("192.168.254.1", "192.168.254.10, 1192.168.254.1, 192.168.254.1.7, 9.192.168.254.1"),
        ("MX-7731", "MX-7731-B"),
        ("1.2", "1.2.3 and 0.1.2"),
        ("be or not", "be or nothing"),
        ("error code", "code error; error, the code"),
        ("C", "in the CPU"),
    ],
)
def test_what_does_not(phrase: str, text: str) -> None:
    assert not stands(phrase, text)


@given(st.lists(st.sampled_from("ab c7 d é".split()), max_size=12), st.data())
def test_of_plain_words_it_is_a_run_of_the_same_words(
    words: list[str], data: st.DataObject
) -> None:
    phrase = data.draw(st.lists(st.sampled_from("ab c7 d é".split()), min_size=1, max_size=3))
    runs = [words[start : start + len(phrase)] for start in range(len(words))]
    assert stands(" ".join(phrase), " ".join(words)) == (phrase in runs)
