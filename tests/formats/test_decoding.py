import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.decoding import clean, decode, looks_binary

FRENCH = "Café au lait, garçon ? Où êtes-vous né, à l'été ou à Noël ? Ça va très bien.\n"
RUSSIAN = "Привет, как дела? Это русский текст о погоде в Москве и о море.\n"
JAPANESE = "これは日本語の文章です。東京の天気は晴れです。\n"
LIGHTHOUSE = "港の灯台は夜に光ります。船は安全に帰ります。\n"
KOREAN = "항구의 등대는 밤에 빛난다 ㅋㅋㅋ ㅎㅎ. 배는 안전하게 돌아온다.\n"
CHINESE = "港口的灯塔在夜里发光，船只安全返回。\n"
POLISH = "Zażółć gęślą jaźń. Łódź jest miastem nad wodą.\n"
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
        (LIGHTHOUSE, "euc_jp"),
        (LIGHTHOUSE, "shift_jis"),
        (KOREAN, "euc_kr"),
        (CHINESE, "gb18030"),
        (POLISH, "iso8859-2"),
        (POLISH, "cp1250"),
    ],
)
@pytest.mark.parametrize("times", [1, 30])
def test_decodes_what_common_editors_write(text, encoding, times):
    assert decode((text * times).encode(encoding)) == text * times


WINDOWS_JAPANESE = "本日の会議では、①売上目標と②計画を見直します。髙橋さんと﨑山さんが担当です。\n"
UNIX_JAPANESE = "本日の会議では、①売上目標と②計画を見直します。鈴木さんが担当です。\n"
WINDOWS_KOREAN = "오늘 회의에서는 다음 분기 계획을 논의했습니다. 똠방각하는 찦차를 타고 왔습니다.\n"
HONG_KONG = "今天的會議討論了下個季度的計劃，嘅、咗、喺、嚟、冇都可以寫。\n"
MINUTES = {
    "cp932": "本日の会議では、次の四半期の計画について話し合いました。\n",
    "euc_jp": "本日の会議では、次の四半期の計画について話し合いました。\n",
    "gb18030": "今天的会议讨论了下个季度的计划。第一，重新制定销售目标。\n",
    "big5": "今天的會議討論了下個季度的計劃。第一，重新制定銷售目標。\n",
    "cp949": "오늘 회의에서는 다음 분기 계획을 논의했습니다. 매출 목표를 다시 세웁니다.\n",
}


@pytest.mark.parametrize("times", [1, 30])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (WINDOWS_JAPANESE, "cp932"),
        (UNIX_JAPANESE, "euc_jis_2004"),
        (WINDOWS_KOREAN, "cp949"),
        (HONG_KONG, "big5hkscs"),
        ("氏名,住所\n佐藤太郎,東京都\nデータ,サーバー\n", "cp932"),
        ("姓名,地址,电话\n张伟,北京市,010-1234\n李娜,上海市,021-1234\n", "gb18030"),
        ("이름,주소,전화\n김철수,서울시,02-1234\n", "cp949"),
    ],
)
def test_what_windows_and_others_added_to_east_asian_encodings_is_read(text, encoding, times):
    assert decode((text * times).encode(encoding)) == text * times


@pytest.mark.parametrize("encoding", MINUTES)
@pytest.mark.parametrize("times", [1, 30])
def test_a_broken_byte_in_an_east_asian_text_costs_no_other_line(encoding, times):
    """As where a log was cut off within a character, or something else was written into it."""
    text = MINUTES[encoding] * times
    data = text.encode(encoding)
    assert decode(data + b"# \xff\xff end\n" + data).splitlines()[0] == text.splitlines()[0]
    assert decode(data + b"# \xff\xff end\n" + data).splitlines()[-1] == text.splitlines()[-1]
    assert decode(data + data[:1]).startswith(text)


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


@pytest.mark.parametrize("place", [100, 5000])
def test_a_few_nuls_make_no_text_binary(place):
    text = "a line of words\n" * 500
    nuls = b"\0\0\0\0"
    data = text.encode()
    assert not looks_binary(data[:place] + nuls + data[place:])
    assert looks_binary(data[:place] + nuls + b"\xff\xfe\xff" + data[place:])
    assert looks_binary(data[:place] + nuls + b"\0" + data[place:])
    assert decode(data + nuls).startswith(text)


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


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])))
def test_utf8_comes_back_clean(text):
    assert decode(b"\xef\xbb\xbf" + text.replace("\0", "").encode()) == clean(
        text.replace("\0", "")
    )


