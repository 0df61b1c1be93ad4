"""Source code: the file's own text, with its definitions as headings.

Definitions are found by the language's grammar if there is one (`syntax`), else by lines that look
like definitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.lines import AttachedLines, line_starts, section_blocks
from bienc_cli.formats.syntax import is_available, outline
from bienc_cli.types import Document, Heading

_MODIFIERS = tuple(
    (
        "export default public private protected internal static final abstract sealed async "
        "unsafe inline virtual override open partial readonly const declare local suspend pub "
        "pub(crate)"
    ).split()
)
_KEYWORDS = tuple(
    (
        "class interface struct enum union trait impl protocol extension module namespace package "
        "function func fn fun object def defp defmodule sub procedure macro_rules! type message "
        "service resource mod"
    ).split()
)


def _any(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_DEFINITION = re.compile(
    rf"""(?: (?:(?:{_any(_MODIFIERS)})\s+){{0,6}} (?:{_any(_KEYWORDS)}) (?:\s+|(?=[<(])) [\w<($*&]
         | CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP\w*\s+)?
           (?:TABLE|VIEW|FUNCTION|PROCEDURE|TRIGGER|TYPE|INDEX)\s
         | (?:export\s+)?(?:const|let|var)\s+\w+\s*=\s*(?:async\s*)?(?:function\b|\([^()]*\)\s*=>)
         | (?:resource|data|variable|output|provider)\s+"
         | [\w.]+\s*(?:<-|=)\s*function\b
         | [\w-]+\s*\(\)\s*\{{ )""",
    re.VERBOSE,
)
# C and its heirs have no keyword: `type name(parameters)` without a semicolon.
_C_FUNCTION = re.compile(
    r"[A-Za-z_][\w:<>,*&~ \t]*[ \t*&]~?[A-Za-z_][\w:~]*[ \t]*\([^;{}]*(?:\{|$)"
)
_C_LIKE = frozenset(
    ".c .h .cc .cpp .cxx .hh .hpp .hxx .cu .cuh .m .mm .java .cs .d .glsl .hlsl .cl".split()
)
_PACKAGE = re.compile(r"package\s+[\w.]+\s*;?\Z")
_WITHOUT_PACKAGES = frozenset(".kt .kts .java .scala .groovy .gradle .go".split())
"""Languages in which a package line states what the file belongs to, and heads nothing."""

_STATEMENTS = frozenset("return if else for while switch case throw new delete goto do".split())

_DEEPEST_INDENT = 8
"""In columns: a definition indented further is a detail of another one."""

_LONGEST_DEFINITION = 300
"""In characters: a longer line was not written by hand."""

_LONGEST_TITLE = 120

_OPENING = re.compile(r"(?:\{|\(|as\b|is\b|begin\b|do\b)", re.IGNORECASE)
_CLOSING = re.compile(
    r"[})\]]|(?:end\w*|else\w*|elsif|rescue|ensure|catch|finally|fi|done)\b", re.IGNORECASE
)
"""Starts of lines that open a definition's body, and of those that close or continue it."""

_WITHOUT_INDENT = re.compile(r"#|//|--|\w+:\s*\Z")
"""Comments, directives and labels, which may have any indentation."""

_CLOSED = re.compile(r"(?:\}|\bend);?\s*\Z")


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a source file; see `table.ReadFunction`."""
    text = read_text(path)
    suffix = path.suffix.lower()
    parsed = outline(text, suffix) if is_available(suffix) else None
    title, headings = parsed or (None, _by_lines(text, suffix))
    blocks = section_blocks(text, headings)
    yield Document(doc_id, text, "code", title=title, headings=headings, blocks=blocks)


def _by_lines(text: str, suffix: str) -> tuple[Heading, ...]:
    """Headings for lines that look like definitions, nested by indentation."""
    starts = line_starts(text)
    c_like = suffix in _C_LIKE
    attached = AttachedLines(text, starts)
    headings: list[Heading] = []
    scopes = _Scopes()
    for index in range(len(starts) - 1):
        line = text[starts[index] : starts[index + 1]].rstrip()
        body = line.lstrip()
        indent = len(line.expandtabs(4)) - len(body.expandtabs(4))
        if not body:
            continue
        scopes.meet(body, indent, starts[index])
        if indent > _DEEPEST_INDENT or len(line) > _LONGEST_DEFINITION:
            continue
        if suffix in _WITHOUT_PACKAGES and _PACKAGE.match(body):
            continue
        if not (_DEFINITION.match(body) or (c_like and _is_c_function(body))):
            continue
        level = scopes.open(body, indent)
        start = starts[attached.first(index)]
        if not headings or start > headings[-1].start:
            title = re.split(r"[{;=]", body, maxsplit=1)[0].strip(" \t:") or body
            scopes.newest.heading = len(headings)
            headings.append(Heading(start, level, title[:_LONGEST_TITLE]))
    for index, end in scopes.ends.items():
        headings[index] = replace(headings[index], end=end)
    return tuple(headings)


@dataclass(slots=True)
class _Scope:
    """A definition.

    Attributes:
        line: its first line, stripped.
        indent: of that line, in columns.
        is_indented: whether its body is indented; None before the body's first line.
        heading: index of its heading, -1 for none.
    """

    line: str
    indent: int
    is_indented: bool | None = None
    heading: int = -1


class _Scopes:
    """Finds the ends of definitions with indented bodies; lines do not show where others end.

    Attributes:
        ends: offsets, by index of the heading.
    """

    def __init__(self) -> None:
        self._open: list[_Scope] = []
        self.ends: dict[int, int] = {}

    @property
    def newest(self) -> _Scope:
        """The definition that was opened last."""
        return self._open[-1]

    def open(self, line: str, indent: int) -> int:
        """Open a definition.

        Returns:
            Its level: 1 plus the number of definitions around it.
        """
        while self._open and self._open[-1].indent >= indent:
            self._open.pop()
        self._open.append(_Scope(line, indent))
        return len(self._open)

    def meet(self, line: str, indent: int, start: int) -> None:
        """Process a non-blank line that starts at the offset `start`."""
        for scope in self._open:
            if scope.heading in self.ends:
                continue
            if scope.is_indented is None and not _OPENING.match(line):
                closed = indent <= scope.indent and _CLOSED.search(scope.line) is not None
                scope.is_indented = closed or indent > scope.indent
            if (
                scope.is_indented
                and indent <= scope.indent
                and not _CLOSING.match(line)
                and not _WITHOUT_INDENT.match(line)
            ):
                self.ends[scope.heading] = start


def _is_c_function(line: str) -> bool:
    first_word = re.match(r"\w*", line)
    return (
        first_word is not None
        and first_word.group() not in _STATEMENTS
        and _C_FUNCTION.match(line) is not None
    )
