"""Removes data encoded as letters, which nobody reads: pictures, keys, attachments."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

_ADDRESS = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.-]+)*;base64,[A-Za-z0-9+/=%]*")
_LINES = re.compile(
    # Both cases and digits; hexadecimal digests and gene sequences lack one of these.
    r"^(?=[^\n]*[a-z])(?=[^\n]*[A-Z])(?=[^\n]*[0-9])"
    # One very long line, or several of equal length and a shorter one.
    r"(?:[A-Za-z0-9+/]{200,}={0,2}$|(?:[A-Za-z0-9+/]{60,78}[ \t]*\n){3,}[A-Za-z0-9+/]*={0,2}$)",
    re.MULTILINE,
)
_IN_XML = re.compile(r"(?<=>)(?=[\sA-Za-z0-9+/]{120})[\sA-Za-z0-9+/]*+={0,2}+\s*+(?=</)")
_SHORTEST_LINE = 40
_ARMOUR = re.compile(
    # The content contains no other mark, so every character is tried for one beginning only.
    r"(?P<begin>-----BEGIN (?P<kind>(?!PGP SIGNED)[A-Z0-9 ]{1,60})-----)"
    r"(?P<content>[^-]*(?:-(?!----)[^-]*)*)(?P<end>-----END (?P=kind)-----)"
)
_PUTTY = re.compile(r"^(Private-Lines: \d+\n)((?:[A-Za-z0-9+/=]+\n)+)", re.MULTILINE)
_KEY_DATA = re.compile(r"[A-Za-z0-9+/]{40}")
"""What between two marks is no placeholder, such as `(paste your key here)`."""

_UUENCODED = re.compile(r"^begin [0-7]{3,4} (\S.*)\n((?:[\x20-\x60]{1,62}\n)+)end$", re.MULTILINE)


def without_encoded_data(text: str) -> str:
    """Remove base64, uuencoded files, and armoured keys and signatures."""
    if _has_armour(text):
        text = _ARMOUR.sub(lambda armour: "" if _KEY_DATA.search(armour[0]) else armour[0], text)
    if "begin " in text:
        text = _UUENCODED.sub("", text)
    return _LINES.sub("", without_data_addresses(text))


def without_keys(text: str) -> str:
    """Remove what armoured keys and certificates contain; the marks and line breaks stay.

    So it can still be found that a file has a private key, but no index and no answer has the key.
    """
    if _has_armour(text):
        text = _ARMOUR.sub(_marks, text)
    if "Private-Lines: " in text:
        text = _PUTTY.sub(lambda key: key[1] + "\n" * key[2].count("\n"), text)
    return text


def _has_armour(text: str) -> bool:
    return "-----BEGIN " in text and "-----END " in text


def _marks(armour: re.Match[str]) -> str:
    if not _KEY_DATA.search(armour["content"]):
        return armour[0]
    return armour["begin"] + ("\n" * armour["content"].count("\n") or " ") + armour["end"]


def without_data_addresses(text: str) -> str:
    """Remove pictures in `data:` addresses; line breaks stay."""
    return _ADDRESS.sub("", text) if ";base64," in text else text


def without_data_in_xml(text: str) -> str:
    """Remove the content of elements that contain only base64; line breaks stay."""
    return _IN_XML.sub(_line_breaks, text)


def _line_breaks(match: re.Match[str]) -> str:
    data = match[0]
    is_data = (
        all(len(line) >= _SHORTEST_LINE for line in data.split()[:-1])
        and any(map(str.islower, data))
        and any(map(str.isupper, data))
        and any(map(str.isdigit, data))
    )
    return "\n" * data.count("\n") if is_data else data


def uuencoded_files(text: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the uuencoded files in a text, as in mail before MIME."""
    for file in _UUENCODED.finditer(text) if "begin " in text else ():
        try:
            yield file[1].strip(), b"".join(map(binascii.a2b_uu, file[2].splitlines()))
        except binascii.Error:
            continue
