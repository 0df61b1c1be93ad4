"""What BM25 finds a passage by: what is embedded, and the words of its file's path."""

from __future__ import annotations

from bienc_cli.chunking.names import folder_words, name_words
from bienc_cli.types import Passage

PATH_WEIGHT = 1
"""How often a word of the path counts, where one of the text counts once. More than that gains
nothing, and costs where many files are named alike (docs/evaluation.md)."""


def searched_text(passage: Passage, format_name: str) -> str:
    """The text whose words are indexed.

    Args:
        passage: of any document.
        format_name: its document's; records of a collection have no path of their own.
    """
    embedded = passage.embedded_text
    name = name_words(passage.doc_id, format_name)
    # A file without a title is called by its name already.
    said = [folder_words(passage.doc_id, format_name), "" if name in passage.context else name]
    path = " ".join(filter(None, said))
    return "\n".join([embedded, *[path] * PATH_WEIGHT]) if path else embedded
