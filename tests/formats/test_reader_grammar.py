"""Code by its grammar: what is defined, where its scope ends, and what belongs to it."""

import subprocess
import sys
from pathlib import PurePath

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bienc_cli.chunking.chunker import chunk
from bienc_cli.formats import code, syntax
from bienc_cli.formats.grammars import GRAMMARS
from bienc_cli.types import ChunkingParameters
from fakes import FakeTokenizer
from grammar_samples import SOURCES
from reader_samples import outline, read_one

EXPECTED = {
    "a.py": [(1, "class A"), (2, "def g"), (2, "def h"), (1, "def cond")],
    "a.js": [
        (1, "export const add"),
        (1, "export default class Shop extends Base"),
        (2, "open()"),
        (2, "close"),
        (1, "module.exports.run"),
        (1, "go()"),
        (1, "stop"),
        (1, "function* gen()"),
    ],
    "a.ts": [
        (1, "export interface Shape"),
        (1, "export type Id = string | number"),
        (1, "enum Color"),
        (1, "namespace Geo"),
        (2, "export abstract class C<T> implements Shape"),
        (3, "constructor(private x: T)"),
        (3, "public area(): number"),
        (1, "export class Cmp"),
        (2, "go(): void"),
    ],
    "a.tsx": [(1, "export function App(props: P)"), (1, "export const Row")],
    "a.go": [
        (1, "type Server struct"),
        (1, "func (s *Server) Run(ctx context.Context) (int, error)"),
        (1, "func main()"),
    ],
    "a.rs": [
        (1, "pub struct Point<T>"),
        (1, "impl<T> Point<T>"),
        (2, "pub fn new(x: T) -> Self"),
        (1, "mod tests"),
        (2, "fn it_works()"),
        (1, "macro_rules! m"),
        (1, "trait T"),
    ],
    "A.java": [
        (1, "public class A extends B"),
        (2, "public A()"),
        (2, "public String toString()"),
        (2, "enum E"),
        (2, "interface I"),
        (2, "record R(int a)"),
    ],
    "a.c": [
        (1, "static int add(int a, int b)"),
        (1, "typedef struct pt"),
        (1, "struct node"),
        (1, "enum e"),
        (1, "int *ptr(void)"),
    ],
    "a.cpp": [
        (1, "namespace ns"),
        (2, "template <typename T> class Box : public Base"),
        (3, "T get() const"),
        (1, "int ns::Box<int>::f(int a)"),
    ],
    "a.cs": [
        (1, "namespace N"),
        (2, "public class A : B"),
        (3, "public int X"),
        (3, "public async Task<int> F(int a)"),
        (3, "public A()"),
        (2, "enum E"),
    ],
    "a.rb": [(1, "module M"), (2, "class A < B"), (3, "def f(a)"), (3, "def self.g")],
    "a.php": [
        (1, "final class A extends B"),
        (2, "public function f(int $a): string"),
        (1, "function g()"),
        (1, "interface I"),
    ],
    "a.kt": [
        (1, "data class A(val x: Int)"),
        (2, "override fun f(a: Int): Int"),
        (2, "companion object"),
        (3, "fun of()"),
        (1, "object O"),
        (1, "fun top(x: Int)"),
    ],
    "a.swift": [
        (1, "public class A: B"),
        (2, "init(x: Int)"),
        (2, "func f(_ a: Int) -> Int"),
        (1, "extension A: P"),
        (2, "func g()"),
        (1, "struct S"),
        (1, "protocol P"),
        (2, "func h()"),
        (1, "func top()"),
    ],
    "a.sh": [(1, "clean_up()"), (1, "function go")],
    "a.sql": [
        (1, "CREATE TABLE users"),
        (1, "CREATE OR REPLACE VIEW v AS SELECT * FROM users"),
        (1, "CREATE FUNCTION f(a INT) RETURNS INT"),
        (1, "CREATE INDEX i ON users (name)"),
    ],
}


def read(tmp_path, name, source):
    path = tmp_path / name
    path.write_text(source, encoding="utf-8")
    return read_one(path)


def scopes(document):
    """Title to the text of its scope."""
    return {one.title: document.text[one.start : one.end].strip() for one in document.headings}


