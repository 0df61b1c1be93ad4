"""Source code: the file's own text, its definitions as headings."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from bienc_cli.readers.decoding import read_text
from bienc_cli.readers.lines import line_starts, paragraph_cuts, spans_to_blocks
from bienc_cli.readers.words import words
from bienc_cli.types import Block, Document, Heading

Outline = tuple[tuple[Heading, ...], tuple[Block, ...]]

_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_PYTHON = frozenset({".py", ".pyi"})

_MODIFIERS = words(
    "export default public private protected internal static final abstract sealed async unsafe "
    "inline virtual override open partial readonly const declare local suspend pub pub(crate)"
)
_KEYWORDS = words(
    "class interface struct enum union trait impl protocol extension module namespace package "
    "function func fn fun def defp defmodule sub procedure macro_rules! type message service "
    "resource mod"
)


def _any(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_DEFINITION = re.compile(
    rf"""(?: (?:(?:{_any(_MODIFIERS)})\s+){{0,6}} (?:{_any(_KEYWORDS)}) (?:\s+|(?=[<(])) [\w<($*&]
         | CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP\w*\s+)?
           (?:TABLE|VIEW|FUNCTION|PROCEDURE|TRIGGER|TYPE|INDEX)\s
         | (?:export\s+)?(?:const|let|var)\s+\w+\s*=\s*(?:async\s*)?(?:function\b|\([^()]*\)\s*=>)
         | [\w-]+\s*\(\)\s*\{{ )""",
    re.VERBOSE,
)
# C and its heirs name no keyword: `type name(parameters)`, and no semicolon behind.
_C_FUNCTION = re.compile(
    r"[A-Za-z_][\w:<>,*&~ \t]*[ \t*&]~?[A-Za-z_][\w:~]*[ \t]*\([^;{}]*(?:\{|$)"
)
_C_LIKE = frozenset(
    words(".c .h .cc .cpp .cxx .hh .hpp .hxx .cu .cuh .m .mm .java .cs .d .glsl .hlsl .cl")
)
_STATEMENTS = frozenset(words("return if else for while switch case throw new delete goto do"))

# What stands right above a definition and belongs to it: comments, decorators, attributes.
_ATTACHED = ("//", "/*", "*", "#", "--", ";;", "@", "%", "[")

_DEEPEST_INDENT = 8
"""Columns beyond which a definition is a detail of another one."""

_LONGEST_DEFINITION = 300
"""Characters of a line beyond which it was not written by hand."""

_LONGEST_TITLE = 120


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a source file; see `table.ReadFunction`."""
    text = read_text(path)
    suffix = path.suffix.lower()
    outline = _python(text) if suffix in _PYTHON else None
    headings, blocks = outline or _by_lines(text, c_like=suffix in _C_LIKE)
    yield Document(doc_id, text, "code", headings=headings, blocks=blocks)


def _python(text: str) -> Outline | None:
    """Classes and functions by the parser; None where the source does not parse."""
    try:
        with warnings.catch_warnings():
            # Invalid escapes in other people's source are not for us to report.
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # MemoryError is how the parser reports too many nested brackets.
        return None
    starts = line_starts(text)
    headings: dict[int, Heading] = {}
    cuts = {0}
    pending: list[tuple[ast.stmt, int]] = [(node, 1) for node in reversed(tree.body)]
    while pending:
        node, level = pending.pop()
        definition = node if isinstance(node, _DEFINITIONS) else None
        decorators = definition.decorator_list if definition else []
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
        line = _with_attached(text, starts, first)
        start = starts[line]
        if definition or line == 0 or not text[starts[line - 1] : start].strip():
            cuts.add(start)
        if definition:
            kind = "class" if isinstance(node, ast.ClassDef) else "def"
            headings.setdefault(start, Heading(start, level, f"{kind} {definition.name}"))
        if isinstance(node, ast.ClassDef):
            pending += [(child, level + 1) for child in reversed(node.body)]
    return (
        tuple(headings[start] for start in sorted(headings)),
        spans_to_blocks(text, sorted(cuts), len(text)),
    )


def _by_lines(text: str, *, c_like: bool) -> Outline:
    """Lines that look like definitions, nested by indentation; blocks between blank lines."""
    starts = line_starts(text)
    headings: list[Heading] = []
    enclosing: list[int] = []
    for index in range(len(starts) - 1):
        line = text[starts[index] : starts[index + 1]].rstrip()
        body = line.lstrip()
        indent = len(line.expandtabs(4)) - len(body.expandtabs(4))
        if not body or indent > _DEEPEST_INDENT or len(line) > _LONGEST_DEFINITION:
            continue
        if not (_DEFINITION.match(body) or (c_like and _is_c_function(body))):
            continue
        while enclosing and enclosing[-1] >= indent:
            enclosing.pop()
        enclosing.append(indent)
        start = starts[_with_attached(text, starts, index)]
        if not headings or start > headings[-1].start:
            title = re.split(r"[{;=]", body, maxsplit=1)[0].strip(" \t:") or body
            headings.append(Heading(start, len(enclosing), title[:_LONGEST_TITLE]))
    cuts = sorted({*paragraph_cuts(text), *(heading.start for heading in headings)})
    return tuple(headings), spans_to_blocks(text, cuts, len(text))


def _is_c_function(line: str) -> bool:
    first_word = re.match(r"\w*", line)
    return (
        first_word is not None
        and first_word.group() not in _STATEMENTS
        and _C_FUNCTION.match(line) is not None
    )


def _with_attached(text: str, starts: Sequence[int], line: int) -> int:
    """The line where the comments, decorators and attributes right above `line` begin."""
    while line > 0 and text[starts[line - 1] : starts[line]].lstrip().startswith(_ATTACHED):
        line -= 1
    return line
