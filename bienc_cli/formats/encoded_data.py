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
    return _LINES.sub("", _ADDRESS.sub("", text))


def uuencoded_files(text: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files that stand in a text, as mail had them before MIME."""
    for found in _UUENCODED.finditer(text) if "begin " in text else ():
        try:
            yield found[1].strip(), b"".join(map(binascii.a2b_uu, found[2].splitlines()))
        except binascii.Error:
            continue
