"""reStructuredText: the raw source, with sections recognised by their adornment lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.lines import hanging_cuts, spans_to_blocks, split_lines
from bienc_cli.formats.table_headers import rst_tables, with_headers
from bienc_cli.formats.titles import title_of
from bienc_cli.types import Document, Heading

_ADORNMENT = re.compile(r"""([!-/:-@[-`{-~])\1+[ \t]*\Z""")
_MARKUP = re.compile(
    r"``(?P<literal>[^\s`](?:[^`]*[^\s`])?)``|\\(?P<escaped>\S)"
    r"|:[\w.:+-]+:(?=`)|\s*<[^<>`]*>(?=`)|[*`|]+|(?<=[\w`])__?(?!\w)"
)


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a reStructuredText file; see `table.ReadFunction`."""
    text = read_text(path)
    headings = tuple(_headings(text))
    yield Document(
        doc_id,
        text,
        "rst",
        title=title_of(headings),
        headings=headings,
        blocks=with_headers(
            spans_to_blocks(text, list(hanging_cuts(text)), len(text)), rst_tables(text, _plain)
        ),
    )


def _headings(text: str) -> Iterator[Heading]:
    """Section titles; adornments define levels in the order in which they first occur.

    As in docutils, an underline must be at least as long as its title or four characters, and an
    overline makes it a different adornment.
    """
    levels: dict[tuple[str, bool], int] = {}
    lines = list(split_lines(text))
    index = 1
    while index < len(lines):
        title_start, title = lines[index - 1]
        underline = lines[index][1]
        if not _underlines(title, underline) or _is_adornment(title):
            index += 1
            continue
        over = lines[index - 2][1] if index >= 2 else ""
        overlined = _is_adornment(over) and over[0] == underline[0]
        follows_text = index >= 2 and bool(over.strip()) and not overlined
        if (title[0] in " \t" and not overlined) or follows_text:
            index += 1
            continue
        adornment = (underline[0], overlined)
        level = levels.setdefault(adornment, len(levels) + 1)
        start = lines[index - 2][0] if overlined else title_start
        yield Heading(start, level, _plain(title) or title.strip())
        index += 2


def _plain(title: str) -> str:
    return _MARKUP.sub(_shown, title).strip()


def _shown(markup: re.Match[str]) -> str:
    return markup["literal"] or markup["escaped"] or ""


def _is_adornment(line: str) -> bool:
    return _ADORNMENT.match(line) is not None


def _underlines(title: str, line: str) -> bool:
    length = len(line.rstrip())
    return (
        bool(title.strip())
        and _is_adornment(line)
        and (length >= 4 or length >= len(title.rstrip()))
    )
