r"""Letters that a source writes by signs of its own: `\u00fc`, `&uuml;`, `\"u`.

They become what they stand for, since people look for words as they read them. Lines stay what
they are, and code within a text as it is.
"""

from __future__ import annotations

import html
import re
import unicodedata

from bienc_cli.formats.cleaning import clean

_UNITS = re.compile(r"(?<!\\)((?:\\\\)*+)((?:\\u[0-9a-fA-F]{4})+)")
_UNIT = re.compile(r"\\u([0-9a-fA-F]{4})")

# Nowhere a possessive group whose inside may go back: before Python 3.11.5 `re` matches it wrongly.
_NAME = r"(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
_REFERENCE = rf"(?P<reference>&{_NAME})"
_ANY_REFERENCE = re.compile(_REFERENCE)
_IN_XML = re.compile(
    # In what feeds escape twice, pages stand within elements.
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
    # A letter by its name: \ss, {\ss}, \ss{}.
    r"|(?P<around>\{)?\\(?P<letter>ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?![A-Za-z])"
    r"(?(around)\}|(?:\{\}|[ ]*))"
    # Where a word may be divided.
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
r"""`{L}inux` in a title, which is one word."""


def with_units(text: str) -> str:
    r"""A text with its `\u00fc` read, where it is of letters and signs beyond ASCII."""
    return clean(_UNITS.sub(_from_units, text)) if "\\u" in text else text


def with_references(text: str) -> str:
    """XML with its references to characters read, but for those in comments and CDATA.

    In a page that CDATA holds or that is escaped itself, as in feeds and exported notes, those
    are read that stand for no mark-up.
    """
    return clean(_IN_XML.sub(_from_reference, text)) if "&" in text else text


def with_references_to_words(text: str) -> str:
    """Markdown with its references read, but for those to what would be mark-up itself."""
    return clean(_IN_MARKDOWN.sub(_from_word, text)) if "&" in text else text


def with_tex_letters(text: str) -> str:
    """TeX with its accents and named letters read, and words that may be divided whole."""
    return clean(_IN_TEX.sub(_from_tex, text)) if "\\" in text else text


def with_bibtex_letters(text: str) -> str:
    """Likewise BibTeX, and its words without the braces that keep their capitals."""
    return _CAPITALS_KEPT.sub(r"\1", with_tex_letters(text))


def _from_units(found: re.Match[str]) -> str:
    units = "".join(chr(int(code, 16)) for code in _UNIT.findall(found[2]))
    read = units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return found[1] + read if min(read) >= "\xa0" else found.group()


def _from_reference(found: re.Match[str]) -> str:
    if found["again"]:
        return _ANY_REFERENCE.sub(_from_word, f"&{found['again']}")
    if not found["reference"]:
        is_page = found.group().startswith("<![") and "</" in found.group()
        return _ANY_REFERENCE.sub(_from_word, found.group()) if is_page else found.group()
    read = html.unescape(found["reference"])
    return " " if read < " " else read


def _from_word(found: re.Match[str]) -> str:
    if not found["reference"]:
        return found.group()
    read = html.unescape(found["reference"])
    is_markup = read.isascii() and not read.isalnum() and read not in _QUOTATION_MARKS
    return found.group() if is_markup else read


def _from_tex(found: re.Match[str]) -> str:
    if found["break"]:
        return ""
    if found["letter"]:
        return _LETTERS[found["letter"]]
    accent = found["sign"] or found["name"]
    if not accent:
        return found.group()
    letter = found["braced"] or found["dotless"] or found["bare"]
    read = unicodedata.normalize("NFC", letter + _ACCENTS[accent])
    # What is no letter of any alphabet means something else.
    return read if len(read) == 1 else found.group()
