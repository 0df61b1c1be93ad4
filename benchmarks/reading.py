"""How fast files of each format are read: megabytes a CPU second, of the file and of its text.

    python benchmarks/reading.py

The files are written by the formats' own libraries (the extra `dev`) from the same paragraphs,
and read in a process for each, as the readers' workers are. Figures go into `results.json` and
onto the page, as of `bench.py`.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from email.message import EmailMessage
from functools import partial
from pathlib import Path

from bench import PAGE, RESULTS
from processes import machine, run, script, side_by_side
from tables import document

PARAGRAPHS = 3000
SECTION = 20
"""Paragraphs under one heading, on one slide, in one cell or chapter."""

PDF_ENGINES = ("pypdf", "pdfium")
LINES = 52
RUNS = 3
SAMPLE_DOCS = Path(__file__).parents[1] / "sample_docs"


def paragraphs() -> list[str]:
    """The same ones every time, of words that people use."""
    words = " ".join(path.read_text() for path in sorted(SAMPLE_DOCS.rglob("*.md"))).split()
    chosen = random.Random(1)
    return [" ".join(chosen.choices(words, k=60)) for _ in range(PARAGRAPHS)]


def sections(texts: list[str]) -> list[tuple[str, list[str]]]:
    """Headings with their paragraphs."""
    starts = range(0, len(texts), SECTION)
    return [(f"Section {n}", texts[n : n + SECTION]) for n in starts]


def docx(texts: list[str]) -> bytes:
    """By python-docx."""
    from docx import Document

    document = Document()
    for heading, body in sections(texts):
        document.add_heading(heading, 1)
        for text in body:
            document.add_paragraph(text)
    return saved(document.save)


def pptx(texts: list[str]) -> bytes:
    """By python-pptx."""
    from pptx import Presentation

    show = Presentation()
    for heading, body in sections(texts):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = heading
        slide.placeholders[1].text = "\n".join(body)
    return saved(show.save)


def xlsx(texts: list[str]) -> bytes:
    """By openpyxl: a text, two numbers and a date in each row."""
    from datetime import date

    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["text", "length", "half", "day"])
    for text in texts:
        book.active.append([text, len(text), len(text) / 2, date(2024, 5, 1)])
    return saved(book.save)


def odt(texts: list[str]) -> bytes:
    """By odfpy."""
    from odf.opendocument import OpenDocumentText
    from odf.text import H, P

    document = OpenDocumentText()
    for heading, body in sections(texts):
        document.text.addElement(H(outlinelevel=1, text=heading))
        for text in body:
            document.text.addElement(P(text=text))
    return saved(document.save)


def ods(texts: list[str]) -> bytes:
    """By odfpy: a text and a number in each row."""
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    document = OpenDocumentSpreadsheet()
    table = Table(name="Sheet")
    for text in texts:
        row = TableRow()
        for value in (text, str(len(text))):
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=value))
            row.addElement(cell)
        table.addElement(row)
    document.spreadsheet.addElement(table)
    return saved(document.save)


def epub(texts: list[str]) -> bytes:
    """By ebooklib."""
    from ebooklib import epub as library

    book = library.EpubBook()
    book.set_title("Book")
    for number, section in enumerate(sections(texts)):
        chapter = library.EpubHtml(title=section[0], file_name=f"{number}.xhtml")
        chapter.content = html([section])
        book.add_item(chapter)
        book.spine.append(chapter)
    book.add_item(library.EpubNcx())
    return saved(partial(library.write_epub, book=book))


def html(parts: list[tuple[str, list[str]]]) -> str:
    """Headings and paragraphs."""
    return "".join(
        f"<h1>{heading}</h1>" + "".join(f"<p>{text}</p>" for text in body)
        for heading, body in parts
    )


def rtf(texts: list[str]) -> bytes:
    """As word processors write it, characters beyond ASCII escaped."""
    escaped = "".join(
        text if text.isascii() else "".join(c if c.isascii() else f"\\u{ord(c)}?" for c in text)
        for text in (f"\\pard {text}\\par\n" for text in texts)
    )
    return ("{\\rtf1\\ansi\\ansicpg1252 " + escaped + "}").encode()


def notebook(texts: list[str]) -> bytes:
    """A cell of Markdown and one of code for each section."""
    cells = []
    for heading, body in sections(texts):
        cells.append({"cell_type": "markdown", "source": f"# {heading}\n\n" + "\n\n".join(body)})
        cells.append({"cell_type": "code", "source": "run()", "outputs": [{"text": body[0]}]})
    return json.dumps({"cells": cells}).encode()


def mbox(texts: list[str]) -> bytes:
    """A message for each section, half of them base64, all with an attachment of text."""
    messages = []
    for number, (heading, body) in enumerate(sections(texts)):
        message = EmailMessage()
        message["Subject"] = heading
        message.set_content("\n\n".join(body), cte="base64" if number % 2 else "quoted-printable")
        message.add_attachment(body[0].encode(), "text", "plain", filename="note.txt")
        messages.append(b"From a@b Mon Jun  3 10:00:00 2024\n" + message.as_bytes() + b"\n")
    return b"".join(messages)


def csv(texts: list[str]) -> bytes:
    """A text and two numbers in each row."""
    quoted = (text.replace('"', '""') for text in texts)
    rows = (f'"{text}",{len(text)},{len(text) / 2}' for text in quoted)
    return "\n".join(["text,length,half", *rows]).encode()


def pdf(texts: list[str]) -> bytes:
    """By pypdf: pages of as many lines as a letter has."""
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )
    fonts = DictionaryObject({NameObject("/F1"): font})
    writer = PdfWriter()
    lines = [line for text in texts for line in textwrap.wrap(text, 90)]
    for start in range(0, len(lines), LINES):
        escaped = (re.sub(r"([()\\])", r"\\\1", line) for line in lines[start : start + LINES])
        shown = " T* ".join(f"({line}) Tj" for line in escaped)
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 10 Tf 14 TL 50 780 Td {shown} ET".encode("cp1252", "replace"))
        page = writer.add_blank_page(595, 842)
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        page[NameObject("/Contents")] = writer._add_object(stream)
    return saved(writer.write)


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    """What a library writes."""
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()


FORMATS: dict[str, Callable[[list[str]], bytes]] = {
    "txt": lambda texts: "\n\n".join(texts).encode(),
    "md": lambda texts: "\n\n".join(
        f"# {heading}\n\n" + "\n\n".join(body) for heading, body in sections(texts)
    ).encode(),
    "html": lambda texts: html(sections(texts)).encode(),
    "docx": docx,
    "pptx": pptx,
    "xlsx": xlsx,
    "odt": odt,
    "ods": ods,
    "epub": epub,
    "rtf": rtf,
    "ipynb": notebook,
    "mbox": mbox,
    "csv": csv,
    "json": lambda texts: json.dumps([{"text": text} for text in texts], indent=1).encode(),
    "pdf": pdf,
}


def read_here(path: Path, engine: str) -> None:
    """Read one file in this process and print what that took."""
    from bienc_cli.formats.reading import read_documents
    from bienc_cli.formats.table import ReadingOptions
    from bienc_cli.types import Document

    started = time.process_time()
    items = read_documents(path, path.name, ReadingOptions(engine))
    documents = [item for item in items if isinstance(item, Document)]
    seconds = time.process_time() - started
    characters = sum(len(document.text) for document in documents)
    numberings = [document.numbering for document in documents]
    pages = sum(len(one.anchors) for one in numberings if one and one.unit == "page")
    print(json.dumps({"seconds": seconds, "characters": characters, "pages": pages}))


def measure(path: Path, engine: str, number: int) -> dict[str, float]:
    """Read a file in a process of its own."""
    del number
    done = run(script("reading.py", "--read", path, engine))
    seconds = done.output["seconds"]
    pages = done.output["pages"]
    return {
        **({"pages": pages / seconds} if pages else {}),
        "file_mb": path.stat().st_size / 1e6 / seconds,
        "text_mb": done.output["characters"] / 1e6 / seconds,
        "peak_mib": done.peak_mib,
    }


def main() -> None:
    """Write the files, read each in turns, and keep the figures."""
    if sys.argv[1:2] == ["--read"]:
        read_here(Path(sys.argv[2]), sys.argv[3])
        return
    texts = paragraphs()
    with tempfile.TemporaryDirectory() as folder:
        contenders = {}
        for suffix, write in FORMATS.items():
            path = Path(folder, f"a.{suffix}")
            path.write_bytes(write(texts))
            for engine in PDF_ENGINES if suffix == "pdf" else ("pypdf",):
                name = f"pdf {engine}" if suffix == "pdf" else suffix
                contenders[name] = partial(measure, path, engine)
        figures = side_by_side(contenders, RUNS)
    # The machine at the head of the page is that of the other figures.
    results = json.loads(RESULTS.read_text())
    results["reading"] = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(),
        "load": os.getloadavg()[2],
        "figures": figures,
        "characters": sum(map(len, texts)),
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(document(results))


if __name__ == "__main__":
    main()
