"""Writings of one word match, and compounds are their parts and the whole."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.store.tokenizer import Tokenizer


def words(text: str) -> set[str]:
    """Of a passage."""
    with Tokenizer() as tokenizer:
        return {word for word, _, _ in tokenizer.counted([text])}


def asked(query: str) -> set[str]:
    with Tokenizer() as tokenizer:
        return {word for (word,) in tokenizer.words_of(query)}


@pytest.mark.parametrize(
    ("written", "query"),
    [
        ("The oﬃce.", "office"),
        ("ＥＲＲＯＲ－４０４", "error 404"),
        ("Tie\u0302\u0301ng Vie\u0323\u0302t", "tiếng việt"),
        ("cafe\u0301", "café"),
        ("café", "cafe\u0301"),
        ("Ο λόγος.", "ΛΟΓΟΣ"),
        ("Straße", "STRASSE"),
        ("Łódź, Ørsted, Encyclopædia", "lodz orsted encyclopaedia"),
        ("İstanbul", "istanbul"),
        ("كِتَابٌ قديم", "كتاب"),
        ("أحمد", "احمد"),
        ("שָׁלוֹם", "שלום"),
        ("٢٠٢٤", "2024"),
        ("micro\u200bcontroller Donau\u00addampf\u00adschiff", "microcontroller donaudampfschiff"),
        ("می‌خواهم", "میخواهم"),
        ("می‌خواهم", "می خواهم"),
        ("می خواهم و میخواهم", "می‌خواهم"),
        ("دانش‌آموزان", "دانش"),
        ("کتاب فارسی", "كتاب فارسي"),
        ("مكتبة على", "مكتبه علي"),
        ("ﾃﾞｰﾀ", "データ"),
        ("CO₂ and m²", "co2 m2"),
        ("a footnote¹ and Brand™", "footnote brand"),
        ("ёлка", "елка"),
    ],
)
def test_two_writings_of_one_word(written: str, query: str) -> None:
    assert asked(query) <= words(written)


@pytest.mark.parametrize(
    ("written", "query"),
    [
        ("港の灯台は夜に光ります。", "灯台"),
        ("港の灯台は夜に光ります。", "夜"),
        ("서울에서 회의가 열렸다.", "회의"),
        ("공원에서는 개에게 목줄을 채운다.", "개"),
        ("엘리베이터에서", "베이터"),
        ("我喜欢喝绿茶", "茶"),
        ("ฉันรักภาษาไทย", "ภาษา"),
    ],
)
def test_a_word_within_a_run_without_spaces(written: str, query: str) -> None:
    assert asked(query) <= words(written)


def test_vowel_signs_do_not_divide_words() -> None:
    assert asked("पुस") & words("हिन्दी में पुस्तकालय।") == set()
    assert asked("पुस्तकालय") <= words("हिन्दी में पुस्तकालय।")


@pytest.mark.parametrize(
    ("compound", "parts"),
    [
        ("return_exceptions", "return exceptions"),
        ("run_in_executor", "run in executor"),
        (".git/info/exclude", "git info exclude"),
        ("--no-verify", "no verify"),
        ("MX-7731-B", "mx 7731 b"),
        ("std::vector", "std vector"),
        ("getHTTPResponse", "get http response"),
        ("user@example.org", "user example org"),
        ("2024-01-31", "2024 01 31"),
        ("__init__.py", "init py"),
        ("self._cache", "self cache"),
        (r"App\Models\User", "app models user"),
    ],
)
def test_a_compound_is_its_parts_and_more(compound: str, parts: str) -> None:
    held = words(f"before ({compound}) behind")
    assert asked(parts) <= held
    assert asked(compound) <= held
    # What tells it from its parts that stand apart.
    assert asked(compound) - words(parts)


@pytest.mark.parametrize(
    ("query", "longer"),
    [
        ("run_in_executor", "loop.run_in_executor(None, f)"),
        ("info/exclude", "$GIT_DIR/info/exclude"),
        ("MX-7731", "MX-7731-B"),
        ("returnExceptions", "return_exceptions=True"),
        ("email", "by e-mail"),
        ("MX7731B", "MX-7731-B"),
    ],
)
def test_a_piece_of_a_compound_and_another_joint(query: str, longer: str) -> None:
    assert asked(query) <= words(longer)


@pytest.mark.parametrize(
    ("one", "other"), [("3.14", "314"), ("12:30", "1230"), ("2024-01-31", "20240131")]
)
def test_digits_apart_make_no_other_number(one: str, other: str) -> None:
    assert asked(other) & words(one) == set()


def test_hyphened_words_of_a_question_are_words() -> None:
    assert asked("a well-known state-of-the-art method") == asked(
        "a well known state of the art method"
    )


@given(st.text("aEé ñ_-./:@\\1²ﬃß日本ひのк한국पुﾊﾞ\u200b\u00ad\u0301", max_size=40))
def test_a_text_finds_itself_however_it_is_composed(text: str) -> None:
    held = words(text)
    assert asked(text) <= held
    for form in ("NFC", "NFD"):
        assert words(unicodedata.normalize(form, text)) == held
