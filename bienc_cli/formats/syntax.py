"""Outlines source code with tree-sitter: a definition is a heading that ends with it.

tree-sitter also parses broken and half-written code. Nothing in a file is run, and a parse that
takes more steps than the file's size justifies is abandoned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bienc_cli.formats.grammars import GRAMMARS, Grammar
from bienc_cli.formats.lines import AttachedLines, line_of, line_starts
from bienc_cli.types import Heading

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query

_STEPS_AT_LEAST = 10_000
_STEPS_A_BYTE = 0.5
"""In ordinary code, the parser reports a step every 20 to 50 bytes."""

_DEEPEST = 8
"""Levels of headings; a deeper definition is a detail of another one."""

_BRACKET = re.compile(r"[()\[\]{}<>\n]")
_DEEPEST_BRACKET = 1000

_DEEPEST_NODE = 200
"""Levels of the syntax tree that are searched; a level of headings takes about four."""

_LONGEST_DEFINITION = 300
"""In characters: a longer line was not written by hand."""

_LONGEST_BANNER = 12
"""Lines of comments and blank lines that go with what follows."""

_LONGEST_TITLE = 120
_SLICE = 1 << 16

# The end of a scope belongs to the last definition in it.
_CLOSING = re.compile(r"[\s})\];,]*(?:end\b)?[\s})\];,]*")
_LONGEST_CLOSING = 64

_ANNOTATION = re.compile(
    r"(?:@[\w.]+(?:\((?:[^()]|\([^()]*\))*\))?|#?\[[^\]]*\])\s*",
)
_BODIES = ("body", "block", "_list", "compound_statement")


@dataclass(frozen=True, slots=True)
class _Definition:
    """A captured node.

    Attributes:
        start: offset in the text, in code points.
        end: likewise, exclusive.
        row: of its first line, from 0.
        role: name of the capture; see `grammars`.
        node: the node itself.
    """

    start: int
    end: int
    row: int
    role: str
    node: Node


def is_available(suffix: str) -> bool:
    """Whether there is a grammar for files of this suffix, and it is installed."""
    grammar = GRAMMARS.get(suffix)
    return grammar is not None and _is_installed(grammar.module)


def outline(text: str, suffix: str) -> tuple[str | None, tuple[Heading, ...]] | None:
    """A source text's title, from its first comment or docstring, and its definitions.

    Args:
        text: of the file.
        suffix: of its name, lower case; `is_available` must hold for it.

    Returns:
        None if the grammar does not fit the text.
    """
    from tree_sitter import Parser, QueryCursor

    if _is_too_deep(text):
        return None
    grammar = GRAMMARS[suffix]
    language, query = _loaded(grammar)
    source = text.encode()
    left = _STEPS_AT_LEAST + int(len(source) * _STEPS_A_BYTE)

    def is_too_long(_offset: int, _has_error: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    try:
        tree = Parser(language).parse(
            lambda offset, _: source[offset : offset + _SLICE], progress_callback=is_too_long
        )
    except ValueError:
        # The parser was stopped.
        return None
    cursor = QueryCursor(query)
    # A tree may be as deep as the file is long, and searching takes time quadratic in the depth.
    cursor.set_max_start_depth(_DEEPEST_NODE)
    captures = cursor.captures(tree.root_node)
    titles = captures.pop("title", ())
    first = min(titles, key=lambda node: node.start_byte, default=None)
    title = _first_clause(_text_of(first, source)) if first else None
    headings = tuple(_headings(text, source, _in_order(text, captures), grammar))
    return (title, headings) if headings or not tree.root_node.has_error else None


def _is_too_deep(text: str) -> bool:
    """Whether brackets are nested as in no real code.

    Parsers take time quadratic in the depth, or crash.
    """
    depth = angles = 0
    for bracket in _BRACKET.finditer(text):
        match bracket[0]:
            case "\n":
                angles = 0
            case "<":
                angles += 1
            case ">":
                angles = max(angles - 1, 0)
            case "(" | "[" | "{":
                depth += 1
            case _:
                depth = max(depth - 1, 0)
        if depth > _DEEPEST_BRACKET or angles > _DEEPEST_BRACKET:
            return True
    return False


@cache
def _is_installed(module: str) -> bool:
    return find_spec("tree_sitter") is not None and find_spec(module) is not None


@cache
def _loaded(grammar: Grammar) -> tuple[Language, Query]:
    from tree_sitter import Language, Query

    module = import_module(grammar.module)
    language = Language(getattr(module, grammar.language)())
    return language, Query(language, grammar.query)


def _in_order(text: str, captures: dict[str, list[Node]]) -> list[_Definition]:
    """Captured nodes in the order of the text, outer ones first."""
    starts = line_starts(text)
    offset = _Offsets(text, starts)
    definitions = [
        _Definition(
            offset.of(*node.start_point),
            offset.of(*node.end_point),
            node.start_point[0],
            role,
            node,
        )
        for role, nodes in captures.items()
        for node in nodes
    ]
    return sorted(
        definitions,
        key=lambda definition: (definition.start, -definition.end, definition.role != "around"),
    )


class _Offsets:
    """Converts rows and columns in bytes to offsets in code points."""

    def __init__(self, text: str, starts: Sequence[int]) -> None:
        self._text = text
        self._starts = starts
        self._ascii = text.isascii()

    def of(self, row: int, column: int) -> int:
        """The offset of a position; the column must not be inside a character."""
        start = self._starts[min(row, len(self._starts) - 1)]
        if self._ascii or column == 0:
            return start + column
        line = self._text[start : start + column]
        return start + len(line.encode()[:column].decode(errors="ignore"))


@dataclass(slots=True)
class _Open:
    """A definition that may contain the next ones.

    Attributes:
        end: where it ends.
        level: of its heading.
        is_whole: definitions inside it are not headings.
        inner_end: where the last heading in it ends; -1 if there is none yet.
    """

    end: int
    level: int
    is_whole: bool
    inner_end: int = -1


def _headings(
    text: str, source: bytes, definitions: Sequence[_Definition], grammar: Grammar
) -> Iterator[Heading]:
    starts = line_starts(text)
    attached = AttachedLines(text, starts)
    open_ = [_Open(len(text), 0, is_whole=False)]
    around: _Definition | None = None
    before: tuple[int, int] | None = None
    last = -1
    for definition in definitions:
        while len(open_) > 1 and open_[-1].end <= definition.start:
            open_.pop()
        if open_[-1].is_whole:
            continue
        if definition.role == "before":
            row, last_row = definition.row, definition.node.end_point[0]
            before = (before[0] if before and before[1] + 1 == row else row, last_row)
            continue
        if definition.role == "around":
            around = around if around and definition.end <= around.end else definition
            continue
        outer = around if around and definition.end <= around.end else definition
        around = None
        line = starts[outer.row]
        row_end = starts[min(outer.row + 1, len(starts) - 1)]
        if text[line : outer.start].strip() or row_end - line > _LONGEST_DEFINITION:
            continue
        level = open_[-1].level + 1
        if level > _DEEPEST:
            continue
        end = _with_closing(text, outer.end, open_[-1].end)
        if grammar.end is not None:
            stop = grammar.end.search(text, definition.start, end)
            end = stop.end() if stop else end
        is_led = before is not None and before[1] + 1 == outer.row
        first = attached.first(before[0] if before and is_led else outer.row)
        if open_[-1].inner_end >= 0:
            # A comment above a group of definitions belongs to the first one.
            below = line_of(starts, open_[-1].inner_end - 1) + 1
            if first - below <= _LONGEST_BANNER and attached.is_all_from(below, first):
                first = attached.after_blanks(below)
        start = starts[first]
        # Comments above the first definition of a scope may reach up to its own line.
        start = start if start > last else line
        if start > last:
            last = start
            title = _title(text, source, definition, outer, grammar)
            title = title or definition.node.type.replace("_", " ")
            yield Heading(start, level, title, end)
            open_[-1].inner_end = end
            open_.append(_Open(end, level, definition.role != "scope"))


def _first_clause(description: str) -> str | None:
    """The first clause of a file's description; short, as it is embedded with every passage."""
    paragraph = " ".join(description.strip().split("\n\n", 1)[0].split())
    clause = re.split(r"[.:;](?:\s|$)", paragraph, maxsplit=1)[0]
    return clause[:_LONGEST_TITLE].rstrip() or None


