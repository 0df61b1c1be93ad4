"""RTF: paragraphs, tables and headings; notes, boxes and headers too, pictures never.

Read by hand: the library there is (striprtf) leaves notes, headers and boxes out and knows no
headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bienc_cli.errors import UnreadableFile
from bienc_cli.readers.builder import DocumentBuilder
from bienc_cli.readers.rtf_words import (
    APART,
    CHARACTERS,
    CODE_PAGES,
    KNOWN,
    PARAGRAPH_ENDS,
    UNREAD,
)
from bienc_cli.types import Document

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n\0]+"
    rb"|([^\\{}\r\n\0]+)",
    re.DOTALL,
)
_HEADING = re.compile(r"heading ([1-9])\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits and leaves behind at its end."""

    destination: str = ""
    starred: bool = False
    deleted: bool = False
    fallback: int = 1
    encoding: str = ""
    depth: int = 0


class _Flow:
    """Text that runs by itself: the body, or a note within it."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.cells: list[str] = []
        self.rows: list[str] = []
        self.in_table = False
        self.level = 0
        # What was found while this paragraph ran, and stands behind it.
        self.asides: list[str] = []


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read an RTF file; see `table.ReadFunction`."""
    data = path.read_bytes()
    if not data.lstrip()[:5].lower().startswith(b"{\\rtf"):
        raise UnreadableFile("broken", "not an RTF file")
    reader = _Reader(data)
    reader.run()
    yield reader.builder.build(doc_id, "rtf", reader.title or None)


