"""Titles that programs write are told from those of people; a first main heading stands in."""

from __future__ import annotations

import pytest

from bienc_cli.formats.titles import says_something, title_of
from bienc_cli.types import Heading


@pytest.mark.parametrize("title", ["Lease Zebrowski", "Book of Songs", "The PDF standard"])
def test_a_title_that_a_person_wrote_is_kept(title: str) -> None:
    assert says_something(title)


@pytest.mark.parametrize(
    "title", ["", " ", "Untitled 3", "PowerPoint Presentation", "Document1", "lease.docx"]
)
def test_a_title_that_a_program_wrote_is_none(title: str) -> None:
    assert not says_something(title)


def test_only_a_first_heading_of_level_1_is_a_title() -> None:
    main, lower = Heading(0, 1, "Lease"), Heading(9, 2, "Rent")
    assert title_of([main, lower]) == "Lease"
    assert title_of([lower, main]) is None
    assert title_of([]) is None
