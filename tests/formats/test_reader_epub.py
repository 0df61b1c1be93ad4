import io

import pytest
from ebooklib import epub

from bienc_cli.errors import UnreadableFile
from bienc_cli.types import Document
from office_samples import changed
from reader_samples import block_texts, outline, read_items, read_one


def epub_bytes() -> bytes:
    """A book of three chapters, the second without a heading of its own."""
    book = epub.EpubBook()
    book.set_identifier("x")
    book.set_title("The harbour")
    book.set_language("en")
    chapters = []
    for number, content in enumerate(
        ("<h1>Moorings</h1><p>At the pontoon.</p>", "<p>Fees are due.</p>", "<h2>End</h2><p>x</p>")
    ):
        chapter = epub.EpubHtml(title=f"Label {number}", file_name=f"text/part {number}.xhtml")
        chapter.content = f"<html><head><title/></head><body>{content}</body></html>"
        book.add_item(chapter)
        chapters.append(chapter)
    book.toc = tuple(chapters)
    book.add_item(epub.EpubNcx())
    book.add_item(epub.EpubNav())
    book.spine = ["nav", chapters[2], chapters[0], chapters[1]]
    buffer = io.BytesIO()
    epub.write_epub(buffer, book)
    return buffer.getvalue()


def read(tmp_path, content: bytes) -> Document:
    path = tmp_path / "a.epub"
    path.write_bytes(content)
    return read_one(path)


def test_chapters_in_the_order_of_reading(tmp_path):
    document = read(tmp_path, epub_bytes())
    assert document.title == "The harbour"
    assert outline(document) == [(2, "End"), (1, "Moorings"), (1, "Label 1")]
    assert block_texts(document) == ["x", "At the pontoon.", "Fees are due."]
    assert document.numbering is None


def test_a_chapter_does_not_stand_under_the_one_before(tmp_path):
    document = read(tmp_path, epub_bytes())
    assert document.headings[0].end == document.headings[1].start


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts.pop("META-INF/container.xml"),
        lambda parts: parts.pop("mimetype"),
        lambda parts: parts.pop("EPUB/toc.ncx"),
        lambda parts: parts.pop("EPUB/nav.xhtml"),
        lambda parts: parts.update({"EPUB/text/part 2.xhtml": b""}),
        lambda parts: parts.pop("EPUB/text/part 2.xhtml"),
    ],
)
def test_a_bad_part_costs_itself_only(tmp_path, change):
    document = read(tmp_path, changed(epub_bytes(), change))
    assert outline(document)[-2:] == [(1, "Moorings"), (1, "Label 1")]
    assert "Fees are due." in block_texts(document)


NCX = b"""<ncx><navMap><navPoint><navLabel><text>Fees and terms</text></navLabel><content src="%s"/>
<navPoint><navLabel><text>Terms</text></navLabel><content src="%s#t"/></navPoint>
<navPoint><navLabel><text>Nowhere</text></navLabel><content src="%s#n"/></navPoint></navPoint>
</navMap></ncx>""".replace(b"%s", b"text/part%201.xhtml")
NAV = b"""<html xmlns:epub="http://www.idpf.org/2007/ops"><nav epub:type="page-list"><ol><li>
<a href="%s">12</a></li></ol></nav><nav epub:type="toc"><ol><li><span><a href="%s">Fees and terms
</a></span><ol><li><a href="%s#t">Terms</a></li></ol></li></ol></nav></html>""".replace(
    b"%s", b"text/part%201.xhtml"
)
CHAPTER = (
    b"<html><body><p>Due daily.</p><p>12</p><p id='t'>Terms</p><p>Of payment.</p></body></html>"
)


@pytest.mark.parametrize(("kept", "gone"), [("toc.ncx", "nav.xhtml"), ("nav.xhtml", "toc.ncx")])
def test_parts_of_a_chapter_that_only_the_contents_name(tmp_path, kept, gone):
    def change(parts: dict[str, bytes]) -> None:
        parts[f"EPUB/{kept}"] = NCX if kept.endswith("ncx") else NAV
        parts["EPUB/text/part 1.xhtml"] = CHAPTER
        del parts[f"EPUB/{gone}"]

    document = read(tmp_path, changed(epub_bytes(), change))
    assert outline(document)[-2:] == [(1, "Fees and terms"), (2, "Terms")]
    assert document.text[document.headings[-1].start :].startswith("Terms\n\nOf payment.")


@pytest.mark.parametrize(("kept", "gone"), [("toc.ncx", "nav.xhtml"), ("nav.xhtml", "toc.ncx")])
def test_a_part_of_a_book_that_begins_with_its_first_chapter(tmp_path, kept, gone):
    def change(parts: dict[str, bytes]) -> None:
        contents = NCX if kept.endswith("ncx") else NAV
        parts[f"EPUB/{kept}"] = contents.replace(b"#t", b"")
        parts["EPUB/text/part 1.xhtml"] = b"<html><body><p>Due daily.</p></body></html>"
        del parts[f"EPUB/{gone}"]

    document = read(tmp_path, changed(epub_bytes(), change))
    assert outline(document)[-2:] == [(1, "Fees and terms"), (2, "Terms")]
    assert document.text[document.headings[-1].start :].startswith("Terms\n\nDue daily.")


ENCRYPTION = b'<encryption><CipherReference URI="%s"/></encryption>'


def test_copy_protection_is_told_from_protected_fonts(tmp_path):
    def lock(name: bytes):
        return lambda parts: parts.update({"META-INF/encryption.xml": ENCRYPTION % name})

    assert read(tmp_path, changed(epub_bytes(), lock(b"EPUB/fonts/a.otf"))).headings
    path = tmp_path / "b.epub"
    path.write_bytes(changed(epub_bytes(), lock(b"EPUB/text/part%200.xhtml")))
    with pytest.raises(UnreadableFile) as refusal:
        read_items(path)
    assert refusal.value.code == "encrypted"


@pytest.mark.parametrize(
    "page",
    [
        "<title/><body><p>words</p>",
        "<script src='x' /><p>words</p>",
        "<body><a id='x'/><p>words</p>",
        "<body><p/><div class='a'/><br/><p>words</p>",
    ],
)
def test_elements_that_end_at_once(tmp_path, page):
    name = "EPUB/text/part 0.xhtml"
    content = f"<html>{page}</html>".encode()
    document = read(tmp_path, changed(epub_bytes(), lambda parts: parts.update({name: content})))
    assert "words" in block_texts(document)


def test_digits_that_a_style_sheet_of_the_book_raises_are_notes(tmp_path):
    page = b"<html><body><p>word<span class='fn'>7</span> on.</p></body></html>"
    content = changed(
        epub_bytes(),
        lambda parts: parts.update(
            {"EPUB/text/part 1.xhtml": page, "EPUB/style.css": b".fn {vertical-align: super}"}
        ),
    )
    path = tmp_path / "a.epub"
    path.write_bytes(content)
    assert "word⁷ on." in read_one(path).text
