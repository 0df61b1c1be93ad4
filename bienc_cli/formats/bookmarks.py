"""A PDF's bookmarks as the headings of its text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bienc_cli.formats.lines import split_lines
from bienc_cli.types import Heading

MOST = 10_000
"""Bookmarks of a file that are looked at, and lines of a page that one is looked for in."""

_MOST_ON_PAGE = 100

_SAYS_NOTHING = re.compile(
    # The numbers of pages, blank ones, and what Word calls its own marks.
    r"(?:(?:page|seite|p\.|s\.)?\s*[\divxlc]+|blank page|(?:_\w+|OLE_LINK\d*))\Z",
    re.IGNORECASE,
)
_NUMBERING = re.compile(r"\s*(?:\d{1,3}(?:\.\d{1,3})*|[IVX]{1,5}|[A-Z])[.):]?\s+")
_WORDS_OF_A_TITLE = 3
"""A line that goes on behind fewer words may be any sentence."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of a PDF's outline.

    Attributes:
        level: 1 is highest.
        title: as it is shown.
        page: index of the page that it leads to.
    """

    level: int
    title: str
    page: int


def headings(bookmarks: Sequence[Bookmark], pages: Sequence[str]) -> tuple[Heading, ...]:
    """Where the titles of bookmarks stand in the joined pages.

    A bookmark whose title is no line of its page is the heading of all of the page, or, where
    another one is in front of it there, of what follows on the next page.

    Args:
        bookmarks: in their order.
        pages: their texts, which make the document's.
    """
    starts = [0, *itertools.accumulate(map(len, pages))]
    found: list[Heading] = []
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
                found.append(Heading(starts[index] + place[0], bookmark.level, bookmark.title))
                position = place[1]
        if pending is not None and index + 1 < len(pages):
            found.append(Heading(starts[index + 1], pending.level, pending.title))
    # What begins with the next page may begin with a bookmark of its own.
    return tuple({heading.start: heading for heading in found}.values())


def _says_something(title: str) -> bool:
    return any(map(str.isalpha, title)) and not _SAYS_NOTHING.match(title.strip())


def lines_of_title(text: str, title: str, begin: int = 0) -> tuple[int, int] | None:
    """Start and end of the lines from `begin` on that say a title, best that say nothing else."""
    wanted = {_letters(title), _letters(_NUMBERING.sub("", title, count=1))} - {""}
    second_best = None
    for start, line in itertools.islice(split_lines(text), MOST):
        if start < begin or not any(map(str.isalnum, line)):
            continue
        numbered = _NUMBERING.match(line)
        for first in (start, start + numbered.end()) if numbered else (start,):
            for letters in wanted:
                end = _said(text, first, letters)
                if end is None:
                    continue
                if _ends_line(text, end):
                    return start, end
                if len(title.split()) >= _WORDS_OF_A_TITLE:
                    second_best = second_best or (start, end)
    return second_best


def _said(text: str, start: int, letters: str) -> int | None:
    """Where these letters end if the text says them from `start` on, whatever is between."""
    said = 0
    for end in range(start, min(len(text), start + 3 * len(letters) + 16)):
        character = _letters(text[end])
        if not letters.startswith(character, said):
            return None
        said += len(character)
        if said == len(letters):
            return None if text[end + 1 : end + 2].isalnum() else end + 1
    return None


def _ends_line(text: str, end: int) -> bool:
    rest = text[end : text.find("\n", end) if "\n" in text[end:] else len(text)]
    return not any(map(str.isalpha, rest))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def flattened(outline: Sequence[object], level: int = 1) -> Iterator[tuple[int, object]]:
    """Entries of lists within lists with the depth that each is at."""
    for entry in outline:
        if isinstance(entry, list):
            yield from flattened(entry, level + 1)
        else:
            yield level, entry
