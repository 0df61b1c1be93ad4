"""Every word of a Word document, wherever it stands, once."""

import re

import pytest

from bienc_cli.types import Document
from office_samples import changed, paragraph, run, word
from reader_samples import block_texts, docx_bytes, outline, read_one

BOX = f"<w:txbxContent>{paragraph('Barnacle warning')}{paragraph('Scrape monthly')}</w:txbxContent>"
DRAWN = f"<wps:wsp><wps:txbx>{BOX}</wps:txbx></wps:wsp>"
VML = f"<w:pict><v:shape><v:textbox>{BOX}</v:textbox></v:shape></w:pict>"
FALLBACK = f"<mc:Fallback>{VML}</mc:Fallback>"
BOTH = f"<mc:AlternateContent><mc:Choice>{DRAWN}</mc:Choice>{FALLBACK}</mc:AlternateContent>"
OLD = f"<mc:AlternateContent><mc:Choice><w:drawing/></mc:Choice>{FALLBACK}</mc:AlternateContent>"


def read(tmp_path, content: bytes, name: str = "a.docx") -> Document:
    path = tmp_path / name
    path.write_bytes(content)
    return read_one(path)


@pytest.mark.parametrize(
    "box",
    [
        DRAWN,
        VML,
        BOTH,
        OLD,
        f"<w:ins>{BOTH}</w:ins>",
    ],
)
@pytest.mark.parametrize(("before", "after"), [("Moor at the pontoon.", "Fees are due."), ("", "")])
def test_boxes_are_blocks_of_their_own_each_once(tmp_path, box, before, after):
    body = f"<w:p>{run(before)}<w:r>{box}</w:r>{run(after)}</w:p>{paragraph('Behind')}"
    around = [f"{before} {after}"] if before else []
    assert block_texts(read(tmp_path, word(body))) == [
        *around,
        "Barnacle warning",
        "Scrape monthly",
        "Behind",
    ]


@pytest.mark.parametrize(
    "drawn",
    [
        '<w:pict><v:shape><v:textpath string="Barnacles"/></v:shape></w:pict>',
        "<w:drawing><a:txBody><a:p><a:r><a:t>Barnacles</a:t></a:r></a:p></a:txBody></w:drawing>",
    ],
)
def test_words_that_are_drawn(tmp_path, drawn):
    content = f"<w:p>{run('Moor here.')}<w:r>{drawn}</w:r></w:p>"
    header = ("header1.xml", f"<w:p><w:r>{drawn}</w:r></w:p>")
    document = read(tmp_path, word(content, header=header))
    assert block_texts(document) == ["Moor here.", "Barnacles", "Barnacles"]


def picture(properties: str) -> str:
    kind = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    return (
        f'<w:drawing><wp:inline xmlns:wp="{kind}"><wp:docPr {properties}/></wp:inline></w:drawing>'
    )


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ('name="Picture 1" descr="A heron on the slipway"', ["A heron on the slipway"]),
        ('title="A heron"', ["A heron"]),
        ('descr="A heron&#10;&#10;Description automatically generated"', ["A heron"]),
        ('descr="A heron AI-generated content may be incorrect."', ["A heron"]),
        ('name="Picture 1" descr=""', []),
        ('descr="C:\\My Pictures\\IMG 0012.JPG"', []),
        ('descr="Picture 3"', []),
    ],
)
def test_what_somebody_wrote_of_a_picture(tmp_path, properties, said):
    drawn = picture(properties)
    only = (
        f"<mc:AlternateContent><mc:Choice>{drawn}</mc:Choice><mc:Fallback/></mc:AlternateContent>"
    )
    for content in (drawn, only):
        body = f"<w:p>{run('See')}<w:r>{content}</w:r></w:p>{paragraph('Behind')}"
        assert block_texts(read(tmp_path, word(body))) == ["See", *said, "Behind"]
    header = ("header1.xml", f"<w:p><w:r>{drawn}</w:r></w:p>")
    assert block_texts(read(tmp_path, word(paragraph("x"), header=header))) == ["x", *said]


