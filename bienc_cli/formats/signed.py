"""Extracts the content of opaquely signed mail (`smime.p7m`): CMS (RFC 5652) in BER."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_SIGNED = bytes.fromhex("2a864886f70d010702")
"""The object identifier of signed data, 1.2.840.113549.1.7.2."""

_SEQUENCE, _OBJECT, _OCTETS, _CONTENT = 0x30, 0x06, 0x04, 0xA0
_CONSTRUCTED = 0x20
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    start: int
    end: int
    following: int


def signed_content(data: bytes) -> bytes | None:
    """The signed content; the signature is not verified.

    Returns:
        None if it is not CMS, encrypted, or without the content.
    """
    try:
        (whole,) = _elements(data, 0, len(data), 0)
        kind, holder = _inside(data, whole, _SEQUENCE, 1)[:2]
        if data[kind.start : kind.end] != _SIGNED:
            return None
        (signed,) = _inside(data, holder, _CONTENT, 2)
        parts = _inside(data, signed, _SEQUENCE, 3)
        named = next(part for part in parts if part.tag == _SEQUENCE)
        content = _inside(data, named, _SEQUENCE, 4)[1]
        (octets,) = _inside(data, content, _CONTENT, 5)
        return _octets(data, octets, 6)
    except (ValueError, IndexError, StopIteration):
        return None


def _inside(data: bytes, element: _Element, tag: int, depth: int) -> list[_Element]:
    if element.tag != tag:
        raise ValueError("another element")
    return list(_elements(data, element.start, element.end, depth))


def _octets(data: bytes, element: _Element, depth: int) -> bytes:
    """An octet string; long ones are divided into pieces."""
    if element.tag == _OCTETS:
        return data[element.start : element.end]
    pieces = _inside(data, element, _OCTETS | _CONSTRUCTED, depth)
    return b"".join(_octets(data, piece, depth + 1) for piece in pieces)


def _elements(data: bytes, start: int, end: int, depth: int) -> Iterator[_Element]:
    while start < end:
        element = _element(data, start, end, depth)
        if element.tag == 0:
            return
        yield element
        start = element.following


def _element(data: bytes, start: int, end: int, depth: int) -> _Element:
    """The element at `start`; without a stated length, it extends to an end mark."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    tag, length = data[start], data[start + 1]
    start += 2
    if length == 0x80:
        following = start
        while True:
            inner = _element(data, following, end, depth + 1)
            if inner.tag == 0:
                return _Element(tag, start, following, inner.following)
            following = inner.following
    if length > 0x80:
        size = length & 0x7F
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    if start + length > end:
        raise ValueError("longer than what it is in")
    return _Element(tag, start, start + length, start + length)
