import textwrap

import pytest

from reader_samples import block_texts, outline, read_one

SOURCE = textwrap.dedent(
    """\
    ---
    title: "The *whole* story"
    tags: [a, b]
    ---
    # Head *one* & `two`

    A paragraph
    of two lines.

    Underlined
    ----------
    - a
    - b

      still b

    | h | i |
    |---|---|
    | 1 | 2 |

    ```py
    # no heading

    x = 1
    ```
    > # quoted heading
    > words

    ### Deep [link](http://example.org) ###
    end
    """
)


def read(tmp_path, source):
    path = tmp_path / "a.md"
    path.write_text(source, newline="")
    return read_one(path)


def test_the_text_is_the_source(tmp_path):
    assert read(tmp_path, SOURCE).text == SOURCE


def test_headings_without_their_markup(tmp_path):
    document = read(tmp_path, SOURCE)
    assert outline(document) == [(1, "Head one & two"), (2, "Underlined"), (3, "Deep link")]
    lines = [document.text[heading.start :].split("\n")[0] for heading in document.headings]
    assert lines == [
        "# Head *one* & `two`",
        "Underlined",
        "### Deep [link](http://example.org) ###",
    ]


def test_lists_tables_fences_and_quotations_are_blocks(tmp_path):
    blocks = block_texts(read(tmp_path, SOURCE))
    assert "A paragraph\nof two lines." in blocks
    assert "- a\n- b\n\n  still b" in blocks
    assert "| h | i |\n|---|---|\n| 1 | 2 |" in blocks
    assert "```py\n# no heading\n\nx = 1\n```" in blocks
    assert "> # quoted heading\n> words" in blocks


def test_the_title_is_the_front_matters_else_the_first_heading(tmp_path):
    assert read(tmp_path, SOURCE).title == "The *whole* story"
    assert read(tmp_path, '+++\ntitle = "Toml"\n+++\ntext\n').title == "Toml"
    assert read(tmp_path, "# First\n\ntext\n").title == "First"
    assert read(tmp_path, "## Not level one\n\ntext\n").title is None
    assert read(tmp_path, "---\ndraft: true\n---\n# Head\n").title == "Head"


def test_a_rule_at_the_top_is_no_front_matter(tmp_path):
    document = read(tmp_path, "---\n\n# Head\n\ntext\n")
    assert outline(document) == [(1, "Head")]


def test_line_breaks_of_windows(tmp_path):
    document = read(tmp_path, SOURCE.replace("\n", "\r\n"))
    assert document == read(tmp_path, SOURCE)


def test_form_feeds_and_exotic_separators_do_not_shift_lines(tmp_path):
    document = read(tmp_path, "a\x0cb\u2028c\n\n# Head\n")
    assert document.text[document.headings[0].start :] == "# Head\n"


def test_a_document_without_a_final_line_break(tmp_path):
    document = read(tmp_path, "# A\n\ntext")
    assert block_texts(document) == ["# A", "text"]


@pytest.mark.parametrize(
    ("source", "headings"),
    [
        ("<h1 align='center'>The <b>Title</b></h1>\n\ntext", [(1, "The Title")]),
        (
            "<div align=center>\n\n<h1>A &amp; B</h1>\n\n</div>\n\n## Two\n",
            [(1, "A & B"), (2, "Two")],
        ),
        ("<p>x</p>\n<h2>One</h2>\n<p>y</p>\n<H3>Two</H3>", [(2, "One"), (3, "Two")]),
        ("<h1>\n  <img src='a.png' alt='Logo of it'>\n</h1>", [(1, "Logo of it")]),
        ("<h1><a href=x>Linked</a> <sub>small</sub></h1>", [(1, "Linked small")]),
        ("<!--\n<h1>None</h1>\n-->\n\ntext", []),
        ("<h1><br></h1>\n\ntext", []),
        ("```html\n<h1>None</h1>\n```", []),
        ("<h1>Never closed\n\ntext", []),
    ],
)
def test_headings_in_html(tmp_path, source, headings):
    document = read(tmp_path, source)
    assert outline(document) == headings
    assert document.text == source
    assert all(
        document.text[heading.start :][:2] in ("<h", "<H", "##") for heading in document.headings
    )


@pytest.mark.parametrize("fences", ["---\n---\n", "+++\n+++\n", "---\n\n---\n", "---\n...\n"])
def test_front_matter_with_nothing_in_it(tmp_path, fences):
    assert outline(read(tmp_path, f"{fences}# Head\n\ntext\n")) == [(1, "Head")]


@pytest.mark.parametrize(
    "said", ["{#one .big}", "{: .big }", "{:#one}", "{.big key=x}", "{: #one}"]
)
def test_what_is_said_of_a_heading_is_no_part_of_it(tmp_path, said):
    assert outline(read(tmp_path, f"# One {said}\n\ntext\n")) == [(1, "One")]


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("{% highlight sh %}", "{% endhighlight %}"),
        ("{%- highlight ruby linenos -%}", "{%- endhighlight -%}"),
        ("{{< highlight go >}}", "{{< /highlight >}}"),
        ("{{% highlight go %}}", "{{% / highlight %}}"),
        ("{% comment %}", "{% endcomment %}"),
    ],
)
def test_code_of_generators_has_no_headings(tmp_path, begin, end):
    source = f"# One\n\n{begin}\n# no heading\nx = 1\n---\n{end}\n\n## Two\n\n{begin}\n\n## Three\n"
    document = read(tmp_path, source)
    assert outline(document) == [(1, "One"), (2, "Two"), (2, "Three")]
    assert document.text == source


@pytest.mark.parametrize(
    ("heading", "shown"),
    [
        ("See [[Note|the words]]", "See the words"),
        ("See [[Note]] and [[A b|c]]", "See Note and c"),
        ("A [[1]](http://x) link", "A [1] link"),
    ],
)
def test_links_of_wikis_are_shown_by_their_words(tmp_path, heading, shown):
    assert outline(read(tmp_path, f"# {heading}\n\ntext\n")) == [(1, shown)]


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("% The story\n% Ann\n% 2024\n\n# One\n", "The story"),
        ("% The story\n  goes on\n\ntext\n", "The story goes on"),
        ("Title: The story\nDate: 2024-01-01\n\ntext\n", "The story"),
        ("%\n% Ann\n\n# One\n", "One"),
        ("%% a comment %%\n\ntext\n", None),
        ("Titles: all\n\ntext\n", None),
    ],
)
def test_a_title_in_front_without_fences(tmp_path, source, title):
    assert read(tmp_path, source).title == title
