"""Links as browsers and read-it-later services export them."""

from __future__ import annotations

from bienc_cli.chunking.outline import Outline
from bienc_cli.types import Document
from reader_samples import read_one

EXPORT = """<!DOCTYPE NETSCAPE-Bookmark-file-1>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8">
<TITLE>Bookmarks</TITLE>
<H1>Bookmarks</H1>
<DL><p>
    <DT><H3 ADD_DATE="1">Sailing</H3>
    <DL><p>
        <DT><A HREF="https://x.org/bowline" ADD_DATE="1" TAGS="knots,rope">Bowline</A>
        <DD>the rabbit comes out
        <DT><H3>Weather</H3>
        <DL><p>
            <DT><A HREF="https://x.org/gales?from=mail" ADD_DATE="1">Gales</A>
        </DL><p>
        <DT><A HREF="http://x.org/dues" ADD_DATE="1">Harbour dues</A>
    </DL><p>
    <DT><H3>Cooking</H3>
    <DL><p>
        <DT><A HREF="javascript:void(0)" ADD_DATE="1">Grill</A>
    </DL><p>
    <DT><A HREF="https://x.org/news?LONG" ADD_DATE="1">News</A>
</DL><p>
""".replace("LONG", "x" * 200)


def read(tmp_path, content: str) -> Document:
    path = tmp_path / "a.html"
    path.write_text(content)
    return read_one(path)


def test_a_folder_ends_where_its_list_ends(tmp_path):
    document = read(tmp_path, EXPORT)
    outline = Outline(document.headings)
    assert {
        word: outline.trail(document.text.index(word))
        for word in ("Bowline", "Gales", "dues", "Grill", "News")
    } == {
        "Bowline": ("Bookmarks", "Sailing"),
        "Gales": ("Bookmarks", "Sailing", "Weather"),
        "dues": ("Bookmarks", "Sailing"),
        "Grill": ("Bookmarks", "Cooking"),
        "News": ("Bookmarks",),
    }


def test_where_a_bookmark_leads_is_read(tmp_path):
    lines = read(tmp_path, EXPORT).text.split("\n")
    assert "Bowline https://x.org/bowline (knots, rope)" in lines
    assert "Gales https://x.org/gales?from=mail" in lines
    assert "Grill" in lines
    assert "News https://x.org/news" in lines


def test_a_list_to_read_later(tmp_path):
    page = '<h1>Unread</h1><ul><li><a href="https://x.org/a" time_added="1" tags="">Tides</a></ul>'
    assert "- Tides https://x.org/a" in read(tmp_path, page).text


def test_links_of_other_pages_are_their_words(tmp_path):
    page = (
        '<h1>Home</h1><p>See <a href="https://x.org/a">the tides</a>.'
        "<dl><dt><h2>Ebb</h2><dd>falls</dl>"
    )
    document = read(tmp_path, page)
    assert "See the tides." in document.text
    assert Outline(document.headings).trail(document.text.index("falls")) == ("Home", "Ebb")
