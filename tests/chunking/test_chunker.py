import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bienc_cli.chunking.chunker import chunk
from bienc_cli.errors import UsageError
from bienc_cli.types import (
    LINES_OF_THE_FILE,
    Anchor,
    Block,
    ChunkingParameters,
    Document,
    Heading,
    Numbering,
    Passage,
    Place,
)
from endurance import times
from fakes import FakeBiEncoder

TOKENIZER = FakeBiEncoder().tokenizer
WORDS = ["alpha", "beta", "gamma", "delta.", "Epsilon", "zeta!", "eta,", "theta?", "x" * 40, "e.g."]


def passages(document: Document, max_tokens: int = 32, overlap: int = 8) -> list[Passage]:
    return list(chunk(document, TOKENIZER, ChunkingParameters(max_tokens, overlap)))


def document(text: str, **fields: object) -> Document:
    return Document("d", text, "text", **fields)  # type: ignore[arg-type]


def paged(*starts: int) -> Numbering:
    return Numbering("page", tuple(Anchor(start, n) for n, start in enumerate(starts, 1)))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    parts = draw(
        st.lists(
            st.one_of(
                st.sampled_from(WORDS),
                st.sampled_from([" ", "\n", "\n\n", "\t", " \n \n"]),
                st.text(max_size=6),
            ),
            max_size=150,
        )
    )
    text = " ".join(parts)
    place = st.integers(0, max(len(text) - 1, 0))
    headings = tuple(
        Heading(start, draw(st.integers(1, 4)), f"Heading {start}")
        for start in sorted(draw(st.sets(place, max_size=5)))
    )
    starts = (0, *sorted(draw(st.sets(place, max_size=3)) - {0}))
    numbering = paged(*starts) if draw(st.booleans()) else LINES_OF_THE_FILE
    edges = sorted(draw(st.sets(place, max_size=6)))
    blocks = tuple(Block(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False))
    title = draw(st.none() | st.just("A title of some words"))
    return document(text, headings=headings, numbering=numbering, blocks=blocks, title=title)


@settings(max_examples=times(150, 4_000))
@given(documents(), st.integers(16, 64), st.integers(0, 8))
def test_passages_are_exact_slices_that_fit_and_cover(
    doc: Document, max_tokens: int, overlap: int
) -> None:
    cut = passages(doc, max_tokens, overlap)
    covered = set()
    for ordinal, passage in enumerate(cut):
        assert passage.ordinal == ordinal
        assert passage.text == doc.text[passage.start : passage.end]
        assert passage.text == passage.text.strip() != ""
        tokens = TOKENIZER.counts([passage.embedded_text])[0] + TOKENIZER.special_tokens
        assert tokens <= max_tokens or len(passage.text) == 1
        first, last = passage.place.first, passage.place.last
        if passage.place.kind == "page":
            starts = [anchor.start for anchor in doc.numbering.anchors]
            assert first == sum(start <= passage.start for start in starts)
            assert first == last == sum(start < passage.end for start in starts), "crosses a page"
        else:
            assert first == 1 + doc.text.count("\n", 0, passage.start)
            assert last == 1 + doc.text.count("\n", 0, passage.end - 1)
        covered.update(range(passage.start, passage.end))
    missed = "".join(char for place, char in enumerate(doc.text) if place not in covered)
    assert missed.strip() == ""
    starts = [passage.start for passage in cut]
    assert starts == sorted(set(starts)), "passages advance"


@given(documents())
def test_chunking_is_a_function_of_its_input(doc: Document) -> None:
    assert passages(doc) == passages(doc)


def prose(sentences: int) -> str:
    return " ".join(f"Sentence number {n} has seven words here." for n in range(sentences))


def test_a_long_section_is_cut_at_sentences_into_equal_parts_with_overlap() -> None:
    cut = passages(document(prose(20)), max_tokens=60, overlap=10)
    assert len(cut) > 2
    for passage in cut:
        assert passage.text.startswith("Sentence number")
        assert passage.text.endswith("here.")
    for before, after in zip(cut, cut[1:], strict=False):
        assert after.start < before.end, "the last sentence is repeated"
    lengths = [passage.end - passage.start for passage in cut]
    assert min(lengths) > 0.5 * max(lengths), "no scrap at the end"


