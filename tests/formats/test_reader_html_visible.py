"""What of a page is found: all that it shows or can be made to show, and none of its workings."""

from __future__ import annotations

import pytest

from reader_samples import block_texts, outline, read_one


def text_of(tmp_path, source: str, name: str = "a.html") -> str:
    path = tmp_path / name
    path.write_text(source)
    return read_one(path).text


@pytest.mark.parametrize(
    "source",
    [
        "<h2><button>Is a WORD allowed?</button></h2><p>No.</p>",
        "<button><h3>Is a WORD allowed?</h3></button><p>No.</p>",
        "<button aria-expanded=false>WORD</button><div hidden>No.</div>",
        "<button class=accordion>Is a WORD allowed?</button><div>No.</div>",
        "<p>x</p><div role=tablist><button role=tab>WORD</button></div>",
        "<dl><dt><button>WORD</button></dt><dd>x</dd></dl>",
        "<h2><button>Q</button></h2><div hidden>WORD</div>",
        "<h3 onclick='f()'>Q</h3><div style='display:none'>WORD</div>",
        "<p>x</p><div role=tabpanel hidden>WORD</div>",
        "<a href='#more'>more</a> x<section id=more style='display: none'>WORD</section>",
        "<button data-bs-target='#c1'>Open it please</button><p>x<div id=c1 hidden>WORD</div>",
        "<p>x</p><div hidden=until-found>WORD</div>",
        "<p>x</p><div hidden><p>A long answer with the WORD among many others in it.</p></div>",
        "<details><summary>Q</summary>WORD</details>",
        "<details><summary>WORD</summary>x</details>",
        "<body style='display:none'><p>WORD</p>",
        "<html style='visibility: hidden'><p>WORD</p>",
        "<div id=root style='display:none'><p>WORD</p></div>",
        "<noscript><p>WORD</p></noscript>",
        "<p aria-hidden=true>WORD</p>",
        "<template><p>WORD</p></template><p>x</p>",
        "<div><template shadowrootmode=open><p>WORD</p></template></div>",
        "<p>x</p><dialog><p>All that you need to know of the WORD, and of others.</p></dialog>",
        "<p>x <img src=a alt='a WORD'></p>",
        "<p>x <img src=a title=WORD></p>",
        "<p>The <abbr title='big WORD'>BW</abbr></p>",
        "<meta name=description content='about a WORD'><p>x</p>",
        "<svg><text>WORD</text></svg><p>x</p>",
        "<p>x<math><mi>WORD</mi></math></p>",
        "<table><caption>WORD</caption><tr><td>x</table>",
        "<h2><div>WORD</div></h2><p>x</p>",
        "<fieldset><legend>WORD</legend>x</fieldset>",
        "<pre>a\n  WORD</pre>",
        "<p>5 < 6 WORD</p>",
        "<p title='a > b'>WORD</p>",
        "<!-- a > b --><p>WORD</p><!-->",
        "<p>so&shy;WO&#8203;RD&#xF0123;</p>",
        "<footer><p>The WORD is given back within thirty days at our desk.</p></footer>",
        "<p>x<select><option>a</option><option>WORD</option></select>",
        "<textarea>a &amp; WORD</textarea>",
        "<form><input value=WORD></form>",
        "<input type=email value='a WORD'>",
        "<iframe srcdoc='<p>the &lt;b&gt;WORD&lt;/b&gt;</p>'></iframe>",
        "<iframe srcdoc=\"<!doctype html><html><body class='x'><div><p>WORD\"></iframe>",
        "<p>x<iframe srcdoc='<script>'></iframe></p><p>WORD</p>",
        "<p>x<iframe srcdoc='</div></div><!--'></iframe></p><p>WORD</p>",
        "<svg><title>WORD</title></svg><p>x</p>",
        "<details><summary>Q</summary><div style='display:none'>WORD</div></details>",
        "<p class=q>Is it so?</p><div hidden>WORD</div>",
        "<a href='#'>Q</a><div style='display:none'>WORD</div>",
        "<div class=question>Q</div><div class=a hidden>WORD</div>",
        "<div class=accordion-item><div>Q</div><div style='display:none'>WORD</div></div>",
        "<p>x</p><div class='MuiCollapse-root' hidden><div>WORD</div></div>",
        "<button onclick=\"show('b')\">B now</button><p>x<div id=b style='display:none'>WORD</div>",
        "<input type=radio id=t><label for=t>A</label><div class=tab hidden>WORD</div>",
        "<p>x</p><div class=tab_content style='display:none'>WORD</div>",
        "<p>Show it</p><div class=expand-content style='display:none'>WORD</div>",
        "<p>Show it</p><div class=toggle-body style='display:none'>WORD</div>",
        "<button popovertarget=b>B</button><p>x<div id=b hidden>WORD</div>",
        "<h2><a href='#a'>WORD</a></h2>",
        "<p><a href='#a'><img src=a alt=WORD></a></p>",
        "<p><span class='hljs-number'>7</span> WORD</p>",
        "<html><head><script src='a'/></head><body><p>WORD</p></body></html>",
    ],
)
def test_found(tmp_path, source):
    assert "WORD" in text_of(tmp_path, source)


