"""Pages as a PDF engine extracts them to one document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from bienc_cli.errors import UnreadableFile
from bienc_cli.readers.decoding import clean
from bienc_cli.types import Anchor, Document, Numbering

_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\xa0": " "}
)
_SPACES = re.compile(r"[^\S\n]+")
_GAP = re.compile(r"\n{3,}")
_HYPHENATED = re.compile(r"\b([^\W\d_]+)-\n([^\W\d_]+)(\S*) ?(\n?)")
_WORD = re.compile(r"\b[^\W\d_]+(?:-[^\W\d_]+)*\b")
_FILE_NAME = re.compile(
    r"\.(?:docx?|pdf|indd|xlsx?|pptx?|rtf|tex|dvi|qxd|html?|tmp)\b", re.IGNORECASE
)
_MEANINGLESS = re.compile(
    r"(?:untitled|microsoft word|powerpoint|document\d*|title)\b", re.IGNORECASE
)


def paged_document(doc_id: str, pages: Iterable[str], title: str | None) -> Document:
    """Join pages; they are numbered from 1 as viewers count them, empty ones included.

    Raises:
        UnreadableFile: there is no text on any page, as in a scan.
    """
    texts = [_tidy(page) for page in pages]
    if not texts:
        raise UnreadableFile("broken", "a PDF without pages")
    if not any(character.isalnum() for text in texts for character in text):
        raise UnreadableFile("no_text", "no text in it, only images (a scan needs OCR first)")
    words = Counter(word.lower() for text in texts for word in _WORD.findall(text))
    anchors = []
    length = 0
    for index, text in enumerate(texts):
        # A form feed would separate pages too, but is shown as a box in terminals.
        texts[index] = joined = _join_hyphenated(text, words) + "\n"
        anchors.append(Anchor(length, index + 1))
        length += len(joined)
    return Document(
        doc_id,
        "".join(texts),
        "pdf",
        title=_sensible(title),
        numbering=Numbering("page", tuple(anchors)),
    )


def _tidy(page: str) -> str:
    """One space between words, at most one blank line, no ligatures or soft hyphens."""
    text = clean(page).replace("\r\n", "\n").replace("\r", "\n").translate(_LIGATURES)
    text = text.replace("\xad\n", "").replace("\xad", "")
    text = "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return _GAP.sub("\n\n", text).strip("\n")


def _join_hyphenated(text: str, words: Counter[str]) -> str:
    """Mend words that were divided at the end of a line, and keep real hyphens.

    The document itself decides: a word that it writes undivided elsewhere is one word; what it
    hyphenates elsewhere, or is made of two words of its own, keeps the hyphen.
    """

    def mend(found: re.Match[str]) -> str:
        first, second, rest, line_break = found.groups()
        joined, hyphenated = first + second, f"{first}-{second}"
        compound = (
            not second[0].islower()
            or words[hyphenated.lower()]
            or (words[first.lower()] > 1 and words[second.lower()] > 1)
        )
        word = hyphenated if compound and not words[joined.lower()] else joined
        return word + rest + ("\n" if line_break or found.end() < len(text) else "")

    return _HYPHENATED.sub(mend, text)


def _sensible(title: str | None) -> str | None:
    """The title, unless it is what a program put there: a file name, a template's name."""
    title = " ".join(clean(title or "").split())
    if not any(character.isalpha() for character in title):
        return None
    return None if _FILE_NAME.search(title) or _MEANINGLESS.match(title) else title
