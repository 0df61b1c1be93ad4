"""Lines of Arabic and Hebrew in PDFs, whose letters are drawn from left to right."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bienc_cli.formats.layout import TextRun

_SCRIPTS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
LEFTWARDS = re.compile(f"[{_SCRIPTS}]")
"""Letters and marks of scripts written from right to left."""

_SHAPES = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]")
"""Presentation forms: letters in the shape that they have at a place in a word."""

_RIGHTWARDS = re.compile(
    # Words from left to right and what is between them, or a number.
    rf"[^\W\d_{_SCRIPTS}](?:[^{_SCRIPTS}\n]*[^\W_{_SCRIPTS}])?"
    r"|[\d\u0660-\u0669\u06f0-\u06f9](?:[.,:/\u066b\u066c]?[\d\u0660-\u0669\u06f0-\u06f9])*%?"
)
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")

_GAP = 0.15
_ESTIMATED_GAP = 0.3
"""Smallest gap between words in ems; the second one where the ends of words are estimated."""


def drawn(text: str) -> str:
    """The text in drawing order: reversed if it is of a right-to-left script."""
    return text[::-1] if LEFTWARDS.search(text) else text


def read_from_the_right(line: str) -> str:
    """Reading order of a line with right-to-left letters.

    Args:
        line: its characters in drawing order, from left to right.
    """
    leftwards = len(LEFTWARDS.findall(line))
    if leftwards * 2 < sum(map(str.isalpha, line)):
        # A line that is read from the left, with some words that are not.
        return _WORDS_LEFTWARDS.sub(lambda words: read_from_the_right(words.group()), line)
    parts: list[str] = []
    end = len(line)
    for found in reversed(list(_RIGHTWARDS.finditer(line))):
        parts += (line[found.end() : end][::-1].translate(_MIRRORED), found.group())
        end = found.start()
    parts.append(line[:end][::-1].translate(_MIRRORED))
    return _SHAPES.sub(lambda shape: unicodedata.normalize("NFKC", shape.group()), "".join(parts))


_WORDS_LEFTWARDS = re.compile(f"{LEFTWARDS.pattern}(?:[^\\w\\n]*{LEFTWARDS.pattern})*")


def with_lines_read(runs: Sequence[TextRun]) -> list[TextRun]:
    """Join the runs of each line with right-to-left letters, in reading order.

    Args:
        runs: in drawing order, with estimated right edges.
    """
    read: list[TextRun] = []
    for line in _lines(runs):
        leftwards = any(LEFTWARDS.search(run.text) for run in line)
        read += [_read(line, _ESTIMATED_GAP)] if leftwards else line
    return read


def lines_read(characters: Sequence[TextRun]) -> list[TextRun]:
    """The lines of a page, in reading order.

    Args:
        characters: one run each, in the engine's order. Its spaces are used only in lines without
            right-to-left letters, where it does not move them.
    """
    read: list[TextRun] = []
    for line in _lines(characters):
        text = "".join(character.text for character in line)
        if LEFTWARDS.search(text):
            read.append(_read([one for one in line if one.text.strip()], _GAP))
        else:
            read.append(replace(line[0], text=f"{text}\n", right=max(one.right for one in line)))
    return read


def _lines(runs: Sequence[TextRun]) -> Iterator[list[TextRun]]:
    line: list[TextRun] = []
    for run in runs:
        # A blank run belongs to the line before it, wherever it is placed.
        if line and run.text.strip() and abs(run.baseline - line[0].baseline) > 0.5 * run.size:
            yield line
            line = []
        line.append(run)
    if line:
        yield line


def _read(line: Sequence[TextRun], gap: float) -> TextRun:
    # Two letters at the same place are one glyph: in Arabic, lam before alef.
    parts = sorted(
        (run for run in line if run.text.strip("\n")),
        key=lambda run: (round(run.left, 2), run.text == "\u0644"),
    )
    text = parts[0].text.strip("\n")
    for before, run in itertools.pairwise(parts):
        part = run.text.strip("\n")
        apart = not (text.endswith(" ") or part.startswith(" ")) and (
            run.left - before.right > gap * run.size
            or bool(LEFTWARDS.search(text[-1:])) != bool(LEFTWARDS.search(part[:1]))
        )
        text += f" {part}" if apart else part
    if LEFTWARDS.search(text):
        text = read_from_the_right(text)
    return replace(parts[0], text=f"{text}\n", right=max(run.right for run in parts))
