"""Source code by its grammar: definitions as headings whose scope ends where the definition does.

tree-sitter parses what is broken or half written too. Nothing of a file is run, and a parse that
takes more steps than its size accounts for is given up.
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
"""Ordinary code takes a step, as the parser reports them, every 20 to 50 bytes."""

_DEEPEST = 8
"""Levels of headings; beyond them a definition is a detail of another one."""

_BRACKET = re.compile(r"[()\[\]{}<>\n]")
_DEEPEST_BRACKET = 1000

_DEEPEST_NODE = 200
"""Levels of the syntax tree below which nothing is looked for; a level of headings has four."""

_LONGEST_DEFINITION = 300
"""Characters of a line beyond which it was not written by hand."""

_LONGEST_BANNER = 12
"""Lines of comments, with blank lines between, that go with what follows."""

_LONGEST_TITLE = 120
_SLICE = 1 << 16

# What closes a scope behind the last definition in it belongs to that.
_CLOSING = re.compile(r"[\s})\];,]*(?:end\b)?[\s})\];,]*")
_LONGEST_CLOSING = 64

_ANNOTATION = re.compile(
    r"(?:@[\w.]+(?:\((?:[^()]|\([^()]*\))*\))?|#?\[[^\]]*\])\s*",
)
_BODIES = ("body", "block", "_list", "compound_statement")


@dataclass(frozen=True, slots=True)
class _Definition:
    """A captured node: where it is, and how it is called."""

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
    """What a source text says of itself, and what it defines, each with the end of its scope.

    Args:
        text: of the file.
        suffix: of its name, lower case; `is_available` must hold for it.

    Returns:
        None where the grammar makes nothing of the text.
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
        # How the parser says that it was stopped.
        return None
    cursor = QueryCursor(query)
    # A tree may be as deep as the file is long, and a search costs the square of the depth.
    cursor.set_max_start_depth(_DEEPEST_NODE)
    captures = cursor.captures(tree.root_node)
    said = min(captures.pop("title", ()), key=lambda node: node.start_byte, default=None)
    title = _about(_text_of(said, source)) if said else None
    headings = tuple(_headings(text, source, _in_order(text, captures), grammar))
    return (title, headings) if headings or not tree.root_node.has_error else None


def _is_too_deep(text: str) -> bool:
    """Whether brackets are nested as in no code: parsers take the square of the depth, or crash."""
    depth = angles = 0
    for found in _BRACKET.finditer(text):
        match found[0]:
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
def _loaded(grammar_of: Grammar) -> tuple[Language, Query]:
    from tree_sitter import Language, Query

    module = import_module(grammar_of.module)
    language = Language(getattr(module, grammar_of.language)())
    return language, Query(language, grammar_of.query)


