"""Unwraps Outlook's `winmail.dat` (MS-OXTNEF): the body and the attachments in it.

Parsed here because the available library (tnefparse) decodes far more and fails on any property
that it does not know.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.decoding import decode

_SIGNATURE = 0x223E9F78
_BODY, _MESSAGE_PROPERTIES, _CODE_PAGE = 0x0002800C, 0x00069003, 0x00069007
_NEXT_ATTACHMENT, _TITLE, _DATA, _ATTACHMENT_PROPERTIES = (
    *(0x00069002, 0x00018010),
    *(0x0006800F, 0x00069005),
)
"""Attributes, by type and number."""

_PLAIN, _RTF, _HTML = 0x1000, 0x1009, 0x1013
_OBJECT, _SHORT_NAME, _LONG_NAME = 0x3701, 0x3704, 0x3707
"""Properties, by number."""

_FIXED = {
    0x2: 4,
    0xB: 4,
    0x3: 4,
    0x4: 4,
    0xA: 4,
    0x5: 8,
    0x6: 8,
    0x7: 8,
    0x14: 8,
    0x40: 8,
    0x48: 16,
}
"""Size in bytes of values, by type; values of other types state their length."""

_UNICODE, _EMBEDDED, _MANY, _NAMED = 0x1F, 0x0D, 0x1000, 0x8000

_COMPRESSED, _STORED = b"LZFu", b"MELA"
_WINDOW = 4096
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""Initial dictionary of compressed RTF (MS-OXRTFCP, 2.1.2.1)."""

_MOST_RTF = 1 << 26


@dataclass(slots=True)
class WrappedMail:
    """The content of a `winmail.dat`.

    Attributes:
        html: the body as HTML; empty if there is none.
        plain: the body as plain text, likewise.
        rtf: the body as RTF, likewise.
        attachments: names and contents; the content of an attached message is TNEF again.
    """

    html: bytes = b""
    plain: str = ""
    rtf: bytes = b""
    attachments: list[tuple[str, bytes]] = field(default_factory=list)


def unwrapped(data: bytes) -> WrappedMail | None:
    """The content of a `winmail.dat`, as far as it can be read; None for any other data."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        return None
    mail = WrappedMail()
    code_page = "cp1252"
    for attribute, value in _attributes(data):
        if attribute == _CODE_PAGE and len(value) >= 4:
            code_page = f"cp{struct.unpack_from('<I', value)[0]}"
        elif attribute == _BODY:
            mail.plain = _text(value, code_page)
        elif attribute == _MESSAGE_PROPERTIES:
            for number, kind, content in _properties(value):
                if number == _HTML:
                    mail.html = content
                elif number == _PLAIN:
                    mail.plain = _string(content, kind, code_page)
                elif number == _RTF:
                    mail.rtf = uncompressed_rtf(content)
        elif attribute == _NEXT_ATTACHMENT:
            mail.attachments.append(("", b""))
        elif mail.attachments:
            mail.attachments[-1] = _attached(mail.attachments[-1], attribute, value, code_page)
    return mail


def _attached(
    known: tuple[str, bytes], attribute: int, value: bytes, code_page: str
) -> tuple[str, bytes]:
    """The name and content of an attachment, updated by one more attribute."""
    name, content = known
    if attribute == _TITLE:
        return name or _text(value, code_page), content
    if attribute == _DATA:
        return name, value
    if attribute == _ATTACHMENT_PROPERTIES:
        for number, kind, data in _properties(value):
            if number == _LONG_NAME or (number == _SHORT_NAME and not name):
                name = _string(data, kind, code_page)
            elif number == _OBJECT and kind == _EMBEDDED and len(data) > 16:
                # An attached message follows the id of its kind of object.
                content = data[16:]
    return name, content


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 6
    while position + 9 <= len(data):
        _, attribute, length = struct.unpack_from("<BII", data, position)
        position += 9
        yield attribute, data[position : position + length]
        # A checksum of two bytes follows.
        position += length + 2


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number, type and first value of each property, as far as they can be parsed."""
    position = 4
    try:
        for _ in range(struct.unpack_from("<I", data)[0]):
            kind, number = struct.unpack_from("<HH", data, position)
            position += 4
            if number >= _NAMED:
                # A named property: the id of a set, then a number or a word in that set.
                worded, length = struct.unpack_from("<II", data, position + 16)
                position += 24 + (_padded(length) if worded else 0)
            many, kind = kind & _MANY, kind & ~_MANY
            values: list[bytes] = []
            count = 1
            if many or kind not in _FIXED:
                (count,) = struct.unpack_from("<I", data, position)
                position += 4
            for _ in range(count):
                length = _FIXED.get(kind, 0)
                if kind not in _FIXED:
                    (length,) = struct.unpack_from("<I", data, position)
                    position += 4
                if position > len(data):
                    return
                values.append(data[position : position + length])
                position += _padded(length)
            if values:
                yield number, kind, values[0]
    except struct.error:
        return


def _padded(length: int) -> int:
    return (length + 3) & ~3


def _string(value: bytes, kind: int, code_page: str) -> str:
    if kind == _UNICODE:
        return value.decode("utf-16-le", "replace").rstrip("\0")
    return _text(value, code_page)


def _text(value: bytes, code_page: str) -> str:
    try:
        return decode(value.rstrip(b"\0"), code_page)
    except UnreadableFile:
        return ""


def uncompressed_rtf(data: bytes) -> bytes:
    """The RTF that Outlook compressed (MS-OXRTFCP), as far as it can be read."""
    if len(data) < 16:
        return b""
    size, kind = struct.unpack_from("<I4s", data, 4)
    if kind == _STORED:
        return data[16:]
    if kind != _COMPRESSED:
        return b""
    window = bytearray(_DICTIONARY.ljust(_WINDOW, b" "))
    written, output = len(_DICTIONARY), bytearray()
    position = 16
    while position < len(data) and len(output) < min(size, _MOST_RTF):
        flags = data[position]
        position += 1
        for bit in range(8):
            if not flags >> bit & 1:
                piece = data[position : position + 1]
                position += 1
                output += piece
                window[written : written + len(piece)] = piece
                written = (written + len(piece)) % _WINDOW
                continue
            pair = int.from_bytes(data[position : position + 2], "big")
            position += 2
            start, length = pair >> 4, (pair & 0xF) + 2
            if start == written:
                return bytes(output)
            for index in range(start, start + length):
                window[written] = window[index % _WINDOW]
                output.append(window[written])
                written = (written + 1) % _WINDOW
    return bytes(output)