@pytest.mark.parametrize("name", SOURCES)
def test_what_a_file_defines(tmp_path, name):
    document = read(tmp_path, name, SOURCES[name])
    assert outline(document) == EXPECTED[name]
    assert document.text == SOURCES[name]


@pytest.mark.parametrize("name", SOURCES)
def test_scopes_are_nested_and_end(tmp_path, name):
    document = read(tmp_path, name, SOURCES[name])
    open_ = [(0, len(document.text))]
    for one in document.headings:
        assert one.end is not None
        assert one.start < one.end
        while len(open_) > one.level:
            open_.pop()
        assert open_[-1][0] <= one.start
        assert one.end <= open_[-1][1]
        open_.append((one.start, one.end))


@pytest.mark.parametrize(
    ("name", "title", "belongs"),
    [
        ("a.py", "class A", "# about\n@dec(\n  1\n)\nclass A"),
        ("a.py", "def h", "# ---- group\n\n    @property\n    def h"),
        ("a.js", "open()", "/** opens */\n  open()"),
        ("a.ts", "export class Cmp", '@Component({selector: "a"})\nexport class Cmp'),
        ("a.go", "func (s *Server) Run(ctx context.Context) (int, error)", "// Run runs.\nfunc"),
        ("a.rs", "pub struct Point<T>", "/// A point\n#[derive(Debug,\n  Clone)]\npub struct"),
        ("A.java", "public class A extends B", '/** Doc. */\n@Entity(name = "x")\npublic class'),
        ("a.c", "static int add(int a, int b)", "/* adds */\nstatic int add"),
        ("a.cpp", "template <typename T> class Box : public Base", "// A box.\ntemplate"),
        ("a.cs", "public class A : B", "/// <summary>Doc</summary>\n    [Serializable]"),
        ("a.rb", "def f(a)", "# doc\n    def f"),
        ("a.php", "final class A extends B", "/** Doc */\n#[Attr]\nfinal class"),
        ("a.kt", "override fun f(a: Int): Int", "/** f */\n    override"),
        ("a.swift", "func f(_ a: Int) -> Int", "/// f\n    func"),
        ("a.sh", "clean_up()", "# cleans\nclean_up"),
        ("a.sql", "CREATE TABLE users", "-- users\nCREATE TABLE"),
    ],
)
def test_what_is_said_of_a_definition_stays_with_it(tmp_path, name, title, belongs):
    assert scopes(read(tmp_path, name, SOURCES[name]))[title].startswith(belongs)


@pytest.mark.parametrize(
    ("name", "outside"),
    [
        ("a.py", "Y = 2"),
        ("a.js", "console.log(1)"),
        ("a.go", "var x = 1"),
        ("a.c", "int x = 3"),
        ("a.rb", "puts 1"),
        ("a.sh", "\nclean_up\n"),
        ("a.sql", "SELECT 1"),
    ],
)
def test_what_follows_a_definition_is_outside_of_it(tmp_path, name, outside):
    document = read(tmp_path, name, SOURCES[name])
    passages = chunk(document, FakeTokenizer(), ChunkingParameters(256, 16))
    (found,) = [passage for passage in passages if outside.strip() in passage.text.split("\n")[-1]]
    assert found.heading == ()


def test_what_a_file_says_of_itself_is_its_title(tmp_path):
    assert read(tmp_path, "a.py", SOURCES["a.py"]).title == "What it does"
    assert read(tmp_path, "a.rs", SOURCES["a.rs"]).title == "Points and such"
    assert read(tmp_path, "b.py", "import os\n").title is None
    assert read(tmp_path, "b.rs", "/// Of what follows.\nfn f() {}\n").title is None


def test_what_is_said_of_a_method_of_ruby_in_front_of_it_is_part_of_it(tmp_path):
    source = (
        "class C\n  private def f(x)\n    1\n  end\n"
        "  # doc\n  private_class_method def self.g\n    2\n  end\n  p 3\nend\n"
    )
    found = scopes(read(tmp_path, "a.rb", source))
    assert found["private def f(x)"].endswith("1\n  end")
    assert found["private_class_method def self.g"].startswith("# doc\n")


