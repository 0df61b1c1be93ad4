"""Manual pages, as they are printed, in the lines of their source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.formats.reading import format_of
from reader_samples import outline, read_one

PAGE = r""".\" Copyright
.TH HERON 1 "May 2024" "Birds" "User Commands"
.SH NAME
heron \- stands on one leg
.SH OPTIONS
.TP
\fB\-a\fR, \fB\-\-all\fR=\fIN\fR
.BR wade (2)
in the water
.de XX
hidden \\$1
..
.SS "Long ones"
.B \-\-quiet
"""

MDOC = """.Dd May 1, 2024
.Dt HERON 8
.Os
.Sh NAME
.Nm heron
.Nd stands
.Sh SYNOPSIS
.Nm
.Op Fl a Ar file
.It Fl q Ns Ar x
"""


def test_sections_title_and_lines(tmp_path):
    path = tmp_path / "heron.1"
    path.write_text(PAGE)
    document = read_one(path)
    assert (document.format, document.title) == ("man", "HERON(1)")
    assert outline(document) == [(1, "NAME"), (1, "OPTIONS"), (2, "Long ones")]
    assert document.text.split("\n") == [
        *("", "HERON 1 May 2024 Birds User Commands", "NAME", "heron - stands on one leg"),
        *("OPTIONS", "", "-a, --all=N", "wade(2)", "in the water", "", "", ""),
        *("Long ones", "--quiet", ""),
    ]


def test_pages_that_say_what_and_not_how(tmp_path):
    path = tmp_path / "heron.mdoc"
    path.write_text(MDOC)
    document = read_one(path)
    assert document.title == "HERON(8)"
    assert outline(document) == [(1, "NAME"), (1, "SYNOPSIS")]
    assert document.text.split("\n")[4:] == [
        *("heron", "stands", "SYNOPSIS", "heron", "-a file", "-q x", ""),
    ]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (r"\fBbold\fP\f(CWcode\f[]\f[B]x", "boldcodex"),
        (r"\s-1SMALL\s0 \s+2big", "SMALL big"),
        (r"caf\('e M\(:uller na\[:i]ve stra\[ss]e", "café Müller naïve straße"),
        (r"\[u00FC]ber \(em \(co \(lqsaid\(rq \*(lqtoo\*(rq", "über — © “said” “too”"),
        (r"a\ b\~c\0d e\|f\^g\&h\%i\/j", "a b c d efghij"),
        (r"back\e slash \\ \' \` \.", "back\\ slash \\ ' ` ."),
        (r"word\" a comment", "word"),
        (r"\h'2n'in\v'1'line\n(.lx", "inlinex"),
        (".IR file .c", "file.c"),
        ('.IP "the tag" 4', "the tag"),
        (".I several words", "several words"),
        (".UNKNOWN kept words", "kept words"),
        ('.IX Item "of an index"', ""),
        ("ends with \\", "ends with "),
        ("'\\\" comment", ""),
    ],
)
def test_what_is_printed(tmp_path, line, shown):
    path = tmp_path / "a.man"
    path.write_text(f".TH A 1\n{line}\nlast\n")
    assert read_one(path).text.split("\n")[1:3] == [shown, "last"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PAGE, "man"),
        ('\'\\" t\n.\\" x\n.TH A 1\n', "man"),
        ("\n.Dd May\n.Dt A 1\n", "man"),
        (".TH A 1\n", "man"),
        ('.de IX\n..\n.IX Title "A 1"\n.TH A 1\n', "man"),
        ("2024 started\n.TH A 1\n", "text"),
        (".hidden\nno page\n", "text"),
        ("...\n", "text"),
    ],
)
def test_a_page_is_known_by_how_it_begins(tmp_path, content, name):
    path = tmp_path / "a.1"
    path.write_text(content)
    found = format_of(path)
    assert found is not None
    assert found.name == name


@given(st.text(alphabet="\\.'\"fB([*n]sSHTde \n-"))
def test_lines_stay_lines(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "a.man"
    path.write_text(f".TH A 1\n{text}\nend", encoding="utf-8")
    assert read_one(path).text.count("\n") == text.count("\n") + 2


def test_tables_are_their_rows(tmp_path):
    path = tmp_path / "heron.1"
    path.write_text(
        ".TH HERON\n.TS\ntab(@) allbox;\nlb r\nl r.\nPort@Fee\n_\n"
        "T{\nKiel\nT}@T{\nlow\nT}\n.TE\na@b\n"
    )
    document = read_one(path)
    assert document.title == "HERON"
    assert document.text.split("\n") == [
        *("HERON", "", "", "", "", "Port | Fee", "", "", "Kiel", "", "low", "", "", "a@b", ""),
    ]


@pytest.mark.parametrize("line", [".ftr V B", ". nx other", ".ec @", ".tc", ".vpt 0", ".ch x"])
def test_requests_that_print_nothing(tmp_path, line):
    path = tmp_path / "heron.man"
    path.write_text(f".TH A 1\n{line}\nwords\n")
    assert read_one(path).text.split("\n")[1:] == ["", "words", ""]
