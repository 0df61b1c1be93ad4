"""Files of office programs, mail and notebooks, opened at a place by other means."""

from __future__ import annotations

import datetime
import io
import json
import zipfile
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from bienc_cli.types import Place
from place_rows import Row, sentences, words

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
ODF = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
PLACES = ("Set up", "Use", "Set up of 2")
"""Titles of headings, sheets and so on."""


def under(path: Path, place: Place, lines: Sequence[tuple[bool, str]]) -> list[str]:
    """What stands between a heading and the next one, of (is a heading, text)."""
    starts = [n for n, (is_heading, _) in enumerate(lines) if is_heading] + [len(lines)]
    for start, end in pairwise(starts):
        if lines[start][1] == place.name:
            return words(" ".join(text for _, text in lines[start:end]))
    raise AssertionError(f"{path} has no heading {place.name!r}")


def xml_of(path: Path, part: str) -> ElementTree.Element:
    with zipfile.ZipFile(path) as archive:
        return ElementTree.fromstring(archive.read(part))


def text_of(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


# ------------------------------------------------------------------- texts


def docx_bytes() -> bytes:
    from docx import Document

    made = Document()
    for level, title in enumerate(PLACES, 1):
        made.add_heading(title, level)
        made.add_paragraph(sentences(9, title[:3]))
        made.add_paragraph(sentences(9, f"list{level}"), style="List Bullet")
    return saved(made)


def in_docx(path: Path, place: Place) -> list[str]:
    lines = [
        ("Heading" in str(ElementTree.tostring(one)), text_of(one))
        for one in xml_of(path, "word/document.xml").iter(f"{W}p")
    ]
    return under(path, place, lines)


def odt_bytes() -> bytes:
    from odf import opendocument, text

    made = opendocument.OpenDocumentText()
    for level, title in enumerate(PLACES, 1):
        made.text.addElement(text.H(outlinelevel=level, text=title))
        made.text.addElement(text.P(text=sentences(9, title[:3])))
        made.text.addElement(text.P(text=sentences(9, f"more{level}")))
    return saved(made)


def in_odt(path: Path, place: Place) -> list[str]:
    namespace = ODF % "text"
    lines = [
        (one.tag == f"{namespace}h", text_of(one))
        for one in xml_of(path, "content.xml").iter()
        if one.tag in (f"{namespace}h", f"{namespace}p")
    ]
    return under(path, place, lines)


def epub_bytes() -> bytes:
    from ebooklib import epub

    book = epub.EpubBook()
    book.set_identifier("x")
    book.set_title("Pears")
    chapters = []
    for number, title in enumerate(PLACES):
        chapter = epub.EpubHtml(title=title, file_name=f"{number}.xhtml")
        body = (
            f"<h1>{title}</h1><p>{sentences(9, title[:3])}</p><p>{sentences(9, f'm{number}m')}</p>"
        )
        chapter.content = f"<html><body>{body}</body></html>"
        book.add_item(chapter)
        chapters.append(chapter)
    book.toc = tuple(chapters)
    book.add_item(epub.EpubNcx())
    book.add_item(epub.EpubNav())
    book.spine = ["nav", *chapters]
    buffer = io.BytesIO()
    epub.write_epub(buffer, book)
    return buffer.getvalue()


def in_epub(path: Path, place: Place) -> list[str]:
    number = PLACES.index(place.name)
    chapter = text_of(xml_of(path, f"EPUB/{number}.xhtml"))
    assert place.name in chapter
    return words(chapter)


def rtf_bytes() -> bytes:
    styles = r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}}"
    body = "".join(
        rf"\pard\s1 {title}\par\pard\s0 {sentences(9, title[:3])}\par {sentences(9, f'm{n}m')}\par "
        for n, title in enumerate(PLACES)
    )
    return rf"{{\rtf1\ansi{styles}{body}}}".encode()


def in_rtf(path: Path, place: Place) -> list[str]:
    parts = [
        (
            part.startswith("s1 "),
            part[3:].replace("\\par ", "\n").replace("\\par", "\n").strip(" }\n"),
        )
        for part in path.read_text().split("\\pard\\")[1:]
    ]
    return under(path, place, parts)


# ----------------------------------------------------------- slides, sheets


def pptx_bytes() -> bytes:
    from pptx import Presentation

    show = Presentation()
    for title in PLACES:
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = sentences(9, title[:3])
        show.slides.add_slide(show.slide_layouts[6])
    return saved(show)


def in_pptx(path: Path, place: Place) -> list[str]:
    assert place.first == place.last
    # Written in order by the library, so that the part's number is the slide's.
    slide = xml_of(path, f"ppt/slides/slide{place.first}.xml")
    return words(" ".join(text for text in slide.itertext()))


def odp_bytes() -> bytes:
    from odf import draw, opendocument, style, text

    show = opendocument.OpenDocumentPresentation()
    layout = style.PageLayout(name="l")
    show.automaticstyles.addElement(layout)
    show.masterstyles.addElement(style.MasterPage(name="m", pagelayoutname=layout))
    for title in PLACES:
        page = draw.Page(name=title, masterpagename="m")
        frame = draw.Frame()
        box = draw.TextBox()
        for line in (title, sentences(9, title[:3])):
            box.addElement(text.P(text=line))
        frame.addElement(box)
        page.addElement(frame)
        show.presentation.addElement(page)
    return saved(show)


