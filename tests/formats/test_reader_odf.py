import io

import pytest
from odf import dc, draw, office, style, table, text
from odf.opendocument import (
    OpenDocument,
    OpenDocumentPresentation,
    OpenDocumentSpreadsheet,
    OpenDocumentText,
)

from bienc_cli.chunking.places import Places
from bienc_cli.errors import UnreadableFile
from bienc_cli.types import Document, Place
from office_samples import changed
from reader_samples import block_texts, outline, read_items, read_one


def saved(document: OpenDocument) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def rows_of(name: str, *rows: list[str]) -> table.Table:
    made = table.Table(name=name)
    for values in rows:
        row = table.TableRow()
        for value in values:
            cell = table.TableCell(valuetype="string")
            cell.addElement(text.P(text=value))
            row.addElement(cell)
        made.addElement(row)
    return made


def odt_bytes() -> bytes:
    """A text with each thing that the reader tells apart."""
    document = OpenDocumentText()
    document.meta.addElement(dc.Title(text="Yearly report"))
    body = document.text
    body.addElement(text.H(outlinelevel=1, text="Results"))
    paragraph = text.P(text="Sales rose")
    note = text.Note(noteclass="footnote")
    note.addElement(text.NoteCitation(text="1"))
    note.addElement(text.NoteBody())
    note.childNodes[-1].addElement(text.P(text="Hollyhock"))
    paragraph.addElement(note)
    paragraph.addElement(text.S(c=2))
    paragraph.addText("everywhere")
    paragraph.addElement(text.LineBreak())
    paragraph.addText("again.")
    body.addElement(paragraph)
    items = text.List()
    for words in ("first", "second"):
        item = text.ListItem()
        item.addElement(text.P(text=words))
        items.addElement(item)
    body.addElement(items)
    body.addElement(text.H(outlinelevel=2, text="By region"))
    body.addElement(rows_of("T", ["Region", "Sales"], ["North", "12"]))
    anchor = text.P(text="Moor here.")
    frame, box = draw.Frame(), draw.TextBox()
    box.addElement(text.P(text="Barnacle warning"))
    frame.addElement(box)
    anchor.addElement(frame)
    comment = office.Annotation()
    comment.addElement(dc.Creator(text="Ada"))
    comment.addElement(text.P(text="Why here?"))
    anchor.addElement(comment)
    body.addElement(anchor)
    layout = style.PageLayout(name="L")
    document.automaticstyles.addElement(layout)
    master = style.MasterPage(name="Standard", pagelayoutname=layout)
    header = style.Header()
    header.addElement(text.P(text="Harbour office"))
    master.addElement(header)
    document.masterstyles.addElement(master)
    return saved(document)


def ods_bytes() -> bytes:
    """A spreadsheet with each thing that the reader tells apart."""
    document = OpenDocumentSpreadsheet()
    fees = rows_of("Fees", ["Berth", "Since"], ["North", ""])
    date = table.TableCell(valuetype="date", datevalue="2024-05-01")
    date.addElement(text.P(text="1 May"))
    fees.childNodes[-1].addElement(date)
    fees.addElement(table.TableRow(numberrowsrepeated=1000))
    south = table.TableRow()
    south.addElement(table.TableCell(numbercolumnsrepeated=2))
    cell = table.TableCell(valuetype="string")
    cell.addElement(text.P(text="South"))
    note = office.Annotation()
    note.addElement(text.P(text="ask the bursar"))
    cell.addElement(note)
    south.addElement(cell)
    south.addElement(table.TableCell(numbercolumnsrepeated=16000))
    fees.addElement(south)
    fees.addElement(table.TableRow(numberrowsrepeated=1_000_000))
    document.spreadsheet.addElement(fees)
    document.spreadsheet.addElement(rows_of("Notes", ["two words"]))
    return saved(document)


def odp_bytes() -> bytes:
    """A presentation of two slides."""
    document = OpenDocumentPresentation()
    layout = style.PageLayout(name="L")
    document.automaticstyles.addElement(layout)
    master = style.MasterPage(name="M", pagelayoutname=layout)
    document.masterstyles.addElement(master)
    for title, words in (("Mooring", "Moor at the pontoon"), ("Guests", "Yachts in May")):
        page = draw.Page(masterpagename=master)
        for kind, content in (("outline", words), ("title", title)):
            frame, box = draw.Frame(), draw.TextBox()
            frame.setAttrNS("urn:oasis:names:tc:opendocument:xmlns:presentation:1.0", "class", kind)
            box.addElement(text.P(text=content))
            frame.addElement(box)
            page.addElement(frame)
        document.presentation.addElement(page)
    return saved(document)


def read(tmp_path, content: bytes, name: str) -> Document:
    path = tmp_path / name
    path.write_bytes(content)
    return read_one(path)


def place_of(document: Document, words: str) -> Place:
    start = document.text.index(words)
    return Places(document).of(start, start + len(words), ())


def test_a_text(tmp_path):
    document = read(tmp_path, odt_bytes(), "a.odt")
    assert document.title == "Yearly report"
    assert outline(document) == [(1, "Results"), (2, "By region")]
    assert block_texts(document) == [
        "Sales rose  everywhere\nagain.",
        "Hollyhock",
        "- first\n- second",
        "Region | Sales\nNorth | 12",
        "Moor here.",
        "Barnacle warning",
        "Why here?",
        "Harbour office",
    ]
    assert document.numbering is None


