"""AsciiDoc, Org and LaTeX: their headings, and what only looks like one."""

from __future__ import annotations

import textwrap

import pytest

from reader_samples import block_texts, outline, read_one

ASCIIDOC = """\
    = The _Great_ Manual
    Author Name
    :toc:

    Preamble.

    == Use of `git` ==

    [source,sh]
    ----
    == not a heading

    # nor this
    ----

    === See <<other,the other one>>

    ====
    == in an example
    ====

    Old Style
    ~~~~~~~~~
    Words.

    |===
    |a |b

    |c |d
    |===
    """
# TODO is Org's own word for the state of a headline, which the reader takes off.
ORG = """\
    #+TITLE: My /notes/
    #+AUTHOR: x

    * TODO [#A] Buy [[http://x][the *milk*]] :shop:home:
    Words.

    ** Details
    #+BEGIN_SRC sh
    * not a heading

    ls *
    #+END_SRC
    * Other
    - item
    *bold at the start of a line*
    """
LATEX = r"""
    \documentclass{article} % \section{not this}
    \title{On \emph{Light}\thanks{Funded}}
    \begin{document}
    \section[Short]{A \textbf{long} title \label{s}}
    Words.
    \begin{verbatim}
    \section{nor this}
    \end{verbatim}
    \subsection*{Costs: 5\,\% \& more}
    % \chapter{no}
    \section{Over
      two lines}
    \end{document}
    """


@pytest.mark.parametrize(
    ("name", "source", "title", "headings"),
    [
        (
            "a.adoc",
            ASCIIDOC,
            "The Great Manual",
            [
                (1, "The Great Manual"),
                (2, "Use of git"),
                (3, "See the other one"),
                (3, "Old Style"),
            ],
        ),
        ("a.org", ORG, "My notes", [(1, "Buy the milk"), (2, "Details"), (1, "Other")]),
        (
            "a.tex",
            LATEX,
            "On Light",
            [(3, "A long title"), (4, "Costs: 5 % & more"), (3, "Over two lines")],
        ),
    ],
)
def test_headings(tmp_path, name, source, title, headings):
    path = tmp_path / name
    path.write_text(textwrap.dedent(source))
    document = read_one(path)
    assert document.text == textwrap.dedent(source)
    assert document.title == title
    assert outline(document) == headings
    for heading in document.headings:
        word = heading.title.split()[0]
        assert word in document.text[heading.start :].split("\n", 2)[0]


@pytest.mark.parametrize(
    ("name", "source", "whole"),
    [
        ("a.adoc", ASCIIDOC, "[source,sh]\n----\n== not a heading\n\n# nor this\n----"),
        ("a.adoc", ASCIIDOC, "|===\n|a |b\n\n|c |d\n|==="),
    ],
)
def test_what_is_between_delimiters_is_one_block(tmp_path, name, source, whole):
    path = tmp_path / name
    path.write_text(textwrap.dedent(source))
    assert whole in block_texts(read_one(path))


@pytest.mark.parametrize("name", ["a.adoc", "a.asciidoc", "a.org", "a.tex", "a.ltx"])
def test_unclosed_blocks_and_braces(tmp_path, name):
    path = tmp_path / name
    path.write_text("words\n----\n#+begin_src\n\\section{never\n\\begin{verbatim}\n= x\n* y\n")
    assert read_one(path).text.startswith("words")


@pytest.mark.parametrize(
    ("source", "headings"),
    [
        ("\\begin{frame}{Moorings}\nx\n\\end{frame}", [(5, "Moorings")]),
        ("\\begin{frame}[fragile]<2->{The \\emph{fees}}\nx", [(5, "The fees")]),
        ("\\begin{frame}\n\\frametitle{Moorings}\nx\n\\end{frame}", [(5, "Moorings")]),
        ("\\begin{frame}\nx {words}\n\\end{frame}", []),
        ("\\addchap{Thanks}\n\\addsec{To all}", [(2, "Thanks"), (3, "To all")]),
        ("\\subparagraph{Small} x", [(7, "Small")]),
        ("\\section{Of \\LaTeX{} for \\$5}", [(3, "Of LaTeX for $5")]),
        ("\\section{See \\href{http://a.b}{the words}}", [(3, "See the words")]),
        ("Type \\verb|\\section{x}| or \\verb+\\part{y}+.", []),
        ("\\newcommand{\\foo}[2][x]{\\section{#1}}\n\\section{Real}", [(3, "Real")]),
        ("\\def\\foo#1{\\part{#1}}", []),
    ],
)
def test_slides_and_sections_without_numbers(tmp_path, source, headings):
    path = tmp_path / "a.tex"
    path.write_text(source)
    assert outline(read_one(path)) == headings
