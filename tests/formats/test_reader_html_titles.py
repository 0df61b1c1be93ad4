"""What a page is called, and the lists of its own headings, which are no text of it."""

import pytest

from reader_samples import outline, read_one


def read(tmp_path, source):
    path = tmp_path / "a.html"
    path.write_text(source)
    return read_one(path)


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("<title>Own</title><h1>First</h1><p>words", "Own"),
        ("<h1>First <b>one</b></h1><p>words", "First one"),
        ("<title> </title><h1>First</h1><p>words", "First"),
        ("<h1>First <svg aria-label=permalink></svg></h1><p>words", "First"),
        ("<title>Untitled Document</title><h1>First</h1><p>words", "First"),
        ("<title>Microsoft Word - a.doc</title><h1>First</h1><p>words", "First"),
        (
            "<p class='c2 title' id='h.x1'><span>The plan</span></p><h1>First</h1><p>words",
            "The plan",
        ),
        ("<p class=MsoTitle>The <b>plan</b><o:p></o:p></p><h1>First</h1><p>words", "The plan"),
        ("<h2>Second</h2><h1>First</h1><p>words", None),
        ("<p class=title>Example 1. A call</p><p>words", None),
        ("<p>words", None),
    ],
)
def test_title(tmp_path, source, title):
    assert read(tmp_path, source).title == title


LINKS = "<ul><li><a href='#one'><span>1</span> Eins</a></li><li><a href='#two'>Zwei</a></li></ul>"
BODY = "<h2 id=one>One</h2><p>Words.</p><h2 id=two>Two</h2><p>More.</p>"


@pytest.mark.parametrize(
    "contents",
    [
        f"<div id=toc class=toc><h2>Contents</h2>[<a href='#'>hide</a>]{LINKS}</div>",
        f"<div class='toc-macro rbtoc1'>{LINKS}</div>",
        f"<div class='table-of-contents'><p>Table of contents</p>{LINKS}</div>",
        f"<div id=TOC>{LINKS}</div>",
        f"<div class='contents topic'><p class='topic-title'>Contents</p>{LINKS}</div>",
    ],
)
def test_lists_of_the_pages_own_headings_are_left_out(tmp_path, contents):
    document = read(tmp_path, f"<title>T</title>{contents}{BODY}")
    assert "Eins" not in document.text
    assert outline(document) == [(2, "One"), (2, "Two")]


@pytest.mark.parametrize(
    "contents",
    [
        "<div class=toc><ul><li><a href='other.html'>Eins</a></li></ul></div>",
        f"<div class=toc>{LINKS}<p>This chapter says what nobody else does.</p></div>",
        "<div class=toc><p>Eins</p></div>",
        f"<div class=stock>{LINKS}</div>",
    ],
)
def test_what_says_more_is_read(tmp_path, contents):
    assert "Eins" in read(tmp_path, f"<title>T</title>{contents}{BODY}").text


def test_who_made_the_page_is_left_out_wherever_it_stands(tmp_path):
    end = "<div id=page><div role=contentinfo><p>Made by <a href=x>Wiki</a></p></div></div>"
    assert "Made by" not in read(tmp_path, f"{BODY}{end}").text
