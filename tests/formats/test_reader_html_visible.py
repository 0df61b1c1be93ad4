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
        "<select><option>WORD</select>",
        "<textarea>WORD</textarea>",
        "<button>WORD</button>",
        "<p hidden>WORD</p>",
        "<span style='display:none'>WORD</span>",
        "<div role=alert hidden>The WORD has been copied to where you can paste it from</div>",
        "<div aria-modal=true hidden>The WORD and cookies and many other words of lawyers</div>",
        "<noscript>Please enable JavaScript to see the WORD.</noscript>",
        "<iframe>WORD</iframe>",
        "<video>WORD</video>",
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
