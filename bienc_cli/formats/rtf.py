"""RTF: headings, paragraphs, tables, notes, boxes and headers, but no pictures.

Parsed here because the available library (striprtf) drops notes, headers and boxes and does not
recognise headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.cleaning import RAISED
from bienc_cli.formats.drawing import alternative_text
from bienc_cli.formats.rtf_flow import Flows
from bienc_cli.formats.rtf_words import (
    APART,
    CHARACTERS,
    CODE_PAGES,
    COLLECTED,
    DESCRIPTIONS,
    KNOWN,
    NUMBERS,
    PARAGRAPH_ENDS,
    SYMBOL_SET,
    UNREAD,
)
from bienc_cli.formats.symbols import symbol
from bienc_cli.types import Document

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n\0]+"
    rb"|([^\\{}\r\n\0]+)",
    re.DOTALL,
)
_BELOW_READING = re.compile(
    r"\bEQ\b.{0,200}\\o(?:\\a[a-z])?\s?\(.{0,300}\)[,;]([^()]{0,300})\)", re.DOTALL
)
"""The base text of ruby, in a field that sets small letters above it."""

_HEADING = re.compile(r"heading ([1-9])\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _State:
    r"""State that a group inherits, and that its end restores.

    Attributes:
        destination: the control word that says where text goes; "" for the current flow.
        better: destination of the Unicode form of a text that is given twice.
        symbols: name of the symbol font; "" for any other font.
        starred: `\*` was read: the next destination may be ignored.
        fallback: characters that follow each Unicode character for programs without Unicode.
        encoding: of the font; "" for the file's.
        depth: number of groups around.
    """

    destination: str = ""
    better: str = ""
    symbols: str = ""
    starred: bool = False
    deleted: bool = False
    hidden: bool = False
    raised: bool = False
    fallback: int = 1
    encoding: str = ""
    depth: int = 0

    @property
    def unseen(self) -> bool:
        """Whether text here is invisible."""
        return self.deleted or self.hidden


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read an RTF file; see `table.ReadFunction`."""
    data = path.read_bytes()
    if not data.lstrip()[:5].lower().startswith(b"{\\rtf"):
        raise UnreadableFile("broken", "not an RTF file")
    reader = _Reader(data)
    reader.run()
    yield reader.flows.builder.build(doc_id, "rtf", reader.title or None)


