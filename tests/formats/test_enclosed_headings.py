"""A heading within something that stands beside the text heads nothing behind it."""

import pytest

from bienc_cli.chunking.outline import Outline
from office_samples import word
from reader_samples import read_one

IN_HTML = [
    "<aside><h3>Inner</h3><p>inside</p></aside>",
    "<details><summary><h3>Inner</h3></summary>inside</details>",
    "<ul><li><h3>Inner</h3>inside</li></ul>",
    "<blockquote><h3>Inner</h3><p>inside</p></blockquote>",
    "<figure><h3>Inner</h3><p>inside</p></figure>",
    "<section><h3>Inner</h3><p>inside</p></section>",
    "<article><header><h3>Inner</h3></header><div>inside</div></article>",
    "<div class=accordion><div class='accordion-item'><h3><button>Inner</button></h3>"
    "<div hidden>inside</div></div></div>",
    "<section><section><h3>Inner</h3></section><p>inside</p></section>",
    "<div class='x section'><h3>Inner</h3><p>inside</p></div>",
    "<div class=sect2><div class=titlepage><h3>Inner</h3></div><p>inside</p></div>",
    "<aside><blockquote><h3>Inner</h3><p>inside</p></blockquote></aside>",
]
IN_MARKDOWN = [
    "<details>\n<summary>more</summary>\n\n### Inner\n\ninside\n\n</details>",
    "<details open>\n<summary><h3>Inner</h3></summary>\n\ninside\n\n</details>",
    "<aside><h3>Inner</h3>\ninside</aside>",
    "::: {.callout-note}\n### Inner\ninside\n:::",
    ":::note Take care\n\n### Inner\n\ninside\n\n:::",
    "::::{grid}\n:::{card}\n### Inner\n\ninside\n:::\n::::",
    ":::::: a\n\n### Inner\n\ninside\n\n::::::::",
    "<details>\n\n<details>\n\n### Inner\n\ninside\n\n</details>\n\n</details>",
]


def trail_of(document, words):
    return Outline(document.headings).trail(document.text.index(words))


def check(document):
    assert trail_of(document, "before") == ("Outer",)
    assert trail_of(document, "inside") == ("Outer", "Inner")
    assert trail_of(document, "behind") == ("Outer",)


@pytest.mark.parametrize("level", "123")
@pytest.mark.parametrize("enclosed", IN_HTML)
def test_in_a_page(tmp_path, enclosed, level):
    path = tmp_path / "a.html"
    if not any(section in enclosed for section in ("section", "sect2", "article")):
        enclosed = enclosed.replace("h3", f"h{level}")
    path.write_text(f"<h2>Outer</h2>\n<p>before</p>\n{enclosed}\n<p>behind</p>")
    check(read_one(path))


@pytest.mark.parametrize(
    "source",
    [
        "<section><h2>Outer</h2></section><section>behind</section>",
        "<div class='faq-head'><h2>Outer</h2></div><div class=faq>behind</div>",
        "<section><h1>Outer</h1><p>What it is about</p></section><section>behind</section>",
    ],
)
def test_a_section_of_its_heading_alone_heads_the_next_ones(tmp_path, source):
    path = tmp_path / "a.html"
    path.write_text(source)
    assert trail_of(read_one(path), "behind") == ("Outer",)


