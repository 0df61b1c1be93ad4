"""Bytes to text that SQLite, JSON, terminals and models all take."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from pathlib import Path

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.alphabets import latin_encoding
from bienc_cli.formats.cleaning import clean
from bienc_cli.formats.encoded_data import without_data_addresses
from bienc_cli.formats.likelihood import likely_encoding

__all__ = [
    "byte_order_mark",
    "clean",
    "decode",
    "decode_line",
    "looks_binary",
    "read_text",
    "require_text",
    "unicode_encoding",
]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16: the little-endian mark of UTF-16 begins that of UTF-32.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_SAMPLE = 1 << 16
"""Bytes that the encoding is guessed from; guessing is slow and soon sure."""

_SNIFFED = 8192

_CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\v\f\r\b\x1b")))
"""Control characters that text does not hold (a log may have colours and backspaces)."""

_MOST_CONTROLS = 0.05
"""Share of control characters above which it is no text; compressed data has about 0.1."""

_LEAST_NULS = 0.3
"""Share of NULs in UTF-16 of letters that UTF-8 would write with one byte or two."""

_FEW_NULS = 4
"""In what is plain text but for them: a program wrote one too many, or was cut off."""

_HOLE = re.compile(rb"\A\0+|\0{64,}")
"""What a log has in the place of what was cut off while a program went on writing."""

_DECLARATION = re.compile(
    # XML, Python and Emacs; HTML, CSS, mail and gettext; LaTeX.
    rb"""(?:coding\s*[:=]|charset\s*=?)\s*["']?\s*([A-Za-z][\w.:-]{1,39})"""
    rb"""|\\usepackage\s*\[(\w{2,40})\]\s*\{inputenc\}"""
)
_DECLARED_WITHIN = 4096

# What the names mean in files, as browsers have it: the encodings that took the older ones in.
_WIDER = {
    **dict.fromkeys(("ascii", "iso8859-1"), "cp1252"),
    **{"iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874"},
    **{"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"},
    **{"big5": "big5hkscs"},
}
_SEVEN_BITS = frozenset("iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_kr hz".split())
"""Encodings whose every file is valid UTF-8, of other characters."""

_JAPANESE_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\([IJ])")


def looks_binary(data: bytes) -> bool:
    """Whether this is no text in any encoding: a NUL near the start or many controls."""
    if byte_order_mark(data) is not None or _unmarked_utf(data) is not None:
        return False
    data = _without_holes(data)
    nuls = data.count(0, 0, _SNIFFED)
    if nuls > _FEW_NULS or (nuls and not _is_plain_utf8(data[:_SNIFFED].replace(b"\0", b""))):
        return True
    return _has_many_controls(data)


def _without_holes(data: bytes) -> bytes:
    # To look for one NUL is a hundred times faster than for holes, and there is hardly ever one.
    return _HOLE.sub(b"", data) if b"\0" in data else data


def _has_many_controls(data: bytes) -> bool:
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return controls > _MOST_CONTROLS * len(data)


def byte_order_mark(data: bytes) -> str | None:
    """The encoding that a byte order mark at the start declares."""
    return next((encoding for mark, encoding in _BOMS if data.startswith(mark)), None)


def unicode_encoding(data: bytes) -> str | None:
    """The encoding of Unicode that a mark at the start, or where the NULs stand, tells."""
    return byte_order_mark(data) or _unmarked_utf(data)


def decode(data: bytes, declared: str | None = None) -> str:
    r"""Decode a file's content.

    UTF-8 unless a byte order mark says otherwise; what is not UTF-8 is read as declared, or
    else as guessed; single broken bytes become U+FFFD.

    Args:
        data: the whole content.
        declared: encoding known from outside; what the content itself declares is found here.

    Returns:
        Clean text with `\n` as its only line break sequence.

    Raises:
        UnreadableFile: it is binary.
    """
    if looks_binary(data):
        raise UnreadableFile("binary", "binary data, not text")
    known = unicode_encoding(data)
    if known is not None:
        text = data.decode(known, errors="replace").removeprefix("\ufeff")
    else:
        text = _decode_unmarked(_without_holes(data), declared)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return clean(text)


def read_text(path: Path) -> str:
    """Decode a file; what it holds of others in the form of addresses (`data:`) is left out.

    Raises:
        UnreadableFile: it is binary, or holds nothing but white space.
        OSError: it cannot be read.
    """
    return require_text(without_data_addresses(decode(path.read_bytes())))


def require_text(text: str) -> str:
    """Pass on a text with something in it.

    Raises:
        UnreadableFile: nothing but white space.
    """
    if not text or text.isspace():
        raise UnreadableFile("empty", "holds no text")
    return text