class _Reader:
    """Reads the tokens in one pass."""

    def __init__(self, data: bytes) -> None:
        self.flows = Flows()
        self.title = ""
        self._data = data
        self._encoding = "cp1252"
        self._state = _State()
        self._stack: list[_State] = []
        self._bytes = bytearray()
        self._bytes_encoding = ""
        # Bytes still to be skipped: they repeat a character that was given as Unicode.
        self._ignored = 0
        self._fonts: dict[int, str] = {}
        self._symbol_fonts: dict[int, str] = {}
        self._font = 0
        self._styles: dict[int, int] = {}
        self._style = 0
        self._name = ""
        # Name of the drawing's property whose value follows.
        self._property = ""

    def run(self) -> None:
        """Read the whole file, or as much of it as there is."""
        position = 0
        while token := _TOKEN.match(self._data, position):
            position = token.end()
            word, number, code, symbol, brace, text = token.groups()
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
        self._flush()
        self.flows.finish()

    # ------------------------------------------------------------ tokens

    def _word(self, word: str, value: int | None) -> None:
        # Bytes so far belong to the state before the word changes it.
        self._flush()
        state = self._state
        if state.starred:
            self._state = state = replace(state, starred=False)
            if word not in KNOWN and word not in PARAGRAPH_ENDS:
                word = "private"
        if not (
            self._set_destination(word)
            or self._set_encoding(word, value)
            or self._set_format(word, value)
        ):
            self._layout(word, value)

    def _set_destination(self, word: str) -> bool:
        """Process a word that says where text goes; False for other words."""
        state = self._state
        if word in UNREAD:
            self._state = replace(state, destination="unread")
        elif word == "upr":
            self._state = replace(state, destination="unread", better=state.destination)
        elif word == "ud":
            self._state = replace(state, destination=state.better)
        elif word in COLLECTED or word in ("info", "sp", "picprop"):
            self._state = replace(state, destination=word)
            self._name = ""
        elif word in NUMBERS and not state.destination:
            self._state = replace(state, destination=word)
        elif word in APART:
            self.flows.begin(state.depth)
            self._state = replace(state, destination=word)
        else:
            return False
        return True

    def _set_encoding(self, word: str, value: int | None) -> bool:
        """Process a word about encodings, fonts or Unicode characters; False for other words."""
        state = self._state
        if word == "ansicpg" and value:
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
            encoding, symbols = self._fonts.get(value, ""), self._symbol_fonts.get(value, "")
            self._state = replace(state, encoding=encoding, symbols=symbols)
        elif word == "fcharset" and value is not None and state.destination == "fonttbl":
            self._fonts[self._font] = CODE_PAGES.get(value, "")
            if value == SYMBOL_SET:
                # Characters are numbers; the font's name follows.
                self._fonts[self._font], self._symbol_fonts[self._font] = "latin-1", ""
        else:
            return False
        return True

    def _set_format(self, word: str, value: int | None) -> bool:
        """Process a word about styles or the format of characters; False for other words."""
        state = self._state
        if word == "s" and value is not None:
            self._style = value
            self.flows.current.level = self._styles.get(value, self.flows.current.level)
        elif word == "deleted":
            self._state = replace(state, deleted=value != 0)
        elif word == "v":
            self._state = replace(state, hidden=value != 0)
        elif word in ("super", "nosupersub"):
            self._state = replace(state, raised=word == "super" and value != 0)
        elif word == "plain":
            self._state = replace(state, hidden=False, raised=False)
        else:
            return False
        return True

    def _layout(self, word: str, value: int | None) -> None:
        if self._state.destination in ("unread", "fonttbl", "info", "fldinst"):
            return
        if word == "outlinelevel" and value is not None and 0 <= value < 9:
            if self._state.destination == "stylesheet":
                self._styles[self._style] = value + 1
            else:
                self.flows.current.level = value + 1
        elif word == "pard":
            if self._state.destination not in NUMBERS:
                self.flows.start_paragraph()
        elif word == "intbl":
            self.flows.current.in_table = True
        elif word in ("cell", "nestcell"):
            self.flows.end_cell()
        elif word in ("row", "nestrow"):
            self.flows.end_row()
        elif word in PARAGRAPH_ENDS:
            self.flows.end_paragraph()
        elif word in CHARACTERS:
            self._put(CHARACTERS[word])

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._state = replace(self._state, starred=True)
        elif symbol in b"{}\\":
            self._byte(symbol)
        elif symbol in b"\r\n":
            self._flush()
            self.flows.end_paragraph()
        elif symbol in b"~_":
            self._put(" " if symbol == b"~" else "-")

    def _byte(self, text: bytes) -> None:
        if self._ignored:
            taken = min(self._ignored, len(text))
            self._ignored -= taken
            text = text[taken:]
        if text and self._state.destination != "unread" and not self._state.unseen:
            encoding = self._state.encoding or self._encoding
            if encoding != self._bytes_encoding:
                self._flush()
                self._bytes_encoding = encoding
            self._bytes += text

    def _put(self, text: str) -> None:
        self._flush()
        if self._state.unseen:
            return
        if self._state.destination in COLLECTED:
            self._name += text
        elif self._state.destination not in ("unread", "info", "sp", "picprop"):
            if self._state.symbols:
                text = "".join(symbol(ord(code), self._state.symbols) for code in text)
            raised = self._state.raised and text.strip().isdecimal()
            self.flows.current.pieces.append(text.translate(RAISED) if raised else text)

    def _flush(self) -> None:
        """Decode the bytes so far; a two-byte character may be spread over two tokens."""
        if not self._bytes:
            return
        try:
            text = self._bytes.decode(self._bytes_encoding, "replace")
        except LookupError:
            text = self._bytes.decode("cp1252", "replace")
        self._bytes.clear()
        self._put(text)

    def _end_group(self) -> None:
        self._flush()
        destination = self._state.destination
        if (
            destination in ("sv", "fldinst")
            and self._stack[-1:]
            and (self._stack[-1].destination == destination)
        ):
            # A part of it in another font.
            destination = ""
        if destination == "stylesheet" and self._name:
            if named := _HEADING.search(self._name):
                self._styles[self._style] = int(named[1])
            self._name, self._style = "", 0
        elif destination == "title":
            self.title = self._name
            self._name = ""
        elif destination == "sn":
            self._property = self._name.strip()
        elif destination == "sv":
            if self._property in DESCRIPTIONS and (text := alternative_text(self._name)):
                self.flows.current.asides.append(text)
            self._property = ""
        elif destination == "fldinst":
            if base := _BELOW_READING.search(self._name):
                self.flows.current.pieces.append(base[1])
            self._name = ""
        elif destination == "fonttbl":
            if self._font in self._symbol_fonts and self._name:
                self._symbol_fonts[self._font] = self._name.strip("; ")
            self._name = ""
        self.flows.end_group(self._state.depth, self._state.destination)
        if self._stack:
            self._state = self._stack.pop()
        self._ignored = 0
