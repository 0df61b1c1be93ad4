"""Restores the reading order of a page, and words drawn letter by letter, from the geometry.

An engine returns text in the order in which it is drawn. That is nearly always the reading order,
so it is kept unless the geometry clearly shows otherwise.
"""

from __future__ import annotations

import itertools
import re
import statistics
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bienc_cli.formats.cleaning import RAISED

_WIDE_GAP = 1.0
"""Least distance between two columns, in ems; words are a quarter of an em apart."""

_LETTER_PITCH = 1.1
"""Largest distance from one capital to the next within a letter-spaced word, in ems."""

_FEWEST_LINES = 4
"""Fewer lines side by side may be a coincidence."""

_WORDS_IN_LINE = 4
_LETTERS_OF_PROSE = 0.75
_FILLED = 0.7
"""Least values for columns of prose, unlike those of a table: words in the median line, fraction of
letters, and length of the median line relative to the longest."""

_ALIGNED = 0.8
"""Fraction of a column's lines that start at its left edge."""

_INDENT = 3.0
"""Allowed distance from that edge, in ems."""

_NUMBERS = re.compile(r"\d{1,3}(?:[,–-]\d{1,3}){0,3}\s*")
"""The number of a note, or an exponent."""

_SMALLER = 0.85
_RISE = 0.15
"""Largest size and least rise of a superscript digit, in ems of the word beside it."""

BIG = 1.7
_MOST_INITIALS = 8
"""Least size of a drop cap, relative to the line beside it; and the most on a page: one with more
is drawn letter by letter."""

_CAPITALS = 0.7
"""Height of a capital, in ems."""

_WORDS_OF_ONE_LETTER = frozenset("AEIOUYÀÁÉÍÓÚÈ")
"""As in `A man`, `O menino`, `Y aquel`: such a letter may be a word, or begin a longer one."""


@dataclass(frozen=True, slots=True)
class TextRun:
    """A piece of a line; coordinates are along and across the direction of reading.

    Attributes:
        text: as the engine returns it, with the space or line break after it.
        left: start, in points, along the line.
        right: end, likewise; estimated if the engine does not know it.
        baseline: in points, upwards.
        size: height of the font in points, above 0.
    """

    text: str
    left: float
    right: float
    baseline: float
    size: float


def with_raised_digits(runs: Sequence[TextRun]) -> list[TextRun]:
    """The runs, with raised digits after a word or before a line as superscript characters.

    Args:
        runs: in the order of the engine.
    """
    marked = []
    for before, run, after in zip([None, *runs], runs, [*runs[1:], None], strict=False):
        text = run.text
        if _NUMBERS.fullmatch(text):
            if before is not None and before.text[-1:].isalpha() and _is_above(run, before):
                text = text.translate(RAISED)
            elif after is not None and after.text[:1].isalpha() and _is_above(run, after):
                begins_line = before is None or not _continues(before, after)
                text = f"{text.translate(RAISED)} " if begins_line else text
        marked.append(run if text == run.text else _with_text(run, text))
    return marked


def _is_above(run: TextRun, beside: TextRun) -> bool:
    return is_raised(run.baseline - beside.baseline, run.size, beside.size)


def with_initials(runs: Sequence[TextRun]) -> list[TextRun]:
    """The runs, with drop caps joined to the rest of their words.

    If the letter may be a word by itself, the rest also stays where it is.

    Args:
        runs: in the order of the engine.
    """
    joined = list(runs)
    initials = [index for index, run in enumerate(runs) if is_initial(run.text.strip())]
    for index in initials if len(initials) <= _MOST_INITIALS else ():
        initial = runs[index]
        rest = next((n for n, run in enumerate(runs) if _stands_beside(initial, run)), None)
        if rest is None:
            continue
        letter, text = initial.text.strip(), runs[rest].text
        if letter in _WORDS_OF_ONE_LETTER:
            whole = letter + text.split(maxsplit=1)[0]
            joined[index] = _with_text(initial, initial.text.replace(letter, whole))
        else:
            joined[index] = _with_text(initial, "")
            joined[rest] = _with_text(runs[rest], letter + text)
    return joined


