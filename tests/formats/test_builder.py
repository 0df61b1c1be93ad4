from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.types import Anchor, Block, Document, Heading, Numbering


def test_numbers_stand_where_their_text_begins_and_those_without_text_nowhere():
    builder = DocumentBuilder("slide")
    for number, text in enumerate(["", "two", "", "four", ""], 1):
        builder.stand_at(number)
        builder.block(text)
    document = builder.build("d", "pptx", None)
    assert document.numbering == Numbering("slide", (Anchor(0, 2), Anchor(5, 4)))


def test_a_format_without_numbers_has_no_numbering():
    builder = DocumentBuilder()
    builder.block("text")
    assert builder.build("d", "docx", None).numbering is None


def test_rows_follow_one_another_and_a_row_may_be_the_heading_of_the_next():
    builder = DocumentBuilder("row", follows_lines=True)
    builder.stand_at(1, "Sheet")
    builder.headed_block(2, "name, city", "name | city")
    builder.row("Ada | Oslo")
    builder.row("")
    builder.row("Bo | Rome")
    document = builder.build("d", "xlsx", None)
    assert document.text == "name | city\nAda | Oslo\nBo | Rome\n"
    assert document.headings == (Heading(0, 2, "name, city"),)
    assert document.numbering == Numbering("row", (Anchor(0, 1, "Sheet"),), follows_lines=True)


def test_an_included_document_keeps_its_headings_and_blocks():
    inner = Document(
        "i", "H\n\ntext\n\n", "html", headings=(Heading(0, 1, "H", 7),), blocks=(Block(3, 7),)
    )
    builder = DocumentBuilder()
    builder.block("before")
    builder.include(inner, below=1)
    builder.include(Document("j", "bare\n", "text"))
    document = builder.build("d", "mail", None)
    assert document.text == "before\n\nH\n\ntext\n\nbare\n\n"
    assert document.headings == (Heading(8, 2, "H", 15),)
    assert [document.text[block.start : block.end] for block in document.blocks] == [
        "before",
        "text",
        "bare",
    ]


def test_headings_that_have_ended_stay_so():
    builder = DocumentBuilder()
    builder.heading(1, "One")
    builder.block("text")
    builder.end_headings()
    builder.heading(1, "Two")
    builder.block("more")
    builder.end_headings()
    builder.block("footer")
    document = builder.build("d", "docx", None)
    one, two = document.headings
    assert one.end == two.start
    assert two.end == document.text.index("footer")


def test_end_matter_stands_once_and_under_no_heading():
    builder = DocumentBuilder()
    builder.heading(1, "One")
    builder.end_matter(["page", "", "draft", "page"])
    document = builder.build("d", "docx", None)
    assert document.text == "One\n\npage\n\ndraft\n\n"
    assert document.headings == (Heading(0, 1, "One", 5),)
