"""Slips against making all of them, and what is looked up for a word that nobody wrote."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.store import IndexReader, open_reader
from bienc_cli.store.spelling import (
    WordsAlike,
    beginnings,
    digests_in,
    most_frequent,
    of_same_consonants,
    slips_allowed,
    slips_between,
    with_other_endings,
)
from stores import build

LETTERS = "abc"
_TO_LETTERS = str.maketrans("0123456789", "bcdfghjklm")
WORDS = st.text(LETTERS, max_size=5)


def opened(home: Path) -> IndexReader:
    return open_reader(home / ".bienc", key_dir=home / "keys")


def index_of(home: Path, files: dict[str, list[str]]) -> IndexReader:
    """An index of these paragraphs, opened."""
    build(home / ".bienc", home / "keys", files)
    return opened(home)


def one_slip(word: str) -> set[str]:
    cut = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return {
        *(left + right[1:] for left, right in cut if right),
        *(left + right[1] + right[0] + right[2:] for left, right in cut if len(right) > 1),
        *(left + letter + right[1:] for left, right in cut if right for letter in LETTERS),
        *(left + letter + right for left, right in cut for letter in LETTERS),
    }


@cache
def by_recursion(first: str, second: str) -> int:
    """The optimal string alignment as it is defined."""
    if not first or not second:
        return len(first) + len(second)
    least = min(
        by_recursion(first[:-1], second) + 1,
        by_recursion(first, second[:-1]) + 1,
        by_recursion(first[:-1], second[:-1]) + (first[-1] != second[-1]),
    )
    if len(first) > 1 and len(second) > 1 and first[-2:] == second[-1] + second[-2]:
        least = min(least, by_recursion(first[:-2], second[:-2]) + 1)
    return least


@given(first=WORDS, second=WORDS, most=st.integers(0, 3))
def test_slips_are_counted_as_defined(first: str, second: str, most: int) -> None:
    slips = slips_between(first, second, most)
    assert (
        slips == by_recursion(first, second)
        if slips <= most
        else by_recursion(first, second) > most
    )


@given(word=WORDS)
def test_what_one_slip_makes_is_one_slip_away(word: str) -> None:
    assert {slips_between(word, other, 2) for other in one_slip(word) - {word}} == {1}


def near(writings: list[str], words: dict[str, int], most_slips: int) -> list[str]:
    return most_frequent(WordsAlike(words).near(writings, most_slips), words)


def test_the_near_ones_the_most_frequent_first() -> None:
    vocabulary = {"receiv": 3, "reciev": 0, "recit": 9, "relief": 4, "recieved": 2}
    assert near(["recieve", "reciev"], {"receiv": 3, "relief": 4}, 2) == ["receiv"]
    assert near(["receeive"], vocabulary, 1) == []
    assert near(["stone"], {"store": 2, "stones": 7, "stove": 7, "stoned": 1}, 2) == [
        "stones",
        "stove",
        "store",
    ]
    assert near(["abcd"], {"abce": 1}, 2) == []
    assert near(["absent"], vocabulary, 2) == []
    assert near(["word1"], {"word1x": 3}, 2) == []
    assert near(["absent"], {}, 2) == []


@given(st.text("abcdeé", min_size=5, max_size=9), st.lists(st.text("abcdeé", max_size=9)))
def test_nothing_near_is_missed(word: str, words: list[str]) -> None:
    allowed = slips_allowed(word)
    assert set(WordsAlike(words).near([word], 2)) == {
        one for one in words if one and slips_between(word, one, allowed) <= allowed
    }


def test_marks_of_letters_belong_to_a_word() -> None:
    assert near(["पुसतकालय"], {"पुस्तकालय": 1, "пурга": 1}, 2) == ["पुस्तकालय"]
    assert near(["fourth"], {"four7h": 1}, 2) == []


def test_words_with_other_endings() -> None:
    vocabulary = {"ліфтах": 2, "ліфту": 3, "ліфтова": 1, "ліфтовий": 9, "лі": 9}
    assert with_other_endings("ліфт", vocabulary) == ["ліфту", "ліфтах", "ліфтова"]
    assert with_other_endings("ліфтуваті", vocabulary) == []
    assert with_other_endings("ліфтами", {"ліфт": 2, "ліф": 3}) == ["ліфт"]
    assert with_other_endings("ліф", vocabulary) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("كتاب", "كتب"),
        ("رجل", "رجال"),
        ("درس", "دروس"),
        ("قلم", "اقلام"),
        ("ولد", "اولاد"),
        ("مدرس", "مدارس"),
        ("شارع", "شوارع"),
        ("مفتاح", "مفاتيح"),
        ("رسال", "رسايل"),
        ("صديق", "اصدقاء"),
    ],
)
def test_arabic_words_in_another_number_have_the_same_consonants(one: str, other: str) -> None:
    for asked, held in ((one, other), (other, one)):
        assert of_same_consonants(asked, {held: 1, "ورق": 9, "houses": 9}) == [held]
        assert held[0] in beginnings(asked)
    assert of_same_consonants(one, {one: 1}) == []
    # Too few to be told from others.
    assert of_same_consonants("بيت", {"بات": 1, "باب": 1}) == []


def test_a_word_in_another_number_stands_in_where_it_is_not_there(tmp_path: Path) -> None:
    files = {
        "a.md": ["هذا كتاب قديم عن تاريخ المدينة وعن الذين عاشوا فيها"],
        "b.md": ["الأشجار في الحديقة خضراء كل يوم من أيام السنة"],
    }
    with index_of(tmp_path, files) as index:
        for query, passage in (("الكتب القديمة", 1), ("شجرة", 2)):
            assert [one for one, _ in index.bm25(query, 9)] == [passage]
        assert index.spellings("كتب") == {"كتب": ("كتاب",)}
        assert index.spellings("كتاب") == {}


@pytest.mark.parametrize(
    ("text", "digests"),
    [
        ("commit 3f2a9c1, sha 8caed5ee1bfd29061bee6669fce70316b67504c5", 2),
        ("deadbeef 12345678 3f2a9c 3F2A9C1 x3f2a9c1 3f2a9c1x effaced", 0),
    ],
)
def test_what_may_be_a_digest(text: str, digests: int) -> None:
    assert len(digests_in(text)) == digests


def test_digests_are_found_by_their_beginnings(tmp_path: Path) -> None:
    whole = "8caed5ee1bfd29061bee6669fce70316b67504c5"
    files = {
        "a.md": [f"commit {whole}", "commit 8caed5ff1b", "fixes 4c1aebe"],
        "b.md": ["Die Birne hält sich wochenlang, wie es in commit 77bed5ee1bfd29061 steht."],
    }
    with index_of(tmp_path, files) as index:
        for query, passage in (
            ("8caed5ee", 1),
            ("8caed5e", 1),
            ("4c1aebe0cf2fb1a62a6d168a4f03b3294ed539dd", 3),
            ("77bed5e", 4),
        ):
            assert [one for one, _ in index.bm25(query, 9)] == [passage]
        assert index.spellings("commit 8caed5ee") == {"8caed5ee": (whole,)}
        assert index.spellings(f"commit {whole}") == index.spellings("9caed5ee") == {}


def test_short_words_have_no_slips() -> None:
    assert [slips_allowed(word) for word in ("four", "fives", "sevenss", "eightttt")] == [
        0,
        1,
        1,
        2,
    ]


FILES = {
    "a.md": ["receive the output of a subprocess", "a process", "the outlet of a pipe"],
    "b.md": ["a kettle", "a bottle", "another pipe and another outlet"],
}


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    build(tmp_path / ".bienc", tmp_path / "keys", FILES)
    return tmp_path


def test_a_misspelt_word_is_found_at_less_than_its_weight(catalog: Path) -> None:
    with opened(catalog) as index:
        query = "recieve outptu of subproces"
        assert index.spellings(query) == {
            "outptu": ("output",),
            "recieve": ("receiv",),
            "subproces": ("subprocess",),
        }
        right = dict(index.bm25("receive output of subprocess", 9))
        found = dict(index.bm25(query, 9))
        assert max(found, key=found.__getitem__) == 1
        assert 0 < found[1] < right[1]
        assert index.bm25_of(query, [1, 2]) == [found.get(one, 0.0) for one in (1, 2)]
        # What is there is not looked up otherwise, nor what is near to nothing.
        assert index.spellings("process outlet zebra") == {}


def test_of_a_paste_only_the_first_misspelt_words_are_looked_up_otherwise(catalog: Path) -> None:
    pasted = " ".join(f"zq{number:04}x".translate(_TO_LETTERS) for number in range(1_000))
    with opened(catalog) as index:
        assert index.spellings(f"recieve {pasted}") == {"recieve": ("receiv",)}
        assert index.spellings(f"{pasted} recieve") == {}


def test_a_word_beside_its_misspelling_counts_once(catalog: Path) -> None:
    with opened(catalog) as index:
        once = index.bm25("kettle", 9)
        assert index.bm25("kettle kettel", 9) == once


@pytest.mark.parametrize(
    ("text", "query", "meant"),
    [
        # Who writes a word as it is written means no other one.
        ("commuters and the frequent metal threats", "commit frequency mental treat", {}),
        ("Die Familie Brütchen wohnt seit Jahren in dem Haus an der Ecke", "Brötchen", {}),
        # Of an ending that a slip hides nothing is cut off.
        ("a negative binding", "negatiev bindnig", {"negatiev": ("neg",), "bindnig": ("bind",)}),
        ("words in capitals", "CPAITALS", {"cpaitals": ("capit",)}),
        # What no list has is looked for among the words of the index.
        ("kubernetes", "kuberentes", {"kuberentes": ("kubernet",)}),
        ("ein Wort über die Straße, die nicht gerade ist", "Strasze", {"strasze": ("strass",)}),
    ],
)
def test_only_what_is_misspelt_is_looked_up_otherwise(
    tmp_path: Path, text: str, query: str, meant: dict[str, tuple[str, ...]]
) -> None:
    with index_of(tmp_path, {"a.md": [text, "another kettle"]}) as index:
        assert index.spellings(query) == meant


@pytest.mark.parametrize(
    ("text", "query", "meant"),
    [
        # Too short for its language to be told.
        ("Los trenes", "tren", {"tren": ("trene",)}),
        ("A vonatok", "vonat", {"vonat": ("vonatok",)}),
        ("ঢাকার ট্রেন প্রতি ঘণ্টায় ছাড়ে।", "ট্রেনের", {"ট্রেনের": ("ট্রেন",)}),
        # An English word has an English stem.
        ("the trenches", "tren rent", {"tren": ("trench",)}),
        ("a rental", "rent", {}),
    ],
)
def test_beside_other_languages_endings_may_differ(
    tmp_path: Path, text: str, query: str, meant: dict[str, tuple[str, ...]]
) -> None:
    spanish = "Los niños jugaban en el jardín cuando empezó a llover sobre la casa"
    with index_of(tmp_path, {"a.md": [text, spanish]}) as index:
        assert index.spellings(query) == meant


def test_the_last_letter_of_arabic_is_typed_without_its_dots(tmp_path: Path) -> None:
    files = {
        "a.md": ["تغادر القطارات إلى القاهرة كل ساعة من النهار"],
        "b.md": ["هذه المدرسه بعيدة عن بيتنا ولا نذهب إليها إلا في السيارة"],
    }
    with index_of(tmp_path, files) as index:
        for query, passage in (("القاهره", 1), ("القاهرة", 1), ("مدرسة", 2), ("المدرسه", 2)):
            assert [one for one, _ in index.bm25(query, 9)] == [passage]
            assert index.spellings(query) == {}
