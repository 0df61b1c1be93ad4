"""Quantities as people read them."""

from __future__ import annotations


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
    """`105 passages/s`; empty where nothing can be said."""
    return f"{number / seconds:,.0f} {noun}/s" if number and seconds > 0 else ""