def in_odp(path: Path, place: Place) -> list[str]:
    assert place.first == place.last
    pages = list(xml_of(path, "content.xml").iter(f"{ODF % 'drawing'}page"))
    return words(" ".join(pages[place.first - 1].itertext()))


def rows_of(subject: str) -> list[list[str]]:
    rows = [["Name", "Notes"]]
    rows += [[f"{subject}{n}", sentences(3, f"{subject}{n}x")] for n in range(8)]
    return [*rows[:4], [], [], *rows[4:]]


def xlsx_bytes() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for title in PLACES:
        sheet = book.create_sheet(title)
        for number, row in enumerate(rows_of(title[:3]), 1):
            for column, value in enumerate(row, 1):
                sheet.cell(number, column, value)
        sheet["D20"] = datetime.date(2024, 5, 1)
    return saved(book)


def in_xlsx(path: Path, place: Place) -> list[str]:
    from openpyxl import load_workbook

    rows = load_workbook(path)[place.name].iter_rows(place.first, place.last, values_only=True)
    values = [str(value) for row in rows for value in row if value is not None]
    return words(" ".join([place.name, *values]))


def ods_bytes() -> bytes:
    from odf import opendocument, table, text

    book = opendocument.OpenDocumentSpreadsheet()
    for title in PLACES:
        sheet = table.Table(name=title)
        for values in rows_of(title[:3]):
            row = table.TableRow()
            for value in values:
                cell = table.TableCell(valuetype="string")
                cell.addElement(text.P(text=value))
                row.addElement(cell)
            sheet.addElement(row)
        book.spreadsheet.addElement(sheet)
    return saved(book)


def in_ods(path: Path, place: Place) -> list[str]:
    namespace = ODF % "table"
    tables = {
        one.get(f"{namespace}name"): one
        for one in xml_of(path, "content.xml").iter(f"{namespace}table")
    }
    rows = list(tables[place.name].iter(f"{namespace}table-row"))[place.first - 1 : place.last]
    cells = [cell for row in rows for cell in row]
    return words(" ".join([place.name, *map(text_of, cells)]))


# ---------------------------------------------------------- mail, notebooks


def message(subject: str) -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"] = subject, "ada@example.org"
    made.set_content("\n\n".join(sentences(3, f"{subject[-3:].strip()}{n}x") for n in range(5)))
    return made


def in_mail(path: Path, place: Place) -> list[str]:
    sent = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert sent["Subject"] == place.name
    return seen_in(sent)


def seen_in(sent: EmailMessage) -> list[str]:
    return words(f"{sent['Subject']} From: {sent['From']} {sent.get_content()}")


def mbox_bytes() -> bytes:
    return b"\n".join(
        b"From ada@example.org Mon Jun  3 10:00:00 2024\n" + message(title).as_bytes()
        for title in PLACES
    )


def in_mbox(path: Path, place: Place) -> list[str]:
    assert place.first == place.last
    lines = path.read_bytes().split(b"\n")[place.first - 1 :]
    assert lines[0].startswith(b"From ")
    return seen_in(message_from_bytes(b"\n".join(lines[1:]), policy=policy.default))


def notebook_bytes() -> bytes:
    cells: list[dict[str, object]] = []
    for title in PLACES:
        cells.append(
            {"cell_type": "markdown", "source": [f"# {title}\n", "\n", sentences(6, title[:3])]}
        )
        output = {
            "output_type": "stream",
            "name": "stdout",
            "text": sentences(3, f"out{title[:3]}"),
        }
        source = f"pear = 1  # {sentences(6, f'code{title[:3]}')}"
        cells.append({"cell_type": "code", "source": source, "outputs": [output]})
        cells.append({"cell_type": "code", "source": "", "outputs": []})
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode()


def in_notebook(path: Path, place: Place) -> list[str]:
    cells = json.loads(path.read_bytes())["cells"][place.first - 1 : place.last]
    outputs = [out["text"] for cell in cells for out in cell.get("outputs", ())]
    return words(" ".join(["".join(cell["source"]) for cell in cells] + outputs))


def saved(made: Any) -> bytes:
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


HEADING, SLIDE, SHEET = frozenset({"heading"}), frozenset({"slide"}), frozenset({"row"})

OFFICE_ROWS = [
    Row("docx", docx_bytes(), in_docx, HEADING),
    Row("odt", odt_bytes(), in_odt, HEADING),
    Row("epub", epub_bytes(), in_epub, HEADING),
    Row("rtf", rtf_bytes(), in_rtf, HEADING),
    Row("pptx", pptx_bytes(), in_pptx, SLIDE),
    Row("odp", odp_bytes(), in_odp, SLIDE),
    Row("xlsx", xlsx_bytes(), in_xlsx, SHEET),
    Row("ods", ods_bytes(), in_ods, SHEET),
    Row("mail", message("About pears").as_bytes(), in_mail, HEADING),
    Row("mbox", mbox_bytes(), in_mbox),
    Row("notebook", notebook_bytes(), in_notebook, frozenset({"cell"})),
]
