"""A passage of a page is cited by the line of the file where its words stand."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bienc_cli.formats.html_source import marked
from bienc_cli.types import Document
from endurance import times
from reader_samples import read_one

PIECES = st.sampled_from(
    [
        "<p>{word}</p>",
        "<p>\n{word}</p>",
        "<p>{word}\n{word}</p>",
        "<p>{word} <b>\n{word}</b></p>",
        "<div>{word}",
        "<ul><li>{word}<li>\n{word}</ul>",
        "<ol>\n<li>\n<p>{word}</p></ol>",
        "<table><tr><td>{word}<td>{word}\n<tr><td></td><td>\n{word}</td></table>",
        "<h2>{word}</h2>",
        "<h3>\n<button>{word}</button>\n</h3>",
        "<pre>\n{word}\n   {word}\n\n{word}</pre>",
        "<dl><dt>{word}\n<dd>{word}</dl>",
        "<p hidden>hidden\n\n</p>",
        "<!-- {word}\n > -->",
        "<script>\nvar a = '<p>{word}';\n</script>",
        "<style>\n{word} > p {{}}\n</style>",
        "<img src=a\n alt='{word}'>",
        '<p title="a > b\n<p>">{word}</p>',
        "<a href='x'\n>{word}</a>",
        "&eacute;{word}&nbsp;\n&#10;{word}",
        "<br>\n{word}<br>{word}",
        "<textarea>\n</p>{word}\n{word}</textarea>",
        "<input\nvalue='{word}'>",
        "<iframe srcdoc='<p>{word}\n{word}'></iframe>\n{word}",
        "5 < 6 \n{word}",
        "<svg>\n<title>\n</title><text>{word}</text></svg>",
        "<template>\n<p>{word}</p></template>",
        "<p>" + "long " * 3000 + "{word}</p>",
        "\n\n",
    ]
)


def cited(document: Document, word: str) -> int:
    numbering = document.numbering
    assert numbering is not None
    assert numbering.unit == "line"
    assert not numbering.follows_lines
    offset = document.text.index(word)
    return [anchor for anchor in numbering.anchors if anchor.start <= offset][-1].number


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_words_stand_on_their_lines(tmp_path, line_break, encoding):
    path = tmp_path / "a.html"

    @settings(
        max_examples=times(60, 1000),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(PIECES, min_size=1, max_size=12))
    def run(pieces):
        count = 0

        def word(_):
            nonlocal count
            count += 1
            return f"word{count}x"

        source = re.sub(
            r"\{word\}", word, "<!doctype html>\n<title>\nT</title>\n" + "\n".join(pieces)
        )
        source += "\n<p>the last one</p>\n"
        path.write_bytes(source.replace("\n", line_break).encode(encoding))
        document = read_one(path)
        for found in re.finditer(r"word\d+x", document.text):
            line = source.count("\n", 0, source.index(found.group())) + 1
            assert cited(document, found.group()) == line, found.group()

    run()


def test_lines_beyond_what_parsers_count_to(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("<p>one</p>" + "\n" * 200_000 + "<p>two\n<b>three</b>")
    document = read_one(path)
    assert [cited(document, word) for word in ("one", "two", "three")] == [1, 200_001, 200_002]


def test_a_bullet_stands_where_its_item_does(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("<ul>\n<li>one\n<li>two</ul>\n<table><tr><td></td>\n<td>three</table>")
    document = read_one(path)
    assert document.text.strip() == "- one\n- two\n\n| three"
    assert [cited(document, sign) for sign in ("- one", "- two", "| three")] == [2, 3, 5]


def test_pictures_of_icon_fonts_are_no_numbers(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("<p>\U000f0009a</p>\n<p>&#xF0999;b &#984000;c &#xF00000; &#98400;</p>\n<p>d")
    document = read_one(path)
    assert [cited(document, word) for word in ("a", "b", "c", "d")] == [1, 2, 2, 3]
    assert "\U000f0999" not in document.text


@pytest.mark.parametrize(
    "space", ["\v", "\xa0", "&nbsp;", "&#11;", "<b>\v</b>", "\u2028<i>\u3000</i>"]
)
def test_no_block_is_of_spaces_alone(tmp_path, space):
    page = tmp_path / "a.html"
    page.write_text(f"<p>pear</p>{space}<p>{space}</p><div>{space}<b>{space}</b></div><p>plum</p>")
    document = read_one(page)
    assert [document.text[one.start : one.end] for one in document.blocks] == ["pear", "plum"]


@settings(deadline=None)
@given(st.text("<>/!-=\"' \nabp&#x;F0\t", max_size=200))
def test_marks_change_nothing_else(source):
    assert re.sub("[\U000f0000-\U0010ffff]", "", marked(source)).count("\n") == source.count("\n")


@pytest.mark.parametrize(
    "source",
    [
        "<a" * 50_000,
        '<a x="' * 30_000,
        "<!--" * 50_000,
        "<" * 200_000,
        "<script>" * 20_000,
        "<a x='" * 20_000 + ">" * 20_000,
        "<title>" * 20_000 + "</titl",
    ],
)
def test_hostile_sources_take_time_in_proportion(source):
    # A square of it would take minutes.
    assert len(marked(source)) >= len(source)