@pytest.mark.parametrize(
    "source",
    [
        "<script>WORD</script>",
        "<script type=application/json>{'a': '<p>WORD</p>'}</script>",
        "<style>WORD {}</style>",
        "<nav>WORD</nav>",
        "<div role=navigation>WORD</div>",
        "<footer>WORD</footer>",
        "<!-- WORD -->",
        "<footer><a href=a>About the WORD and</a> <a href=b>all of the others</a> © us</footer>",
        "<select>" + "<option>WORD</option>" * 31 + "</select>",
        "<input type=hidden value=WORD>",
        "<input type=submit value=WORD>",
        "<input type=password value=WORD>",
        "<iframe srcdoc='<script>WORD</script>'></iframe>",
        "<button>WORD</button>",
        "<p hidden>WORD</p>",
        "<span style='display:none'>WORD</span>",
        "<div role=alert hidden>The WORD has been copied to where you can paste it from</div>",
        "<div id=cookie-bar hidden>The WORD is that we set what we need to see you again</div>",
        "<div aria-modal=true hidden>The WORD and cookies and many other words of lawyers</div>",
        "<noscript>Please enable JavaScript to see the WORD.</noscript>",
        "<iframe>WORD</iframe>",
        "<video>WORD</video>",
        "<ol class=breadcrumb><li>WORD</li></ol>",
        "<a class=skip href='#main'>To the WORD</a>",
        "<a href='#main'>Skip to the WORD</a>",
        "<p><i class='material-icons'>WORD</i>x</p>",
        "<h2>x<span class=mw-editsection>[<a href=e>WORD</a>]</span></h2>",
    ],
)
def test_left_out(tmp_path, source):
    assert "WORD" not in text_of(tmp_path, f"<body><p>text</p>{source}<p>text</p></body>")


@pytest.mark.parametrize(
    ("source", "headings"),
    [
        ("<h2><button>One?</button></h2>x", [(2, "One?")]),
        ("<h1><div>One</div><div>two</div></h1>x", [(1, "One two")]),
        ("<button><h3>One</h3></button>x", [(3, "One")]),
        ("<div role=heading aria-level=4>One</div>x", [(4, "One")]),
        ("<div role=heading>One</div>x", [(2, "One")]),
        ("<h2>One<br>two</h2>x", [(2, "One two")]),
        ("<h2>One<a class=headerlink href='#one'>¶</a></h2>x", [(2, "One")]),
        ("<h2>One <a href='/page#one' title='To this'>🔗</a></h2>x", [(2, "One")]),
        ("<h2><a href='#one'>#</a> C#</h2>x", [(2, "C#")]),
        ("<h2>One <a href='#one'>2</a></h2>x", [(2, "One 2")]),
    ],
)
def test_headings(tmp_path, source, headings):
    path = tmp_path / "a.html"
    path.write_text(source)
    document = read_one(path)
    assert outline(document) == headings
    assert document.text.startswith(headings[0][1])


def test_entries_of_a_list_of_definitions_are_blocks(tmp_path):
    path = tmp_path / "a.html"
    path.write_text(
        "<dl><dt>-a<dt>--all<dd>Everything.<dt>-n<dd><p>Nothing.<dl><dt>x<dd>y</dl><p>At all."
        "<dt>-q<dd>Quiet.</dl>"
    )
    assert block_texts(read_one(path)) == [
        "-a\n--all\nEverything.",
        "-n\nNothing.\nx\ny\nAt all.",
        "-q\nQuiet.",
    ]


