"""What people write for a place in a file is read back, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from bienc_cli.citations import citation, cited
from bienc_cli.types import Place

PLACES = [
    Place("line", 13, 20),
    Place("page", 3, 3),
    Place("slide", 4, 5),
    Place("row", 7, 7),
    Place("row", 7, 9, "My sheet's"),
    Place("cell", 2, 2),
]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_citation_is_read_back(place: Place) -> None:
    assert cited(citation("a/b c.md", place, whole=True)) == ("a/b c.md", place)


@pytest.mark.parametrize("digits", ["9" * 5000, "१२", "٣"], ids=["endless", "Hindi", "Arabic"])
@pytest.mark.parametrize("form", ["a.md:{}-{}", "a.pdf p.{}", "a.pptx slide {}", "a.xlsx S!{}"])
def test_what_is_no_number_of_a_line_is_part_of_a_name(form: str, digits: str) -> None:
    assert cited(form.format(digits, digits)) is None
