"""What no passage crosses, by how a document is numbered."""

import pytest

from bienc_cli.chunking.chunker import chunk
from bienc_cli.types import Anchor, ChunkingParameters, Document, Numbering, Place
from fakes import FakeBiEncoder

TEXT = "alpha\nbeta\ngamma\ndelta\n"


def places(numbering: Numbering | None) -> list[tuple[str, Place]]:
    document = Document("d", TEXT, "text", numbering=numbering)
    cut = chunk(document, FakeBiEncoder().tokenizer, ChunkingParameters(64, 0))
    return [(passage.text, passage.place) for passage in cut]


@pytest.mark.parametrize("follows_lines", [True, False])
def test_no_passage_goes_from_one_sheet_to_another(follows_lines):
    anchors = (Anchor(0, 1, "Fees"), Anchor(6, 2, "Fees"), Anchor(11, 1, "Notes"))
    cut = places(Numbering("row", anchors, follows_lines))
    assert cut == [
        ("alpha\nbeta", Place("row", 1, 2, "Fees")),
        ("gamma\ndelta", Place("row", 1, 1 + follows_lines, "Notes")),
    ]


@pytest.mark.parametrize("unit", ["line", "row", "cell"])
def test_numbers_without_names_are_crossed(unit):
    anchors = (Anchor(0, 1), Anchor(11, 7))
    assert places(Numbering(unit, anchors)) == [(TEXT.strip(), Place(unit, 1, 7))]


@pytest.mark.parametrize("unit", ["page", "slide"])
def test_pages_and_slides_are_not(unit):
    anchors = (Anchor(0, 1), Anchor(11, 7))
    assert [place for _, place in places(Numbering(unit, anchors))] == [
        Place(unit, 1, 1),
        Place(unit, 7, 7),
    ]


def test_what_stands_behind_the_rows_counts_at_its_own_row():
    anchors = (Anchor(0, 3, "Fees"), Anchor(11, 9, "Fees"), Anchor(17, 4, "Fees"))
    assert [place for _, place in places(Numbering("row", anchors, follows_lines=True))] == [
        Place("row", 3, 9, "Fees")
    ]
    anchors = (Anchor(0, 3, "Fees"), Anchor(6, 1, "Fees"))
    assert [place for _, place in places(Numbering("row", anchors, follows_lines=True))] == [
        Place("row", 1, 3, "Fees")
    ]
