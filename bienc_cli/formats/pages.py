"""Pages as a PDF engine extracts them to one document."""

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
"""Letters set apart, as in headings; a wider gap stands between words."""

_GAP = re.compile(r"\n{3,}")
_DIGITS = re.compile(r"\d+")
_LAST_HALF = re.compile(rf"([^\W\d_]+)[{HYPHENS}]\Z")
_FIRST_HALF = re.compile(r"([^\W\d_]+)(?![\w@/])")

_MARGIN = 3
"""Lines at the top and at the bottom of a page among which headers and page numbers are looked
for."""

_LONGEST_WORD = 100

_FILE_NAME = re.compile(
    r"\.(?:docx?|pdf|indd|xlsx?|pptx?|rtf|tex|dvi|qxd|html?|tmp)\b", re.IGNORECASE
)
_MEANINGLESS = re.compile(
    r"(?:untitled|microsoft word|powerpoint|document\d*|title)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Page:
    """What an engine finds on one page.

    Attributes:
        text: its lines.
        fields: what is filled into forms, each with its label.
        notes: what people noted on it.
        recognised: of the text, some was recognised in a picture.
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
    """Join pages; they are numbered from 1 as viewers count them, empty ones included.

    Args:
        doc_id: of the document.
        pages: in their order.
        title: the document's own.
        bookmarks: of the document, which become its headings.
        format_name: of the document.
        no_text: what to say where there is none; by default, how a scan becomes readable.

    Raises:
        UnreadableFile: there is no text on any page, as in a scan.
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
        # A form feed would separate pages too, but is shown as a box in terminals.
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
    """The page's lines, and behind them what stands on top of them."""
    there = " ".join(text.split())
    lines = list(map(_tidy, page.fields))
    # A mark often repeats the words that it marks.
    lines += (note for note in map(_tidy, page.notes) if " ".join(note.split()) not in there)
    return "\n\n".join(part for part in (text, "\n".join(dict.fromkeys(lines))) if part)


def _join_across_pages(texts: list[str], line_ends: LineEnds) -> None:
    """Write a word that a page break divides whole on both pages."""
    margins = Counter(
        _DIGITS.sub("0", line)
        for text in texts
        for lines in [text.split("\n")]
        for line in {*lines[:_MARGIN], *lines[-_MARGIN:]}
    )

    def stands_apart(line: str) -> bool:
        """Whether it is a header, a footer, a page number or nothing."""
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
            # Headers that differ, and notes, may be between: only a word that is one skips them.
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
    """The lines of the text proper that are not far from the edge."""
    return [index for index in order[: _MARGIN + 1] if not stands_apart(lines[index])]


def _above_notes(lines: Sequence[str]) -> Iterator[int]:
    """The lines that end with half a word at the foot of a page, in front of its notes."""
    for index in range(len(lines) - 2, max(len(lines) - 2 - LINES_OF_NOTES - _MARGIN, -1), -1):
        if begins_note(lines[index + 1]) and lines[index][-1:] in HYPHENS:
            yield index


def _sensible(title: str | None) -> str | None:
    """The title, unless it is what a program put there: a file name, a template's name."""
    title = " ".join(clean(title or "").split())
    if not any(character.isalpha() for character in title):
        return None
    return None if _FILE_NAME.search(title) or _MEANINGLESS.match(title) else title


def _closed_up(spaced: re.Match[str]) -> str:
    """The word; letters of both cases are formulas, and those in their order a list of them."""
    letters = spaced[0].split(" ")
    word = "".join(letters)
    is_word = word.isupper() or word[1:].islower()
    return word if is_word and letters != sorted(letters) else spaced[0]
