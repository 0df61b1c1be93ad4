"""What styles and placed objects of an OpenDocument file make of its words."""

import pytest

from bienc_cli.chunking.places import Places
from bienc_cli.types import Document
from office_samples import zip_of
from reader_samples import block_texts, read_one

_URN = "urn:oasis:names:tc:opendocument:xmlns"
NAMESPACES = " ".join(
    [
        *(f'xmlns:{name}="{_URN}:{name}:1.0"' for name in ("office", "text", "table", "style")),
        f'xmlns:chart="{_URN}:chart:1.0"',
        f'xmlns:draw="{_URN}:drawing:1.0"',
        f'xmlns:svg="{_URN}:svg-compatible:1.0"',
        'xmlns:xlink="http://www.w3.org/1999/xlink"',
    ]
)
STYLES = """<office:font-face-decls>
  <style:font-face style:name="F1" svg:font-family="Symbol"/>
  <style:font-face style:name="F2" svg:font-family="'Wingdings 2'"/></office:font-face-decls>
  <office:automatic-styles>
  <style:style style:name="Up">
    <style:text-properties style:text-position="super 58%"/></style:style>
  <style:style style:name="High">
    <style:text-properties style:text-position="33% 58%"/></style:style>
  <style:style style:name="Child" style:parent-style-name="Up"/>
  <style:style style:name="Low">
    <style:text-properties style:text-position="-33% 58%"/></style:style>
  <style:style style:name="Flat" style:parent-style-name="Up">
    <style:text-properties style:text-position="0% 100%"/></style:style>
  <style:style style:name="Loop" style:parent-style-name="Loop"/>
  <style:style style:name="Greek"><style:text-properties style:font-name="F1"/></style:style>
  <style:style style:name="Signs"><style:text-properties style:font-name="F2"/></style:style>
  <style:style style:name="Shown" style:parent-style-name="Gone">
    <style:text-properties text:display="true"/></style:style>
  <style:style style:name="Gone"><style:text-properties text:display="none"/></style:style>
  </office:automatic-styles>"""


def opened(
    tmp_path, kind: str, body: str, *, styles: str = STYLES, beside: str = "", **objects: str
) -> Document:
    content = (
        f"<office:document-content {NAMESPACES}>{styles}<office:body><office:{kind}>{body}"
        f"</office:{kind}></office:body></office:document-content>"
    )
    path = tmp_path / ("a.odt" if kind == "text" else "a.ods")
    parts = {f"{name}/content.xml": text for name, text in objects.items()}
    parts["styles.xml"] = f"<office:document-styles {NAMESPACES}>{beside}</office:document-styles>"
    path.write_bytes(zip_of({"content.xml": content, **parts}))
    return read_one(path)


def span(text: str, style: str) -> str:
    return f'<text:span text:style-name="{style}">{text}</text:span>'


def placed(name: str) -> str:
    return f'<draw:frame><draw:object xlink:href="./{name}"/></draw:frame>'


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (f"word{span('12', 'Up')} x", "word¹² x"),
        (f"m{span('2', 'High')}", "m²"),
        (f"m{span('2', 'Child')}", "m²"),
        (f"H{span('2', 'Low')}O", "H2O"),
        (f"m{span('2', 'Flat')}", "m2"),
        (f"m{span('2', 'Loop')}", "m2"),
        (f"n{span('th', 'Up')}", "nth"),
        (f"{span(chr(0xF061), 'Greek')}-decay", "α-decay"),
        (f"{span(chr(0xF0FC), 'Signs')} done", "✓ done"),
        (f"a{span('b', 'Gone')}{span('c', 'Shown')}", "ac"),
    ],
)
def test_what_styles_say_of_characters(tmp_path, content, shown):
    assert block_texts(opened(tmp_path, "text", f"<text:p>{content}</text:p>")) == [shown]


FORMULA = (
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow><mi>E</mi><mo>=</mo>'
    "<mfrac><mi>m</mi><mn>2</mn></mfrac><msup><mi>c</mi><mn>2</mn></msup><msubsup><mi>x</mi>"
    "<mn>1</mn><mn>3</mn></msubsup><msqrt><mi>y</mi></msqrt></mrow>"
    "<annotation>StarMath</annotation></semantics></math>"
)


@pytest.mark.parametrize("name", ["Object 1", "Formula-0/"])
def test_formulas_stand_in_their_sentence(tmp_path, name):
    body = f"<text:p>Here {placed(name)} is.</text:p>"
    document = opened(tmp_path, "text", body, **{name.rstrip("/"): FORMULA})
    assert block_texts(document) == ["Here E=m/2c^2x_1^3√y is."]


def test_a_formula_that_is_missing_is_missed_alone(tmp_path):
    assert block_texts(opened(tmp_path, "text", f"<text:p>a {placed('x')}b</text:p>")) == ["a b"]