def is_initial(text: str) -> bool:
    """Whether it may be a drop cap."""
    return len(text) == 1 and text.isupper()


def _stands_beside(initial: TextRun, run: TextRun) -> bool:
    """Whether a line continues the word of a drop cap, which extends beside the next lines."""
    top = run.baseline + _CAPITALS * run.size
    initial_top = initial.baseline + _CAPITALS * initial.size
    return (
        run.text[:1].islower()
        and initial.size >= BIG * run.size
        and 0 < run.left - initial.left <= 1.5 * initial.size
        and run.baseline - initial.baseline >= 0.5 * run.size
        and abs(initial_top - top) <= 0.6 * run.size
    )


def is_raised(rise: float, size: float, size_before: float) -> bool:
    """Whether a character is superscript next to another one.

    Args:
        rise: of its baseline above the other's, in points.
        size: of its font, in points.
        size_before: of the other's font, in points.
    """
    return size <= _SMALLER * size_before and _RISE * size_before <= rise <= size_before


def arranged(runs: Sequence[TextRun]) -> str:
    """The text of a page in reading order.

    Args:
        runs: in the order of the engine; their texts together are its text.
    """
    rows = list(_rows(runs))
    pieces: list[str] = []
    position = 0
    while position < len(rows):
        block = _columns(rows, position)
        if block is None:
            if position and _goes_back(rows[position - 1], rows[position]):
                pieces.append(" ")
            pieces.append(rows[position].text)
            position += 1
            continue
        if pieces and not pieces[-1].endswith("\n"):
            pieces.append("\n")
        pieces += (f"{line}\n" for column in block.columns for line in column)
        position = block.end
    return "".join(pieces)


def has_columns(runs: Sequence[TextRun]) -> bool:
    """Whether some of the text clearly is in columns that are drawn line by line."""
    rows = list(_rows(runs))
    return any(_columns(rows, position) for position in range(len(rows)))


@dataclass(slots=True)
class _Row:
    """Runs on one line of the page, drawn one after the other."""

    runs: list[TextRun]

    @property
    def text(self) -> str:
        pieces = [self.runs[0].text]
        for run, following in itertools.pairwise(self.runs):
            if _one_word(run, following) or _is_hyphen_alone(run, following):
                pieces[-1] = pieces[-1].rstrip()
                pieces.append(following.text.lstrip())
            else:
                pieces.append(following.text)
        return "".join(pieces)

    def segments(self) -> list[TextRun]:
        """The runs, joined if they are not far apart."""
        joined: list[TextRun] = []
        for run in self.runs:
            last = joined[-1] if joined else None
            if last is not None and run.left - last.right < _WIDE_GAP * run.size:
                text = last.text if last.text.endswith(" ") else last.text.rstrip("\n")
                right = max(last.right, run.right)
                joined[-1] = TextRun(text + run.text, last.left, right, last.baseline, last.size)
            else:
                joined.append(run)
        return joined


@dataclass(frozen=True, slots=True)
class _Block:
    """Columns side by side, up to but excluding the row `end`."""

    end: int
    columns: list[list[str]]


def _rows(runs: Sequence[TextRun]) -> Iterator[_Row]:
    row: list[TextRun] = []
    blanks = ""
    for run in runs:
        if not run.text.strip():
            # Part of the text before it, wherever the engine places it.
            blanks += run.text
            continue
        if row and blanks:
            row[-1] = _with_text(row[-1], row[-1].text + blanks)
        elif blanks:
            run = _with_text(run, blanks + run.text)
        blanks = ""
        if row and not _continues(row[-1], run):
            yield _Row(row)
            row = []
        row.append(run)
    if row:
        yield _Row(row)


def _goes_back(row: _Row, following: _Row) -> bool:
    """Whether it goes on in front of what is on its line, as with cells drawn from the right."""
    last, first = row.runs[-1], following.runs[0]
    same_line = abs(last.baseline - first.baseline) < 0.2 * max(last.size, first.size)
    return same_line and first.left < row.runs[0].left - _WIDE_GAP * first.size


def _with_text(run: TextRun, text: str) -> TextRun:
    return TextRun(text, run.left, run.right, run.baseline, run.size)


