"""A PDF's bookmarks as the headings of its text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bienc_cli.formats.lines import split_lines
from bienc_cli.types import Heading

MOST = 10_000
"""Limit on a file's bookmarks, and on the lines of a page that are searched for one."""

_MOST_ON_PAGE = 100

_SAYS_NOTHING = re.compile(
    # Page numbers, blank pages, and the names of Word's internal bookmarks.
    r"(?:(?:page|seite|p\.|s\.)?\s*[\divxlc]+|blank page|(?:_\w+|OLE_LINK\d*))\Z",
    re.IGNORECASE,
)
_NUMBERING = re.compile(r"\s*(?:\d{1,3}(?:\.\d{1,3})*|[IVX]{1,5}|[A-Z])[.):]?\s+")
_WORDS_OF_A_TITLE = 3
"""A line that continues after a shorter title may be any sentence."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of a PDF's outline.

    Attributes:
        level: 1 is highest.
        title: as displayed.
        page: index of the page it points to.
    """

    level: int
    title: str
    page: int


def headings(bookmarks: Sequence[Bookmark], pages: Sequence[str]) -> tuple[Heading, ...]:
    """Headings at the lines where the titles of bookmarks appear.

    A bookmark whose title is not a line of its page becomes the heading of the whole page or, if
    another bookmark precedes it there, of the next page.

    Args:
        bookmarks: in the order of the outline.
        pages: texts of the pages, which joined are the document's text.

    Returns:
        Headings with offsets in the document's text.
    """
    starts = [0, *itertools.accumulate(map(len, pages))]
    outline: list[Heading] = []
    in_order = sorted(bookmarks[:MOST], key=lambda bookmark: bookmark.page)
    for index, on_page in itertools.groupby(in_order, key=lambda bookmark: bookmark.page):
        if not 0 <= index < len(pages) or not pages[index].strip():
            continue
        position = 0
        pending: Bookmark | None = None
        for bookmark in itertools.islice(on_page, _MOST_ON_PAGE):
            if not _says_something(bookmark.title):
                continue
            place = lines_of_title(pages[index], bookmark.title, position)
            if place is None and position == 0:
                place = 0, 1
            pending = bookmark if place is None else None
            if place is not None:
                outline.append(Heading(starts[index] + place[0], bookmark.level, bookmark.title))
                position = place[1]
        if pending is not None and index + 1 < len(pages):
            outline.append(Heading(starts[index + 1], pending.level, pending.title))
    # The next page may start with a bookmark of its own.
    return tuple({heading.start: heading for heading in outline}.values())


def _says_something(title: str) -> bool:
    return any(map(str.isalpha, title)) and not _SAYS_NOTHING.match(title.strip())


def lines_of_title(text: str, title: str, begin: int = 0) -> tuple[int, int] | None:
    """Start and end of the lines from `begin` on that contain a title.

    Lines that contain nothing else are preferred. None if there are no such lines.
    """
    wanted = {_letters(title), _letters(_NUMBERING.sub("", title, count=1))} - {""}
    second_best = None
    for start, line in itertools.islice(split_lines(text), MOST):
        if start < begin or not any(map(str.isalnum, line)):
            continue
        numbered = _NUMBERING.match(line)
        for first in (start, start + numbered.end()) if numbered else (start,):
            for letters in wanted:
                end = _end_of_letters(text, first, letters)
                if end is None:
                    continue
                if _ends_line(text, end):
                    return start, end
                if len(title.split()) >= _WORDS_OF_A_TITLE:
                    second_best = second_best or (start, end)
    return second_best


def _end_of_letters(text: str, start: int, letters: str) -> int | None:
    """Where the letters end if they follow from `start` on, whatever separates them."""
    matched = 0
    for end in range(start, min(len(text), start + 3 * len(letters) + 16)):
        character = _letters(text[end])
        if not letters.startswith(character, matched):
            return None
        matched += len(character)
        if matched == len(letters):
            return None if text[end + 1 : end + 2].isalnum() else end + 1
    return None


def _ends_line(text: str, end: int) -> bool:
    rest = text[end : text.find("\n", end) if "\n" in text[end:] else len(text)]
    return not any(map(str.isalpha, rest))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def flattened(outline: Sequence[object], level: int = 1) -> Iterator[tuple[int, object]]:
    """The entries of nested lists, each with its depth, 1 for the outer list."""
    for entry in outline:
        if isinstance(entry, list):
            yield from flattened(entry, level + 1)
        else:
            yield level, entry
