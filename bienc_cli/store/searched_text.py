"""What BM25 finds a passage by: what is embedded, and what its document is called."""

from __future__ import annotations

from typing import NamedTuple

from bienc_cli.chunking.names import folder_words, name_words
from bienc_cli.languages import language_of
from bienc_cli.store.tokenizer import has_stems
from bienc_cli.types import Passage

PATH_WEIGHT = 1
"""How often a word of the path counts, where one of the text counts once. More than that gains
nothing, and costs where many files are named alike (docs/evaluation.md)."""


def searched_text(passage: Passage, format_name: str, title: str | None) -> str:
    """The text whose words are indexed.

    Args:
        passage: of any document.
        format_name: its document's; records of a collection have no path of their own.
        title: its document's.
    """
    embedded = passage.embedded_text
    name = name_words(passage.doc_id, format_name)
    # What it is called already stands in front of the passage (`chunking.names.called`).
    said = [folder_words(passage.doc_id, format_name), "" if name in passage.context else name]
    path = " ".join(filter(None, said))
    unsaid = title if title and title not in embedded else ""
    return "\n".join(filter(None, [embedded, unsaid, *[path] * PATH_WEIGHT]))


class SearchedText(NamedTuple):
    """Of a passage.

    Attributes:
        text: whose words are indexed.
        language: by its code; None where that is English.
    """

    text: str
    language: str | None

    @classmethod
    def of(cls, text: str, said: str | None) -> SearchedText:
        """In the language that its files are said to be in, or else in what it reads as."""
        language = said or language_of(text)
        return cls(text, None if language == "en" else language)

    @property
    def stemmed_as(self) -> str:
        """The language by which its words are stemmed; "" for English."""
        return self.language if self.language and has_stems(self.language) else ""
