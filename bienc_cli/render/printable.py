"""Texts from files and file names, made safe to print.

A file name or a passage may hold escape sequences that move the cursor, retitle the window
or answer for the user; here they are shown, not obeyed. Rich's own markup is never parsed
from such texts: they enter tables as `rich.text.Text`.
"""

from __future__ import annotations

import re

_SHOWN_AS_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
# Bidirectional overrides and isolates can make a line read other than what it is.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_C1 = re.compile("[\x80-\x9f]")
_NUMBER = re.compile(r"[+-][0-9]+(\.[0-9]+)?")
_SPACE = re.compile(r"\s+")


def visible(text: str) -> str:
    """`text` with control characters as visible symbols; tabs and line breaks stay."""
    kept = text.translate(
        {code: sign for code, sign in _SHOWN_AS_PICTURES.items() if code not in (0x09, 0x0A)}
    )
    kept = _C1.sub(lambda found: f"\\x{ord(found.group()):02x}", kept)
    kept = _REORDERING.sub(lambda found: f"\\u{ord(found.group()):04x}", kept)
    # A lone surrogate (an undecodable file name) cannot be written to any stream.
    return kept.encode("utf-8", "backslashreplace").decode("utf-8")


def one_line(text: str) -> str:
    """`text` on one line: white space folded, the rest as in `visible`."""
    return visible(_SPACE.sub(" ", text).strip())


def cell(text: str) -> str:
    """`text` for one field of tab-separated output, which no spreadsheet takes for a formula.

    A number stays one, whatever its sign.
    """
    folded = one_line(text)
    harmless = folded[:1] not in {"=", "+", "-", "@"} or _NUMBER.fullmatch(folded)
    return folded if harmless else f"'{folded}"
