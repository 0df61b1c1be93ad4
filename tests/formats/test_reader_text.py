"""Texts that are not shown as they are written: subtitles."""

import pytest

from reader_samples import read_one


@pytest.mark.parametrize(
    ("name", "line", "shown"),
    [
        ("a.vtt", "<v Ada>Hel<c.red>lo</c> there</v>", "Ada: Hello there"),
        ("a.vtt", "<v.loud Ada Byron>Look <00:19.500>out", "Ada Byron: Look out"),
        ("a.vtt", "fish &amp; <lang de>Br<b>ö</b>tchen</lang>", "fish & Brötchen"),
        ("a.srt", '<i>Hel</i>lo <font color="#fff">there</font>', "Hello there"),
        ("a.srt", r"{\an8}Hello", "Hello"),
        ("a.srt", "a < b > c, {not one}", "a < b > c, {not one}"),
        ("a.txt", "<i>Hello</i>", "<i>Hello</i>"),
    ],
)
def test_what_is_said_and_not_how_it_is_drawn(tmp_path, name, line, shown):
    path = tmp_path / name
    cue = "1\n00:00:01.000 --> 00:00:02.000\n"
    path.write_text(f"{cue}{line}\n", encoding="utf-8")
    assert read_one(path).text == f"{cue}{shown}\n"


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        ("STYLE\n::cue {\n  color: red\n}\n", "\n\n\n\n"),
        ("REGION\nid:fred\nlines:3\n", "\n\n\n"),
        ("STYLE  \n::cue(b) { color: red }\n", "\n\n"),
        ("NOTE a remark\n", "NOTE a remark\n"),
        ("STYLE\n00:03.000 --> 00:04.000\nspoken\n", "\n00:03.000 --> 00:04.000\nspoken\n"),
        ("STYLED\nspoken\n", "STYLED\nspoken\n"),
    ],
)
def test_how_subtitles_are_drawn_is_left_out_and_lines_stay(tmp_path, block, shown):
    path = tmp_path / "a.vtt"
    cue = "00:01.000 --> 00:02.000\nHello\n"
    path.write_text(f"WEBVTT\n\n{block}\n{cue}")
    assert read_one(path).text == f"WEBVTT\n\n{shown}\n{cue}"


def test_styles_are_words_in_other_subtitles(tmp_path):
    path = tmp_path / "a.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nSTYLE\nis all\n")
    assert "STYLE\nis all" in read_one(path).text
