"""Joins the pages that a PDF engine extracted into one document."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.bookmarks import Bookmark, headings
from bienc_cli.formats.decoding import clean
from bienc_cli.formats.hyphens import HYPHENS, LINES_OF_NOTES, LineEnds, begins_note
from bienc_cli.formats.ocr import advice
from bienc_cli.types import Anchor, Document, Numbering

_PLAIN = str.maketrans(
    {
        "‐": "-",
        "‑": "-",
        "ﬀ": "ff",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "ﬃ": "ffi",
        "ﬄ": "ffl",
        "ﬅ": "st",
        "ﬆ": "st",
        "\xa0": " ",
    }
)
_SPACES = re.compile(r"[^\S\n]+")
_SPACED = re.compile(r"(?<!\S)(?:[^\W\d_] ){4,60}[^\W\d_](?!\S)")
"""A letter-spaced word, as in headings; the gap between words is wider."""

_GAP = re.compile(r"\n{3,}")
_DIGITS = re.compile(r"\d+")
_LAST_HALF = re.compile(rf"([^\W\d_]+)[{HYPHENS}]\Z")
_FIRST_HALF = re.compile(r"([^\W\d_]+)(?![\w@/])")

_MARGIN = 3
"""Lines at the top and bottom of a page that are searched for headers and page numbers."""

_LONGEST_WORD = 100

_FILE_NAME = re.compile(
    r"\.(?:docx?|pdf|indd|xlsx?|pptx?|rtf|tex|dvi|qxd|html?|tmp)\b", re.IGNORECASE
)
_MEANINGLESS = re.compile(
    r"(?:untitled|microsoft word|powerpoint|document\d*|title)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Page:
    """The content of one page.

    Attributes:
        text: its lines.
        fields: filled-in form fields, each with its label.
        notes: annotations by people.
        recognised: some of the text was recognised in a picture.
    """

    text: str
    fields: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    recognised: bool = False


def paged_document(
    doc_id: str,
    pages: Iterable[Page],
    title: str | None,
    *,
    bookmarks: Sequence[Bookmark] = (),
    format_name: str = "pdf",
    no_text: str | None = None,
) -> Document:
    """Join pages; they are numbered from 1 as in viewers, empty ones included.

    Args:
        doc_id: id of the document.
        pages: in order.
        title: in the document's metadata; None for none.
        bookmarks: they become headings.
        format_name: of the document.
        no_text: reason if there is no text; by default how to make a scan readable.

    Raises:
        UnreadableFile: no page has text, as in a scan.
    """
    pages = list(pages)
    texts = [_with_notes(_tidy(page.text), page) for page in pages]
    if not texts:
        raise UnreadableFile("broken", "a PDF without pages")
    if not any(character.isalnum() for text in texts for character in text):
        raise UnreadableFile("no_text", no_text or f"no text in it, only images ({advice()})")
    line_ends = LineEnds(texts)
    _join_across_pages(texts, line_ends)
    anchors = []
    length = 0
    for index, text in enumerate(texts):
        # No form feed between pages, which terminals show as a box.
        texts[index] = joined = line_ends.mend(text) + "\n"
        anchors.append(Anchor(length, index + 1, recognised=pages[index].recognised))
        length += len(joined)
    return Document(
        doc_id,
        "".join(texts),
        format_name,
        title=_sensible(title),
        headings=headings(bookmarks, texts),
        numbering=Numbering("page", tuple(anchors)),
    )


def _tidy(page: str) -> str:
    """One space between words, at most one blank line, no ligatures, one kind of hyphen."""
    text = clean(page).replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN)
    text = _SPACED.sub(_closed_up, text)
    text = "\n".join(_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return _GAP.sub("\n\n", text).strip("\n")


def _with_notes(text: str, page: Page) -> str:
    """The page's lines, followed by its fields and notes."""
    on_one_line = " ".join(text.split())
    lines = list(map(_tidy, page.fields))
    # Highlighting often repeats the highlighted words.
    lines += (note for note in map(_tidy, page.notes) if " ".join(note.split()) not in on_one_line)
    return "\n\n".join(part for part in (text, "\n".join(dict.fromkeys(lines))) if part)


def _join_across_pages(texts: list[str], line_ends: LineEnds) -> None:
    """Complete a word divided by a page break on both pages."""
    margins = Counter(
        _DIGITS.sub("0", line)
        for text in texts
        for lines in [text.split("\n")]
        for line in {*lines[:_MARGIN], *lines[-_MARGIN:]}
    )

    def stands_apart(line: str) -> bool:
        """Whether a line is a header, a footer, a page number or empty."""
        plain = _DIGITS.sub("0", line)
        return margins[plain] > 1 or not any(map(str.isalpha, line))

    for index, (text, following) in enumerate(itertools.pairwise(texts)):
        lines, next_lines = text.split("\n"), following.split("\n")
        lasts = _near_edge(range(len(lines) - 1, -1, -1), lines, stands_apart)[:1]
        firsts = _near_edge(range(len(next_lines)), next_lines, stands_apart)
        pairs = itertools.product([*lasts, *_above_notes(lines)], firsts)
        for skipped, (last, first) in enumerate(pairs):
            end = _LAST_HALF.search(lines[last], max(len(lines[last]) - _LONGEST_WORD, 0))
            start = _FIRST_HALF.match(next_lines[first], 0, _LONGEST_WORD)
            if end is None or start is None or not start[1][0].islower():
                continue
            # Different headers and notes may lie between: only a known word skips them.
            if skipped and not line_ends.knows(end[1], start[1]):
                continue
            word = line_ends.written(end[1], start[1])
            lines[last] = lines[last][: end.start()] + word
            next_lines[first] = word + next_lines[first][start.end() :]
            texts[index : index + 2] = "\n".join(lines), "\n".join(next_lines)
            break


def _near_edge(
    order: range, lines: Sequence[str], stands_apart: Callable[[str], bool]
) -> list[int]:
    """Indices of the lines of the text itself that are near the edge."""
    return [index for index in order[: _MARGIN + 1] if not stands_apart(lines[index])]


def _above_notes(lines: Sequence[str]) -> Iterator[int]:
    """Indices of lines that end with half a word right above the notes of a page."""
    for index in range(len(lines) - 2, max(len(lines) - 2 - LINES_OF_NOTES - _MARGIN, -1), -1):
        if begins_note(lines[index + 1]) and lines[index][-1:] in HYPHENS:
            yield index


def _sensible(title: str | None) -> str | None:
    """The title, unless a program put it there: a file name, the name of a template."""
    title = " ".join(clean(title or "").split())
    if not any(character.isalpha() for character in title):
        return None
    return None if _FILE_NAME.search(title) or _MEANINGLESS.match(title) else title


def _closed_up(spaced: re.Match[str]) -> str:
    """The letters as one word; but mixed case is a formula, and alphabetical order a list."""
    letters = spaced[0].split(" ")
    word = "".join(letters)
    is_word = word.isupper() or word[1:].islower()
    return word if is_word and letters != sorted(letters) else spaced[0]
