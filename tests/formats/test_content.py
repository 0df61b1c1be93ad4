"""Files that are not what they are called, or are called nothing: known by their content."""

import pytest

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.reading import format_of, reader_of
from bienc_cli.types import Document
from office_samples import zip_of
from reader_samples import (
    docx_bytes,
    encrypted_pdf_bytes,
    message_with_attachments,
    pdf_bytes,
    read_items,
)
from test_reader_epub import epub_bytes
from test_reader_odf import odp_bytes, ods_bytes, odt_bytes
from test_reader_pptx import pptx_bytes
from test_reader_rtf import rtf
from test_reader_xlsx import xlsx_bytes

CONTENTS = {
    "docx": docx_bytes,
    "pptx": pptx_bytes,
    "xlsx": xlsx_bytes,
    "odt": odt_bytes,
    "ods": ods_bytes,
    "odp": odp_bytes,
    "epub": epub_bytes,
    "rtf": lambda: rtf(r"\pard words\par"),
    "pdf": lambda: pdf_bytes("words"),
    "html": lambda: b"\xef\xbb\xbf<table><tr><td>words</table>",
    "json": lambda: b'{\n"words": [1]}',
    "text": lambda: b"just words\n",
}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


@pytest.mark.parametrize("name", ["a", "a.doc", "a.XLS", "a.ppt", "a.unheard-of"])
@pytest.mark.parametrize("expected", CONTENTS)
def test_content_chooses_where_the_name_does_not_say(tmp_path, name, expected):
    path = tmp_path / name
    path.write_bytes(CONTENTS[expected]())
    found = format_of(path)
    assert found is not None
    assert found.name == expected
    assert all(isinstance(item, Document) and item.format == expected for item in read_items(path))


@pytest.mark.parametrize("name", ["a.docx", "a.pdf", "a.rtf", "a.odt", "a.xlsx", "a.epub"])
@pytest.mark.parametrize("expected", sorted({*CONTENTS} - {"text"}))
def test_what_is_called_something_else_is_read_as_what_it_is(tmp_path, name, expected):
    path = tmp_path / name
    path.write_bytes(CONTENTS[expected]())
    (item,) = read_items(path)
    assert isinstance(item, Document)
    assert item.format == expected


@pytest.mark.parametrize("name", ["a.txt", "a.log", "a.md", "a.csv", "a.json", "a.html", "README"])
@pytest.mark.parametrize("expected", ["docx", "odt", "epub", "pdf", "rtf"])
def test_a_document_that_is_called_a_text_is_read_by_a_worker(tmp_path, name, expected):
    path = tmp_path / name
    path.write_bytes(CONTENTS[expected]())
    (item,) = read_items(path)
    assert isinstance(item, Document)
    assert item.format == expected
    found = reader_of(path)
    assert found is not None
    assert found.isolated_from == 0


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbf\n<!DOCTYPE html><p>words", "html"),
        (b"<html><body>words</body></html>", "html"),
        (b"<p>of a page", "text"),
        (message_with_attachments(), "mail"),
        (b"Subject: my notes\n\nwords\n", "text"),
        (b"From ada at example.org  Mon May  5 10:00:00 2003\nSubject: x\n\nwords\n", "mbox"),
        (zip_of({"a.txt": "words"}), "text"),
    ],
)
def test_what_is_called_a_text_and_is_not_plain(tmp_path, content, expected):
    path = tmp_path / "2003-May.txt"
    path.write_bytes(content)
    found = reader_of(path)
    assert found is not None
    assert found.name == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<?xml version='1.0'?><!DOCTYPE html><html><body>x</body></html>", "html"),
        (b"<?xml version='1.0'?><office:document xmlns:office='x'/>", "odt"),
        (b"<?xml version='1.0'?><a>x</a>", "text"),
        (b"name\tvalue\nheron\t1\n", "csv"),
        (b"MIME-Version: 1.0\nContent-Type: text/html\n\n<p>x</p>", "mail"),
        (b"[section]\nname=value\n", "text"),
        (b'[{"a": 1}]', "json"),
        (zip_of({"a.txt": "words"}), None),
        (b"PK\3\4", None),
        (OLE, None),
    ],
)
def test_forms_that_programs_save_under_old_names(tmp_path, content, expected):
    path = tmp_path / "a.xls"
    path.write_bytes(content)
    found = format_of(path)
    assert (found and found.name) == expected


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.docx", docx_bytes()[:-40], "broken"),
        ("a.docx", zip_of({"a.txt": "words"}), "broken"),
        ("a.pdf", b"%PDF-1.7\nwords", "broken"),
        ("a.pdf", b"\x7fELF\x02\x01\x01\0\0\0", "broken"),
        ("a.pdf", encrypted_pdf_bytes("words", "secret", "AES-256"), "encrypted"),
        ("a.pdf", b"", "broken"),
        ("a.docx", OLE, "broken"),
        ("a.txt", docx_bytes()[:-40], "broken"),
        ("a.txt", b"%PDF-1.7\nwords", "broken"),
        ("a.docx", b"just words", "broken"),
        ("a.odt", b"<office:document/>", "broken"),
    ],
)
def test_what_is_broken_is_said_of_what_it_is_called(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as refusal:
        read_items(path)
    assert refusal.value.code == code
