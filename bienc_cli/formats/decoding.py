"""Decodes bytes to text that SQLite, JSON, terminals and models can all take."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from pathlib import Path

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.alphabets import latin_encoding
from bienc_cli.formats.cleaning import clean
from bienc_cli.formats.encoded_data import without_data_addresses, without_keys
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
    "with_line_feeds",
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
"""Bytes from which the encoding is guessed; guessing is slow, and more bytes rarely help."""

_SNIFFED = 8192

_CONTROLS = bytes(sorted(set(range(32)) - set(b"\t\n\v\f\r\b\x1b")))
"""Control characters that do not occur in text; a log may have colours and backspaces."""

_MOST_CONTROLS = 0.05
"""Fraction of control characters above which data is binary; compressed data has about 0.1."""

_LEAST_NULS = 0.3
"""Least fraction of NULs in UTF-16 text whose letters take one or two bytes in UTF-8."""

_FEW_NULS = 4
"""NULs tolerated in plain text: a program wrote one too many, or was interrupted."""

_HOLE = re.compile(rb"\A\0+|\0{64,}")
"""NULs in a log that was truncated while its program went on writing."""

_DECLARATION = re.compile(
    # XML, Python and Emacs; HTML, CSS, mail and gettext; LaTeX.
    rb"""(?:coding\s*[:=]|charset\s*=?)\s*["']?\s*([A-Za-z][\w.:-]{1,39})"""
    rb"""|\\usepackage\s*\[(\w{2,40})\]\s*\{inputenc\}"""
)
_DECLARED_WITHIN = 4096

# What these names mean in practice, as in browsers: supersets of the older encodings.
_WIDER = {
    **dict.fromkeys(("ascii", "iso8859-1"), "cp1252"),
    **{"iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874"},
    **{"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"},
    **{"big5": "big5hkscs"},
}
_SEVEN_BITS = frozenset("iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_kr hz".split())
"""Encodings whose files are all valid UTF-8, but with other characters."""

_JAPANESE_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\([IJ])")


def looks_binary(data: bytes) -> bool:
    """Whether it is not text in any encoding: NULs near the start or many control characters."""
    if byte_order_mark(data) is not None or _unmarked_utf(data) is not None:
        return False
    data = _without_holes(data)
    nuls = data.count(0, 0, _SNIFFED)
    if nuls > _FEW_NULS or (nuls and not _is_plain_utf8(data[:_SNIFFED].replace(b"\0", b""))):
        return True
    return _has_many_controls(data)


def _without_holes(data: bytes) -> bytes:
    # Searching for one NUL is a hundred times faster than for holes, and NULs are rare.
    return _HOLE.sub(b"", data) if b"\0" in data else data


def _has_many_controls(data: bytes) -> bool:
    controls = len(data) - len(data.translate(None, _CONTROLS))
    return controls > _MOST_CONTROLS * len(data)


def byte_order_mark(data: bytes) -> str | None:
    """The encoding declared by a byte order mark at the start."""
    return next((encoding for mark, encoding in _BOMS if data.startswith(mark)), None)


def unicode_encoding(data: bytes) -> str | None:
    """The Unicode encoding shown by a byte order mark or by the positions of NULs."""
    return byte_order_mark(data) or _unmarked_utf(data)


def decode(data: bytes, declared: str | None = None) -> str:
    r"""Decode a file's content.

    A byte order mark decides; else it is UTF-8 if valid, else the declared encoding, else a guessed
    one. Single broken bytes become U+FFFD.

    Args:
        data: the whole content.
        declared: encoding declared outside the content; declarations inside are found here.

    Returns:
        Clean text whose only line breaks are `\n`.

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
    return clean(with_line_feeds(text))


def with_line_feeds(text: str) -> str:
    r"""A text whose line breaks are all `\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read_text(path: Path) -> str:
    """Decode a file, leaving out files embedded as `data:` addresses, and the data of keys.

    Raises:
        UnreadableFile: it is binary, or contains only white space.
        OSError: it cannot be read.
    """
    return require_text(without_keys(without_data_addresses(decode(path.read_bytes()))))


def require_text(text: str) -> str:
    """Return a text unchanged if it contains more than white space.

    Raises:
        UnreadableFile: it does not.
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
    # Programs on several machines may write one log.
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
    """Whether only a few bytes are broken; in other encodings most accented letters would be."""
    return lenient.count("\ufffd") * 10 <= sum(1 for byte in data if byte >= 0xC0)


def _declarations(data: bytes) -> list[str]:
    """The encodings that the start of a file may declare."""
    matches = _DECLARATION.finditer(data, 0, _DECLARED_WITHIN)
    return [(match[1] or match[2]).decode("ascii", "replace") for match in matches]


def _known(encoding: str) -> str | None:
    """The codec for an encoding of this name; None if there is none."""
    for name in (encoding, encoding.removeprefix("x-").removeprefix("X-")):
        try:
            codec = codecs.lookup(name).name
        except (LookupError, ValueError):
            continue
        return _WIDER.get(codec, codec)
    return None


def _decoded(data: bytes, encoding: str) -> str | None:
    """The text, if there is such an encoding and all of the data is valid in it."""
    known = _known(encoding)
    if known is None:
        return None
    try:
        return data.decode(known)
    except (LookupError, UnicodeError, ValueError):
        pass
    if known == "cp1252":
        # Five of its bytes are undefined, but occur in files.
        return data.decode("cp1252", errors="replace")
    return None


def _unmarked_utf(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, if the data reads as text in it."""
    sample = data[:_SNIFFED]
    if b"\0" not in sample:
        return None
    if sample.count(0) < _LEAST_NULS * len(sample) and _is_plain_utf8(sample.replace(b"\0", b"")):
        return None
    for encoding, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        if len(data) % width:
            continue
        try:
            # The sample may end inside a surrogate pair.
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
    """Whether nearly all characters are ASCII or of one other script, and some are ASCII."""
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
    """A rough classification by code point."""
    code = ord(character)
    if code < 0x80:
        return "ascii"
    if 0x2E80 <= code < 0xA000 or 0xFF00 <= code < 0xFFF0:
        return "han"
    return "hangul" if 0xAC00 <= code < 0xD7B0 else str(code >> 9)


def decode_line(line: bytes, following: bytes, guessed: str | None) -> tuple[str, str | None]:
    """Decode one line of a file that is read line by line.

    Args:
        line: with its line break.
        following: as much as is available of what follows; helps to guess the encoding once.
        guessed: what was returned with the previous line.

    Returns:
        The text, not yet clean, and the encoding of lines that are not UTF-8, once guessed.
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
        # ASCII lines are the same in all encodings, and a long file may begin with many.
        if not line.isascii():
            sample += line[: _SAMPLE - len(sample)] + b"\n"
            if len(sample) >= _SAMPLE:
                break
    lines = bytes(sample)
    return likely_encoding(lines) or latin_encoding(lines)
