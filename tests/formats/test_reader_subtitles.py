"""Subtitles: what is said, as running text that is cited by its lines."""

import pytest

from bienc_cli.chunking.places import Places
from reader_samples import read_one

SUBRIP = """\
1
00:00:01,000 --> 00:00:02,500
The winch has to be
greased every

2
00:00:02,600 --> 00:00:04,000
second Tuesday.

3
00:00:09,000 --> 00:00:11,000 X1:40 X2:600
2019
was the last time.
"""

ROLLED_UP = """\
WEBVTT
Kind: captions

00:01.000 --> 00:03.000 align:start
 \nhello and<00:01.500><c> welcome</c>

00:03.000 --> 00:03.010
hello and welcome
 \n
00:03.010 --> 00:05.000
hello and welcome
to<c> the show</c>
"""


def read(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return read_one(path)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_what_is_said_is_running_text_in_its_lines(tmp_path, line_end):
    document = read(tmp_path, "talk.srt", SUBRIP.replace("\n", line_end))
    assert document.text.split("\n")[:-1] == [
        "The winch has to be",
        "greased every",
        "second Tuesday.",
        "2019",
        "was the last time.",
    ]
    places = Places(document)
    lines = {"winch": 3, "greased": 4, "Tuesday": 8, "2019": 12, "last": 13}
    starts = {word: document.text.index(word) for word in lines}
    assert {word: places.of(at, at + 1, ()).first for word, at in starts.items()} == lines


def test_captions_that_roll_up_say_each_line_once(tmp_path):
    said = read(tmp_path, "a.vtt", ROLLED_UP).text.split("\n")[:-1]
    assert said == ["Kind: captions", "hello and welcome", "to the show"]


@pytest.mark.parametrize(
    ("name", "line", "shown"),
    [
        ("a.vtt", "<v Ada>Hel<c.red>lo</c> there</v>", "Ada: Hello there"),
        ("a.vtt", "<v.loud Ada Byron>Look <00:19.500>out", "Ada Byron: Look out"),
        ("a.vtt", "fish &amp; <lang de>Br<b>ö</b>tchen</lang>", "fish & Brötchen"),
        ("a.srt", '<i>Hel</i>lo <font color="#fff">there</font>', "Hello there"),
        ("a.srt", r"{\an8}Hello", "Hello"),
        ("a.srt", "a < b > c, {not one}", "a < b > c, {not one}"),
        ("a.srt", "12", "12"),
        ("a.srt", "STYLE\nis all", "STYLE\nis all"),
        ("a.srt", "it says --> here", "it says --> here"),
    ],
)
def test_what_is_said_and_not_how_it_is_drawn(tmp_path, name, line, shown):
    document = read(tmp_path, name, f"1\n00:00:01.000 --> 00:00:02.000\n{line}\n")
    assert document.text == f"{shown}\n"


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        ("STYLE\n::cue {\n  color: red\n}\n", ""),
        ("REGION\nid:fred\nlines:3\n", ""),
        ("STYLE  \n::cue(b) { color: red }\n", ""),
        ("NOTE a remark\n", "NOTE a remark\n"),
        ("STYLE\n00:03.000 --> 00:04.000\nspoken\n", "spoken\n"),
        ("STYLED\nspoken\n", "STYLED\nspoken\n"),
        ("On the quay\n00:03.000 --> 00:04.000\nspoken\n", "On the quay\nspoken\n"),
    ],
)
def test_how_subtitles_are_drawn_is_left_out_and_lines_stay(tmp_path, block, shown):
    cue = "00:01.000 --> 00:02.000\nHello\n"
    document = read(tmp_path, "a.vtt", f"WEBVTT - Harbour\n\n{block}\n{cue}")
    assert document.text == f"Harbour\n{shown}Hello\n"
    at = document.text.index("Hello")
    assert Places(document).of(at, at + 5, ()).first == 5 + block.count("\n")


def test_texts_of_other_names_are_as_they_are_written(tmp_path):
    assert read(tmp_path, "a.txt", SUBRIP).text == SUBRIP
