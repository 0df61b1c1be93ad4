"""What stands above a definition and belongs to it, and what only looks like it."""

import pytest

from reader_samples import outline, read_one


def heading_starts(tmp_path, name: str, source: str) -> dict[str, str]:
    """The first line of each heading's passage, by its title."""
    path = tmp_path / name
    path.write_text(source)
    document = read_one(path)
    return {
        heading.title: document.text[heading.start :].split("\n", 1)[0].strip()
        for heading in document.headings
    }


@pytest.mark.parametrize(
    ("above", "first"),
    [
        ("@Autowired private Repo repo;", "void moor() {}"),
        ("/** where it lies */ private int berth;", "void moor() {}"),
        ("@Deprecated", "@Deprecated"),
        ('@Get("/a;b")', '@Get("/a;b")'),
        ("/** Moors. */", "/** Moors. */"),
        ("// old();", "// old();"),
        ("/**\n * Moors.\n */", "/**"),
    ],
)
def test_fields_are_no_part_of_the_method_below(tmp_path, above, first):
    source = f"class Fleet {{\n  int x = 1;\n{above}\nvoid moor() {{}}\n}}\n"
    assert heading_starts(tmp_path, "A.java", source)["void moor()"] == first


@pytest.mark.parametrize(
    ("name", "above", "title"),
    [
        ("a.ts", "@Input() berth: string;", "get length(): number"),
        ("a.cs", "[SerializeField] private int berth;", "int length()"),
    ],
)
def test_fields_of_other_languages(tmp_path, name, above, title):
    source = f"class Fleet {{\n{above}\n{title} {{ return 1; }}\n}}\n"
    assert heading_starts(tmp_path, name, source)[title].startswith(title)


def test_types_in_brackets_are_definitions_of_their_own(tmp_path):
    source = (
        "package harbour\n\ntype (\n\t// Boat floats.\n\tBoat struct{ x int }\n\tBerth = int\n)\n\n"
        "type Crane interface{ Lift() }\n"
    )
    starts = heading_starts(tmp_path, "a.go", source)
    assert list(starts) == ["Boat struct", "Berth = int", "type Crane interface"]
    assert starts["Boat struct"] == "// Boat floats."


def test_annotations_are_called_by_their_names(tmp_path):
    path = tmp_path / "A.java"
    path.write_text("@interface Moored { int value(); }\n")
    assert outline(read_one(path)) == [(1, "@interface Moored")]


@pytest.mark.parametrize(
    ("name", "headings"),
    [
        ("a.scala", ["class Fleet"]),
        ("a.groovy", ["class Fleet"]),
        ("a.pl", ["package harbour", "class Fleet"]),
    ],
)
def test_a_file_is_not_within_its_package(tmp_path, name, headings):
    source = "package harbour;\n\nimport x;\n\nclass Fleet {\n}\n"
    assert list(heading_starts(tmp_path, name, source)) == headings


@pytest.mark.parametrize("line", ["#include <a.h>", "#define MAX 3", "#endif", "# pragma once"])
def test_directives_are_no_part_of_the_definition_below(tmp_path, line):
    starts = heading_starts(tmp_path, "a.c", f"{line}\nint moor(void)\n{{\n  return 1;\n}}\n")
    assert starts["int moor(void)"] == "int moor(void)"