def _continues(run: TextRun, following: TextRun) -> bool:
    return (
        abs(run.baseline - following.baseline) < 0.2 * max(run.size, following.size)
        and following.left > run.left
    )


def _one_word(run: TextRun, following: TextRun) -> bool:
    """Whether two runs on a line are letters of one letter-spaced word."""
    letter, next_letter = run.text.strip(), following.text.strip()
    pitch = (following.left - run.left) / run.size
    return len(letter) == len(next_letter) == 1 and is_spaced_out(letter, next_letter, pitch)


def _is_hyphen_alone(run: TextRun, following: TextRun) -> bool:
    """Whether the second run is the hyphen of a word divided by the line end.

    A dash is drawn together with its words, or in a separate column.
    """
    return (
        following.text.endswith("\n")
        and following.text.strip() in {"-", "\u2010"}
        and run.text.rstrip(" ")[-1:].isalpha()
        and following.left - run.right < _WIDE_GAP * run.size
    )


def is_spaced_out(letter: str, following: str, pitch: float) -> bool:
    """Whether capitals `pitch` ems apart are letters of one word."""
    return letter.isupper() and following.isupper() and 0 < pitch <= _LETTER_PITCH


def _columns(rows: Sequence[_Row], start: int) -> _Block | None:
    """The columns that start with the row `start`; None if there are none."""
    first = rows[start].segments()
    if len(first) not in {2, 3}:
        return None
    gutters = [(left.right, right.left) for left, right in itertools.pairwise(first)]
    columns: list[list[TextRun]] = [[] for _ in first]
    side_by_side = 0
    end = start
    for row in rows[start:]:
        segments = row.segments()
        placed = _placed(segments, gutters)
        if placed is None or _jumps(rows, end, start):
            break
        gutters = _narrowed(gutters, placed)
        side_by_side += len(placed) == len(first)
        for index, segment in placed.items():
            columns[index].append(segment)
        end += 1
    if side_by_side < _FEWEST_LINES or not all(map(_is_prose, columns)):
        return None
    texts = [[segment.text.strip() for segment in column] for column in columns]
    if _reads_leftwards(texts):
        texts.reverse()
    return _Block(end, texts)


def _jumps(rows: Sequence[_Row], index: int, start: int) -> bool:
    """Whether the row is above or far below the one before it."""
    if index == start:
        return False
    above, below = rows[index - 1].runs[0], rows[index].runs[0]
    down = above.baseline - below.baseline
    return not 0 < down < 3 * above.size


def _placed(
    segments: Sequence[TextRun], gutters: Sequence[tuple[float, float]]
) -> dict[int, TextRun] | None:
    """The segments by column; None if one extends into another column."""
    placed: dict[int, TextRun] = {}
    for segment in segments:
        column = sum(segment.left > start for start, _ in gutters)
        if column < len(gutters) and segment.right >= gutters[column][1]:
            return None
        if column in placed:
            return None
        placed[column] = segment
    return placed


def _narrowed(
    gutters: Sequence[tuple[float, float]], placed: dict[int, TextRun]
) -> list[tuple[float, float]]:
    narrowed = []
    for index, (start, end) in enumerate(gutters):
        if index in placed:
            start = max(start, placed[index].right)
        if index + 1 in placed:
            end = min(end, placed[index + 1].left)
        narrowed.append((start, end))
    return narrowed


def _is_prose(column: Sequence[TextRun]) -> bool:
    texts = [run.text.strip() for run in column]
    together = "".join("".join(texts).split())
    lengths = [len(text) for text in texts]
    left = min(run.left for run in column)
    aligned = sum(run.left - left <= _INDENT * run.size for run in column)
    return (
        statistics.median(len(text.split()) for text in texts) >= _WORDS_IN_LINE
        and sum(map(str.isalpha, together)) >= _LETTERS_OF_PROSE * len(together)
        and statistics.median(lengths) >= _FILLED * max(lengths)
        and aligned >= _ALIGNED * len(column)
    )


def _reads_leftwards(columns: Sequence[Sequence[str]]) -> bool:
    letters = [character for column in columns for character in column[0] if character.isalpha()]
    leftwards = sum(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in letters)
    return leftwards * 2 > len(letters)
