"""The lists are read as the package has them."""

from __future__ import annotations

import pytest

from bienc_cli.word_lists import LANGUAGES, WordList, word_list


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_each_list_is_there_and_in_order(language: str) -> None:
    words = word_list(language).beginning_with("")
    assert len(words) > 10_000
    # What is looked through by bisection.
    assert words == sorted(words)
    assert all(word_list(language).frequency(word) for word in (words[0], words[-1], *words[::997]))


def test_words_by_hand() -> None:
    words = WordList('"a": 5,\n"ab": 12,\n"abc": 1,\n"b\'s": 7')
    asked = ["a", "ab", "abc", "b's", "", "aa", "b", "z", "abcd"]
    assert [words.frequency(one) for one in asked] == [5, 12, 1, 7, 0, 0, 0, 0, 0]
    assert words.beginning_with("ab") == ["ab", "abc"]
    assert words.beginning_with("c") == []
    assert WordList("").frequency("a") == 0


def test_what_is_written_so_is_no_slip() -> None:
    english = word_list("en")
    assert min(map(english.frequency, "commit undo receive commuter threat".split())) > 1000
    assert not any(map(english.frequency, "recieve commut outptu seperate".split()))
