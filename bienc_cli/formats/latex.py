"""LaTeX: the raw source, with its sections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.escapes import with_tex_letters
from bienc_cli.formats.lines import section_blocks
from bienc_cli.formats.table_headers import latex_tables, with_headers
from bienc_cli.types import Document, Heading

_LEVELS = {
    name: level
    for level, name in enumerate(
        tuple("part chapter section subsection subsubsection paragraph subparagraph".split()), 1
    )
} | {"addpart": 1, "addchap": 2, "addsec": 3, "frametitle": 5}
"""Sections, the unnumbered ones of KOMA-Script, and the titles of slides."""

_SLIDE = r"\\begin\{frame\}(?:<[^<>]{0,99}>|\[[^\[\]]{0,300}\])*\s*"
_COMMAND = re.compile(
    r"(?P<verbatim>\\begin\{(?P<name>verbatim\*?|Verbatim|lstlisting|minted|comment)\})"
    r"|(?P<comment>(?<!\\)%[^\n]*)"
    r"|(?P<inline>\\(?:verb\*?|lstinline)(?P<mark>[^\w\s*{\[])[^\n]*?(?P=mark))"
    r"|(?P<definition>\\(?:(?:re)?newcommand\*?|def)\s*\{?\\[a-zA-Z@]+\}?[^{}\n]{0,99}\{)"
    rf"|(?P<slide>{_SLIDE})\{{"
    rf"|\\(?P<kind>title|{'|'.join(_LEVELS)})\*?\s*(?:\[[^\]]{{0,300}}\]\s*)?\{{"
)
_LONGEST_TITLE = 400
_DEFINED = (
    r"\\(?:(?:re)?newcommand|providecommand|DeclareRobustCommand|def)\*?\s*\{?"
    r"\\(?P<defined>[a-zA-Z]+)\}?"
)
_SHORTHAND = re.compile(
    rf"{_DEFINED}[ \t]*\{{(?P<words>[^\\{{}}$#\n]{{2,80}})(?:\\xspace\b(?:\{{\}})?\s*)?\}}"
)
"""The definition of a command without arguments that stands for words."""

_CALL = re.compile(
    r"\\begin\{(?P<code>verbatim\*?|Verbatim|lstlisting|minted)\}.*?(?=\\end\{(?P=code)\}|\Z)"
    r"|\\(?:verb|lstinline)\*?(?P<mark>[^\w\s*{])[^\n]{0,300}?(?P=mark)"
    rf"|{_DEFINED}|\\\\|\\(?P<name>[a-zA-Z]+)(?:\{{\}}|\\(?=[ ]))?",
    re.DOTALL,
)
_COMMENT = re.compile(r"(?<!\\)%[^\n]*\n?")
_DROPPED = re.compile(
    r"\\(?:label|footnote|thanks|index|href|cite\w*|texorpdfstring)\s*(?:\[[^\]]*\])?\{[^{}]*\}"
)
_COMMAND_NAME = re.compile(r"\\[a-zA-Z]+\*?\s*|\\[\\,;:! ]")
_LOGO = re.compile(r"\\((?:Bib|Lua|Xe|pdf)?(?:La)?TeX)\b")
_SIGNS = re.compile(r"[{}]|(?<!\\)[$~]")
_ESCAPED = re.compile(r"\\([&%$#_{}~^])")


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a LaTeX file; see `table.ReadFunction`."""
    text = _with_shorthands(with_tex_letters(read_text(path)))
    headings: list[Heading] = []
    title = None
    position = 0
    while command := _COMMAND.search(text, position):
        position = command.end()
        if command["verbatim"]:
            end = text.find(f"\\end{{{command['name']}}}", position)
            position = end if end >= 0 else len(text)
        elif command["definition"]:
            position = _closing(text, position)
        elif command["kind"] or command["slide"]:
            end = _closing(text, position)
            shown = _plain(text[position:end])
            if command["kind"] == "title":
                title = title or shown
            elif shown:
                headings.append(
                    Heading(command.start(), _LEVELS[command["kind"] or "frametitle"], shown)
                )
            position = end
    yield Document(
        doc_id,
        text,
        "latex",
        title=title,
        headings=tuple(headings),
        blocks=with_headers(section_blocks(text, headings), latex_tables(text, _plain)),
    )


def _with_shorthands(text: str) -> str:
    """A text with the calls of its own shorthands replaced by their words; line breaks stay."""
    words = {match["defined"]: match["words"].strip() for match in _SHORTHAND.finditer(text)}
    if not words:
        return text
    return _CALL.sub(lambda call: words.get(call["name"] or "", call[0]), text)


def _closing(text: str, start: int) -> int:
    """Offset of the brace that closes the one before `start`; `start` if it is too far away."""
    depth = 1
    for offset in range(start, min(len(text), start + _LONGEST_TITLE)):
        escaped = text[offset - 1] == "\\"
        depth += (text[offset] == "{" and not escaped) - (text[offset] == "}" and not escaped)
        if depth == 0:
            return offset
    return start


def _plain(title: str) -> str:
    """A title as printed, except for its formulas."""
    shown = _LOGO.sub(r"\1", _DROPPED.sub("", _COMMENT.sub("", title)))
    shown = _SIGNS.sub(" ", _COMMAND_NAME.sub(" ", shown).replace("\\{", "").replace("\\}", ""))
    return " ".join(_ESCAPED.sub(r"\1", shown).split())