def test_overlap_of_nothing_repeats_nothing() -> None:
    cut = passages(document(prose(20)), max_tokens=60, overlap=0)
    assert all(a.end <= b.start for a, b in zip(cut, cut[1:], strict=False))


def test_a_block_that_fits_is_not_cut() -> None:
    blocks = ["one two three four five six. Seven eight.", "a b c d e f g h i j k l m n o p."]
    text = "\n\n".join(blocks * 3)
    cut = passages(document(text), max_tokens=34, overlap=0)
    for passage in cut:
        for paragraph in passage.text.split("\n\n"):
            assert paragraph in blocks


def test_headings_cut_and_become_trail_and_context() -> None:
    body = prose(3)
    text = f"# Guide\n\n{body}\n\n## Setup\n\n{body}\n\n## Use\n\n{body}\n"
    headings = tuple(
        Heading(found.start(), len(found[1]), found[2])
        for found in re.finditer(r"^(#+) (.+)$", text, re.MULTILINE)
    )
    cut = passages(document(text, headings=headings, title="Guide"), max_tokens=64)
    assert [passage.heading for passage in cut] == [
        ("Guide",),
        ("Guide", "Setup"),
        ("Guide", "Use"),
    ]
    assert [passage.context for passage in cut] == ["", "Guide", "Guide"]
    assert cut[1].text.startswith("## Setup")
    assert cut[1].place.first == 5


def test_a_bare_heading_joins_what_it_heads_but_not_a_higher_one() -> None:
    text = "# A\n\n## B\n\n" + prose(4) + "\n\n### C\n\n# D\n\n" + prose(4)
    headings = tuple(
        Heading(found.start(), len(found[1]), found[2])
        for found in re.finditer(r"^(#+) (.+)$", text, re.MULTILINE)
    )
    cut = passages(document(text, headings=headings), max_tokens=80)
    assert cut[0].text.startswith("# A\n\n## B")
    assert cut[0].heading == ("A", "B")
    assert [passage.heading for passage in cut[1:]] == [("A", "B", "C"), ("D",)]


def test_the_title_is_embedded_with_every_passage_and_counted() -> None:
    cut = passages(document(prose(20), title="Seven words"), max_tokens=40, overlap=0)
    assert {passage.context for passage in cut} == {"Seven words"}
    assert cut[0].embedded_text == f"Seven words\n{cut[0].text}"


def test_a_title_longer_than_a_third_keeps_its_end() -> None:
    title = " ".join(f"word{n}" for n in range(100))
    (passage,) = passages(document("Short text.", title=title), max_tokens=32)
    assert passage.context.endswith("word99")
    assert len(passage.context.split()) <= 10


def test_one_unbroken_line_is_cut() -> None:
    cut = passages(document("x" * 10_000), max_tokens=16, overlap=0)
    assert len(cut) > 1
    assert (cut[0].start, cut[-1].end) == (0, 10_000)
    assert all(a.start < b.start < a.end for a, b in zip(cut, cut[1:], strict=False))


def test_a_record_counts_lines_from_where_it_stands() -> None:
    numbering = Numbering("line", (Anchor(0, 41),), follows_lines=True)
    (passage,) = passages(document("one line", numbering=numbering))
    assert passage.place == Place("line", 41, 41)


def test_a_page_that_begins_with_white_space_is_not_crossed() -> None:
    headings = (Heading(0, 1, "One"), Heading(6, 1, "Two"))
    cut = passages(document("alpha alpha", headings=headings, numbering=paged(0, 5)))
    assert [(passage.text, passage.place.first) for passage in cut] == [("alpha", 1), ("alpha", 2)]


def test_nothing_comes_of_white_space() -> None:
    assert passages(document(" \n\t\n ")) == []
    assert passages(document("")) == []


@pytest.mark.parametrize(("longest", "overlap"), [(4, 0), (64, 33), (64, -1)])
def test_lengths_that_make_no_sense_are_refused(longest: int, overlap: int) -> None:
    with pytest.raises(UsageError):
        ChunkingParameters(longest, overlap)
