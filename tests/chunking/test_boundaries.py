"""Where a text is not cut."""

import pytest

from bienc_cli.chunking.chunker import chunk
from bienc_cli.types import Block, ChunkingParameters, Document
from fakes import FakeBiEncoder

TOKENIZER = FakeBiEncoder().tokenizer


@pytest.mark.parametrize(
    "number",
    ["{n}.", "  {n}.", "2.{n}.", "> {n}.", "({n}.", "\tXII.", "a."],
)
@pytest.mark.parametrize("max_tokens", [16, 24, 33])
def test_the_number_of_an_item_stays_with_it(number: str, max_tokens: int) -> None:
    items = [f"{number.format(n=n)} Item of gadgets{n} wants bolts" for n in range(40)]
    text = "\n".join(items)
    doc = Document("d", text, "text", blocks=(Block(0, len(text)),))
    cut = list(chunk(doc, TOKENIZER, ChunkingParameters(max_tokens, 4)))
    assert len(cut) > 5
    for passage in cut:
        assert not passage.text.endswith("."), passage.text
        assert passage.text.endswith("bolts")


def test_a_number_within_a_line_ends_its_sentence() -> None:
    text = " ".join(f"They had bought about {n} or 15. Then they left all of it." for n in range(9))
    cut = list(chunk(Document("d", text, "text"), TOKENIZER, ChunkingParameters(16, 0)))
    assert any(passage.text.endswith("15.") for passage in cut)
