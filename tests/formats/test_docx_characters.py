"""What styles, fonts, lists and forms of a Word document make of its characters."""

import pytest

from office_samples import paragraph, run, word
from reader_samples import block_texts
from test_reader_docx_content import field, item, numbering, read

STYLES = """
  <w:style w:type="character" w:styleId="Raised">
    <w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>
  <w:style w:type="character" w:styleId="Call"><w:basedOn w:val="Raised"/></w:style>
  <w:style w:type="character" w:styleId="Plain"><w:basedOn w:val="Raised"/>
    <w:rPr><w:vertAlign w:val="baseline"/></w:rPr></w:style>
  <w:style w:type="character" w:styleId="Hidden"><w:rPr><w:vanish/></w:rPr></w:style>
  <w:style w:type="paragraph" w:styleId="Note"><w:rPr><w:vanish/></w:rPr></w:style>"""


def styled(text: str, style: str, more: str = "") -> str:
    return f'<w:r><w:rPr><w:rStyle w:val="{style}"/>{more}</w:rPr><w:t>{text}</w:t></w:r>'


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (run("word") + styled("7", "Raised") + run(" x"), "word⁷ x"),
        (run("word") + styled("7", "Call"), "word⁷"),
        (run("word") + styled("7", "Plain"), "word7"),
        (run("word") + styled("7", "Raised", '<w:vertAlign w:val="baseline"/>'), "word7"),
        (run("n") + styled("th", "Raised"), "nth"),
        (run("shown") + styled("hidden", "Hidden"), "shown"),
        (run("shown") + styled("too", "Hidden", '<w:vanish w:val="0"/>'), "showntoo"),
        (run("shown") + styled(" x", "Unknown"), "shown x"),
    ],
)
def test_what_styles_say_of_characters(tmp_path, content, text):
    hidden = paragraph("nobody", '<w:pStyle w:val="Note"/>')
    content = word(f"<w:p>{content}</w:p>{hidden}", styles=("styles.xml", STYLES))
    assert block_texts(read(tmp_path, content)) == [text]


@pytest.mark.parametrize(
    ("font", "text", "shown"),
    [
        ("Symbol", "\uf061-decay", "α-decay"),
        ("Wingdings", "\uf0fc done", "✓ done"),
        ("Font Awesome", "a \uf0e0 b", "a \uf0e0 b"),
        ("Arial", "café", "café"),
    ],
)
def test_fonts_of_symbols(tmp_path, font, text, shown):
    fonts = f'<w:rPr><w:rFonts w:ascii="{font}"/></w:rPr>'
    content = word(f"<w:p><w:r>{fonts}<w:t>{text}</w:t></w:r></w:p>")
    assert block_texts(read(tmp_path, content)) == [shown]


@pytest.mark.parametrize(
    ("said", "shown"),
    [('<w:result w:val="1"/>', "Lisbon"), ('<w:default w:val="1"/>', "Lisbon"), ("", "Kiel")],
)
def test_what_is_chosen_in_a_form(tmp_path, said, shown):
    entries = '<w:listEntry w:val="Kiel"/><w:listEntry w:val="Lisbon"/>'
    begin = field("begin").replace(
        "/></w:r>", f"><w:ffData><w:ddList>{said}{entries}</w:ddList></w:ffData></w:fldChar></w:r>"
    )
    instruction = "<w:r><w:instrText>FORMDROPDOWN</w:instrText></w:r>"
    content = word(f"<w:p>{run('Port: ')}{begin}{instruction}{field('end')}</w:p>")
    assert block_texts(read(tmp_path, content)) == [f"Port: {shown}"]


def test_what_is_said_of_an_old_drawing(tmp_path):
    shape = '<w:r><w:pict><v:shape alt="A walrus on a pier"><v:imagedata/></v:shape></w:pict></w:r>'
    content = word(f"<w:p>{run('See it.')}{shape}</w:p>")
    assert block_texts(read(tmp_path, content)) == ["See it.", "A walrus on a pier"]


def test_lists_of_one_definition_are_counted_through_from_where_one_begins_anew(tmp_path):
    """The first list is the one that begins anew, as LibreOffice writes it."""
    numbers = [2, 1, 1, 2]
    body = "".join(item(f"n{index}", 0, number) for index, number in enumerate(numbers))
    document = read(tmp_path, word(body, numbering=numbering(("decimal", "%1."))))
    assert block_texts(document) == ["1. n0\n2. n1\n3. n2\n4. n3"]


def test_a_style_that_states_a_depth_and_no_list_makes_no_items(tmp_path):
    style = (
        '<w:style w:type="paragraph" w:styleId="Sub"><w:name w:val="Subtitle"/>'
        '<w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    line = paragraph("A subtitle", '<w:pStyle w:val="Sub"/>')
    assert block_texts(read(tmp_path, word(line, styles=("styles.xml", style)))) == ["A subtitle"]
