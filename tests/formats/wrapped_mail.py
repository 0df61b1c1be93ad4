"""Mail as Outlook and programs that sign wrap it up, byte by byte."""

from __future__ import annotations

import struct


def wrapped(*attributes: tuple[int, bytes]) -> bytes:
    """A `winmail.dat` of these attributes."""
    pieces = [struct.pack("<IH", 0x223E9F78, 1)]
    for number, value in attributes:
        level = 2 if number in (0x69002, 0x18010, 0x6800F, 0x69005) else 1
        pieces.append(struct.pack("<BII", level, number, len(value)) + value)
        pieces.append(struct.pack("<H", sum(value) & 0xFFFF))
    return b"".join(pieces)


def properties(*rows: tuple[int, int, bytes]) -> bytes:
    """Properties: type, number and value; those of no fixed length with it in front."""
    pieces = [struct.pack("<I", len(rows))]
    for kind, number, value in rows:
        pieces.append(struct.pack("<HH", kind, number))
        if number >= 0x8000:
            word = "Keywords\0".encode("utf-16-le")
            pieces.append(bytes(16) + struct.pack("<II", 1, len(word)) + padded(word))
        if kind in (0x3, 0x40):
            pieces.append(value)
        else:
            pieces.append(struct.pack("<II", 1, len(value)) + padded(value))
    return b"".join(pieces)


def padded(value: bytes) -> bytes:
    return value + bytes(-len(value) % 4)


def wide(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


def attachment(name: str, content: bytes) -> list[tuple[int, bytes]]:
    """The attributes of an attachment with a long name."""
    said = properties((0x3, 0x0E20, struct.pack("<I", 9)), (0x1F, 0x3707, wide(name)))
    return [
        (0x69002, bytes(14)),
        (0x18010, b"SHORT~1.TXT\0"),
        (0x6800F, content),
        (0x69005, said),
    ]


def element(tag: int, *content: bytes, endless: bool = False) -> bytes:
    """An element of BER, its length in front or a mark behind."""
    inside = b"".join(content)
    if endless:
        return bytes([tag, 0x80]) + inside + b"\0\0"
    size = len(inside)
    if size < 0x80:
        return bytes([tag, size]) + inside
    return bytes([tag, 0x82]) + struct.pack(">H", size) + inside


def signed(content: bytes, *, endless: bool = False, kind: str = "02") -> bytes:
    """Something signed as a whole, without a signature."""
    octets = element(4, content)
    if endless:
        halves = element(4, content[:7]), element(4, content[7:])
        octets = element(0x24, *halves, endless=True)
    named = element(6, bytes.fromhex("2a864886f70d010701"))
    inner = element(0x30, named, element(0xA0, octets, endless=endless), endless=endless)
    version, algorithms, signers = element(2, b"\1"), element(0x31), element(0x31)
    data = element(0x30, version, algorithms, inner, signers, endless=endless)
    outer = element(6, bytes.fromhex(f"2a864886f70d0107{kind}"))
    return element(0x30, outer, element(0xA0, data, endless=endless), endless=endless)
