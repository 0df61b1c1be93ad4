"""Every word of a document is a word of some passage, wherever the tokens' edges are."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bienc_cli.chunking.chunker import chunk
from bienc_cli.store.tokenizer import Tokenizer
from bienc_cli.types import Block, ChunkingParameters, Document, Heading
from endurance import times
from fakes import FakeTokenizer

ROOM = 9
"""Tokens that the longest word of these tests may have: less than any passage's."""


class Pieces(FakeTokenizer):
    """Tokens of up to three characters, the space in front with the first, as in BPE."""

    def offsets(self, text):
        return [match.span() for match in re.finditer(r"\s?\w{1,3}|\s?[^\w\s]|\s", text)]


class Bytes(FakeTokenizer):
    """A token for every byte, several to a character."""

    def offsets(self, text):
        return [(place, place + 1) for place, char in enumerate(text) for _ in char.encode("utf-8")]


TOKENIZERS = [FakeTokenizer(), Pieces(), Bytes()]

# Fit into ROOM tokens even byte by byte.
SHORT = st.one_of(
    st.text("abcdef0123456789", min_size=1, max_size=8),
    st.sampled_from(["été", "é", "naïve", "Straße", "слово", "ДНК", "x_1", "3.14", "don't"]),
    st.sampled_from(["ǎ̧b", "한국", "字", "灯台", "a‍b", "ﬁn", "१२"]),
)
BETWEEN = st.sampled_from(
    [" ", " ", " ", ",", ";", "=", ", ", "/", "|", "\t", "  ", "、", " ", ":", "-", "\N{EM DASH}"]
)


def words_of(texts):
    """Words as BM25 has them, each once; what compounds are besides may be divided by a cut."""
    with Tokenizer() as tokenizer:
        return {
            word
            for text in texts
            for part in re.findall(r"\w+", text)
            for word in tokenizer.words_of(part)
        }


@st.composite
def long_lines(draw):
    """Lines longer than a passage, some with a heading or a block of their own."""
    text, headings, blocks = "", [], []
    for _ in range(draw(st.integers(1, 3))):
        start = len(text)
        parts = draw(st.lists(st.tuples(SHORT, BETWEEN), min_size=1, max_size=120))
        text += "".join(word + between for word, between in parts) + "\n"
        if draw(st.booleans()):
            headings.append(Heading(start, draw(st.integers(1, 3)), "Heading"))
        if draw(st.booleans()):
            blocks.append(Block(start, len(text) - 1))
    return Document("d", text, "text", headings=tuple(headings), blocks=tuple(blocks))


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: type(tokenizer).__name__)
@settings(max_examples=times(150, 1_500), deadline=None)
@given(document=long_lines(), max_tokens=st.integers(32, 60), overlap=st.integers(0, 16))
@example(
    document=Document("d", " ".join(f"job={n:x}f{n:x}" for n in range(100)), "text"),
    max_tokens=32,
    overlap=8,
)
def test_every_word_is_a_word_of_some_passage(tokenizer, document, max_tokens, overlap):
    cut = list(chunk(document, tokenizer, ChunkingParameters(max_tokens, overlap)))
    assert words_of([document.text]) <= words_of(passage.text for passage in cut)
    covered = {place for passage in cut for place in range(passage.start, passage.end)}
    for place, char in enumerate(document.text):
        assert place in covered or char.isspace()
    counts = tokenizer.counts([passage.embedded_text for passage in cut])
    assert max(counts) + tokenizer.special_tokens <= max_tokens


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: type(tokenizer).__name__)
@pytest.mark.parametrize("overlap", [0, 8])
def test_what_stands_at_a_cut_inside_an_endless_word_is_whole_in_one_of_two(tokenizer, overlap):
    text = "".join(chr(0x4E00 + n) for n in range(4000))
    cut = list(chunk(Document("d", text, "text"), tokenizer, ChunkingParameters(64, overlap)))
    assert len(cut) > 1
    for place in range(len(text) - 1):
        assert any(text[place : place + 2] in passage.text for passage in cut)


WHOLE = [
    "e\N{COMBINING ACUTE ACCENT}\N{COMBINING CEDILLA}",
    "\N{WOMAN}\u200d\N{WOMAN}\u200d\N{GIRL}",
    "\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}",
    "\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}",
    "\N{HEAVY BLACK HEART}\ufe0f",
    "क्षि",
    "น้ำ",
    "\u1112\u1161\u11ab",
    "\r\n",
]


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: type(tokenizer).__name__)
@pytest.mark.parametrize("character", WHOLE)
@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
def test_no_cut_is_inside_a_character(tokenizer, character, before):
    text = before + character * 300
    for passage in chunk(Document("d", text, "text"), tokenizer, ChunkingParameters(40, 5)):
        inside_start = (passage.start - len(before)) % len(character)
        inside_end = (passage.end - len(before)) % len(character)
        if character.isspace():
            continue  # White space around a passage is trimmed.
        assert passage.start == 0 or inside_start == 0
        assert inside_end == 0


def test_a_window_ends_between_two_words():
    text = ",".join(f"{n:x}id{n:x}" for n in range(30_000))
    cut = chunk(Document("d", text, "text"), FakeTokenizer(), ChunkingParameters(512, 0))
    found = {word for passage in cut for word in passage.text.split(",")}
    assert found >= set(text.split(","))


def test_marks_without_end_are_cut_all_the_same():
    text = "a" + "\N{COMBINING ACUTE ACCENT}" * 5000
    cut = list(chunk(Document("d", text, "text"), Bytes(), ChunkingParameters(32, 4)))
    assert max(len(passage.text) for passage in cut) <= 32