def test_a_formula_between_paragraphs(tmp_path):
    formula = "<m:oMathPara><m:oMath><m:r><m:t>mass</m:t></m:r></m:oMath></m:oMathPara>"
    content = word(paragraph("Before") + formula + paragraph("Behind"))
    assert block_texts(read(tmp_path, content)) == ["Before", "mass", "Behind"]


def math(inside: str) -> str:
    """A formula whose letters are written as they are."""
    inside = re.sub(r"(?<=>)([^<>]+)(?=<)", r"<m:r><m:t>\1</m:t></m:r>", f"<m:e>{inside}</m:e>")
    return f"<w:p><m:oMath>{inside}</m:oMath></w:p>"


SUM = "<m:naryPr><m:chr m:val='∑'/></m:naryPr>"
SQUARE = "<m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr>"


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (f"<m:nary>{SUM}<m:sub>i</m:sub><m:sup>n</m:sup><m:e>a</m:e></m:nary>", "∑_i^n a"),
        ("<m:nary><m:sub>0</m:sub><m:sup/><m:e>x</m:e></m:nary>", "∫_0 x"),
        ("<m:d><m:e>a+b</m:e></m:d>", "(a+b)"),
        (f"<m:d>{SQUARE}<m:e>a</m:e><m:e>b</m:e></m:d>", "[a|b]"),
        ("<m:rad><m:deg/><m:e>x</m:e></m:rad>", "√x"),
        ("<m:rad><m:deg>3</m:deg><m:e>x</m:e></m:rad>", "3√x"),
        ("<m:func><m:fName>sin</m:fName><m:e>y</m:e></m:func>", "sin y"),
        ("<m:sSup><m:e>x</m:e><m:sup>2</m:sup></m:sSup>", "x^2"),
        ("<m:limLow><m:e>lim</m:e><m:lim>n</m:lim></m:limLow>", "lim_n"),
        ("<m:m><m:mr><m:e>a</m:e><m:e>b</m:e></m:mr><m:mr><m:e>c</m:e></m:mr></m:m>", "a b c"),
        ("<w:del w:id='1'>a</w:del><w:ins w:id='2'>b</w:ins>", "b"),
    ],
)
def test_formulas_have_the_signs_that_word_draws(tmp_path, formula, shown):
    assert read(tmp_path, word(math(formula))).text.strip() == shown


def test_a_box_anchored_in_a_word_does_not_divide_it(tmp_path):
    body = f"<w:p>{run('pon')}<w:r>{VML}</w:r>{run('toon')}</w:p>"
    assert block_texts(read(tmp_path, word(body)))[0] == "pontoon"


def notes(kind: str, text: str, note_id: str = "7") -> tuple[str, str]:
    separator = f'<w:{kind} w:type="separator" w:id="-1">{paragraph("-----")}</w:{kind}>'
    note = f'<w:{kind} w:id="{note_id}" w:author="Ada">{paragraph(text)}</w:{kind}>'
    return f"{kind}s.xml", separator + note


@pytest.mark.parametrize("kind", ["footnote", "endnote", "comment"])
def test_notes_follow_the_paragraph_that_calls_them(tmp_path, kind):
    call = f'<w:r><w:{kind}Reference w:id="7"/></w:r>'
    body = f"<w:p>{run('Fees are due')}{call}{run('.')}</w:p>{paragraph('Next')}"
    content = word(body, **{f"{kind}s": notes(kind, "Hollyhock")})
    said = "Comment by Ada: Hollyhock" if kind == "comment" else "Hollyhock"
    assert block_texts(read(tmp_path, content)) == ["Fees are due.", said, "Next"]


