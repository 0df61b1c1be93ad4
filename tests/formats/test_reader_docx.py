import io
import zipfile

import pytest
from docx import Document

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats import package
from office_samples import changed
from reader_samples import block_texts, docx_bytes, outline, read_items, read_one

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def rewritten(part: str, change) -> bytes:
    """The sample with one of its parts changed."""
    source = zipfile.ZipFile(io.BytesIO(docx_bytes()))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content.decode()) if name == part else content)
    return buffer.getvalue()


def write(tmp_path, content):
    path = tmp_path / "a.docx"
    path.write_bytes(content)
    return path


def with_body(tmp_path, body: str):
    start, end = "<w:body>", "<w:sectPr"
    return read_one(
        write(
            tmp_path,
            rewritten(
                "word/document.xml",
                lambda xml: xml[: xml.index(start) + len(start)] + body + xml[xml.index(end) :],
            ),
        )
    )


def test_headings_paragraphs_lists_and_tables_in_order(tmp_path):
    document = read_one(write(tmp_path, docx_bytes()))
    assert document.title == "Yearly report"
    assert outline(document) == [(1, "Results"), (2, "By region")]
    assert block_texts(document) == [
        "Sales rose in every region.",
        "- first point\n- second point",
        "Region | Sales\nNorth | 12",
        "The end.",
    ]


def test_what_stands_in_controls_and_tracked_changes(tmp_path):
    document = with_body(
        tmp_path,
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>in a control</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:r><w:t>kept </w:t></w:r><w:ins><w:r><w:t>inserted</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
        "<w:r><w:tab/><w:t>tabbed</w:t><w:br/><w:t>broken</w:t></w:r></w:p>",
    )
    assert block_texts(document) == ["in a control", "kept inserted\ttabbed\nbroken"]


def test_numbered_paragraphs_make_one_block(tmp_path):
    item = "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>{}</w:t></w:r></w:p>"
    document = with_body(tmp_path, item.format("one") + item.format("two"))
    assert block_texts(document) == ["- one\n- two"]


def test_a_table_within_a_table_is_read_once(tmp_path):
    def table(content: str) -> str:
        return f"<w:tbl><w:tr><w:tc>{content}</w:tc></w:tr></w:tbl>"

    def paragraph(text: str) -> str:
        return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"

    document = with_body(tmp_path, table(paragraph("outer") + table(paragraph("inner"))))
    assert block_texts(document) == ["outer", "inner"]


def zip_bytes() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("hello.txt", "hello")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"not a zip at all", "broken"),
        (zip_bytes(), "broken"),
        (docx_bytes()[:-200], "broken"),
        (OLE + bytes(1000), "broken"),
        (OLE + bytes(1000) + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"", "broken"),
    ],
)
def test_what_only_has_the_suffix(tmp_path, content, code):
    with pytest.raises(UnreadableFile) as refusal:
        read_items(write(tmp_path, content))
    assert refusal.value.code == code


def with_declaration(declaration: str, text: str) -> bytes:
    def attack(xml: str) -> str:
        prologue, rest = xml.split("?>", 1)
        return f"{prologue}?><!DOCTYPE d [{declaration}]>{rest.replace('The end.', text)}"

    return rewritten("word/document.xml", attack)


def test_entities_are_not_expanded_and_nothing_is_fetched(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    declaration = f'<!ENTITY in "internal"><!ENTITY out SYSTEM "{secret.as_uri()}">'
    document = read_one(write(tmp_path, with_declaration(declaration, "[&in;&out;]")))
    assert block_texts(document)[-1] == "["


def test_a_billion_laughs(tmp_path):
    levels = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    declaration = '<!ENTITY e0 "ha">' + "".join(levels)
    document = read_one(write(tmp_path, with_declaration(declaration, "[&e9;]")))
    assert len(document.text) < 1000

    def in_an_attribute(xml: str) -> str:
        return xml.replace("<w:body>", '<w:body x="&e9;">')

    content = changed(
        with_declaration(declaration, "x"),
        lambda parts: parts.update(
            {"word/document.xml": in_an_attribute(parts["word/document.xml"].decode()).encode()}
        ),
    )
    with pytest.raises(UnreadableFile) as refusal:
        read_items(write(tmp_path, content))
    assert refusal.value.code in {"broken", "empty"}


def test_a_bomb_is_refused_unopened(tmp_path):
    content = rewritten("word/document.xml", lambda xml: xml + " " * (package._LARGEST_XML + 1))
    assert len(content) < 1 << 20
    with pytest.raises(UnreadableFile) as refusal:
        read_items(write(tmp_path, content))
    assert refusal.value.code == "too_large"


@pytest.mark.parametrize(("own", "title"), [("", "The harbour"), ("Rules", "Rules")])
def test_the_paragraph_that_is_the_title_is_one_where_no_property_is(tmp_path, own, title):
    document = Document()
    document.core_properties.title = own
    for text, style in (("", "Title"), ("The harbour", "Title"), ("Fees", "Heading 1")):
        document.add_paragraph(text, style=style)
    document.add_paragraph("All pay.")
    document.save(tmp_path / "a.docx")
    found = read_one(tmp_path / "a.docx")
    assert found.title == title
    assert outline(found) == [(1, "The harbour"), (1, "Fees")]
