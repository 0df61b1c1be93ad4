"""The manual page, generated from the contents of `--help`; `make man` writes docs/bienc.1."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from bienc_cli import __version__
from bienc_cli.cli.app import command_line
from bienc_cli.cli.help import CommandHelp, page_of

_FILES = (
    (".bienc/", "The index, found from any folder below."),
    ("bienc.toml", "Defaults, in a folder."),
    ("~/.config/bienc/bienc.toml", "Defaults of your own."),
)
_EXITS = (
    ("0", "Answered."),
    ("1", "Nothing found, or a threshold not met."),
    ("2", "The command cannot be carried out as given."),
    ("3", "No index here, or one of another model, other lengths or another format."),
    ("4", "The index is damaged."),
    ("5", "A model is not available."),
    ("6", "Another process is writing to the index."),
    ("7", "Indexed, but some files could not be read (only with --strict)."),
    ("130, 143", "Interrupted, terminated."),
)


def pages() -> Iterator[tuple[str, CommandHelp]]:
    """The help of the program and of each command, by name."""
    group: Any = command_line()
    context = group.make_context("bienc", [], resilient_parsing=True)
    yield "bienc", page_of(group, context)
    for name, command in group.commands.items():
        command_context = command.make_context(name, [], parent=context, resilient_parsing=True)
        yield name, page_of(command, command_context)


def manual() -> str:
    """The manual page, in the macros of man(7)."""
    (_, program), *commands = pages()
    lines = [
        f'.TH BIENC 1 "" "bienc {__version__}" "User Commands"',
        ".SH NAME",
        f"bienc \\- {_text(program.paragraphs[0].rstrip('.').lower())}",
        ".SH SYNOPSIS",
        *(line for _, page in commands for line in (f".B {_text(page.usage)}", ".br")),
        ".SH DESCRIPTION",
        *_paragraphs(program.paragraphs[1:]),
    ]
    for name, page in commands:
        lines += [f".SH {_text(f'bienc {name}'.upper())}", *_paragraphs(page.paragraphs)]
        lines += _body(page)
    lines += _body(program, skip="Commands")
    for title, entries in (("FILES", _FILES), ("EXIT STATUS", _EXITS)):
        lines += [f".SH {title}", *(line for entry in entries for line in _entry(*entry))]
    return "\n".join(lines) + "\n"


def _body(page: CommandHelp, *, skip: str = "") -> Iterator[str]:
    for group in page.groups:
        if group.title != skip:
            yield f".SS {_text(group.title)}"
            for entry in group.entries:
                yield from _entry(entry.name, entry.text)
    yield ".SS Examples"
    for example in page.examples:
        yield from _entry(example.line, example.text)


def _entry(name: str, text: str) -> tuple[str, ...]:
    return ".TP", f".B {_text(name)}", _text(text)


def _paragraphs(paragraphs: tuple[str, ...]) -> Iterator[str]:
    for paragraph in paragraphs:
        yield ".PP"
        yield _text(paragraph)


def _text(text: str) -> str:
    """Text escaped for troff: no requests, and hyphens that can be copied."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    sys.stdout.write(manual())