def test_a_spreadsheet(tmp_path):
    document = read(tmp_path, ods_bytes(), "a.ods")
    assert outline(document) == [(1, "Fees"), (2, "Berth, Since"), (1, "Notes")]
    assert place_of(document, "Berth |") == Place("row", 1, 1, "Fees")
    assert place_of(document, "2024-05-01") == Place("row", 2, 2, "Fees")
    assert place_of(document, "South") == Place("row", 1003, 1003, "Fees")
    assert place_of(document, "ask the bursar") == Place("row", 1003, 1003, "Fees")
    assert place_of(document, "two words") == Place("row", 1, 1, "Notes")
    assert len(document.text) < 200


def test_a_presentation(tmp_path):
    document = read(tmp_path, odp_bytes(), "a.odp")
    assert outline(document) == [(1, "Mooring"), (1, "Guests")]
    assert block_texts(document) == ["Moor at the pontoon", "Yachts in May"]
    assert place_of(document, "Mooring").first == 1
    assert place_of(document, "Yachts") == Place("slide", 2, 2)


NAMESPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
STYLES = (
    '<office:automatic-styles><style:style style:name="H"><style:text-properties '
    'text:display="none"/></style:style></office:automatic-styles>'
)


def flat(body: str, kind: str = "text") -> bytes:
    return (
        f'<?xml version="1.0"?><office:document {NAMESPACES}>{STYLES}<office:body>'
        f"<office:{kind}>{body}</office:{kind}></office:body></office:document>"
    ).encode()


@pytest.mark.parametrize(
    ("body", "blocks"),
    [
        ("<text:p>one <text:span>run</text:span> on</text:p>", ["one run on"]),
        ("<text:p>a\n   b<text:tab/>c</text:p>", ["a b\tc"]),
        ("<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:p>x</text:p>",
         ["x"]),
        ("<text:section><text:p>inside</text:p></text:section>", ["inside"]),
        ("<text:p>x<office:binary-data>QUJD</office:binary-data></text:p>", ["x"]),
        ("<text:list><text:list-item><text:p>a</text:p><text:list><text:list-item><text:p>b</text:p>"
         "</text:list-item></text:list></text:list-item></text:list>", ["- a\n  - b"]),
        ('<text:list-style/><text:list text:style-name="N"><text:list-item><text:p>a</text:p>'
         "</text:list-item></text:list>", ["- a"]),
        ("<table:table><table:table-row><table:table-cell><text:p>outer</text:p><table:table>"
         "<table:table-row><table:table-cell><text:p>inner</text:p></table:table-cell>"
         "</table:table-row></table:table></table:table-cell></table:table-row></table:table>",
         ["outer inner"]),
        ("<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>head"
         "</text:p></table:table-cell></table:table-row></table:table-header-rows></table:table>",
         ["head"]),
        ("<text:p>on <text:date>1 May</text:date> by <text:creator>Ada</text:creator></text:p>",
         ["on 1 May by Ada"]),
        ("<text:p>x<office:annotation><dc:creator>Ada</dc:creator><dc:date>2024</dc:date>"
         "<text:p>Why?</text:p></office:annotation></text:p>", ["x", "Why?"]),
        ("<text:p>x<draw:frame><draw:image/><svg:title>Birds</svg:title>"
         "<svg:desc>A heron</svg:desc></draw:frame></text:p>", ["x", "Birds", "A heron"]),
        ('<text:p>a <text:span text:style-name="H">hidden</text:span>b</text:p>', ["a b"]),
        ('<text:section text:display="none"><text:p>hidden</text:p></text:section>'
         '<text:p>x<text:hidden-text text:is-hidden="true">hidden</text:hidden-text></text:p>',
         ["x"]),
    ],
)  # fmt: skip
def test_flat_files_and_every_kind_of_content(tmp_path, body, blocks):
    assert block_texts(read(tmp_path, flat(body), "a.fodt")) == blocks


def test_what_is_drawn_on_a_sheet(tmp_path):
    body = (
        '<table:table table:name="Fees"><table:shapes><draw:frame><draw:text-box><text:p>Heron'
        "</text:p></draw:text-box></draw:frame></table:shapes><table:table-row><table:table-cell>"
        "<text:p>North</text:p></table:table-cell></table:table-row></table:table>"
    )
    document = read(tmp_path, flat(body, "spreadsheet"), "a.fods")
    assert place_of(document, "Heron") == Place("row", 1, 1, "Fees")


def test_the_content_and_not_the_name_says_what_it_is(tmp_path):
    assert read(tmp_path, ods_bytes(), "a.odt").format == "ods"


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: [parts.pop(name) for name in ("styles.xml", "meta.xml", "mimetype")],
        lambda parts: parts.update({"styles.xml": b"<junk", "META-INF/manifest.xml": b""}),
        lambda parts: parts.update({"content.xml": parts["content.xml"][:-40]}),
    ],
)
def test_a_bad_part_costs_itself_only(tmp_path, change):
    document = read(tmp_path, changed(odt_bytes(), change), "a.odt")
    assert outline(document) == [(1, "Results"), (2, "By region")]
    assert "Sales rose  everywhere\nagain." in block_texts(document)


ENCRYPTED = {
    "META-INF/manifest.xml": b"<manifest><file-entry><encryption-data/></file-entry></manifest>"
}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (changed(odt_bytes(), lambda parts: parts.update(ENCRYPTED)), "encrypted"),
        (changed(odt_bytes(), lambda parts: parts.pop("content.xml")), "broken"),
        (flat("", "chart"), "broken"),
        (b"<html>", "broken"),
        (b"words", "broken"),
        (flat("<text:p/>"), "empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(tmp_path, content, code):
    path = tmp_path / "a.odt"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as refusal:
        read_items(path)
    assert refusal.value.code == code
