import textwrap

import pytest

from bienc_cli.formats import code
from reader_samples import block_texts, outline, read_one

PYTHON = textwrap.dedent(
    '''\
    """Module."""
    import os
    import sys

    LIMIT = 1


    # About A.
    @decorate
    class A:
        """An A."""

        x = 1

        def f(self):
            def inner(): ...

            return inner

        async def g(self): ...


    def h():
        """Not a
    # heading"""
    '''
)


def read(tmp_path, name, source):
    path = tmp_path / name
    path.write_text(source)
    return read_one(path)


def test_python_by_its_grammar(tmp_path):
    document = read(tmp_path, "a.py", PYTHON)
    assert document.text == PYTHON
    assert outline(document) == [(1, "class A"), (2, "def f"), (2, "def g"), (1, "def h")]
    assert document.text[document.headings[0].start :].startswith("# About A.\n@decorate\nclass A")
    blocks = block_texts(document)
    assert blocks[0] == '"""Module."""\nimport os\nimport sys'
    assert blocks[1] == "LIMIT = 1"
    assert "def f(self):\n        def inner(): ..." in blocks
    assert blocks[-1] == 'def h():\n    """Not a\n# heading"""'


@pytest.mark.parametrize("source", ["def f(:\n    pass\n", "print 'two'\n", "x = " + "(" * 500])
def test_python_that_does_not_parse_is_still_read(tmp_path, source):
    assert read(tmp_path, "a.py", source).text == source


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        (
            "a.rs",
            "/// A point\n#[derive(Debug)]\npub struct Point<T> {\n    x: T,\n}\n\n"
            "impl<T> Point<T> {\n    /// new\n    pub fn new(x: T) -> Self {\n"
            "        Self { x }\n    }\n}\n",
            [
                (1, "pub struct Point<T>"),
                (1, "impl<T> Point<T>"),
                (2, "pub fn new(x: T) -> Self"),
            ],
        ),
        (
            "a.c",
            "/* adds */\nstatic int add(int a, int b)\n{\n    return a + b;\n}\n\n"
            "int main(void) {\n    if (x) {\n        go(1);\n    }\n    return f(2);\n}\n",
            [(1, "static int add(int a, int b)"), (1, "int main(void)")],
        ),
        (
            "a.go",
            "package main\n\nfunc (s *Server) Run() error {\n\treturn nil\n}\n\n"
            "type Server struct {\n}\n",
            [(1, "func (s *Server) Run() error"), (1, "type Server struct")],
        ),
        (
            "A.java",
            "public class A {\n    @Override\n    public String toString() {\n"
            '        return "x";\n    }\n}\n',
            [(1, "public class A"), (2, "public String toString()")],
        ),
        (
            "a.ts",
            "export const add = (a: number) => a\n\nexport default function run() {\n}\n\n"
            "export class Shop {\n}\n",
            [
                (1, "export const add"),
                (1, "export default function run()"),
                (1, "export class Shop"),
            ],
        ),
        ("a.sh", "#!/bin/sh\n\nclean_up() {\n  rm x\n}\n", [(1, "clean_up()")]),
        ("a.rb", "class A\n  def f\n  end\nend\n", [(1, "class A"), (2, "def f")]),
        ("a.sql", "CREATE TABLE users (\n  id INT\n);\n", [(1, "CREATE TABLE users (")]),
    ],
)
def test_by_lines_that_look_like_definitions(tmp_path, monkeypatch, name, source, expected):
    monkeypatch.setattr(code, "is_available", lambda _: False)
    document = read(tmp_path, name, source)
    assert outline(document) == expected
    assert document.text == source


def test_comments_above_a_definition_belong_to_it(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "is_available", lambda _: False)
    document = read(tmp_path, "a.c", "int x;\n\n/* adds\n * up */\nint add(int a)\n{\n}\n")
    assert document.text[document.headings[0].start :].startswith("/* adds\n * up */\nint add")
    assert block_texts(document) == ["int x;", "/* adds\n * up */\nint add(int a)\n{\n}"]


def test_minified_source_has_no_outline(tmp_path):
    assert outline(read(tmp_path, "a.js", "function f(){};" * 1000)) == []


@pytest.mark.parametrize(
    ("name", "inside", "behind"),
    [
        ("a.lua", "function M.dock(x)\n  return 1\nend", "print(2)"),
        ("a.lua", "local function dock() return 1 end", "print(2)"),
        ("a.pl", "sub dock {\n    return 1;\n}", "print 2;"),
        ("a.scala", "object Port {\n  val a = 1\n}", "println(2)"),
        ("a.ex", "def dock(x) do\n  1\nend", "IO.puts(2)"),
        ("a.ps1", "function Get-Dock {\n    param($x)\n}", "Write-Host 2"),
        ("a.jl", "function dock(x)\n    1\nend", "println(2)"),
        ("a.tf", 'resource "a" "b" {\n  name = 1\n}', "locals {\n  c = 2\n}"),
        ("a.r", "dock <- function(x) {\n  1\n}", "print(2)"),
        ("a.pyx", "def dock(x):\n    if x:\n        go(1)\n    return 1", "print(2)"),
        ("a.cu", "int dock(int x)\n{\n#ifdef A\n    go(1);\nagain:\n    go(2);\n}", "int y = 2;"),
        ("a.groovy", "def dock(x)\n{\n    try {\n        go(1)\n    }\n}", "dock(2)"),
    ],
)
def test_by_lines_what_stands_behind_a_definition_is_not_in_it(tmp_path, name, inside, behind):
    source = f"{inside}\n\n{behind}\n"
    (heading,) = read(tmp_path, name, source).headings
    assert source[heading.start : heading.end].rstrip() == inside


def test_by_lines_a_member_ends_within_its_class(tmp_path):
    source = "class A {\n  def f() {\n    1\n  }\n\n  val x = 2\n}\n\nval y = 3\n"
    ends = [source[: one.end].count("\n") for one in read(tmp_path, "a.scala", source).headings]
    assert ends == [8, 5]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.pl", "package Port;\nuse strict;\n\nprint 2;\n"),
        ("a.hs", "module Port where\nimport A\n\nx = 2\n"),
        ("a.f90", "module port\nimplicit none\ninteger x\n"),
    ],
)
def test_by_lines_a_definition_without_indented_body_does_not_end(tmp_path, name, source):
    assert [one.end for one in read(tmp_path, name, source).headings] == [None]
