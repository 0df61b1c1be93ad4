"""Books that say by the look of their paragraphs what is a heading."""

from __future__ import annotations

import io
from pathlib import Path

from ebooklib import epub

from bienc_cli.types import Document
from reader_samples import outline, read_one

STYLES = """
.para1 { text-align: start; }
.span0 { font-size: 26.0000pt; }
.span1 { font-family: 'Calibri'; font-size: 14.0000pt; font-weight: bold; }
.span2 { }
.span3 { font-size: 13.0000pt; font-weight: bold; }
.span4 { color: #4f81bd; font-weight: bold; }
"""
LONG = "What the keepers of the harbour wrote about granite and mortar over the years. "


def paragraph(style: int, text: str) -> str:
    return f'<p class="para1"><span class="span{style}">{text}</span></p>'


def book(tmp_path: Path, *chapters: str, title: str = "Walls", label: str = "Section") -> Document:
    made = epub.EpubBook()
    made.set_title(title)
    made.add_metadata(None, "meta", "", {"name": "generator", "content": "libepubgen/0.1.1"})
    sheet = epub.EpubItem(file_name="s.css", media_type="text/css", content=STYLES.encode())
    made.add_item(sheet)
    pages = []
    for number, body in enumerate(chapters, 1):
        name = label if label != "Section" else f"Section {number}"
        page = epub.EpubHtml(title=name, file_name=f"{number}.xhtml")
        page.content = f"<html><body>{body}</body></html>"
        made.add_item(page)
        pages.append(page)
    made.toc, made.spine = tuple(pages), pages
    made.add_item(epub.EpubNcx())
    buffer = io.BytesIO()
    epub.write_epub(buffer, made)
    path = tmp_path / "a.epub"
    path.write_bytes(buffer.getvalue())
    return read_one(path)


def test_headings_are_larger_or_bolder(tmp_path: Path) -> None:
    first = paragraph(1, "Walls") + paragraph(2, LONG) + paragraph(2, LONG)
    section = paragraph(3, "Brick") + paragraph(2, LONG * 2) + paragraph(2, LONG)
    detail = paragraph(4, "Mortar") + paragraph(2, LONG) + paragraph(2, LONG)
    cell = f"<table><tr><td>{paragraph(4, 'Total')}</td></tr></table>"
    document = book(tmp_path, paragraph(0, "The Book"), first + section + detail + cell)
    wanted = [(1, "The Book"), (2, "Walls"), (3, "Brick"), (4, "Mortar")]
    assert outline(document) == wanted
    assert document.text.count("Walls") == 1
    assert "Total" in document.text


def test_bold_paragraphs_are_no_headings_if_they_are_long_or_many(tmp_path: Path) -> None:
    long = book(tmp_path, paragraph(2, LONG * 9), paragraph(4, LONG * 4))
    assert outline(long) == []
    many = book(tmp_path, paragraph(2, LONG * 9) + paragraph(4, "yes") + paragraph(4, "no"))
    assert outline(many) == []


def test_marked_headings_are_all(tmp_path: Path) -> None:
    document = book(tmp_path, f"<h2>Walls</h2>{paragraph(4, 'Note')}{paragraph(2, LONG)}")
    assert outline(document) == [(2, "Walls")]


def test_the_table_of_contents_is_believed_first(tmp_path: Path) -> None:
    body = paragraph(4, "Note") + paragraph(2, LONG) + paragraph(2, LONG)
    assert outline(book(tmp_path, body, label="Granite")) == [(1, "Granite")]


def test_names_that_a_program_gives_are_none(tmp_path: Path) -> None:
    document = book(tmp_path, paragraph(2, LONG), title="Unknown Title")
    assert (document.title, document.headings) == (None, ())
    assert "Section" not in document.text