@pytest.mark.parametrize(
    ("source", "trail"),
    [
        # A lower heading right behind a section is one of its subsections, also the second one.
        ("<section><h3>Inner</h3><p>here</p></section>", ("Outer", "Inner")),
        ("<section><h3>A</h3><p>a</p></section><section><h3>Inner</h3><p>here</p></section>",
         ("Outer", "Inner")),
        ("<div class=section><div><h3>Inner</h3><p>here</p></div></div>", ("Outer", "Inner")),
        ("<h3>Inner</h3><p>here</p>", ("Outer", "Inner")),
        ("<section><h3>A</h3><p>a</p></section><section><p>here</p></section>", ()),
        ("<section><h2>Next</h2><p>here</p></section>", ("Next",)),
        ("<p>between</p><section><h3>Inner</h3><p>here</p></section>", ("Inner",)),
        ("<section><h3>Inner</h3></section><section><p>here</p></section>", ("Outer", "Inner")),
        ("<aside><h3>Inner</h3><p>here</p></aside>", ("Inner",)),
        ("<article><h3>Inner</h3><p>here</p></article>", ("Inner",)),
        ("<section><p>between</p><h3>Inner</h3><p>here</p></section>", ("Inner",)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("tag", ["section", "div class=section"])
def test_behind_a_section_with_text_of_its_own(tmp_path, source, trail, tag):
    path = tmp_path / "a.html"
    end = tag.split()[0]
    path.write_text(f"<{tag}><h2>Outer</h2><p>what it is about</p></{end}>\n{source}")
    document = read_one(path)
    assert trail_of(document, "about") == ("Outer",)
    assert trail_of(document, "here") == trail


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("enclosed", IN_MARKDOWN)
def test_in_markdown(tmp_path, enclosed, level):
    path = tmp_path / "a.md"
    enclosed = enclosed.replace("h3", f"h{level}").replace("###", "#" * level)
    path.write_text(f"## Outer\n\nbefore\n\n{enclosed}\n\nbehind\n")
    check(read_one(path))


def test_two_in_a_row_and_one_that_is_never_closed(tmp_path):
    path = tmp_path / "a.md"
    one = "<details>\n\n### In {}\n\ninside {}\n\n</details>\n\nbehind {}\n\n"
    path.write_text(one.format(1, 1, 1) + one.format(2, 2, 2) + "<details>\n\n### Open\n\nopen\n")
    document = read_one(path)
    for number in (1, 2):
        assert trail_of(document, f"inside {number}") == (f"In {number}",)
        assert trail_of(document, f"behind {number}") == ()
    assert trail_of(document, "open\n") == ("Open",)


@pytest.mark.parametrize("level", "123")
def test_in_a_box_of_a_word_document(tmp_path, level):
    styles = (
        '<w:style w:type="paragraph" w:styleId="H2"><w:name w:val="heading 2"/></w:style>'
        f'<w:style w:type="paragraph" w:styleId="H3"><w:name w:val="heading {level}"/></w:style>'
    )

    def line(text: str, style: str = "") -> str:
        said = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
        return f"<w:p>{said}<w:r><w:t>{text}</w:t></w:r></w:p>"

    box = f"<w:txbxContent>{line('Inner', 'H3')}{line('inside')}</w:txbxContent>"
    body = (
        f"{line('Outer', 'H2')}<w:p><w:r><w:t>before</w:t><w:pict>{box}</w:pict></w:r></w:p>"
        f"{line('behind')}"
    )
    path = tmp_path / "a.docx"
    path.write_bytes(word(body, styles=("styles.xml", styles)))
    check(read_one(path))


@pytest.mark.parametrize("level", "123")
@pytest.mark.parametrize("anchored", ["paragraph", "page"])
def test_in_a_box_of_an_open_document(tmp_path, anchored, level):
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{kind}:1.0"'
        for name, kind in (("office", "office"), ("text", "text"), ("draw", "drawing"))
    )
    box = (
        '<draw:frame><draw:text-box><text:h text:outline-level="LEVEL">Inner</text:h>'
        "<text:p>inside</text:p></draw:text-box></draw:frame>"
    )
    box = box.replace("LEVEL", level)
    before = f"<text:p>before{box}</text:p>"
    if anchored == "page":
        before = f"<text:p>before</text:p>{box}"
    path = tmp_path / "a.fodt"
    path.write_text(
        f'<office:document{names} office:mimetype="application/vnd.oasis.opendocument.text">'
        f'<office:body><office:text><text:h text:outline-level="2">Outer</text:h>{before}'
        "<text:p>behind</text:p></office:text></office:body></office:document>"
    )
    check(read_one(path))
