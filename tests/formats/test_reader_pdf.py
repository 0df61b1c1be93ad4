import logging
import re
from pathlib import Path

import pytest

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.pages import Page, paged_document
from reader_samples import (
    drawn,
    drawn_pdf_bytes,
    encrypted_pdf_bytes,
    pdf_bytes,
    read_items,
    read_one,
)

ENGINES = ["pypdf", "pdfium"]


@pytest.fixture(params=ENGINES)
def engine(request):
    if request.param == "pdfium":
        pytest.importorskip("pypdfium2")
    return request.param


def write(tmp_path, content):
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    return path


def starts_of(document):
    return [anchor.start for anchor in document.numbering.anchors]


def page_texts(document):
    starts = starts_of(document)
    ends = [*starts[1:], len(document.text)]
    return [document.text[a:b].strip() for a, b in zip(starts, ends, strict=True)]


def test_pages_are_counted_as_viewers_do(tmp_path, engine):
    content = pdf_bytes("First page", "", "Third page\nsecond line", title="A report")
    document = read_one(write(tmp_path, content), pdf_engine=engine)
    assert page_texts(document) == ["First page", "", "Third page\nsecond line"]
    assert starts_of(document)[0] == 0
    assert document.title == "A report"


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_an_empty_password_is_no_hindrance(tmp_path, engine, algorithm):
    path = write(tmp_path, encrypted_pdf_bytes("Open secret", "", algorithm))
    assert page_texts(read_one(path, pdf_engine=engine)) == ["Open secret"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (encrypted_pdf_bytes("secret", "password", "AES-256"), "encrypted"),
        (pdf_bytes("", ""), "no_text"),
        (pdf_bytes(), "broken"),
        (b"%PDF-1.7\nnothing more", "broken"),
        (b"", "broken"),
        (b"plain text under a false name", "broken"),
        (pdf_bytes("text")[:300], "broken"),
    ],
)
def test_refusals(tmp_path, engine, content, code):
    from bienc_cli.formats.reading import read_documents
    from bienc_cli.formats.table import ReadingOptions

    path = write(tmp_path, content)
    with pytest.raises(UnreadableFile) as refusal:
        list(read_documents(path, "a.pdf", ReadingOptions(engine)))
    assert refusal.value.code == code


def test_pypdf_says_nothing_about_other_peoples_files(tmp_path, caplog, capfd, recwarn):
    damaged = pdf_bytes("Still readable").replace(b"startxref\n", b"startxref\n9")
    assert page_texts(read_one(write(tmp_path, damaged))) == ["Still readable"]
    assert not caplog.records
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("pypdf").level == logging.NOTSET


def pages_of(*texts, title=None):
    return paged_document("a.pdf", map(Page, texts), title)


class TestPages:
    def test_divided_words_are_mended(self):
        document = pages_of("The infor-\nmation is here.\nMore information.")
        assert document.text == "The information\nis here.\nMore information.\n"

    def test_real_hyphens_are_kept(self):
        assert "long-term" in pages_of("a long-\nterm view, long-term plans").text
        assert "non-GAAP" in pages_of("the non-\nGAAP figures").text
        text = pages_of("high-\nquality steel; high prices, quality goods").text
        assert "high-quality" in text

    def test_ligatures_and_odd_spaces(self):
        document = pages_of("e\ufb03cient  \xa0 \ufb01nd \n\n\n\n a\xadb co\xad\nop\r\nx")
        assert document.text.split() == ["efficient", "find", "ab", "coop", "x"]

    def test_every_page_starts_where_it_says(self):
        document = pages_of("man-\ndatory", "", "c")
        assert starts_of(document) == [0, 10, 11]
        assert document.text == "mandatory\n\nc\n"

    @pytest.mark.parametrize(
        "title",
        ["untitled", "Microsoft Word - Doc1", "report_final.docx", " ", "----", None, "a.indd"],
    )
    def test_titles_that_programs_made_up(self, title):
        assert pages_of("text", title=title).title is None

    def test_a_scan_has_no_text(self):
        with pytest.raises(UnreadableFile) as refusal:
            pages_of("", " \n", "--")
        assert refusal.value.code == "no_text"


