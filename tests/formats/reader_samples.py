"""Small valid files of the formats that cannot be written by hand."""

from __future__ import annotations

import io
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from bienc_cli.formats.reading import read_documents
from bienc_cli.formats.table import ReadingOptions
from bienc_cli.types import Document, Skipped


def read_one(path: Path, **options: Any) -> Document:
    """The one document of a file."""
    (document,) = read_documents(path, path.name, ReadingOptions(**options))
    assert isinstance(document, Document)
    return document


def read_items(path: Path) -> list[Document | Skipped]:
    return list(read_documents(path, path.name))


def block_texts(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


def outline(document: Document) -> list[tuple[int, str]]:
    return [(heading.level, heading.title) for heading in document.headings]


def pdf_bytes(*pages: str, title: str | None = None) -> bytes:
    """A PDF of one text column a page, written out as the specification has it."""
    streams = []
    for page in pages:
        lines = page.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").split("\n")
        shown = " T* ".join(f"({line}) Tj" for line in lines)
        stream = f"BT /F1 11 Tf 14 TL 50 750 Td {shown} ET".encode("cp1252")
        streams.append(stream if page else b"0 0 100 100 re f")
    if title is None:
        return drawn_pdf_bytes(*streams)
    information = f"<< /Title ({title}) >>".encode()
    return drawn_pdf_bytes(*streams, more=[information], information=True)


def drawn_pdf_bytes(
    *streams: bytes,
    page_entries: str = "",
    catalog_entries: str = "",
    more: Sequence[bytes] = (),
    information: bool = False,
) -> bytes:
    """A PDF of pages drawn by these operators, with font F1.

    Page i is the object `4 + 2 * i`; the objects of `more` follow behind the last page, and the
    last of them is the information dictionary if so said.
    """
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(streams)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog_entries} >>".encode(),
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for index, stream in enumerate(streams):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources "
            b"<< /Font << /F1 3 0 R >> >> /Contents %d 0 R %s >>"
            % (5 + 2 * index, page_entries.encode())
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    objects += more
    content = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    named = b" /Info %d 0 R" % len(objects) if information else b""
    content += b"trailer\n<< /Size %d /Root 1 0 R%s >>\n" % (len(objects) + 1, named)
    content += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(content)


def drawn(x: float, y: float, text: str, size: float = 11, turn: str = "1 0 0 1") -> bytes:
    """Operators that draw a text at a place."""
    return f"BT /F1 {size} Tf {turn} {x} {y} Tm ({text}) Tj ET\n".encode("cp1252")


def encrypted_pdf_bytes(text: str, password: str, algorithm: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_bytes(text))))
    writer.encrypt(password, "owner", algorithm=algorithm)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def docx_bytes() -> bytes:
    """A Word document with each thing that the reader tells apart."""
    from docx import Document as new_document

    document = new_document()
    document.core_properties.title = "Yearly report"
    document.add_heading("Results", level=1)
    document.add_paragraph("Sales rose in every region.")
    document.add_paragraph("first point", style="List Bullet")
    document.add_paragraph("second point", style="List Bullet")
    document.add_heading("By region", level=2)
    table = document.add_table(rows=2, cols=2)
    for cell, value in zip(table._cells, ["Region", "Sales", "North", "12"], strict=True):
        cell.text = value
    document.add_paragraph("The end.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def message_with_attachments() -> bytes:
    """A message of two forms, with a table, a picture and another message attached."""
    inner = EmailMessage()
    inner["Subject"] = "Inner"
    inner.set_content("inner words")
    message = EmailMessage()
    message["Subject"] = "Schlüssel"
    message["From"] = "a@example.org"
    message.set_content("Zurückgeben bis Freitag.", cte="quoted-printable")
    message.add_alternative("<p>Zurückgeben.</p>", subtype="html")
    message.add_attachment(b"a,b\n1,2\n", "text", "csv", filename="t.csv")
    message.add_attachment(bytes(99), "image", "png", filename="p.png")
    message.add_attachment(inner)
    return message.as_bytes()
