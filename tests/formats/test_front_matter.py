"""Front matter, and what only looks like it."""

from __future__ import annotations

import pytest

from reader_samples import outline, read_one


def read(tmp_path, source):
    path = tmp_path / "a.md"
    path.write_text(source)
    return read_one(path)


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("title: Plain words", "Plain words"),
        ("title: Plain # with a comment", "Plain"),
        ("title: C# for all", "C# for all"),
        ('title: "Quoted: \\"twice\\" \\u00fcber"', 'Quoted: "twice" über'),
        ("title: 'It''s single'  # yes", "It's single"),
        ("title: >-\n  Folded over\n  two lines", "Folded over two lines"),
        ("title: |\n  A block", "A block"),
        ("title: Goes on\n  below", "Goes on below"),
        ('"title": x\ntitle: T', "T"),
        ("Title: Upper case\ntags:\n- a\n- b", "Upper case"),
        ("# a comment\ntitle: T\nlist: [\n  a\n]", "T"),
        ("tags: [a]\n\ntitle: T", "T"),
        ("other: 1", None),
        ("title:", None),
    ],
)
def test_titles_of_yaml(tmp_path, line, title):
    document = read(tmp_path, f"---\n{line}\n---\n\n## Part\n\ntext\n")
    assert document.title == title
    assert outline(document) == [(2, "Part")]


@pytest.mark.parametrize("line", ['title = "A \\"B\\""', "title = 'A \"B\"' # c", '[t]\ntitle="x"'])
def test_titles_of_toml(tmp_path, line):
    document = read(tmp_path, f"+++\n{line}\n+++\n\ntext\n")
    assert (document.title or "").startswith(("A", "x"))


@pytest.mark.parametrize(
    "between",
    [
        "\n# Heading\n\nSome text.\n\n",
        "# Heading\n\nNote: a colon makes no mapping.\n",
        "Some text.\n\n# Heading\n\nMore.\n",
        "Dear reader: this is prose.\nIt goes on.\n\n# Heading\n\n",
        "* item\n\n# Heading\n",
        "\n# Heading\n",
    ],
)
def test_rules_are_no_fences(tmp_path, between):
    document = read(tmp_path, f"---\n{between}\n---\n\n## Part\n\ntext\n")
    assert outline(document) == [(1, "Heading"), (2, "Part")]
    assert document.title == "Heading" or document.title is None