LEFT = [
    "The keeper of the lighthouse wrote",
    "in his log every single evening and",
    "noted all ships that went by in the",
    "night, with their lights and flags,",
]
RIGHT = [
    "Meanwhile the puffins nested on the",
    "cliffs to the north, where no sailor",
    "ever went, and raised their chicks in",
    "burrows that the rabbits had left to",
]


def test_columns_drawn_line_by_line_are_read_one_after_the_other(tmp_path, engine):
    head = "A headline that runs right across both of the columns of this page, and is long"
    lines = b"".join(
        drawn(50, 700 - 14 * index, left) + drawn(310, 700 - 14 * index, right)
        for index, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True))
    )
    path = write(tmp_path, drawn_pdf_bytes(drawn(50, 730, head) + lines))
    assert page_texts(read_one(path, pdf_engine=engine)) == ["\n".join([head, *LEFT, *RIGHT])]


def test_tables_are_not_torn(tmp_path, engine):
    rows = [("Region", "Sales", "Costs"), *((f"Area {n}", str(n), str(2 * n)) for n in range(8))]
    cells = b"".join(
        drawn(50 + 150 * column, 700 - 14 * index, cell)
        for index, row in enumerate(rows)
        for column, cell in enumerate(row)
    )
    (text,) = page_texts(read_one(write(tmp_path, drawn_pdf_bytes(cells)), pdf_engine=engine))
    assert text.split() == " ".join(" ".join(row) for row in rows).split()


@pytest.mark.parametrize("times", [2, 3])
def test_text_drawn_again_to_look_bold_is_read_once(tmp_path, engine, times):
    whole = b"".join(drawn(72 + 0.3 * n, 700, "Maintenance WINCHES") for n in range(times))
    moved = b"BT /F1 12 Tf 72 650 Td " + b"(COMPASS) Tj 0.3 0 Td " * times + b"ET\n"
    letters = b"".join(
        drawn(72 + 12 * index + 0.3 * n, 600, letter, 12)
        for index, letter in enumerate("WINDLASS")
        for n in range(times)
    )
    path = write(tmp_path, drawn_pdf_bytes(whole + moved + letters))
    (text,) = page_texts(read_one(path, pdf_engine=engine))
    assert text.split() == ["Maintenance", "WINCHES", "COMPASS", "WINDLASS"]


@pytest.mark.parametrize(
    ("rise", "size", "shown"),
    [(4, 7, "others¹²"), (0, 7, "others12"), (4, 11, "others12"), (-3, 7, "others12")],
)
def test_raised_digits_are_no_part_of_the_word(tmp_path, engine, rise, size, shown):
    line = drawn(50, 700, "As shown by others") + drawn(142, 700 + rise, "12", size)
    path = write(tmp_path, drawn_pdf_bytes(line + drawn(170, 700, "and more in H2O.")))
    assert f"{shown} and more in H2O." in " ".join(read_one(path, pdf_engine=engine).text.split())


@pytest.mark.parametrize("turn", ["1 0 0 1", "0 1 -1 0", "0 -1 1 0"])
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_pages_that_are_turned(tmp_path, engine, turn, rotate):
    a, b, *_ = map(int, turn.split())
    lines = ["Quokka table", "North 12 13", "South 14 15"]
    content = b"".join(
        drawn(300 + 20 * index * b, 900 * a + 400 - 20 * index * a, line, turn=turn)
        for index, line in enumerate(lines)
    )
    path = write(tmp_path, drawn_pdf_bytes(content, page_entries=f"/Rotate {rotate}"))
    assert page_texts(read_one(path, pdf_engine=engine)) == ["\n".join(lines)]


