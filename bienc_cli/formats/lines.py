"""Lines and blocks, for readers whose text is the file's own."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from bienc_cli.types import Block, Heading


def line_starts(text: str) -> list[int]:
    r"""Offset of the start of each line, and finally of the end of the text.

    Only `\n` breaks lines, as in editors: `str.splitlines` also breaks at form feeds and U+2028,
    which would shift line numbers.
    """
    starts = [0]
    position = text.find("\n")
    while position >= 0:
        starts.append(position + 1)
        position = text.find("\n", position + 1)
    if starts[-1] != len(text):
        starts.append(len(text))
    return starts


def split_lines(text: str) -> Iterator[tuple[int, str]]:
    """Offset and content of each line, without its line break."""
    for start, end in itertools.pairwise(line_starts(text)):
        yield start, text[start:end].removesuffix("\n")


def spans_to_blocks(text: str, cuts: Sequence[int], end: int) -> tuple[Block, ...]:
    """Blocks from each cut to the next, without the white space around them.

    Args:
        text: the document's text.
        cuts: ascending offsets at which a block starts.
        end: where the last block ends.
    """
    blocks = []
    for start, stop in itertools.pairwise([*cuts, end]):
        body = text[start:stop]
        trimmed = body.strip()
        if trimmed:
            first = start + len(body) - len(body.lstrip())
            blocks.append(Block(first, first + len(trimmed)))
    return tuple(blocks)


def section_blocks(text: str, headings: Iterable[Heading]) -> tuple[Block, ...]:
    """Blocks between blank lines and at the starts and ends of headings."""
    cuts = {*paragraph_cuts(text)}
    for heading in headings:
        cuts.add(heading.start)
        if heading.end is not None:
            cuts.add(heading.end)
    return spans_to_blocks(text, sorted(cuts), len(text))


def paragraph_cuts(text: str) -> Iterator[int]:
    """Offsets of the lines that follow a blank line, and of the first non-blank line."""
    after_blank = True
    for start, line in split_lines(text):
        blank = not line or line.isspace()
        if after_blank and not blank:
            yield start
        after_blank = blank


def hanging_cuts(text: str) -> Iterator[int]:
    """Like `paragraph_cuts`, but indented paragraphs stay with the unindented one above them."""
    starts = line_starts(text)
    for cut in paragraph_cuts(text):
        if text[cut] not in " \t" or cut == starts[0]:
            yield cut


def line_of(starts: Sequence[int], offset: int) -> int:
    """Index from 0 of the line that contains `offset`, given `line_starts`."""
    return bisect.bisect_right(starts, offset) - 1


# Starts of lines that belong to the definition right below: comments, decorators, attributes.
_ATTACHED = ("//", "/*", "*", "#", "--", ";;", "@", "%", "[")

_DIRECTIVE = re.compile(r"#[ \t]*(?:include|import|define|undef|endif|pragma|using)\b")
"""A preprocessor directive, which belongs to the file instead."""


class AttachedLines:
    """Finds the lines right above a definition that belong to it.

    Args:
        text: of the document.
        starts: its `line_starts`.
    """

    def __init__(self, text: str, starts: Sequence[int]) -> None:
        self._text = text
        self._starts = starts
        self._asked = self._answer = -1

    def first(self, line: int) -> int:
        """The first line that belongs to the definition in `line`, both from 0."""
        # Cached, because one line may have many definitions below a comment as long as the file.
        if line != self._asked:
            self._asked = line
            while line > 0 and self._is_attached(line - 1):
                line -= 1
            self._answer = line
        return self._answer

    def is_all_from(self, line: int, stop: int) -> bool:
        """Whether the lines [line, stop) are all blank or ones that belong to a definition."""
        return all(self._is_attached(row) or self._is_blank(row) for row in range(line, stop))

    def after_blanks(self, line: int) -> int:
        """The first non-blank line from `line` on."""
        while line + 1 < len(self._starts) and self._is_blank(line):
            line += 1
        return line

    def _is_blank(self, line: int) -> bool:
        return not self._text[self._starts[line] : self._starts[line + 1]].strip()

    def _is_attached(self, line: int) -> bool:
        content = self._text[self._starts[line] : self._starts[line + 1]].strip()
        if content.startswith(("@", "[")):
            # An annotated field does not belong to the method below.
            return not content.endswith(";")
        if content.startswith("/*") and "*/" in content:
            return content.endswith("*/")
        return content.startswith(_ATTACHED) and _DIRECTIVE.match(content) is None
