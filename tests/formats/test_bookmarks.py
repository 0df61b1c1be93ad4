"""Where the bookmarks of a PDF stand in its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from bienc_cli.formats.bookmarks import Bookmark, headings, lines_of_title
from pdf_samples import drawn_pdf, lines
from reader_samples import outline, read_one

ENGINES = ["pypdf", "pdfium"]

PAGE = (
    "Harbour rules\nAs said under Fees below, all pay.\n1.2 Fees\nFees are due daily.\n"
    "\n***\nMooring at the\nouter pontoon: notes\n58\nTerms of the lease and of what follows\n"
)


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("Harbour rules", "Harbour rules"),
        ("HARBOUR  RULES.", "Harbour rules"),
        # A line of its own comes before one that goes on, numbers or none.
        ("Fees", "1.2 Fees"),
        ("1.2. Fees", "1.2 Fees"),
        ("3 Harbour rules", "Harbour rules"),
        ("Mooring at the outer pontoon", "Mooring at the"),
        ("Terms of the lease", "Terms of the lease and"),
        # Not found as a line: the heading of the page.
        ("Overview", "Harbour rules"),
        ("Harbour", "Harbour rules"),
        ("Terms", "Harbour rules"),
    ],
)
def test_the_line_that_says_the_title(title, line):
    (heading,) = headings([Bookmark(1, title, 1)], ["Cover\n", PAGE])
    assert ("Cover\n" + PAGE)[heading.start :].startswith(line)
    assert heading.title == title


@pytest.mark.parametrize(
    "bookmark",
    [
        Bookmark(1, "", 0),
        Bookmark(1, "Page 12", 0),
        Bookmark(1, "iv", 0),
        Bookmark(1, "***", 0),
        Bookmark(1, "_GoBack", 0),
        Bookmark(1, "OLE_LINK1", 0),
        Bookmark(1, "Fees", -1),
        Bookmark(1, "Fees", 9),
        Bookmark(1, "Fees", 1),
    ],
)
def test_those_that_say_nothing_and_lead_nowhere(bookmark):
    assert headings([bookmark], [PAGE, "\n"]) == ()


def test_what_is_nowhere_on_its_page_heads_the_next_one():
    bookmarks = [
        *(Bookmark(1, title, 0) for title in ("Overview", "Fees", "Guests", "Narrative")),
        Bookmark(2, "Results", 2),
    ]
    pages = [PAGE, "More of it\n", "Results\nNone.\n"]
    text = "".join(pages)
    assert [(text[one.start :][:8], one.title) for one in headings(bookmarks, pages)] == [
        ("Harbour ", "Overview"),
        ("1.2 Fees", "Fees"),
        ("More of ", "Narrative"),
        ("Results\n", "Results"),
    ]


def test_each_place_has_one_heading_in_the_order_of_the_text():
    bookmarks = [Bookmark(1, "Last", 1), *(Bookmark(1, f"Nowhere {n}", 0) for n in "abc")]
    assert [(one.start, one.title) for one in headings(bookmarks, ["one\n", "two\n"])] == [
        (0, "Nowhere a"),
        (4, "Last"),
    ]


def test_a_page_is_not_searched_for_each_of_many_bookmarks(monkeypatch: pytest.MonkeyPatch):
    searched: list[str] = []

    def search(page: str, title: str, position: int):
        searched.append(title)
        return lines_of_title(page, title, position)

    monkeypatch.setattr("bienc_cli.formats.bookmarks.lines_of_title", search)
    bookmarks = [Bookmark(1, f"Chapter {'x' * number}", 0) for number in range(2_000)]
    assert len(headings(bookmarks, ["Chapter y\n" * 500])) == 1
    assert 0 < len(searched) <= 100


OUTLINE = [
    "<< /First 9 0 R /Last 11 0 R >>",
    "<< /Title (Harbour) /Parent 8 0 R /Next 11 0 R /First 10 0 R /Last 10 0 R "
    "/Dest [4 0 R /XYZ 0 800 0] >>",
    # By action, and a title in UTF-16.
    "<< /Title <FEFF004700FC00730074> /Parent 9 0 R /A << /S /GoTo /D [6 0 R /Fit] >> >>",
    # By the index of the page, and by name.
    "<< /Title (Fees) /Parent 8 0 R /Prev 9 0 R /Next 12 0 R /Dest [1 /Fit] >>",
    "<< /Title (Elsewhere) /Parent 8 0 R /A << /S /URI /URI (http://x) >> /Next 9 0 R >>",
]


@pytest.mark.parametrize("engine", ENGINES)
def test_bookmarks_are_headings(tmp_path: Path, engine: str):
    pages = [lines("Harbour", "Moor here."), lines("Gust", "Fees", "Due daily.")]
    content = drawn_pdf(*pages, catalog="/Outlines 8 0 R", objects=OUTLINE)
    path = tmp_path / "a.pdf"
    path.write_bytes(content.replace(b"(Gust)", b"(G\xfcst)"))
    document = read_one(path, pdf_engine=engine)
    assert outline(document) == [(1, "Harbour"), (2, "Güst"), (1, "Fees")]
    assert [document.text[one.start :].split("\n")[0] for one in document.headings] == [
        "Harbour",
        "Güst",
        "Fees",
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "broken",
    [
        "/Outlines 99 0 R",
        "/Outlines 4 0 R",
        "/Outlines (x)",
        "/Outlines 8 0 R /Names << /Dests 8 >>",
    ],
)
def test_a_broken_outline_costs_the_headings_only(tmp_path: Path, engine: str, broken: str):
    loop = ["<< /First 8 0 R /Next 8 0 R /Title 7 >>"]
    path = tmp_path / "a.pdf"
    path.write_bytes(drawn_pdf(lines("Harbour"), lines("Fees"), catalog=broken, objects=loop))
    assert read_one(path, pdf_engine=engine).text == "Harbour\nFees\n"
