"""Whatever words people write, and wherever in a file: all are in its text, in their order."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from docx import Document as new_document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odf.opendocument import OpenDocumentText
from odf.text import H, P
from openpyxl import Workbook
from pptx import Presentation
from pptx.util import Inches

from bienc_cli.formats.decoding import clean
from endurance import times
from office_samples import changed
from reader_samples import read_one
from test_reader_epub import epub_bytes
from test_reader_odf import saved
from test_reader_rtf import rtf


def docx(words: list[str]) -> bytes:
    document = new_document()
    for number, word in enumerate(words):
        if number % 4 == 0:
            document.add_heading(word, 2)
        elif number % 4 == 1:
            document.add_table(1, 2).rows[0].cells[number % 2].text = word
        else:
            document.add_paragraph(word, style="List Number" if number % 4 == 2 else None)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def pptx(words: list[str]) -> bytes:
    show = Presentation()
    for word in words:
        slide = show.slides.add_slide(show.slide_layouts[6])
        slide.shapes.add_textbox(*[Inches(1)] * 4).text_frame.text = word
    buffer = io.BytesIO()
    show.save(buffer)
    return buffer.getvalue()


def xlsx(words: list[str]) -> bytes:
    book = Workbook()
    for number, word in enumerate(words):
        cell = book.active.cell(row=number // 3 * 5 + 1, column=number % 3 + 2)
        cell.value = word
        cell.data_type = "s"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def odt(words: list[str]) -> bytes:
    document = OpenDocumentText()
    for number, word in enumerate(words):
        document.text.addElement(H(outlinelevel=1, text=word) if number % 3 else P(text=word))
    return saved(document)


def epub(words: list[str]) -> bytes:
    page = "".join(f"<p><i>{word}</i></p>" for word in words)
    content = f'<?xml version="1.0"?><html><head/><body>{page}</body></html>'.encode()
    return changed(epub_bytes(), lambda parts: parts.update({"EPUB/text/part 1.xhtml": content}))


def escaped(words: list[str]) -> bytes:
    def escape(word: str) -> str:
        units = word.encode("utf-16-le")
        codes = (int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2))
        return "".join(f"\\u{code - 0x10000 if code > 0x7FFF else code}?" for code in codes)

    return rtf("".join(rf"\pard {escape(word)}\par" for word in words))


def notebook(words: list[str]) -> bytes:
    cells = [{"cell_type": "code", "source": [word], "outputs": []} for word in words]
    return json.dumps({"cells": cells}).encode()


def mail(words: list[str]) -> bytes:
    message = EmailMessage()
    message.set_content("\n\n".join(words), charset="utf-8", cte="base64")
    return message.as_bytes()


WRITERS: dict[str, Callable[[list[str]], bytes]] = {
    "docx": docx,
    "pptx": pptx,
    "xlsx": xlsx,
    "odt": odt,
    "epub": epub,
    "rtf": escaped,
    "ipynb": notebook,
    "eml": mail,
}
# Letters and digits of all scripts; what cleaning changes on purpose is tested where it is done.
WORDS = st.lists(
    st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=8),
    min_size=1,
    max_size=9,
)


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_word_is_in_the_text_in_its_order(suffix, tmp_path):
    path = tmp_path / f"a.{suffix}"

    @settings(
        max_examples=times(15, 300),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(WORDS)
    def run(words):
        path.write_bytes(WRITERS[suffix](words))
        text = read_one(path).text
        position = 0
        for word in words:
            shown = clean(word)
            found = text.find(shown, position)
            assert found >= 0, (word, text)
            position = found + len(shown)

    run()
