import pytest

from reader_samples import block_texts, outline, read_one

PAGE = """<!doctype html><html><head><title>Fish &amp; chips</title>
<style>p { color: red }</style></head><body>
<nav><a href=/>Home</a></nav>
<header><h1>Big <b>title</b></h1></header>
<div>Loose text <p>First<br>second &eacute;&nbsp;line</p></div>
<ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul>
<table><caption>Prices</caption><tr><th>Name<th>Price</tr><tr><td><p>Apple</p><td>1.20</tr></table>
<h2>Code</h2><pre><code>def f():
    return 1
</code></pre>
<ol><li>x<li>y</ol>
<script>evil()</script><p hidden>unseen</p><p style="display: none">unseen</p><!-- unseen -->
<p>A picture: <img src="http://example.org/x.png" alt="a cat"> here</p>
<footer>© everybody</footer></body></html>"""


def read(tmp_path, source):
    path = tmp_path / "a.html"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    return read_one(path)


def test_what_is_seen_and_nothing_else(tmp_path):
    document = read(tmp_path, PAGE)
    assert document.title == "Fish & chips"
    assert outline(document) == [(1, "Big title"), (2, "Code")]
    assert block_texts(document) == [
        "Loose text",
        "First\nsecond é line",
        "- one\n  - inner\n- two",
        "Prices\nName | Price\nApple | 1.20",
        "def f():\n    return 1",
        "1. x\n2. y",
        "A picture: a cat here",
    ]


def test_headings_stand_in_the_text(tmp_path):
    document = read(tmp_path, PAGE)
    for heading in document.headings:
        assert document.text.startswith(heading.title, heading.start)


def test_a_table_that_lays_out_a_page_is_read_as_a_page(tmp_path):
    source = "<table><tr><td><h2>News</h2><p>One.</p><p>Two.</p></td><td>Side</td></tr></table>"
    document = read(tmp_path, source)
    assert outline(document) == [(2, "News")]
    assert block_texts(document) == ["One.", "Two.", "Side"]


@pytest.mark.parametrize(
    ("rows", "read_as"),
    [
        (
            "<tr><td><p>Anna</td><td><p>sweeps<p>mops</td></tr><tr><td><p>Bert<td><p>cooks</tr>",
            "Anna | sweeps mops\nBert | cooks",
        ),
        ("<tr><th>Port</th><td><p>8080</p><p>8443</p></td></tr>", "Port | 8080 8443"),
    ],
)
def test_cells_of_a_table_may_hold_paragraphs(tmp_path, rows, read_as):
    assert block_texts(read(tmp_path, f"<table>{rows}</table>")) == [read_as]


def test_lists_within_cells_stay_in_their_row(tmp_path):
    source = "<table><tr><td>a<ul><li>x<li>y</ul></td><td>b</td></tr></table>"
    assert block_texts(read(tmp_path, source)) == ["a x y | b"]


def test_headings_within_lists_are_headings(tmp_path):
    document = read(tmp_path, "<ul><li><h3>Card</h3>text</li></ul>")
    assert outline(document) == [(3, "Card")]


def test_a_page_that_is_all_navigation_is_still_read(tmp_path):
    document = read(tmp_path, "<nav><a>Chapter one</a> <a>Chapter two</a></nav>")
    assert document.text.strip() == "Chapter one Chapter two"


def test_the_declared_encoding_is_taken(tmp_path):
    source = "<meta charset='iso-8859-2'><p>Zażółć gęślą jaźń</p>".encode("iso8859_2")
    assert block_texts(read(tmp_path, source)) == ["Zażółć gęślą jaźń"]


def test_fragments_and_deep_nesting(tmp_path):
    assert block_texts(read(tmp_path, "no markup at all")) == ["no markup at all"]
    deep = "<div>" * 3000 + "core" + "</div>" * 3000
    assert block_texts(read(tmp_path, deep)) == ["core"]


def test_entities_that_name_unstorable_characters(tmp_path):
    document = read(tmp_path, "<p>a&#0;b&#xD800;c</p>")
    document.text.encode()
    assert "\0" not in document.text