def _with_closing(text: str, end: int, limit: int) -> int:
    """`limit`, or the end of the line, if only closing brackets lie between; else `end`."""
    if limit - end <= _LONGEST_CLOSING and _CLOSING.fullmatch(text, end, limit):
        return limit
    line_end = text.find("\n", end, limit)
    limit = min(limit, end + _LONGEST_CLOSING) if line_end < 0 else line_end
    return limit if _CLOSING.fullmatch(text, end, limit) else end


def _title(
    text: str, source: bytes, definition: _Definition, outer: _Definition, grammar: Grammar
) -> str:
    """`class A`, or the text before the body: `pub fn new(x: T) -> Self`."""
    kind = grammar.named.get(definition.node.type)
    name = definition.node.child_by_field_name("name")
    if kind and name is not None:
        return f"{kind} {_text_of(name, source)}"
    start, stop = outer.start, definition.end
    if definition.role == "value":
        stop = min(stop, start + _LONGEST_DEFINITION)
        return _shown(re.split(r"[=:]", text[start:stop], maxsplit=1)[0])
    body = definition.node.child_by_field_name("body")
    ends = ("comment",) if body is not None else (*_BODIES, "comment")
    for child in definition.node.children[1:]:
        # A comment before the body is not part of the signature.
        if child == body or child.type.endswith(ends):
            body = child
            break
    if body is not None and body.start_byte > definition.node.start_byte:
        # Counted back from the end, whose offset in code points is known.
        tail = source[body.start_byte : definition.node.end_byte]
        stop = definition.end - len(tail.decode(errors="replace"))
    signature = text[start : min(stop, start + 4 * _LONGEST_DEFINITION)]
    while (annotation := _ANNOTATION.match(signature)) is not None:
        signature = signature[annotation.end() :]
    first_line = signature if body is not None else signature.split("\n", 1)[0]
    title = _shown(re.split(r"[{;]", first_line, maxsplit=1)[0]) or _shown(signature)
    declared = definition.node.child_by_field_name("declarator")
    if definition.node.type == "type_definition" and declared is not None and "{" in first_line:
        # `typedef struct { ... } name;`
        title += f" {_text_of(declared, source)}"
    return title


def _text_of(node: Node, source: bytes) -> str:
    # Not `node.text`, which fetches whole slices when the parser reads through a callback.
    return source[node.start_byte : node.end_byte].decode(errors="replace")


def _shown(title: str) -> str:
    return " ".join(title.split()).rstrip(" :=({;")[:_LONGEST_TITLE].strip() if title else ""