class _Reader:
    """Goes through the tokens once."""

    def __init__(self, data: bytes) -> None:
        self.builder = DocumentBuilder()
        self.title = ""
        self._data = data
        self._encoding = "cp1252"
        self._state = _State()
        self._stack: list[_State] = []
        self._flows = [(0, _Flow())]
        self._bytes = bytearray()
        self._bytes_encoding = ""
        # Bytes still to be ignored, which stand for a character that was given as Unicode.
        self._ignored = 0
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._styles: dict[int, int] = {}
        self._style = 0
        self._name = ""
        self._beside: dict[str, None] = {}

    def run(self) -> None:
        """Read all of it, as far as it goes."""
        position = 0
        while found := _TOKEN.match(self._data, position):
            position = found.end()
            word, number, code, symbol, brace, text = found.groups()
            if word:
                value = int(number) if number else None
                if word == b"bin" and value and value > 0:
                    position += value
                else:
                    self._word(word.decode().lower(), value)
            elif code:
                self._byte(bytes([int(code, 16)]))
            elif symbol:
                self._symbol(symbol)
            elif brace == b"{":
                self._flush()
                self._stack.append(self._state)
                self._state = replace(self._state, starred=False, depth=self._state.depth + 1)
                self._ignored = 0
            elif brace == b"}":
                self._end_group()
            elif text:
                self._byte(text)
        while len(self._flows) > 1:
            self._end_flow()
        self._flows[0][1].in_table = False
        self._end_paragraph()
        self.builder.end_headings()
        for text in self._beside:
            self.builder.block(text)

    # ------------------------------------------------------------ tokens

    def _word(self, word: str, value: int | None) -> None:
        # Bytes belong where they were read, before a word changes what that is.
        self._flush()
        state = self._state
        if state.starred:
            self._state = state = replace(state, starred=False)
            if word not in KNOWN and word not in PARAGRAPH_ENDS:
                word = "private"
        if word in UNREAD:
            self._state = replace(state, destination="unread")
        elif word in ("fonttbl", "stylesheet", "title", "info"):
            self._state = replace(state, destination=word)
            self._name = ""
        elif word in APART:
            self._flows.append((state.depth, _Flow()))
            self._state = replace(state, destination=word)
        elif word == "ansicpg" and value:
            self._encoding = f"cp{value}" if value != 10000 else "mac_roman"
        elif word == "mac":
            self._encoding = "mac_roman"
        elif word == "uc":
            self._state = replace(state, fallback=min(max(value or 0, 0), 16))
        elif word == "u" and value is not None:
            self._put(chr(value % 0x10000))
            self._ignored = state.fallback
        elif word == "f" and value is not None:
            self._font = value
            self._state = replace(state, encoding=self._fonts.get(value, ""))
        elif word == "fcharset" and value is not None and state.destination == "fonttbl":
            self._fonts[self._font] = CODE_PAGES.get(value, "")
        elif word == "s" and value is not None:
            self._style = value
            self._flows[-1][1].level = self._styles.get(value, self._flows[-1][1].level)
        elif word == "deleted":
            self._state = replace(state, deleted=value != 0)
        else:
            self._layout(word, value)

    def _layout(self, word: str, value: int | None) -> None:
        flow = self._flows[-1][1]
        if self._state.destination in ("unread", "fonttbl", "info"):
            return
        if word == "outlinelevel" and value is not None and 0 <= value < 9:
            if self._state.destination == "stylesheet":
                self._styles[self._style] = value + 1
            else:
                flow.level = value + 1
        elif word == "pard":
            flow.level, flow.in_table = 0, False
        elif word == "intbl":
            flow.in_table = True
        elif word in ("cell", "nestcell"):
            flow.cells.append(" ".join("".join(flow.pieces).split()))
            flow.pieces.clear()
        elif word in ("row", "nestrow"):
            flow.rows.append(" | ".join(flow.cells))
            flow.cells.clear()
            flow.in_table = False
        elif word in PARAGRAPH_ENDS:
            self._end_paragraph()
        elif word in CHARACTERS:
            self._put(CHARACTERS[word])

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._state = replace(self._state, starred=True)
        elif symbol in b"{}\\":
            self._byte(symbol)
        elif symbol in b"\r\n":
            self._end_paragraph()
        elif symbol in b"~_":
            self._put(" " if symbol == b"~" else "-")

    def _byte(self, text: bytes) -> None:
        if self._ignored:
            taken = min(self._ignored, len(text))
            self._ignored -= taken
            text = text[taken:]
        if text and self._state.destination != "unread" and not self._state.deleted:
            encoding = self._state.encoding or self._encoding
            if encoding != self._bytes_encoding:
                self._flush()
                self._bytes_encoding = encoding
            self._bytes += text

    def _put(self, text: str) -> None:
        self._flush()
        if self._state.deleted:
            return
        if self._state.destination in ("fonttbl", "stylesheet", "title"):
            self._name += text
        elif self._state.destination not in ("unread", "info"):
            self._flows[-1][1].pieces.append(text)

    def _flush(self) -> None:
        """Decode the bytes so far: characters of two bytes may be written as two tokens."""
        if not self._bytes:
            return
        try:
            text = self._bytes.decode(self._bytes_encoding, "replace")
        except LookupError:
            text = self._bytes.decode("cp1252", "replace")
        self._bytes.clear()
        self._put(text)

    # -------------------------------------------------- ends of things

    def _end_group(self) -> None:
        self._flush()
        destination = self._state.destination
        if destination == "stylesheet" and self._name:
            if named := _HEADING.search(self._name):
                self._styles[self._style] = int(named[1])
            self._name, self._style = "", 0
        elif destination == "title":
            self.title = self._name
            self._name = ""
        elif destination == "fonttbl":
            self._name = ""
        if len(self._flows) > 1 and self._flows[-1][0] == self._state.depth:
            self._end_flow()
        if self._stack:
            self._state = self._stack.pop()
        self._ignored = 0

    def _end_flow(self) -> None:
        self._flows[-1][1].in_table = False
        self._end_paragraph()
        _, flow = self._flows.pop()
        self._end_table(flow)
        text = "\n".join(flow.asides).strip()
        if self._state.destination.startswith(("header", "footer")):
            self._beside.setdefault(text)
        elif text:
            self._flows[-1][1].asides.append(text)

    def _end_paragraph(self) -> None:
        self._flush()
        depth, flow = self._flows[-1]
        if flow.in_table:
            flow.pieces.append(" ")
            return
        text = "".join(flow.pieces)
        flow.pieces.clear()
        if depth:
            flow.asides.append(text)
            return
        self._end_table(flow)
        if flow.level:
            self.builder.heading(flow.level, text)
        else:
            self.builder.block(text)
        self._end_asides(flow)

    def _end_table(self, flow: _Flow) -> None:
        if flow.cells:
            flow.rows.append(" | ".join(flow.cells))
            flow.cells.clear()
        rows = "\n".join(row for row in flow.rows if row.strip(" |"))
        flow.rows.clear()
        if flow is self._flows[0][1]:
            self.builder.block(rows)
        elif rows:
            flow.asides.append(rows)

    def _end_asides(self, flow: _Flow) -> None:
        for aside in flow.asides:
            self.builder.block(aside)
        flow.asides.clear()
