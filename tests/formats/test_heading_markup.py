"""A heading is called as a person reads it, whatever stands in it: links, code, names, notes."""

import pytest

from reader_samples import outline, read_one

ASCIIDOC = {
    "Use of `git rebase`": "Use of git rebase",
    "Use of `*args` and snake_case_names": "Use of *args and snake_case_names",
    "C++ and `C++`": "C++ and C++",
    "See <<there,the *other*>> and <<there>>": "See the other and there",
    "The https://a.b/c_d_e[site] of link:f.html[Foo]": "The site of Foo",
    "The xref:a/b.adoc#c[words] there": "The words there",
    "[[here]]An anchor": "An anchor",
    "[.red]#Red# words": "Red words",
    "*_Both_* un**con**strained": "Both unconstrained",
    "Press kbd:[Ctrl+P] twice": "Press Ctrl+P twice",
    "The {product} of {nobody}": "The Frobnicator of {nobody}",
    "3 * 4 * 5": "3 * 4 * 5",
}
ORG = {
    "Use of =git rebase= and ~x_y~": "Use of git rebase and x_y",
    "Edit /etc/hosts and ~/.bashrc now": "Edit /etc/hosts and ~/.bashrc now",
    "C++ or 1/2 or a=b": "C++ or 1/2 or a=b",
    "The [[https://a.b][the =milk= pump]]": "The the milk pump",
    "*Bold with /both/*": "Bold with both",
    "Tasks [2/5] [40%]": "Tasks",
    "Tasks [/] of [%]": "Tasks of",
    "REVIEW Own words": "Own words",
    "SHIPPED Own words": "Own words",
    "TODO [#B] Two": "Two",
    "UNKNOWN Own words": "UNKNOWN Own words",
}
MARKDOWN = {
    "[1.2.0] - 2024": "1.2.0 - 2024",
    "See [the words][there]": "See the words",
    "See [nowhere] [x][nowhere]": "See [nowhere] [x][nowhere]",
    "Words[^1] there": "Words there",
    "Words {/* #own-id */}": "Words",
    "`snake_case` and C++": "snake_case and C++",
    "![Icon](a.png) API": "Icon API",
}
RST = {
    r"The \*args of \*\*f": "The *args of **f",
    "``*args`` and ``f_``": "*args and f_",
    ":ref:`the words <there>` of `site`_": "the words of site",
    "A snake_case |version|": "A snake_case version",
}
LATEX = {r"\texorpdfstring{$\alpha$ x}{alpha} rays": "alpha rays"}


def rows(cases, suffix, source):
    return [(suffix, source, heading, shown) for heading, shown in cases.items()]


@pytest.mark.parametrize(
    ("suffix", "source", "heading", "shown"),
    [
        *rows(ASCIIDOC, "adoc", "= A\n:product: Frobnicator\n\n== {}\n\nwords\n"),
        *rows(ORG, "org", "#+TODO: REVIEW(r@/!) | SHIPPED\n\n* {}\nwords\n"),
        *rows(MARKDOWN, "md", "## {}\n\nwords\n\n[1.2.0]: https://a.b\n[there]: c.md\n"),
        *rows(RST, "rst", "{}\n========================================\n\nwords\n"),
        *rows(LATEX, "tex", "\\section{{{}}}\n\nwords\n"),
    ],
)
def test_a_heading_as_it_is_read(tmp_path, suffix, source, heading, shown):
    path = tmp_path / f"a.{suffix}"
    path.write_text(source.format(heading))
    assert outline(read_one(path))[-1][1] == shown
