import textwrap

from reader_samples import block_texts, outline, read_one

SOURCE = textwrap.dedent(
    """\
    =====
    Title
    =====

    Intro.

    Part :ref:`One <target>`
    ========================
    Words.

    .. code-block:: python

       x = 1

       y = 2

    Detail ``code``
    ---------------
    * item
      more

    ====  ====
    A     B
    ====  ====
    1     2
    ====  ====

    Part Two
    ========
    The end.
    """
)


def read(tmp_path, source):
    path = tmp_path / "a.rst"
    path.write_text(source)
    return read_one(path)


def test_sections_by_their_adornments_in_order_of_appearance(tmp_path):
    document = read(tmp_path, SOURCE)
    assert document.title == "Title"
    assert outline(document) == [
        (1, "Title"),
        (2, "Part One"),
        (3, "Detail code"),
        (2, "Part Two"),
    ]
    assert document.text[document.headings[0].start :].startswith("=====\nTitle")
    assert document.text[document.headings[3].start :].startswith("Part Two\n====")


def test_what_is_indented_stays_with_what_it_hangs_on(tmp_path):
    blocks = block_texts(read(tmp_path, SOURCE))
    assert ".. code-block:: python\n\n   x = 1\n\n   y = 2" in blocks
    assert "====  ====\nA     B\n====  ====\n1     2\n====  ====" in blocks


def test_tables_and_short_underlines_make_no_sections(tmp_path):
    assert outline(read(tmp_path, "A long title\n--\n\ntext\n\n    indented\n    ====\n")) == []


def test_sections_agree_with_docutils_on_identical_titles(tmp_path):
    source = "A\n=\n\nx\n\nB\n~\n\ny\n\nC\n=\n\nz\n"
    assert outline(read(tmp_path, source)) == []
    source = "One\n===\n\nx\n\nTwo\n~~~\n\ny\n\nOne\n===\n\nz\n"
    assert outline(read(tmp_path, source)) == [(1, "One"), (2, "Two"), (1, "One")]


def test_a_title_that_is_a_link_is_its_words(tmp_path):
    path = tmp_path / "a.rst"
    path.write_text(
        "See `the words <http://a.b>`__ here\n===================================\n\nx\n"
    )
    assert outline(read_one(path)) == [(1, "See the words here")]