def test_notes_of_tables_and_lists_follow_these(tmp_path):
    call = '<w:r><w:footnoteReference w:id="7"/></w:r>'
    cell = f"<w:tc><w:p>{run('north')}{call}</w:p></w:tc><w:tc>{paragraph('12')}</w:tc>"
    content = word(f"<w:tbl><w:tr>{cell}</w:tr></w:tbl>", footnotes=notes("footnote", "net"))
    assert block_texts(read(tmp_path, content)) == ["north | 12", "net"]
    item = f"<w:p><w:pPr><w:numPr/></w:pPr>{run('one')}{call}</w:p>"
    content = word(item, footnotes=notes("footnote", "net"))
    assert block_texts(read(tmp_path, content)) == ["- one", "net"]


def test_headers_and_footers_come_last_each_once_under_no_heading(tmp_path):
    content = word(
        paragraph("Slipway", '<w:outlineLvl w:val="0"/>') + paragraph("The winch."),
        header=("header1.xml", paragraph("Harbour office")),
        footer=("footer1.xml", paragraph("Harbour office")),
    )
    document = read(tmp_path, content)
    assert block_texts(document) == ["The winch.", "Harbour office"]
    (heading,) = document.headings
    assert heading.end == document.blocks[-1].start


def test_a_comment_that_nothing_calls_is_still_read(tmp_path):
    content = word(paragraph("Text."), comments=notes("comment", "Why?"))
    assert block_texts(read(tmp_path, content)) == ["Text.", "Comment by Ada: Why?"]


def field(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (field("begin") + "<w:r><w:instrText>PAGE</w:instrText></w:r>" + field("separate")
         + run("12") + field("end"), "12"),
        # A field in the instruction of another one is no text, whatever it results in.
        (field("begin") + field("begin") + field("separate") + run("hidden") + field("end")
         + field("separate") + run("shown") + field("end") + run("!"), "shown!"),
        (field("separate") + field("end") + run("stray marks"), "stray marks"),
        (f'<w:fldSimple w:instr="AUTHOR">{run("Ada")}</w:fldSimple>', "Ada"),
        (f'<w:hyperlink r:id="none">{run("the link")}</w:hyperlink>', "the link"),
        (f"<w:smartTag>{run('tagged')}</w:smartTag>", "tagged"),
        (f"<w:sdt><w:sdtContent>{run('controlled')}</w:sdtContent></w:sdt>", "controlled"),
        (f"<w:ins>{run('in')}</w:ins><w:del><w:r><w:delText>out</w:delText></w:r></w:del>", "in"),
        (f"<w:moveTo>{run('here')}</w:moveTo><w:moveFrom>{run('there')}</w:moveFrom>", "here"),
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>" + run("shown"), "shown"),
        ('<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>shown</w:t></w:r>', "shown"),
        (run("word") + '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>12</w:t></w:r>'
         '<w:r><w:rPr><w:vertAlign w:val="subscript"/></w:rPr><w:t>3</w:t></w:r>', "word¹²3"),
        (run("multi") + "<w:r><w:softHyphen/></w:r>" + run("lingual"), "multilingual"),
        (run("co") + "<w:r><w:noBreakHyphen/></w:r>" + run("op"), "co-op"),
        (run("a") + "<w:r><w:tab/><w:br/><w:cr/></w:r>" + run("b"), "a\t\n\nb"),
        ('<w:r><w:sym w:font="Symbol" w:char="F061"/></w:r>' + run("-decay"), "α-decay"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>' + run(" done"), "✓ done"),
        ('<w:r><w:sym w:font="Arial" w:char="00E9"/></w:r>', "é"),
        ('<w:r><w:sym w:font="Arial" w:char="zzz"/></w:r>' + run("x"), "x"),
        ("<m:oMath><m:f><m:num><m:r><m:t>mass</m:t></m:r></m:num><m:den><m:r><m:t>volume</m:t>"
         "</m:r></m:den></m:f></m:oMath>", "mass/volume"),
        ("<w:r><w:ruby><w:rt><w:r><w:t>とう</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>東</w:t></w:r>"
         "</w:rubyBase></w:ruby></w:r>" + run("京"), "東京 (とう)"),
        ('<w:pPr><w:framePr w:dropCap="drop"/></w:pPr>' + run("O") + "</w:p><w:p>"
         + run("nce upon"), "Once upon"),

    ],
)  # fmt: skip
def test_the_text_is_what_word_shows(tmp_path, content, text):
    document = read(tmp_path, word(f"<w:p>{content}</w:p>{paragraph('end')}"))
    assert block_texts(document) == [text, "end"]