@pytest.mark.parametrize(
    "note",
    [
        "<sup>1</sup>",
        "<sup><a href='#n1'>1</a></sup>",
        "<a epub:type='noteref' href='#n1'>1</a>",
        "<a role=doc-noteref href='#n1'>1</a>",
    ],
)
def test_raised_digits_are_no_part_of_the_word(tmp_path, note):
    assert "word¹ and CO2 at 5 m²" in text_of(
        tmp_path, f"<p>word{note} and CO<sub>2</sub> at 5 m<sup>2</sup></p>"
    )


@pytest.mark.parametrize(
    "note",
    ["<a href='#anc'>1</a>See", "<sup><a href='#anc'>1</a></sup>See", "\n<a href='#anc'>1</a>See"],
)
def test_the_number_of_a_footnote_is_no_part_of_its_first_word(tmp_path, note):
    assert "See" in text_of(tmp_path, f"<p>word</p><p>{note}</p>").split()


@pytest.mark.parametrize("tag", ["del", "s", "strike"])
def test_what_is_struck_out_is_apart_from_what_stands_for_it(tmp_path, tag):
    assert "old new" in text_of(tmp_path, f"<p><{tag}>old</{tag}><ins>new</ins></p>")


def test_the_description_is_not_said_twice(tmp_path):
    source = "<meta name=Description content='All of it.'><p>All\nof <b>it</b>.</p>"
    assert text_of(tmp_path, source).strip() == "All of it."


def test_elements_that_xhtml_closes_where_they_open(tmp_path):
    source = (
        '<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title/>'
        '<script src="a.js"/></head><body><div class="x"/><a id="b"/><p>WORD<br/>x</p>'
        "</body></html>"
    )
    assert text_of(tmp_path, source, "a.xhtml").strip() == "WORD\nx"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<ol start=5><li>a<li>b</ol>", "5. a\n6. b"),
        ("<ol reversed><li>a<li>b</ol>", "2. a\n1. b"),
        ("<ol><li value=9>a<li>b</ol>", "9. a\n10. b"),
        ("<ol type=a start=3><li>a<ol type=I><li>b</ol></ol>", "c. a\n  I. b"),
        ("<ol start=x type=y><li>a</ol>", "1. a"),
        ("<ul start=3><li>a</ul>", "- a"),
    ],
)
def test_items_have_the_numbers_that_are_seen(tmp_path, source, shown):
    assert text_of(tmp_path, source).strip() == shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<tr><th rowspan=2>a<th>b<tr><td>c<tr><td>d<td>e", "a | b\na | c\nd | e"),
        ("<tr><th colspan=2>a<th>b<tr><td>c<td>d<td>e", "a |  | b\nc | d | e"),
        ("<tr><td rowspan=2 colspan=2>a<td>b<tr><td>c", "a |  | b\na |  | c"),
        ("<tr><td rowspan=0>a<td colspan=x>b<tr><td>c", "a | b\nc"),
    ],
)
def test_cells_stand_in_their_columns(tmp_path, source, shown):
    assert text_of(tmp_path, f"<table>{source}</table>").strip() == shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<mfrac><mi>a</mi><mi>b</mi></mfrac>", "a/b"),
        ("<mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup>", "E=mc^2"),
        ("<munderover><mo>∑</mo> <mi>i</mi> <mi>n</mi></munderover>", "∑ _i ^n"),
        ("<msqrt><mi>x</mi></msqrt>", "√x"),
    ],
)
def test_formulas_are_apart_as_they_are_seen(tmp_path, source, shown):
    assert text_of(tmp_path, f"<p><math>{source}</math></p>").strip() == shown


@pytest.mark.parametrize("around", ["<rp>(</rp>{}<rp>)</rp>", "{}"])
def test_readings_stand_behind_what_they_are_of(tmp_path, around):
    ruby = "".join(
        f"{base}{around.format(f'<rt>{reading}</rt>')}"
        for base, reading in (("東", "とう"), ("京", "きょう"))
    )
    sentence = f"<ruby>{ruby}</ruby>に行く"
    for source in (f"<p>{sentence}</p>", f"<h2>{sentence}</h2>", f"<td>{sentence}</td>"):
        assert text_of(tmp_path, source).strip() == "東京に行く (とう きょう)"


def test_what_is_set_higher_by_its_style_is_raised(tmp_path):
    source = "<p>word<span style='vertical-align: super'>12</span> x</p>"
    assert "word¹² x" in text_of(tmp_path, source)