def _in_order(text: str, captures: dict[str, list[Node]]) -> list[_Definition]:
    """Captured nodes in the order of the text, the outer before the inner."""
    starts = line_starts(text)
    offset = _Offsets(text, starts)
    found = [
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
    return sorted(found, key=lambda one: (one.start, -one.end, one.role != "around"))


class _Offsets:
    """From rows and columns in bytes to offsets in code points."""

    def __init__(self, text: str, starts: Sequence[int]) -> None:
        self._text = text
        self._starts = starts
        self._ascii = text.isascii()

    def of(self, row: int, column: int) -> int:
        """The offset of a place; a column is never inside a character."""
        start = self._starts[min(row, len(self._starts) - 1)]
        if self._ascii or column == 0:
            return start + column
        line = self._text[start : start + column]
        return start + len(line.encode()[:column].decode(errors="ignore"))


@dataclass(slots=True)
class _Open:
    """A definition that the next ones may be in."""

    end: int
    level: int
    is_whole: bool
    # Where the last definition in it ends, -1 for none yet.
    inner_end: int = -1


def _headings(
    text: str, source: bytes, found: Sequence[_Definition], grammar: Grammar
) -> Iterator[Heading]:
    starts = line_starts(text)
    attached = AttachedLines(text, starts)
    open_ = [_Open(len(text), 0, is_whole=False)]
    around: _Definition | None = None
    before: tuple[int, int] | None = None
    last = -1
    for one in found:
        while len(open_) > 1 and open_[-1].end <= one.start:
            open_.pop()
        if open_[-1].is_whole:
            continue
        if one.role == "before":
            row, last_row = one.row, one.node.end_point[0]
            before = (before[0] if before and before[1] + 1 == row else row, last_row)
            continue
        if one.role == "around":
            around = around if around and one.end <= around.end else one
            continue
        outer = around if around and one.end <= around.end else one
        around = None
        line = starts[outer.row]
        row_end = starts[min(outer.row + 1, len(starts) - 1)]
        if text[line : outer.start].strip() or row_end - line > _LONGEST_DEFINITION:
            continue
        level = open_[-1].level + 1
        if level > _DEEPEST:
            continue
        end = _with_closing(text, outer.end, open_[-1].end)
        if grammar.behind is not None and (stop := grammar.behind.search(text, one.start, end)):
            end = stop.end()
        is_led = before is not None and before[1] + 1 == outer.row
        first = attached.first(before[0] if before and is_led else outer.row)
        if open_[-1].inner_end >= 0:
            # A title over a group of definitions is nobody's if not the first one's.
            behind = line_of(starts, open_[-1].inner_end - 1) + 1
            if first - behind <= _LONGEST_BANNER and attached.is_all_from(behind, first):
                first = attached.after_blanks(behind)
        start = starts[first]
        # Comments above the first definition of a scope may reach up to its own line.
        start = start if start > last else line
        if start > last:
            last = start
            title = _title(text, source, one, outer, grammar) or one.node.type.replace("_", " ")
            yield Heading(start, level, title, end)
            open_[-1].inner_end = end
            open_.append(_Open(end, level, one.role != "scope"))


def _about(said: str) -> str | None:
    """The first clause of what a file says of itself: it is embedded with every passage."""
    paragraph = " ".join(said.strip().split("\n\n", 1)[0].split())
    clause = re.split(r"[.:;](?:\s|$)", paragraph, maxsplit=1)[0]
    return clause[:_LONGEST_TITLE].rstrip() or None


def _with_closing(text: str, end: int, limit: int) -> int:
    """`end`, or `limit` if nothing but what closes the scope around lies between."""
    if limit - end <= _LONGEST_CLOSING and _CLOSING.fullmatch(text, end, limit):
        return limit
    line_end = text.find("\n", end, limit)
    limit = min(limit, end + _LONGEST_CLOSING) if line_end < 0 else line_end
    return limit if _CLOSING.fullmatch(text, end, limit) else end


def _title(text: str, source: bytes, one: _Definition, outer: _Definition, grammar: Grammar) -> str:
    """`class A`, or the text in front of the body: `pub fn new(x: T) -> Self`."""
    kind = grammar.named.get(one.node.type)
    name = one.node.child_by_field_name("name")
    if kind and name is not None:
        return f"{kind} {_text_of(name, source)}"
    start, stop = outer.start, one.end
    if one.role == "value":
        stop = min(stop, start + _LONGEST_DEFINITION)
        return _shown(re.split(r"[=:]", text[start:stop], maxsplit=1)[0])
    body = one.node.child_by_field_name("body")
    ends = ("comment",) if body is not None else (*_BODIES, "comment")
    for child in one.node.children[1:]:
        # A comment in front of the body says nothing of the signature.
        if child == body or child.type.endswith(ends):
            body = child
            break
    if body is not None and body.start_byte > one.node.start_byte:
        # Counted back from the end, which is known in code points.
        tail = source[body.start_byte : one.node.end_byte]
        stop = one.end - len(tail.decode(errors="replace"))
    signature = text[start : min(stop, start + 4 * _LONGEST_DEFINITION)]
    while (annotation := _ANNOTATION.match(signature)) is not None:
        signature = signature[annotation.end() :]
    first_line = signature if body is not None else signature.split("\n", 1)[0]
    title = _shown(re.split(r"[{;]", first_line, maxsplit=1)[0]) or _shown(signature)
    declared = one.node.child_by_field_name("declarator")
    if one.node.type == "type_definition" and declared is not None and "{" in first_line:
        # `typedef struct { ... } name;`
        title += f" {_text_of(declared, source)}"
    return title


def _text_of(node: Node, source: bytes) -> str:
    # Not `node.text`: where the parser reads by calls, that fetches whole slices of the source.
    return source[node.start_byte : node.end_byte].decode(errors="replace")


def _shown(title: str) -> str:
    return " ".join(title.split()).rstrip(" :=({;")[:_LONGEST_TITLE].strip() if title else ""