def numbering(*levels: tuple[str, str]) -> tuple[str, str]:
    rows = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for depth, (form, text) in enumerate(levels)
    )
    return (
        "numbering.xml",
        f'<w:abstractNum w:abstractNumId="3">{rows}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="3"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="3"/><w:lvlOverride w:ilvl="0">'
        '<w:startOverride w:val="1"/></w:lvlOverride></w:num>',
    )


def item(text: str, depth: int = 0, number: int = 1, more: str = "") -> str:
    properties = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>{more}'
    return paragraph(text, properties)


@pytest.mark.parametrize(
    ("levels", "shown"),
    [
        ([("decimal", "%1."), ("lowerLetter", "%2)")], "1. a\n2. b\n  a) c\n  b) d\n3. e"),
        ([("upperRoman", "%1"), ("decimal", "%1.%2")], "I a\nII b\n  II.1 c\n  II.2 d\nIII e"),
        ([("decimal", "§ %1"), ("decimal", "%1.%2")], "§ 1 a\n§ 2 b\n  2.1 c\n  2.2 d\n§ 3 e"),
        ([("bullet", "x"), ("none", "")], "- a\n- b\nc\nd\n- e"),
        ([("bullet", " "), ("bullet", "x")], "a\nb\n  - c\n  - d\ne"),
        ([], "- a\n- b\n  - c\n  - d\n- e"),
    ],
)
def test_lists_keep_their_numbers(tmp_path, levels, shown):
    body = item("a") + item("b") + item("c", 1) + item("d", 1) + item("e")
    document = read(tmp_path, word(body, numbering=numbering(*levels)))
    assert block_texts(document) == [shown]


def test_another_list_begins_anew_and_headings_are_numbered_too(tmp_path):
    level = '<w:outlineLvl w:val="0"/>'
    body = item("Scope", more=level) + paragraph("x") + item("Terms", more=level) + item("y", 0, 2)
    document = read(tmp_path, word(body, numbering=numbering(("decimal", "%1."))))
    assert outline(document) == [(1, "1. Scope"), (1, "2. Terms")]
    assert block_texts(document) == ["x", "1. y"]


def test_heading_styles_of_other_languages_and_of_peoples_own(tmp_path):
    styles = """
      <w:style w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>
      <w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>
      <w:style w:styleId="Mine"><w:name w:val="Mine"/>
        <w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>
      <w:style w:styleId="Child"><w:name w:val="Child"/><w:basedOn w:val="Mine"/></w:style>
      <w:style w:styleId="Body"><w:name w:val="Body"/><w:basedOn w:val="Mine"/>
        <w:pPr><w:outlineLvl w:val="9"/></w:pPr></w:style>
      <w:style w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop"/></w:style>"""
    names = re.findall(r'styleId="(\w+)"', styles)
    body = "".join(paragraph(name, f'<w:pStyle w:val="{name}"/>') for name in names)
    body += paragraph("Own", '<w:pStyle w:val="Body"/><w:outlineLvl w:val="1"/>')
    document = read(tmp_path, word(body, styles=("styles.xml", styles)))
    headings = [(2, "berschrift2"), (1, "Titel"), (3, "Mine"), (3, "Child"), (2, "Own")]
    assert outline(document) == headings
    assert block_texts(document) == ["Body", "Loop"]


