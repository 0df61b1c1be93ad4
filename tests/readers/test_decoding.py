import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import UnreadableFile
from bienc_cli.readers.decoding import clean, decode, looks_binary

FRENCH = "Café au lait, garçon ? Où êtes-vous né, à l'été ou à Noël ? Ça va très bien.\n"
RUSSIAN = "Привет, как дела? Это русский текст о погоде в Москве и о море.\n"
JAPANESE = "これは日本語の文章です。東京の天気は晴れです。\n"
GREEK = "Καλημέρα σας, τι κάνετε; Αυτό είναι ένα ελληνικό κείμενο.\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "utf-8"),
        (FRENCH, "utf-8-sig"),
        (FRENCH, "latin-1"),
        (FRENCH, "cp1252"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (GREEK, "cp1253"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
    ],
)
@pytest.mark.parametrize("times", [1, 30])
def test_decodes_what_common_editors_write(text, encoding, times):
    assert decode((text * times).encode(encoding)) == text * times


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_byte_order_marks_decide_and_vanish(mark, encoding):
    assert decode(mark + (JAPANESE + FRENCH).encode(encoding)) == JAPANESE + FRENCH


def test_the_part_that_is_not_ascii_is_what_the_encoding_is_guessed_from():
    data = b"plain ascii line\n" * 20_000 + RUSSIAN.encode("cp1251") * 5
    assert decode(data).endswith(RUSSIAN)


def test_short_western_text_is_not_taken_for_another_code_page():
    text = "The price is £20 and it’s “fine” – see the café.\n"
    assert decode(text.encode("cp1252")) == text


def test_a_broken_byte_in_utf8_costs_one_character():
    data = RUSSIAN.encode() * 3 + b"\xff" + RUSSIAN.encode()
    assert decode(data) == RUSSIAN * 3 + "\ufffd" + RUSSIAN


def test_a_declared_encoding_goes_before_a_guess_but_not_before_utf8():
    polish = "Zażółć gęślą jaźń\n"
    assert decode(polish.encode("iso8859_2"), "iso-8859-2") == polish
    assert decode(polish.encode(), "iso-8859-2") == polish
    assert decode(FRENCH.encode("cp1252"), "no-such-encoding") == FRENCH


@pytest.mark.parametrize("name", ["rot13", "hex", "zip", "idna", "unicode_escape", "undefined"])
def test_declared_encodings_that_are_no_character_sets_are_harmless(name):
    assert isinstance(decode(FRENCH.encode("cp1252"), name), str)


def test_every_line_break_becomes_a_line_feed():
    assert decode(b"a\r\nb\rc\n\r\nd\x0c\x0be") == "a\nb\nc\n\nd\x0c\x0be"


@pytest.mark.parametrize(
    "data", [b"text with\0 a NUL", bytes(range(32)) * 10, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"]
)
def test_binary_is_refused(data):
    with pytest.raises(UnreadableFile) as refusal:
        decode(data)
    assert refusal.value.code == "binary"


def test_terminal_colours_are_text():
    assert decode(b"\x1b[31mERROR\x1b[0m disk full\n" * 50)


def test_a_nul_far_into_a_text_is_replaced():
    assert decode(b"log line\n" * 2000 + b"\0\n").endswith("\n\ufffd\n")


def test_clean_joins_surrogate_pairs_and_replaces_lone_ones():
    assert clean("a\ud83d\ude00b\ud800c\0") == "a😀b\ufffdc\ufffd"


@given(st.binary(max_size=2000), st.sampled_from([None, "cp1252", "utf-16", "nonsense", "utf-7"]))
def test_text_is_storable_whatever_the_bytes(data, declared):
    if looks_binary(data):
        with pytest.raises(UnreadableFile):
            decode(data, declared)
        return
    text = decode(data, declared)
    text.encode()
    assert "\0" not in text
    assert "\r" not in text


@given(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs", "Cc"])))
def test_utf8_comes_back_as_it_was(text):
    assert decode(text.encode()) == text.removeprefix("\ufeff")
