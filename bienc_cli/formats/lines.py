"""Line arithmetic shared by the readers whose text is the file's own."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterator, Sequence

from bienc_cli.types import Block


def line_starts(text: str) -> list[int]:
    r"""Offset of the start of each line, and last of all the end of the text.

    Only `\n` breaks lines, as in editors: `str.splitlines` would also break at form feeds and
    at U+2028, and line numbers would be off.
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
        cuts: ascending offsets, where a block begins.
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


def paragraph_cuts(text: str) -> Iterator[int]:
    """Offsets of the lines that follow a blank line, and of the first one."""
    after_blank = True
    for start, line in split_lines(text):
        blank = not line or line.isspace()
        if after_blank and not blank:
            yield start
        after_blank = blank


def hanging_cuts(text: str) -> Iterator[int]:
    """As `paragraph_cuts`, but indented lines stay with the unindented line they hang on."""
    starts = line_starts(text)
    for cut in paragraph_cuts(text):
        if text[cut] not in " \t" or cut == starts[0]:
            yield cut


def line_of(starts: Sequence[int], offset: int) -> int:
    """Index of the line that holds `offset`, from 0, given `line_starts`."""
    return bisect.bisect_right(starts, offset) - 1


# What stands right above a definition and belongs to it: comments, decorators, attributes.
_ATTACHED = ("//", "/*", "*", "#", "--", ";;", "@", "%", "[")

_DIRECTIVE = re.compile(r"#[ \t]*(?:include|import|define|undef|endif|pragma|using)\b")
"""What a preprocessor is told, and belongs to the file."""


class AttachedLines:
    """The lines right above a definition that belong to it, in one document.

    Args:
        text: of the document.
        starts: its `line_starts`.
    """

    def __init__(self, text: str, starts: Sequence[int]) -> None:
        self._text = text
        self._starts = starts
        self._asked = self._answer = -1

    def first(self, line: int) -> int:
        """The line where what belongs to the definition in `line` begins, both from 0."""
        # Many statements may stand in one line, below a comment as long as the file.
        if line != self._asked:
            self._asked = line
            while line > 0 and self._is_attached(line - 1):
                line -= 1
            self._answer = line
        return self._answer

    def is_all_from(self, line: int, stop: int) -> bool:
        """Whether the lines [line, stop) hold nothing else than what is put above definitions."""
        return all(self._is_attached(one) or self._is_blank(one) for one in range(line, stop))

    def after_blanks(self, line: int) -> int:
        """The first line from `line` on that is not blank."""
        while line + 1 < len(self._starts) and self._is_blank(line):
            line += 1
        return line

    def _is_blank(self, line: int) -> bool:
        return not self._text[self._starts[line] : self._starts[line + 1]].strip()

    def _is_attached(self, line: int) -> bool:
        content = self._text[self._starts[line] : self._starts[line + 1]].strip()
        if content.startswith(("@", "[")):
            # A field with its annotation in front of it is no part of the method below.
            return not content.endswith(";")
        if content.startswith("/*") and "*/" in content:
            return content.endswith("*/")
        return content.startswith(_ATTACHED) and _DIRECTIVE.match(content) is None