CHART = (
    f"<office:document-content {NAMESPACES}><office:body><office:chart><chart:chart>"
    "<chart:title><text:p>Fees by port</text:p></chart:title><chart:plot-area><chart:axis>"
    "<chart:title><text:p>Euros</text:p></chart:title></chart:axis></chart:plot-area>"
    "<table:table><table:table-row><table:table-cell><text:p/></table:table-cell>"
    '<table:table-cell office:value-type="string"><text:p>Kiel</text:p></table:table-cell>'
    '<table:table-cell office:value-type="float"><text:p>12</text:p></table:table-cell>'
    "</table:table-row></table:table></chart:chart></office:chart></office:body>"
    "</office:document-content>"
)


def test_charts_stand_behind_what_they_are_anchored_in(tmp_path):
    body = f"<text:p>See it.{placed('Object 1')}</text:p><text:p>End.</text:p>"
    document = opened(tmp_path, "text", body, **{"Object 1": CHART})
    assert block_texts(document) == ["See it.", "Fees by port\nEuros\nKiel", "End."]


def row(*cells: str) -> str:
    content = "".join(f"<table:table-cell>{cell}</table:table-cell>" for cell in cells)
    return f"<table:table-row>{content}</table:table-row>"


def test_what_is_anchored_in_a_cell_is_no_part_of_its_value(tmp_path):
    comment = "<office:annotation><text:p>ask the bursar</text:p></office:annotation>"
    rows = [
        row("<text:p>Port</text:p>", "<text:p>Fee</text:p>"),
        row(f"{comment}<text:p>Kiel</text:p>", "<text:p>low</text:p>"),
        row(placed("Object 1")),
        row("<text:p>Lisbon</text:p>", "<text:p>high</text:p>"),
    ]
    body = f'<table:table table:name="Fees">{"".join(rows)}</table:table>'
    document = opened(tmp_path, "spreadsheet", body, **{"Object 1": CHART})
    found = {
        line: Places(document).of(document.text.index(line), document.text.index(line) + 1, ())
        for line in document.text.split("\n")
        if line
    }
    assert {line: place.first for line, place in found.items()} == {
        "Fees": 1,
        "Port | Fee": 1,
        "Kiel | low": 2,
        "ask the bursar": 2,
        "Fees by port Euros Kiel": 3,
        "Lisbon | high": 4,
    }


def test_styles_of_one_name_beside_the_text_and_beside_the_headers(tmp_path):
    beside = STYLES.replace("super 58%", "0% 100%")
    document = opened(tmp_path, "text", f"<text:p>m{span('2', 'Up')}</text:p>", beside=beside)
    assert block_texts(document) == ["m²"]


def listed(*items: str, style: str = "L", more: str = "") -> str:
    named = f' text:style-name="{style}"' if style else ""
    return f"<text:list{named}{more}>{''.join(items)}</text:list>"


def item(*content: str, start: str = "") -> str:
    stated = f' text:start-value="{start}"' if start else ""
    inside = "".join(one if one.startswith("<") else f"<text:p>{one}</text:p>" for one in content)
    return f"<text:list-item{stated}>{inside}</text:list-item>"


LISTS = """<office:automatic-styles><text:list-style style:name="L">
  <text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>
  <text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")"/>
  <text:list-level-style-bullet text:level="3"/></text:list-style>
  <text:list-style style:name="D">
  <text:list-level-style-number text:level="1" style:num-format="I" style:num-prefix="§ "
    text:start-value="4"/>
  <text:list-level-style-number text:level="2" style:num-format="1" text:display-levels="2"/>
  </text:list-style><text:list-style style:name="N">
  <text:list-level-style-number text:level="1" style:num-format=""/></text:list-style>
  </office:automatic-styles>"""


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (listed(item("a"), item("b", listed(item("c"), item("d"), style="")), item("e")),
         ["1. a\n2. b\n  a) c\n  b) d\n3. e"]),
        (listed(item("a", listed(item("b", listed(item("c"), style="")), style=""))),
         ["1. a\n  a) b\n    - c"]),
        (listed(item("a", "more"), item("b", start="7"), item("c")), ["1. a\n   more\n7. b\n8. c"]),
        (listed(item("a", listed(item("b"), style="")), style="D"), ["§ IV a\n  IV.1 b"]),
        (listed(item("a"), style="N"), ["a"]),
        (listed(item("a"), style="Unknown"), ["- a"]),
        (listed(item("a")) + listed(item("b")), ["1. a", "1. b"]),
        (listed(item("a")) + "<text:p>x</text:p>"
         + listed(item("b"), more=' text:continue-numbering="true"'), ["1. a", "x", "2. b"]),
        (listed(item(listed(item("a"), style=""))) + listed(item("b")), ["a) a", "1. b"]),
    ],
)  # fmt: skip
def test_lists_keep_their_numbers(tmp_path, body, shown):
    assert block_texts(opened(tmp_path, "text", body, styles=LISTS)) == shown


def test_what_stands_above_letters_is_read_behind_their_paragraph(tmp_path):
    ruby = "".join(
        f"<text:ruby><text:ruby-base>{base}</text:ruby-base><text:ruby-text>{above}</text:ruby-text>"
        "</text:ruby>"
        for base, above in (("東", "とう"), ("京", "きょう"))
    )
    document = opened(tmp_path, "text", f"<text:p>{ruby}に行く</text:p>")
    assert block_texts(document) == ["東京に行く (とう) (きょう)"]