def test_fields_and_notes(tmp_path, engine):
    annotations = (
        "/Annots [<< /Type /Annot /Subtype /Widget /FT /Tx /T (Applicant) /V (Ada Windlesham) "
        "/Rect [0 0 9 9] >> << /Type /Annot /Subtype /Widget /FT /Tx /T (pin) /V (secret) "
        "/Ff 8192 /Rect [0 0 9 9] >> << /Type /Annot /Subtype /FreeText /Contents (says puffin) "
        "/Rect [0 0 9 9] >> << /Type /Annot /Subtype /Text /T (Bob) /Contents (why?) "
        "/Rect [0 0 9 9] >> << /Type /Annot /Subtype /Highlight /Contents (the form) "
        "/Rect [0 0 9 9] >>]"
    )
    content = drawn_pdf_bytes(drawn(72, 700, "Fill in the form"), page_entries=annotations)
    (text,) = page_texts(read_one(write(tmp_path, content), pdf_engine=engine))
    assert text == "Fill in the form\n\nApplicant: Ada Windlesham\nsays puffin\nBob: why?"


def test_a_word_over_a_page_break_stands_on_both_pages():
    document = pages_of("Report\nthe docu-\n1", "Report\nmentation of it\n2", "Report\nend\n3")
    first, second, _ = page_texts(document)
    assert "documentation" in first
    assert "documentation of it" in second


@pytest.mark.parametrize(
    ("foot", "head"),
    [
        ("\n1 See the log.\n7", ""),
        ("\n¹ See the log\nof 1911.", "2 THE QUAYS\n"),
        ("", "The quays\n"),
    ],
)
def test_notes_and_headers_stand_between_the_halves_of_a_word(foot, head):
    document = pages_of(f"Report\nthe docu-{foot}", f"{head}mentation of it\n2", "Report\nend\n3")
    first, second, _ = page_texts(document)
    assert "the documentation" in first
    assert "documentation of it" in second


def test_read_items_of_a_pdf_is_one_document(tmp_path):
    assert len(read_items(write(tmp_path, pdf_bytes("x y z")))) == 1


REPORTS = Path(__file__).parents[3] / "shared" / "data" / "financebench" / "pdfs"


@pytest.mark.data
@pytest.mark.parametrize("name", ["ULTABEAUTY_2023Q4_EARNINGS.pdf", "PEPSICO_2023Q1_EARNINGS.pdf"])
def test_two_engines_find_the_same_words_on_the_same_pages(name):
    """Each engine is the other's oracle, on reports as companies file them."""
    pytest.importorskip("pypdfium2")
    if not (REPORTS / name).is_file():
        pytest.skip("the reports are absent")
    ours, theirs = (page_texts(read_one(REPORTS / name, pdf_engine=engine)) for engine in ENGINES)
    assert len(ours) == len(theirs)
    for left, right in zip(ours, theirs, strict=True):
        left_words, right_words = (set(re.findall(r"[^\W\d_]{3,}", page)) for page in (left, right))
        assert len(left_words & right_words) >= 0.95 * len(left_words | right_words)


@pytest.mark.parametrize("engine", ["pypdf", "pdfium"])
@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("C O N T E N T S", "CONTENTS"),
        ("S u m m a r y  4", "Summary 4"),
        ("A B C D E F", "A B C D E F"),
        ("f X y Z a", "f X y Z a"),
        ("I saw a b c", "I saw a b c"),
    ],
)
def test_letters_that_are_set_apart_are_a_word(tmp_path, engine, line, shown):
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf_bytes(f"{line}\nwords of the page"))
    assert read_one(path, pdf_engine=engine).text.split("\n")[0] == shown


def test_a_wider_gap_between_letters_that_are_set_apart_stands_between_words(tmp_path):
    """As pypdf tells them; pdfium makes one space of any gap."""
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf_bytes("C H A P T E R  E I G H T"))
    assert read_one(path).text.strip() == "CHAPTER EIGHT"
