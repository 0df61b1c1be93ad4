"""LaTeX: what its own commands stand for is read where they stand."""

import pytest

from reader_samples import outline, read_one


@pytest.mark.parametrize(
    "definition",
    [
        r"\newcommand{\sys}{Frobnix Two}",
        r"\newcommand\sys{Frobnix Two}",
        r"\newcommand*{\sys} {Frobnix Two\xspace}",
        r"\def\sys{Frobnix Two }",
        r"\providecommand{\sys}{Frobnix Two\xspace{}}",
    ],
)
def test_a_command_that_stands_for_words(tmp_path, definition):
    path = tmp_path / "a.tex"
    body = [
        r"\title{On \sys\ and \sys{}}",
        r"\section{The \sys way}",
        r"We use \sys. \system is another; \verb|\sys| is code, \\\\sys a line.",
        r"\begin{lstlisting}",
        r"\sys",
        r"\end{lstlisting}",
    ]
    path.write_text("\n".join([definition, *body]))
    document = read_one(path)
    assert document.title == "On Frobnix Two and Frobnix Two"
    assert outline(document) == [(3, "The Frobnix Two way")]
    lines = document.text.split("\n")
    assert lines[0] == definition
    assert lines[3] == (
        r"We use Frobnix Two. \system is another; \verb|\sys| is code, \\\\sys a line."
    )
    assert lines[5] == r"\sys"


@pytest.mark.parametrize(
    "definition",
    [
        r"\newcommand{\sys}[1]{\textbf{#1} words}",
        r"\newcommand{\sys}{\textsc{Frobnix}}",
        r"\newcommand{\sys}{$x$}",
        r"\newcommand{\sys",
    ],
)
def test_what_stands_for_more_than_words_stays(tmp_path, definition):
    path = tmp_path / "a.tex"
    path.write_text(f"{definition}\n\nWe use \\sys here.")
    assert read_one(path).text.endswith(r"We use \sys here.")
