"""A table of contents says what the headings say, and is no text of its own."""

import pytest
from odf.opendocument import OpenDocumentText
from odf.text import H, IndexBody, P, TableOfContent

from office_samples import paragraph, word
from reader_samples import outline, read_one

STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{called}"/>'
    f'<w:basedOn w:val="{base}"/></w:style>'
    for name, called, base in [
        ("berschrift1", "heading 1", "Normal"),
        ("Verzeichnis1", "toc 1", "Normal"),
        ("Verzeichnis2", "TOC 2", "Verzeichnis1"),
        ("Inhaltskopf", "TOC Heading", "berschrift1"),
        ("Stockist", "tocsin 1", "Normal"),
    ]
)
ENTRIES = paragraph("Inhalt", '<w:pStyle w:val="Inhaltskopf"/>') + paragraph(
    "Piers 3", '<w:pStyle w:val="Verzeichnis1"/>'
)
CONTROL = (
    '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="{}"/></w:docPartObj></w:sdtPr>'
    "<w:sdtContent>{}</w:sdtContent></w:sdt>"
)
TEXT = paragraph("Piers", '<w:pStyle w:val="berschrift1"/>') + paragraph("There are two.")


@pytest.mark.parametrize(
    "contents",
    [
        ENTRIES,
        paragraph("Piers 3", '<w:pStyle w:val="Verzeichnis2"/>'),
        CONTROL.format("Table of Contents", ENTRIES),
        CONTROL.format("Table of Contents", paragraph("Inhalt") + paragraph("Piers 3")),
    ],
)
def test_in_a_word_document(tmp_path, contents):
    path = tmp_path / "a.docx"
    path.write_bytes(word(contents + TEXT, styles=("styles.xml", STYLES)))
    document = read_one(path)
    assert document.text.split() == ["Piers", "There", "are", "two."]
    assert outline(document) == [(1, "Piers")]


@pytest.mark.parametrize(
    "other",
    [
        CONTROL.format("Cover Pages", paragraph("Words there")),
        paragraph("Words there", '<w:pStyle w:val="Stockist"/>'),
    ],
)
def test_what_is_none_is_read(tmp_path, other):
    path = tmp_path / "a.docx"
    path.write_bytes(word(other + TEXT, styles=("styles.xml", STYLES)))
    assert "Words there" in read_one(path).text


def test_in_an_open_document(tmp_path):
    document = OpenDocumentText()
    contents, body = TableOfContent(name="Contents"), IndexBody()
    body.addElement(P(text="Piers 3"))
    contents.addElement(body)
    document.text.addElement(contents)
    document.text.addElement(H(outlinelevel=1, text="Piers"))
    document.text.addElement(P(text="There are two."))
    path = tmp_path / "a.odt"
    document.save(path)
    assert read_one(path).text.split() == ["Piers", "There", "are", "two."]