def _decode_unmarked(data: bytes, declared: str | None) -> str:
    encodings = [*([declared] if declared else []), *_declarations(data)]
    for encoding in encodings:
        if _known(encoding) in _SEVEN_BITS and (text := _decoded(data, encoding)) is not None:
            return text
    if _JAPANESE_ESCAPE.search(data) and (text := _decoded(data, "iso2022_jp_2")) is not None:
        return text
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    for encoding in encodings:
        if (text := _decoded(data, encoding)) is not None:
            return text
    lenient = data.decode(errors="replace")
    if _nearly_utf8(data, lenient):
        return lenient
    lines = data.split(b"\n")
    broken = {line for line in lines if not _is_utf8(line)}
    if len(broken) * 2 > sum(not line.isascii() for line in lines):
        return data.decode(_guess(data), errors="replace")
    # As where programs of several machines write one log.
    guessed = _guess(b"\n".join(broken))
    of_lines = (guessed if line in broken else "utf-8" for line in lines)
    return "\n".join(
        line.decode(encoding, "replace") for line, encoding in zip(lines, of_lines, strict=True)
    )


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _nearly_utf8(data: bytes, lenient: str) -> bool:
    """Whether a few bytes are broken; elsewhere nearly every accented letter would be."""
    return lenient.count("\ufffd") * 10 <= sum(1 for byte in data if byte >= 0xC0)


def _declarations(data: bytes) -> list[str]:
    """The encodings that the start of a file may mean to declare."""
    found = _DECLARATION.finditer(data, 0, _DECLARED_WITHIN)
    return [(one[1] or one[2]).decode("ascii", "replace") for one in found]


def _known(encoding: str) -> str | None:
    """The codec that reads an encoding of this name; None where there is none."""
    for name in (encoding, encoding.removeprefix("x-").removeprefix("X-")):
        try:
            found = codecs.lookup(name).name
        except (LookupError, ValueError):
            continue
        return _WIDER.get(found, found)
    return None


def _decoded(data: bytes, encoding: str) -> str | None:
    """The text, if there is such an encoding and all of it fits."""
    known = _known(encoding)
    if known is None:
        return None
    try:
        return data.decode(known)
    except (LookupError, UnicodeError, ValueError):
        pass
    if known == "cp1252":
        # Five of its bytes mean nothing, and stand in files nevertheless.
        return data.decode("cp1252", errors="replace")
    return None


def _unmarked_utf(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: as that it makes text, which nothing else would."""
    sample = data[:_SNIFFED]
    if b"\0" not in sample:
        return None
    if sample.count(0) < _LEAST_NULS * len(sample) and _is_plain_utf8(sample.replace(b"\0", b"")):
        return None
    for encoding, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        if len(data) % width:
            continue
        try:
            # The sample may end within a pair of surrogates.
            text = codecs.getincrementaldecoder(encoding)().decode(sample)
        except UnicodeDecodeError:
            continue
        if _reads_as_text(text):
            return encoding
    return None


def _is_plain_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return not _has_many_controls(sample)


def _reads_as_text(text: str) -> bool:
    """Whether these are characters of one script or two, with spaces or marks between."""
    if not text or any(
        unicodedata.category(character) in {"Cc", "Cn", "Co", "Cs"}
        for character in text
        if character not in "\t\n\r\f\v\x1b"
    ):
        return False
    blocks = Counter(map(_script, text))
    plain = blocks.pop("ascii", 0)
    return plain > 0 and plain + max(blocks.values(), default=0) >= 0.9 * len(text)


def _script(character: str) -> str:
    """A rough one, by where the character stands."""
    code = ord(character)
    if code < 0x80:
        return "ascii"
    if 0x2E80 <= code < 0xA000 or 0xFF00 <= code < 0xFFF0:
        return "han"
    return "hangul" if 0xAC00 <= code < 0xD7B0 else str(code >> 9)


def decode_line(line: bytes, following: bytes, guessed: str | None) -> tuple[str, str | None]:
    """Decode a line of a file that is read line by line.

    Args:
        line: with its line break.
        following: what comes behind it, as much as is at hand; the encoding is guessed once.
        guessed: what was returned with the last line.

    Returns:
        The text, not yet clean, and the encoding of what is not UTF-8, once that is known.
    """
    try:
        return line.decode(), guessed
    except UnicodeDecodeError:
        lenient = line.decode(errors="replace")
    if guessed is None:
        sample = line + following
        if _nearly_utf8(sample, sample.decode(errors="replace")):
            return lenient, None
        guessed = _guess(sample)
    elif _nearly_utf8(line, lenient):
        return lenient, guessed
    return line.decode(guessed, errors="replace"), guessed


def _guess(data: bytes) -> str:
    sample = bytearray()
    for line in data.split(b"\n"):
        # ASCII lines tell nothing apart, and may be all that a long file begins with.
        if not line.isascii():
            sample += line[: _SAMPLE - len(sample)] + b"\n"
            if len(sample) >= _SAMPLE:
                break
    found = bytes(sample)
    return likely_encoding(found) or latin_encoding(found)