PROSE = "The quick brown fox, 17 times.\nIt jumps over the lazy dog again and again.\n"


@pytest.mark.parametrize("text", [PROSE, FRENCH, RUSSIAN, JAPANESE, GREEK])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("times", [1, 500])
def test_utf16_and_utf32_need_no_mark(text, encoding, times):
    assert decode((text * times).encode(encoding)) == text * times


POLISH = "Zażółć gęślą jaźń\n"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("<?xml version='1.0' encoding='ISO-8859-2'?>\n", "iso8859_2"),
        ("#!/usr/bin/python\n# -*- coding: iso-8859-2 -*-\n", "iso8859_2"),
        ("# vim: set fileencoding=latin2 :\n", "iso8859_2"),
        ('<html><head><meta charset="iso-8859-2">\n', "iso8859_2"),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2">\n',
            "iso8859_2",
        ),
        ('@charset "windows-1250";\n', "cp1250"),
        ('"Content-Type: text/plain; charset=ISO-8859-2\\n"\n', "iso8859_2"),
        ("\\usepackage[latin2]{inputenc}\n", "iso8859_2"),
        ("<?xml version='1.0' encoding='UTF-16'?>\n", "utf-16-le"),
    ],
)
def test_what_a_file_declares_is_taken(head, encoding):
    assert decode((head + POLISH).encode(encoding)) == head + POLISH


@pytest.mark.parametrize("encoding", ["iso2022_jp", "iso2022_kr", "hz"])
def test_encodings_of_seven_bits_are_not_taken_for_utf8(encoding):
    text = f"# -*- coding: {encoding} -*-\n{'한국어' if 'kr' in encoding else '中文'}\n"
    assert decode(text.encode(encoding)) == text


def test_iso_2022_jp_needs_no_declaration():
    assert decode(JAPANESE.encode("iso2022_jp")) == JAPANESE


def test_latin_1_is_read_as_browsers_do():
    declared = b"<?xml version='1.0' encoding='ISO-8859-1'?>\n"
    assert decode(declared + b"\x93quoted\x94 caf\xe9") == declared.decode() + "“quoted” café"


@pytest.mark.parametrize("hole", [b"\0", b"\0" * 4096, b"\0" * 100_000])
def test_a_log_with_a_hole_in_front_is_read(hole):
    assert decode(hole + b"one line\nanother\n" * 40) == "one line\nanother\n" * 40


def test_a_hole_within_a_log():
    assert decode(b"one\n" + b"\0" * 4096 + b"two\n") == "one\ntwo\n"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Donau\xaddampf\xadschiff", "Donaudampfschiff"),
        ("Donau\xad\n  dampfschiff legt ab\n", "Donaudampfschiff\nlegt ab\n"),
        ("ein Donau\xad\n  dampfschiff\nlegt ab\n", "ein \n  Donaudampfschiff\nlegt ab\n"),
        ("micro\u200bcontroller", "microcontroller"),
        ("inter\u2060connection", "interconnection"),
        ("inter\ufeffconnection", "interconnection"),
        ("pass\u200dword pass\u200cword", "password password"),
        ("\u202eabc\u202c \u2066x\u2069", "abc x"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d🚀 ❤️", "👩\u200d🚀 ❤️"),
        ("oﬃce", "office"),
        ("cafe\u0301", "café"),
        ("ＥＲＲＯＲ ²", "ＥＲＲＯＲ ²"),
        ("it\x92s", "it’s"),
        ("a\x01b\x1fc", "a b c"),
        ("\x1b[31mERROR\x1b[0m \x1b]0;title\x07disk", "ERROR disk"),
        ("N\bNA\bAM\bME _\bx", "NAME x"),
        ("a\tb\x0cc\x0bd", "a\tb\x0cc\x0bd"),
    ],
)
def test_clean(written, read):
    assert clean(written) == read


@given(st.text("aé\xad\u200b\u200c\u200d\u0301ﬃ\0\x1b[m\b\x92\ud800\udc00\n 日ﬁ�", max_size=30))
def test_cleaning_twice_is_cleaning_once_and_keeps_the_lines(text):
    once = clean(text)
    assert once.count("\n") == text.count("\n")
    assert clean(once) == once
    once.encode()


@pytest.mark.parametrize("encoding", ["cp1252", "cp850"])
def test_lines_in_another_encoding_cost_no_other_line(encoding):
    """As in a log that programs of several machines write."""
    german, other = "Grüße aus Köln\nund Düren\n", "Schöne Füße, böse Häuser"
    assert decode((german * 2).encode() + other.encode(encoding)) == german * 2 + other
