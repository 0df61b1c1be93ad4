"""Words that a source writes by signs of its own are found as they are read."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bienc_cli.formats import escapes
from bienc_cli.formats.json_source import with_strings_read
from reader_samples import read_one


@pytest.mark.parametrize(
    ("name", "source", "word"),
    [
        ("a.json", '{"a": "M\\u00fcller", // said twice\n}', "Müller"),
        ("a.json", '{"a": "one"}\n{"a": "M\\u00fcller\\nund Sohn"}', '"Müller und Sohn"'),
        ("a.yaml", 'a: "M\\u00fcller\\tSohn"\n', "Müller\tSohn"),
        ("a.toml", 'a = "\\ud83d\\ude00"\n', "😀"),
        ("a.po", 'msgstr ""\n"Alles\\nspeichern, \\"jetzt\\""\n', "Alles speichern, "),
        ("a", '<?xml version="1.0"?><a>M&#252;ller</a>', "Müller"),
        ("a.plist", "<string>M&#252;ller</string>", "Müller"),
        ("a.properties", "greeting=M\\u00fcller\n", "Müller"),
        ("a.properties", "path=C:\\\\u00fcx\n", "C:\\\\u00fcx"),
        ("a.properties", "sign=\\u003d \\u000a\n", "\\u003d \\u000a"),
        ("a.xml", "<a>M&#252;ller &amp; M&#xFC;ller</a>", "Müller & Müller"),
        ("a.xml", "<a>M&uuml;ller&#10;Sohn</a>", "Müller Sohn"),
        ("a.xml", "<a>Donau&#173;dampf</a>", "Donaudampf"),
        ("a.xml", "<![CDATA[&#252;]]><!-- &#252; -->&#252;", "<![CDATA[&#252;]]><!-- &#252; -->ü"),
        ("a.rss", "<![CDATA[<p>&uuml; &lt; &amp;</p>]]>", "<![CDATA[<p>ü &lt; &amp;</p>]]>"),
        ("a.rss", "<d>&lt;p&gt;d&amp;#39;&amp;#233;t&amp;#xE9; &amp;hellip;&lt;/p&gt;</d>",
         "<d><p>d'été …</p></d>"),
        ("a.atom", "a &amp;lt;b&amp;gt; &amp;amp; &amp;nosuch; &amp; c;",
         "a &lt;b&gt; &amp; &nosuch; & c;"),
        ("a.rss", "<![CDATA[<p>it&#8217;s &ldquo;said&rdquo; &quot;so&#39;</p>]]>",
         "<![CDATA[<p>it’s “said” \"so'</p>]]>"),
        ("a.md", "a&mdash;b, it&rsquo;s &quot;c&quot; &#39;d&#39;", "a—b, it’s \"c\" 'd'"),
        ("a.md", "&#42;a&#42; &lbrack;b &#10; &#x3c;", "&#42;a&#42; &lbrack;b &#10; &#x3c;"),
        ("a.md", "M&uuml;ller&nbsp;und Donau&shy;dampf", "Müller\xa0und Donaudampf"),
        ("a.md", "1 &lt; 2 &amp; &#35; &nosuch;", "1 &lt; 2 &amp; &#35; &nosuch;"),
        ("a.md", "`&uuml;` ``&uuml;``\n~~~\n&uuml;\n~~~\n&uuml;",
         "`&uuml;` ``&uuml;``\n~~~\n&uuml;\n~~~\nü"),
        ("a.tex", r'M\"uller M\"{u}ller M{\"u}ller M{\"{u}}ller', "Müller Müller Müller Müller"),
        ("a.tex", r"caf\'e na\"\i ve gar\c{c}on Dvo\v{r}\'ak", "café naïve garçon Dvořák"),
        ("a.tex", r"stra\ss e Stra{\ss}e gro\ss{} \O{}re \l{}", "straße Straße groß Øre ł"),
        ("a.tex", r"co\-op\-er\-ate a \- b", r"cooperate a \- b"),
        ("a.tex", r"\label \oint \ssmall $\"x \^5$", r"\label \oint \ssmall $ẍ \^5$"),
        ("a.tex", "\\begin{lstlisting}\n\\\"a\n\\end{lstlisting} \\verb|\\\"a| \\\"a",
         "\\begin{lstlisting}\n\\\"a\n\\end{lstlisting} \\verb|\\\"a| ä"),
        ("a.bib", r"title = {{B}ayesian {L}inux of {\'E}cole, {NASA}}", "Bayesian Linux of École"),
    ],
)  # fmt: skip
def test_what_is_read(tmp_path, name, source, word):
    path = tmp_path / name
    path.write_text(source)
    assert word in read_one(path).text


WRITERS = [
    escapes.with_units,
    escapes.with_references,
    escapes.with_references_to_words,
    escapes.with_bibtex_letters,
    with_strings_read,
]
SIGNS = st.text(alphabet="\\\"'{}&;#x20aAuéc`~\n <![CDT]>-")


@pytest.mark.parametrize("written", WRITERS)
@given(text=SIGNS)
@settings(max_examples=200, deadline=None)
def test_lines_stay_lines(written, text):
    assert written(text).count("\n") == text.count("\n")


@given(text=st.text(alphabet="äöüßéñçΩя😀 abc\n"))
def test_json_that_does_not_parse_says_what_it_would(text):
    assert with_strings_read(json.dumps(text) + ",") == f'"{text}",'.replace("\n", " ")


@pytest.mark.parametrize("written", WRITERS)
@pytest.mark.parametrize(
    "piece",
    ["\\", '\\"', "&", "&#", "<![CDATA[", "]]", "<!--", "`", "``a", "```\n", "\\verb|", '"', "\\u0",
     "\\begin{verbatim}", "{a}", "{\\"],
)  # fmt: skip
def test_no_source_takes_long(written, piece):
    started = time.process_time()
    written(piece * (400_000 // len(piece)))
    assert time.process_time() - started < 5
