"""What stands in a text to the letter, against a plain reading of the two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.search.phrases import Wording, other_writings
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
        ("don't", "I don’t know"),
        ("don’t", "I don't know"),
        ("l'hôpital", "À l’hôpital,"),
        ("well-known", "a well‑known man"),
        ("2–3 days", "within 2-3 days"),
        ("Espresso, machine!", "the espresso machine"),
        ("so he said.", "so he said: no"),
        ("--exclude", "tar --exclude=x"),
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
        ("--exclude", "tar --exclude-from x"),
        ("dont", "I don't know"),
    ],
)
def test_what_does_not(phrase: str, text: str) -> None:
    assert not stands(phrase, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("getUserById", "get_user_by_id()"),
        ("get_user_by_id", "x.getUserById()"),
        ("maxRetryCount", "the MAX_RETRY_COUNT"),
        ("ABC123", "in ABC-123."),
        ("ABC-123", "in ABC123, ABC 123"),
        ("RFC2616", "see RFC 2616"),
        ("1250000", "of $1,250,000 in"),
        ("1250000", "1.250.000 Euro"),
        ("1,250,000", "1250000 Euro"),
        ("9783161484100", "ISBN 978-3-16-148410-0"),
        ("978-3-16-148410-0", "ISBN 9783161484100"),
        ("5551234567", "call (555) 123-4567"),
        ("AT611904300234573202", "AT61 1904 3002 3457 3202"),
        ("550e8400-e29b-41d4-a716-446655440000", "550e8400e29b41d4a716446655440000"),
        ("2024-03-05", "backup.20240305.tar"),
        ("7ffee4c0", "at 0x7FFEE4C0"),
        ("3f2a9c1", "commit 3f2a9c1d8e7b6a5f4c3d2e1f0a9b8c7d6e5f4a3b"),
        ("3f2a9c1d8e7b6a5f4c3d2e1f0a9b8c7d6e5f4a3b", "Fixes: 3f2a9c1d8e7b (that)"),
    ],
)
def test_a_name_in_another_writing(name: str, text: str) -> None:
    assert other_writings(name).search(plain_letters(text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("getUserById", "get_user_by_idx, forget_user_by_id, get user by name"),
        ("ABC-123", "ABC-1234, XABC123, ABC-123-4"),
        ("192.168.254.1", "192.168.25.41"),
        ("2024-11-1", "2024-1-11"),
        ("10.0.0.1", "10001, 10-0-0-1"),
        ("1250000", "12,500,00; 1,250,000,000; 41,250,000"),
        ("100g", "100 g"),
        ("3f2a9c1", "3f2a9c2d8e7b, x3f2a9c1d, 3f2a9c1xyz"),
        ("3f2a9c1d8e7b", "3f2a9c, 3f2a9c1d9"),
    ],
)
def test_no_other_name_is_another_writing(name: str, text: str) -> None:
    assert not other_writings(name).search(plain_letters(text))


@given(st.text("ab1-_. /é(漢", min_size=1, max_size=9))
def test_a_name_is_a_writing_of_its_own(name: str) -> None:
    found = other_writings(name)
    if name.isalnum():
        assert found.search(plain_letters(name))


@given(st.lists(st.sampled_from("ab c7 d é".split()), max_size=12), st.data())
def test_of_plain_words_it_is_a_run_of_the_same_words(
    words: list[str], data: st.DataObject
) -> None:
    phrase = data.draw(st.lists(st.sampled_from("ab c7 d é".split()), min_size=1, max_size=3))
    runs = [words[start : start + len(phrase)] for start in range(len(words))]
    assert stands(" ".join(phrase), " ".join(words)) == (phrase in runs)
