"""Data written out as letters, which is not text to anyone: pictures, keys, attachments."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

_ADDRESS = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.-]+)*;base64,[A-Za-z0-9+/=%]*")
_LINES = re.compile(
    # Letters of both cases and digits, which digests in hex and sequences of genes do not mix.
    r"^(?=[^\n]*[a-z])(?=[^\n]*[A-Z])(?=[^\n]*[0-9])"
    # One endless line, or several of equal length and the rest.
    r"(?:[A-Za-z0-9+/]{200,}={0,2}$|(?:[A-Za-z0-9+/]{60,78}[ \t]*\n){3,}[A-Za-z0-9+/]*={0,2}$)",
    re.MULTILINE,
)
_IN_XML = re.compile(r"(?<=>)(?=[\sA-Za-z0-9+/]{120})[\sA-Za-z0-9+/]*+={0,2}+\s*+(?=</)")
_SHORTEST_LINE = 40
_ARMOUR = re.compile(
    r"^-----BEGIN (?P<kind>(?!PGP SIGNED)[A-Z0-9 ]+)-----\n(?:(?!-----).*\n)*"
    r"-----END (?P=kind)-----$",
    re.MULTILINE,
)
_UUENCODED = re.compile(r"^begin [0-7]{3,4} (\S.*)\n((?:[\x20-\x60]{1,62}\n)+)end$", re.MULTILINE)


def without_encoded_data(text: str) -> str:
    """Take base64, uuencoded files and armoured keys and signatures out of a text."""
    if "-----BEGIN " in text and "-----END " in text:
        text = _ARMOUR.sub("", text)
    if "begin " in text:
        text = _UUENCODED.sub("", text)
    return _LINES.sub("", without_data_addresses(text))


def without_data_addresses(text: str) -> str:
    """Take out the pictures that a text holds as addresses; lines stay lines."""
    return _ADDRESS.sub("", text) if ";base64," in text else text


def without_data_in_xml(text: str) -> str:
    """Take out elements that are nothing but base64; lines stay lines."""
    return _IN_XML.sub(_line_breaks, text)


def _line_breaks(found: re.Match[str]) -> str:
    data = found[0]
    is_data = (
        all(len(line) >= _SHORTEST_LINE for line in data.split()[:-1])
        and any(map(str.islower, data))
        and any(map(str.isupper, data))
        and any(map(str.isdigit, data))
    )
    return "\n" * data.count("\n") if is_data else data


def uuencoded_files(text: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files that stand in a text, as mail had them before MIME."""
    for found in _UUENCODED.finditer(text) if "begin " in text else ():
        try:
            yield found[1].strip(), b"".join(map(binascii.a2b_uu, found[2].splitlines()))
        except binascii.Error:
            continue