def test_offsets_are_of_characters(tmp_path):
    source = "# Größe\nmaß = '字' ; x = 1\n\n\ndef größe():\n    return 'ä' ; 字 = 2\n\nüber = 1\n"
    document = read(tmp_path, "a.py", source)
    assert scopes(document) == {"def größe": "def größe():\n    return 'ä' ; 字 = 2"}


def test_code_that_is_half_written_keeps_its_outline(tmp_path):
    source = "class A:\n    def f(self):\n        print 'old'\n\ndef g():\n    x = (\n"
    titles = [title for _, title in outline(read(tmp_path, "a.py", source))]
    assert titles[:2] == ["class A", "def f"]


@pytest.mark.parametrize("name", SOURCES)
def test_without_its_grammar_a_file_is_read_by_its_lines(tmp_path, monkeypatch, name):
    monkeypatch.setattr(syntax, "find_spec", lambda _: None)
    syntax._is_installed.cache_clear()
    try:
        document = read(tmp_path, name, SOURCES[name])
    finally:
        syntax._is_installed.cache_clear()
    assert document.text == SOURCES[name]
    assert document.headings == code._by_lines(SOURCES[name], PurePath(name).suffix)


def test_a_parse_that_takes_too_many_steps_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(syntax, "_STEPS_AT_LEAST", 0)
    monkeypatch.setattr(syntax, "_STEPS_A_BYTE", 0)
    source = SOURCES["a.rs"] * 50
    assert read(tmp_path, "a.rs", source).headings == code._by_lines(source, ".rs")


@pytest.mark.parametrize("bracket", ["(", "[", "{", "a<"])
def test_brackets_without_end_are_read_by_lines(tmp_path, monkeypatch, bracket):
    monkeypatch.setattr(syntax, "_loaded", None)  # No parser is begun.
    source = "class A {\n" + bracket * 200_000
    assert outline(read(tmp_path, "A.java", source)) == [(1, "class A")]


def test_nothing_of_a_grammar_is_imported_before_a_file_is_read():
    program = "import sys, bienc_cli.formats.code; print('tree_sitter' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert said.stdout == "False\n"


PIECES = st.sampled_from(
    ["class A", "def f", "(", ")", "{", "}", "[", "]", "\n", "\n    ", "/*", "*/", "//", "#", '"""',
     "'", "`", "${", "<<EOF\n", "EOF\n", "$$", "<?php ", "@", "function", "impl", "<T>", "=>", ";",
     "\x7f", "\ud7ff", "字", "\t", "begin", "end", "#define A \\\n", "R\"(", ")\"", "%{", "|", "\\"]
)  # fmt: skip


@pytest.mark.parametrize("suffix", sorted(GRAMMARS))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_hostile_source_is_read_all_the_same(tmp_path, suffix, data):
    name = data.draw(st.sampled_from(sorted(SOURCES)))
    source = SOURCES[name]
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(source)))
        piece = data.draw(PIECES) * data.draw(st.sampled_from([1, 1, 3, 200]))
        source = source[:place] + piece + source[place + data.draw(st.integers(0, 30)) :]
    assume(source.strip())
    document = read(tmp_path, f"a{suffix}", source)
    starts = [one.start for one in document.headings]
    assert starts == sorted(set(starts))
    for one in document.headings:
        assert 0 <= one.start < (one.end or len(document.text)) <= len(document.text)
        assert one.title
    for before, after in zip(document.blocks, document.blocks[1:]):
        assert before.end <= after.start


PROCEDURE = "CREATE PROCEDURE a()\nBEGIN\n  SELECT 1;\n"


@pytest.mark.parametrize(
    ("inside", "behind"),
    [
        (f"{PROCEDURE}END$$", "DELIMITER ;\nDROP TABLE b;"),
        (f"{PROCEDURE}END", "//\nDELIMITER ;\nDROP TABLE b;"),
        (f"{PROCEDURE}END", "GO\nSELECT 2;"),
        (
            "CREATE FUNCTION a() RETURNS int AS $$\nBEGIN\n  RETURN 1;\nEND $$\nLANGUAGE sql;",
            "SELECT 2;",
        ),
    ],
)
def test_procedures_end_where_clients_of_databases_take_them_to(tmp_path, inside, behind):
    document = read(tmp_path, "a.sql", f"DELIMITER $$\n{inside}\n{behind}\n")
    assert [scope.rstrip() for scope in scopes(document).values()] == [inside]
