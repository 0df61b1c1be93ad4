"""Bytes to text that SQLite, JSON and terminals all take."""

from __future__ import annotations

import codecs
from pathlib import Path

from bienc_cli.errors import UnreadableFile
from bienc_cli.readers.words import words

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16: the little-endian mark of UTF-16 begins that of UTF-32.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Left to themselves, detectors pick exotic code pages for short texts.
_PLAUSIBLE_ENCODINGS = words(
    "cp1252 cp1250 cp1251 koi8_r cp1253 cp1254 cp1255 cp1256 shift_jis euc_jp gb18030 big5 euc_kr"
)

_SAMPLE = 1 << 16
"""Bytes that the encoding is guessed from; guessing is slow and soon sure."""

_SNIFFED = 8192

_CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\v\f\r\b\x1b")))
"""Control characters that text does not hold (a log may have colours and backspaces)."""

_MOST_CONTROLS = 0.05
"""Share of control characters above which it is no text; compressed data has about 0.1."""


def looks_binary(data: bytes) -> bool:
    """Whether this is no text in any encoding: a NUL near the start or many controls."""
    if byte_order_mark(data) is not None:
        return False
    if b"\0" in data[:_SNIFFED]:
        return True
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return controls > _MOST_CONTROLS * len(data)


def byte_order_mark(data: bytes) -> str | None:
    """The encoding that a byte order mark at the start declares."""
    return next((encoding for mark, encoding in _BOMS if data.startswith(mark)), None)


def decode(data: bytes, declared: str | None = None) -> str:
    r"""Decode a file's content.

    UTF-8 unless a byte order mark says otherwise; what is not UTF-8 is read as declared, or
    else as guessed; single broken bytes become U+FFFD.

    Args:
        data: the whole content.
        declared: encoding that the content itself declares; taken if it exists and fits.

    Returns:
        Text with `\n` as its only line break sequence, free of NUL and of lone surrogates.

    Raises:
        UnreadableFile: it is binary.
    """
    if looks_binary(data):
        raise UnreadableFile("binary", "binary data, not text")
    marked = byte_order_mark(data)
    if marked is not None:
        text = data.decode(marked, errors="replace").removeprefix("\ufeff")
    else:
        text = _decode_unmarked(data, declared)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return clean(text)


def read_text(path: Path) -> str:
    """Decode a file.

    Raises:
        UnreadableFile: it is binary, or holds nothing but white space.
        OSError: it cannot be read.
    """
    return require_text(decode(path.read_bytes()))


def require_text(text: str) -> str:
    """Pass on a text with something in it.

    Raises:
        UnreadableFile: nothing but white space.
    """
    if not text or text.isspace():
        raise UnreadableFile("empty", "holds no text")
    return text


def clean(text: str) -> str:
    """Put U+FFFD for NUL and lone surrogates; surrogate pairs become their character."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _decode_unmarked(data: bytes, declared: str | None) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    if declared is not None:
        try:
            return data.decode(declared)
        except (LookupError, UnicodeError, ValueError):
            pass
    lenient = data.decode(errors="replace")
    broken = lenient.count("\ufffd")
    # UTF-8 with a few broken bytes; elsewhere nearly every accented letter would be broken.
    if broken * 10 <= sum(1 for byte in data if byte >= 0xC0):
        return lenient
    return data.decode(_guess(data), errors="replace")


def _guess(data: bytes) -> str:
    # On demand: only files in other encodings than UTF-8 pay for the import.
    from charset_normalizer import from_bytes

    sample = bytearray()
    for line in data.split(b"\n"):
        # ASCII lines tell nothing apart, and may be all that a long file begins with.
        if not line.isascii():
            sample += line[: _SAMPLE - len(sample)] + b"\n"
            if len(sample) >= _SAMPLE:
                break
    matches = from_bytes(bytes(sample), cp_isolation=list(_PLAUSIBLE_ENCODINGS))
    best = matches.best()
    if best is None:
        return "cp1252"
    # Western text with a few accents fits its neighbours' code pages as well as its own.
    tied = {match.encoding for match in matches if match.chaos <= best.chaos}
    return "cp1252" if "cp1252" in tied and not best.coherence else best.encoding
