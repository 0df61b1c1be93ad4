"""The text that BM25 finds a passage by: what is embedded, plus the name of its document."""

from __future__ import annotations

from typing import NamedTuple

from bienc_cli.chunking.names import folder_words, name_words
from bienc_cli.languages import language_of
from bienc_cli.store.tokenizer import has_stems
from bienc_cli.types import Passage

PATH_WEIGHT = 1
"""Weight of a word of the path relative to one of the text. A higher weight gains nothing, and
hurts where many files have similar names (docs/evaluation.md)."""


def searched_text(passage: Passage, format_name: str, title: str | None) -> str:
    """The text whose words are indexed.

    Args:
        passage: of any document.
        format_name: the document's format; records of a collection have no path of their own.
        title: the document's.
    """
    embedded = passage.embedded_text
    name = name_words(passage.doc_id, format_name)
    # The document's name already precedes the passage (`chunking.names.called`).
    path_words = [
        folder_words(passage.doc_id, format_name),
        "" if name in passage.context else name,
    ]
    path = " ".join(filter(None, path_words))
    missing_title = title if title and title not in embedded else ""
    return "\n".join(filter(None, [embedded, missing_title, *[path] * PATH_WEIGHT]))


class SearchedText(NamedTuple):
    """The searched text of a passage, and its language.

    Attributes:
        text: the words to index.
        language: its code; None for English.
    """

    text: str
    language: str | None

    @classmethod
    def of(cls, text: str, declared: str | None) -> SearchedText:
        """In the declared language of its file, or else the detected one."""
        language = declared or language_of(text)
        return cls(text, None if language == "en" else language)

    @property
    def stemmed_as(self) -> str:
        """The language whose stemmer is used; "" for English."""
        return self.language if self.language and has_stems(self.language) else ""