@pytest.mark.parametrize(
    "rule",
    [
        ".note {vertical-align: super; font-size: 60%}",
        "p a.note, span.note:hover {\n vertical-align : text-top }",
        ".x{color:red}.note{vertical-align:0.4em}",
    ],
)
def test_what_is_set_higher_by_the_class_of_a_style_sheet_is_raised(tmp_path, rule):
    source = f"<style>{rule}</style><p>word<a class='a note'>12</a> and CO<i class=sub>2</i></p>"
    assert "word¹² and CO2" in text_of(tmp_path, source)


@pytest.mark.parametrize("rule", [".note {vertical-align: sub}", ".other {vertical-align: super}"])
def test_what_is_set_elsewhere_is_not_raised(tmp_path, rule):
    assert "CO2" in text_of(tmp_path, f"<style>{rule}</style><p>CO<i class=note>2</i></p>")


@pytest.mark.parametrize(
    "picture",
    [
        "<svg role=img aria-label='Chart of tides'></svg>",
        "<svg aria-label='Chart of tides'><path d='M0'/></svg>",
        "<i role=img aria-label='Chart of tides'></i>",
        "<map><area alt='Chart of tides' href=x></map>",
    ],
)
def test_what_is_said_of_a_picture_that_is_no_image(tmp_path, picture):
    said = text_of(tmp_path, f"<p>See {picture} here</p>").split()
    assert " ".join(said) == "See Chart of tides here"


CODE = "def f():\n    return 1"
LINES = "<pre>def <b>f</b>():\n    return 1\n</pre>"


@pytest.mark.parametrize(
    "listing",
    [
        f"<table><tr><td class=linenos><pre>1\n2</pre></td><td class=code>{LINES}</td></table>",
        f"<table><tr><td class=gutter><pre>1<br>2</pre></td><td>{LINES}</td></table>",
        f"<table><tr><td class='rouge-gutter gl'><pre class=lineno>1\n2\n</pre><td>{LINES}</table>",
        f"<table><tr><td><pre><i class=lnt>1\n</i><i class=lnt>2\n</i></pre><td>{LINES}</table>",
        f"<table><tr><td><pre><span>1\n</span><span>2\n</span></pre></td><td>{LINES}</td></table>",
        "<pre><b class=linenos>1</b>def f():\n<b class=linenos>2</b>    return 1</pre>",
        "<pre>def f():\n    return 1<i class=line-numbers-rows><b></b></i></pre>",
        "<pre>def f():<br>    return 1</pre>",
    ],
)
def test_code_keeps_its_lines_and_loses_their_numbers(tmp_path, listing):
    assert text_of(tmp_path, listing).strip() == CODE


def test_numbers_that_count_no_lines_are_read(tmp_path):
    table = "<table><tr><td>2019<br>2020</td><td>pears<br>plums</td></table>"
    assert text_of(tmp_path, table).strip() == "2019 2020 | pears plums"


@pytest.mark.parametrize(
    "rows",
    [
        "<tr><td class=blob-num data-line-number=1></td><td>a = 1</td></tr><tr><td class=blob-num>"
        "</td><td>b = 2</td></tr>",
        "<tr><td class='hljs-ln-numbers'>1</td><td>a = 1</td></tr><tr><td class=hljs-ln-numbers>2"
        "<td>b = 2",
    ],
)
def test_rows_of_code_lose_their_numbers(tmp_path, rows):
    assert text_of(tmp_path, f"<table>{rows}</table>").strip() == "a = 1\nb = 2"


@pytest.mark.parametrize(
    "formula",
    [
        "<span class=katex><span><math><mi>e</mi></math></span>"
        "<span class=katex-html aria-hidden=true>e</span></span>",
        "<mjx-container><mjx-math aria-hidden=true>e</mjx-math><math><mi>e</mi></math>"
        "</mjx-container>",
    ],
)
def test_a_formula_is_said_once(tmp_path, formula):
    assert text_of(tmp_path, f"<p>a {formula} b</p>").strip() == "a e b"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<label>One</label><label>Two</label>", "One Two"),
        ("<a href=a>One</a><a href=b>Two</a>", "One Two"),
        ("<a href=a>One</a><a href=a>Two</a>", "OneTwo"),
        ("<b>One</b><i>Two</i>", "OneTwo"),
    ],
)
def test_what_stands_apart_on_the_page_is_apart(tmp_path, source, shown):
    assert text_of(tmp_path, f"<p>{source}</p>").strip() == shown
