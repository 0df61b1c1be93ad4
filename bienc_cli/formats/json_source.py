"""Readable JSON: escapes become the characters they stand for, everything else stays as written.

A parser would round numbers and keep only one of two equal keys, so the text is composed from the
tokens of the source, after a parser has found it valid.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from bienc_cli.formats.decoding import clean
from bienc_cli.types import LINES_OF_THE_FILE, Anchor, Numbering

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*+"?')
_BYTE = r"u00[89a-fA-F][0-9a-fA-F]"
_ESCAPE = re.compile(rf"\\(?:({_BYTE}(?:\\{_BYTE})+)|u([0-9a-fA-F]{{4}})|(.))", re.DOTALL)
_KEPT = {'"': r"\"", "\\": r"\\"}
_LETTERS = {"n": "\n", "t": "\t", "r": "", "b": " ", "f": " "}
_INDENT = "  "


def parsed(text: str) -> object:
    """The value of valid JSON, its numbers as strings, as they were written.

    Raises:
        ValueError: it is not valid.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text, parse_int=str, parse_float=str)


def readable(text: str) -> tuple[str, Numbering]:
    """Valid JSON in its own lines, with escapes replaced by their characters."""
    pieces: list[str] = []
    anchors = [Anchor(0, 1)]
    length = end = 0
    for token_match in _TOKEN.finditer(text):
        between = text[end : token_match.start()]
        token = _shown(token_match.group())
        for line_break in re.finditer("\n", between):
            anchors.append(Anchor(length + line_break.end(), anchors[-1].number + 1))
        pieces += (between, token)
        length += len(between) + len(token)
        end = token_match.end()
    pieces.append(text[end:])
    composed = "".join(pieces)
    # Only line breaks inside strings add lines that the file does not have.
    if composed.count("\n") == text.count("\n"):
        return composed, LINES_OF_THE_FILE
    return composed, Numbering("line", tuple(anchors))


def laid_out(text: str) -> tuple[str, Numbering]:
    """Valid JSON with one line per member and element."""
    pieces: list[str] = []
    anchors = [Anchor(0, 1)]
    length = depth = end = 0
    line = 1
    previous = ""
    for token_match in _TOKEN.finditer(text):
        mark = token_match.group()
        line += text.count("\n", end, token_match.start())
        end = token_match.end()
        token = _shown(mark)
        closing = mark in "]}"
        depth -= closing
        opened = previous in ("[", "{")
        if previous == "," or opened != closing:
            token = f"\n{_INDENT * depth}{token}"
        elif previous == ":":
            token = f" {token}"
        if line > anchors[-1].number:
            anchor = Anchor(length + token.startswith("\n"), line)
            if anchor.start == anchors[-1].start:
                # There may be blank lines before the first token.
                anchors.pop()
            anchors.append(anchor)
        depth += mark in "[{"
        pieces.append(token)
        length += len(token)
        previous = mark
    return "".join(pieces), Numbering("line", tuple(anchors))


def members(record: str) -> Iterator[tuple[str, str]]:
    """Names and values of a valid JSON object; values other than strings as they were written."""
    depth = 0
    name: str | None = None
    value: list[str] = []
    for token_match in _TOKEN.finditer(record):
        mark = token_match.group()
        depth -= mark in "]}"
        if depth == 1 and mark == ":" and name is None:
            name, value = "".join(value), []
        elif (depth == 1 and mark == ",") or depth == 0:
            if name is not None:
                yield name, "".join(value)
            name, value = None, []
        elif depth == 1 and mark.startswith('"'):
            value.append(str(json.loads(mark)))
        else:
            value.append(_shown(mark) + (" " if mark in ",:" else ""))
        depth += mark in "[{"


def with_strings_read(text: str) -> str:
    """Text that is not valid JSON, with the escapes in quoted strings replaced."""
    if "\\" not in text:
        return text
    return _STRING.sub(lambda string: _shown(string.group()).replace("\n", " "), text)


def _shown(token: str) -> str:
    if "\\" not in token:
        return token
    return clean(_ESCAPE.sub(_characters, token))


def _characters(escape: re.Match[str]) -> str:
    units, code, letter = escape.groups()
    if units:
        data = bytes(int(unit[1:], 16) for unit in units.split("\\"))
        try:
            # Exports of Facebook and Instagram escape each byte of UTF-8.
            return data.decode()
        except UnicodeDecodeError:
            return data.decode("latin-1")
    character = chr(int(code, 16)) if code else _LETTERS.get(letter, letter)
    # A quotation mark would look like the end of the string.
    if character in _KEPT:
        return _KEPT[character]
    return character if character >= " " or character in "\n\t" else " "