def test_a_table_that_lays_out_a_page_is_read_as_one(tmp_path):
    heading = paragraph("Skills", '<w:outlineLvl w:val="1"/>')
    cells = f"<w:tc>{paragraph('Left')}</w:tc><w:tc>{heading}{paragraph('Welding')}</w:tc>"
    deleted = f"<w:tr><w:trPr><w:del/></w:trPr><w:tc>{paragraph('gone')}</w:tc></w:tr>"
    document = read(tmp_path, word(f"<w:tbl><w:tr>{cells}</w:tr>{deleted}</w:tbl>"))
    assert outline(document) == [(2, "Skills")]
    assert block_texts(document) == ["Left", "Welding"]


def test_a_page_within_the_document(tmp_path):
    content = word(
        f'{paragraph("before")}<w:altChunk r:id="raFChunk"/>{paragraph("after")}',
        aFChunk=("part.html", "<html><h1>Inner</h1><p>from a page</p></html>"),
    )
    document = read(tmp_path, content)
    assert outline(document) == [(1, "Inner")]
    assert block_texts(document) == ["before", "from a page", "after"]


def without(*names: str):
    return lambda parts: [parts.pop(name) for name in names]


def with_junk(*names: str):
    return lambda parts: parts.update(dict.fromkeys(names, b"<broken"))


def with_relation(kind: str, target: str):
    name, end = "word/_rels/document.xml.rels", b"</Relationships>"
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    row = f'<Relationship Id="rId98" Type="{base}/{kind}" Target="{target}"/>'.encode()
    return lambda parts: parts.update({name: parts[name].replace(end, row + end)})


def strict(parts: dict[str, bytes]) -> None:
    for name, content in parts.items():
        parts[name] = re.sub(
            rb"http://schemas\.openxmlformats\.org/(\w+)/2006/(main|relationships)",
            rb"http://purl.oclc.org/ooxml/\1/\2",
            content,
        )


def renamed(change):
    def apply(parts: dict[str, bytes]) -> None:
        old = dict(parts)
        parts.clear()
        parts.update({change(name): content for name, content in old.items()})

    return apply


@pytest.mark.parametrize(
    "change",
    [
        with_relation("image", "NULL"),
        with_relation("image", "media/image9.png"),
        with_relation("hyperlink", "#_top"),
        with_relation("header", "NULL"),
        without("docProps/core.xml", "docProps/thumbnail.jpeg"),
        without("word/settings.xml", "word/theme/theme1.xml", "word/fontTable.xml"),
        without("[Content_Types].xml"),
        with_junk("docProps/core.xml", "[Content_Types].xml", "word/settings.xml"),
        with_junk("word/numbering.xml", "word/theme/theme1.xml"),
        strict,
        renamed(lambda name: name.replace("/", "\\")),
        renamed(lambda name: name.replace("document.xml", "Document.XML")),
        without("_rels/.rels"),
    ],
)
def test_what_nobody_needs_loses_nothing(tmp_path, change):
    document = read(tmp_path, changed(docx_bytes(), change))
    assert outline(document) == [(1, "Results"), (2, "By region")]
    assert "Region | Sales\nNorth | 12" in block_texts(document)


def test_broken_styles_lose_the_headings_only(tmp_path):
    document = read(tmp_path, changed(docx_bytes(), with_junk("word/styles.xml")))
    assert document.headings == ()
    assert "Sales rose in every region." in block_texts(document)


@pytest.mark.parametrize("name", ["a.docm", "a.dotx", "a.dotm"])
def test_with_macros_and_templates(tmp_path, name):
    kind = {"a.docm": "document.macroEnabled", "a.dotx": "template"}.get(name, "template.macro")

    def change(parts: dict[str, bytes]) -> None:
        types = parts["[Content_Types].xml"]
        parts["[Content_Types].xml"] = types.replace(b"document.main", f"{kind}.main".encode())

    assert outline(read(tmp_path, changed(docx_bytes(), change), name))[0] == (1, "Results")
