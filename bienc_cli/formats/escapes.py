r"""Replaces escapes of letters by the letters: `\u00fc`, `&uuml;`, `\"u`.

People search for words as they read them. Line breaks stay, and so does code inside a text.
"""

from __future__ import annotations

import html
import re
import unicodedata

from bienc_cli.formats.cleaning import clean

_UNITS = re.compile(r"(?<!\\)((?:\\\\)*+)((?:\\u[0-9a-fA-F]{4})+)")
_UNIT = re.compile(r"\\u([0-9a-fA-F]{4})")

# No possessive group with repeats inside: `re` matches those wrongly before Python 3.11.5.
_NAME = r"(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_REFERENCE = rf"(?P<reference>&{_NAME})"
_ANY_REFERENCE = re.compile(_REFERENCE)
_IN_XML = re.compile(
    # Feeds contain pages inside elements, escaped twice.
    rf"&amp;(?P<again>{_NAME})|{_REFERENCE}|<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?=-->|\Z)",
    re.DOTALL,
)
_IN_MARKDOWN = re.compile(
    rf"{_REFERENCE}"
    r"|^[ ]{0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n"
    r"(?:[^\n]*+\n)*?(?=[ ]{0,3}(?P=fence)|[^\n]*+\Z)"
    r"|(?<!`)(?P<ticks>`{1,3})(?!`)(?:(?!(?P=ticks))[^\n]){1,999}(?P=ticks)",
    re.MULTILINE,
)

_IN_TEX = re.compile(
    r"\\begin\{(?P<code>verbatim\*?|Verbatim|lstlisting|minted)\}.*?(?=\\end\{(?P=code)\}|\Z)"
    r"|\\(?:verb|lstinline)\*?(?P<mark>[^\w\s*{])[^\n]{0,300}?(?P=mark)"
    # An accent and its letter: \"u, \"{u}, {\"u}, \'\i, \c{c}.
    r"|(?P<opened>\{)?\\(?:(?P<sign>[`'^\"~.])|(?P<name>[uvHckr])(?=\{))"
    r"(?:\{\\?(?P<braced>[A-Za-z])\}"
    r"|\\(?P<dotless>[ij])(?![A-Za-z])(?:\{\}|[ ]*)|(?P<bare>[A-Za-z]))"
    r"(?(opened)\})"
    # A named letter: \ss, {\ss}, \ss{}.
    r"|(?P<around>\{)?\\(?P<letter>ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![A-Za-z])"
    r"(?(around)\}|(?:\{\}|[ ]*))"
    # A discretionary hyphen.
    r"|(?<=[^\W\d_])(?P<break>\\-)(?=[^\W\d_])",
    re.DOTALL,
)
_QUOTATION_MARKS = frozenset("\"'")
_ACCENTS = dict(
    zip("`'^\"~.uvHckr", map(chr, (0x300, 0x301, 0x302, 0x308, 0x303, 0x307,
                                   0x306, 0x30C, 0x30B, 0x327, 0x328, 0x30A)), strict=True)
)  # fmt: skip
_LETTERS = dict(
    zip(
        tuple("ss ae AE oe OE aa AA o O l L i j".split()),
        tuple("ß æ Æ œ Œ å Å ø Ø ł Ł i j".split()),
        strict=True,
    )
)
_CAPITALS_KEPT = re.compile(r"(?<![\w\\}])\{([^\W\d_]{1,30})\}(?=[^\W\d_])")
r"""Braces that keep a capital in a title: `{L}inux` is one word."""


def with_units(text: str) -> str:
    r"""A text with escapes like `\u00fc` replaced, except those of ASCII characters."""
    return clean(_UNITS.sub(_from_units, text)) if "\\u" in text else text


def with_references(text: str) -> str:
    """XML with character references replaced, except in comments and CDATA.

    In a page inside CDATA or an escaped page, as in feeds and exported notes, only references that
    do not stand for mark-up are replaced.
    """
    return clean(_IN_XML.sub(_from_reference, text)) if "&" in text else text


def with_references_to_words(text: str) -> str:
    """Markdown with character references replaced, except those that would become mark-up."""
    return clean(_IN_MARKDOWN.sub(_from_word, text)) if "&" in text else text


def with_tex_letters(text: str) -> str:
    """TeX with accents and named letters replaced, and without discretionary hyphens."""
    return clean(_IN_TEX.sub(_from_tex, text)) if "\\" in text else text


def with_bibtex_letters(text: str) -> str:
    """BibTeX, likewise, and without the braces that keep capitals."""
    return _CAPITALS_KEPT.sub(r"\1", with_tex_letters(text))


def _from_units(match: re.Match[str]) -> str:
    units = "".join(chr(int(code, 16)) for code in _UNIT.findall(match[2]))
    decoded = units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return match[1] + decoded if min(decoded) >= "\xa0" else match.group()


def _from_reference(match: re.Match[str]) -> str:
    if match["again"]:
        return _ANY_REFERENCE.sub(_from_word, f"&{match['again']}")
    if not match["reference"]:
        is_page = match.group().startswith("<![") and "</" in match.group()
        return _ANY_REFERENCE.sub(_from_word, match.group()) if is_page else match.group()
    character = html.unescape(match["reference"])
    return " " if character < " " else character


def _from_word(match: re.Match[str]) -> str:
    if not match["reference"]:
        return match.group()
    character = html.unescape(match["reference"])
    is_word = character.isalnum() or character in _QUOTATION_MARKS
    return match.group() if character.isascii() and not is_word else character


def _from_tex(match: re.Match[str]) -> str:
    if match["break"]:
        return ""
    if match["letter"]:
        return _LETTERS[match["letter"]]
    accent = match["sign"] or match["name"]
    if not accent:
        return match.group()
    letter = match["braced"] or match["dotless"] or match["bare"]
    accented = unicodedata.normalize("NFC", letter + _ACCENTS[accent])
    # If it is not one character, the command means something else.
    return accented if len(accented) == 1 else match.group()
