"""Subtitles (SubRip, WebVTT): what is said, without numbers, times and styles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bienc_cli.formats import escapes
from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.lines import split_lines
from bienc_cli.types import Document

_TIME = r"(?:\d{1,3}:)?\d{1,2}:\d\d[.,]\d{1,3}"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}")
_VOICE = re.compile(r"<v(?:\.[\w.-]+)?[ \t]+([^<>\n]{1,80})>")
_MARKUP = re.compile(
    r"</?(?:[biucv]|font|lang|ruby|rt)(?:[. \t][^<>\n]{0,80})?>|<[\d:.]{5,12}>|\{\\[^{}\n]{1,80}\}"
)
"""Of colours, fonts, positions and times."""

_SETTINGS = re.compile(
    r"^(?:STYLE|REGION)[ \t]*\n(?:(?!.*-->)[^\n]*\S[^\n]*(?:\n|\Z))*", re.MULTILINE
)
"""Blocks of WebVTT that define styles and regions."""

_SIGNATURE = re.compile(r"WEBVTT(?:[ \t-]+|\Z)")


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read subtitles; see `table.ReadFunction`. Each line that is said is a block."""
    text = read_text(path)
    is_web = path.suffix.lower() == ".vtt"
    if is_web:
        text = _SETTINGS.sub(lambda block: "\n" * block[0].count("\n"), text)
    text = _MARKUP.sub("", _VOICE.sub(r"\1: ", text))
    lines = [line for _, line in split_lines(escapes.with_references(text) if is_web else text)]
    builder = DocumentBuilder("line")
    said_before = ""
    for number, line in enumerate(lines, 1):
        if number == 1 and is_web:
            line = _SIGNATURE.sub("", line)
        line = line.strip()
        # Captions that roll up repeat each line until the next one has been said.
        if line and line != said_before and not _is_frame(lines, number - 1):
            builder.stand_at(number)
            builder.row(line)
            said_before = line
    yield builder.build(doc_id, "subtitles", None)


def _is_frame(lines: list[str], index: int) -> bool:
    """Whether the line is the times of a cue, or its number above them."""
    if _TIMES.match(lines[index]):
        return True
    begins = index == 0 or not lines[index - 1].strip()
    followed = index + 1 < len(lines) and _TIMES.match(lines[index + 1]) is not None
    return begins and followed and lines[index].strip().isdecimal()
