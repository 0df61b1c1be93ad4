"""Makes texts and file names safe to print, and quantities readable.

A file name or a passage may contain escape sequences that move the cursor, retitle the window or
answer for the user; these are shown instead of obeyed. Rich's own markup is never parsed in such
texts: they enter tables as `rich.text.Text`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bienc_cli.stages import StageTime, total_seconds

_SHOWN_AS_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
# Bidirectional overrides and isolates can disguise what a line says.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_C1 = re.compile("[\x80-\x9f]")
_NUMBER = re.compile(r"[+-][0-9]+(\.[0-9]+)?")
_SPACE = re.compile(r"\s+")


def visible(text: str) -> str:
    """`text` with control characters as visible symbols; tabs and line breaks are kept."""
    escaped = text.translate(
        {code: sign for code, sign in _SHOWN_AS_PICTURES.items() if code not in (0x09, 0x0A)}
    )
    escaped = _C1.sub(lambda match: f"\\x{ord(match.group()):02x}", escaped)
    escaped = _REORDERING.sub(lambda match: f"\\u{ord(match.group()):04x}", escaped)
    # A lone surrogate (an undecodable file name) cannot be written to any stream.
    return escaped.encode("utf-8", "backslashreplace").decode("utf-8")


def one_line(text: str) -> str:
    """`text` on one line: white space folded, the rest as in `visible`."""
    return visible(_SPACE.sub(" ", text).strip())


def cell(text: str) -> str:
    """`text` as a field of tab-separated output, which no spreadsheet takes for a formula.

    A number stays a number, whatever its sign.
    """
    folded = one_line(text)
    harmless = folded[:1] not in {"=", "+", "-", "@"} or _NUMBER.fullmatch(folded)
    return folded if harmless else f"'{folded}"


def duration(seconds: float) -> str:
    """`0.4 ms`, `12 ms`, `1.53 s`, `2 min 05 s`, `3 h 20 min`."""
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes:02d} min"


def stage_times(stages: Sequence[StageTime]) -> list[str]:
    """`search 12 ms` for each stage, and `total 1.53 s`."""
    total = total_seconds(stages)
    return [
        *(f"{stage.name} {duration(stage.seconds)}" for stage in stages),
        f"total {duration(total)}",
    ]


def size(number_of_bytes: int) -> str:
    """`512 B`, `3.4 kB`, `12.0 MB`: powers of 1000, as disks are sold and `ls --si` counts."""
    amount = float(number_of_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.95 or unit == "GB":
            break
        amount /= 1000
    return f"{number_of_bytes} B" if unit == "B" else f"{amount:,.1f} {unit}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 passage`, `5,183 passages`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def rate(number: int, seconds: float, noun: str) -> str:
    """`105 passages/s`; empty if unknown."""
    return f"{number / seconds:,.0f} {noun}/s" if number and seconds > 0 else ""
