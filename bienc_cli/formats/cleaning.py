"""The one place where text is made fit to be read, matched, stored and shown.

What is cleaned here is the document's text itself: passages are slices of the cleaned text. No
line break comes or goes, so that lines keep their numbers. Forms that a person can tell apart,
such as full-width letters, stay as they are; the word index folds them (`store/folding.py`).
"""

from __future__ import annotations

import re
import unicodedata

_TERMINAL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[()][0-9A-Z]|.?)"
)
"""Colours, titles and other commands to a terminal."""

_OVERSTRUCK = re.compile(r"[^\n\x08]\x08")
"""How typewriters and manual pages print bold: the character, a step back, and again."""

_HYPHENATED_LINE = re.compile(r"(?<!\S)(\S{0,99})\xad[ \t]*\n([ \t]*)(\S+)[ \t]?")
"""A word that a soft hyphen divides at the end of a line."""

_INVISIBLE = re.compile(
    "["
    # Soft hyphen, spaces and joiners without width; directions; operators nobody sees.
    "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "]+"
)
_NEEDLESS_JOINERS = re.compile(
    # They shape Arabic and Indic letters and join emoji; behind other characters they only
    # divide words.
    "(?:\\A|(?<=[\\x00-\u058f\u1e00-\u1fff\u2000-\u206f\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]))"
    "[\u200c\u200d]+"
)
_CONTROLS = re.compile(r"[\x01-\x08\x0e-\x1f\x7f]+")
_C1_CONTROLS = re.compile(r"[\x80-\x9f]")
_NULS = re.compile(r"\0+")
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
)
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
"""A raised digit is a footnote's or an exponent, and no part of the word in front of it."""

_UNSEEN = re.compile(
    "[\x80-\x9f\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufb00-\ufb06\ufeff]"
)
"""What `clean` changes of text beyond ASCII; to look for one is many times faster than that."""

_SUSPECT = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")


def clean(text: str) -> str:
    """Take out what nobody sees and what no store, terminal or model takes.

    - Soft hyphens, marks without width, directions and commands to a terminal go; joiners stay
      where they shape letters or pictures.
    - Letters are composed (NFC), ligatures taken apart.
    - Controls become spaces; those that are Windows-1252 read as Latin-1 become what they were.
    - NULs and lone surrogates become U+FFFD; surrogate pairs become their character.
    """
    if _SUSPECT.search(text):
        text = _TERMINAL.sub("", text)
        while "\x08" in text and (struck := _OVERSTRUCK.sub("", text)) != text:
            text = struck
        text = _NULS.sub("\ufffd", text)
        text = _CONTROLS.sub(" ", text)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if _UNSEEN.search(text):
        text = _C1_CONTROLS.sub(_as_windows, text)
        if "\xad" in text:
            text = _HYPHENATED_LINE.sub(_on_one_line, text)
        text = _INVISIBLE.sub("", text.translate(_LIGATURES))
        if "\u200c" in text or "\u200d" in text:
            text = _NEEDLESS_JOINERS.sub("", text)
    return unicodedata.normalize("NFC", text)


def _on_one_line(word: re.Match[str]) -> str:
    """The word on its first line, or on its second where that one would be left empty."""
    first, indent, second = word.groups()
    text, start, end = word.string, word.start(), word.end()
    goes_on = text[end : end + 1] not in ("", "\n")
    alone = not text[text.rfind("\n", 0, start) + 1 : start].strip()
    return f"{first}{second}\n" if goes_on or alone else f"\n{indent}{first}{second}"


def _as_windows(control: re.Match[str]) -> str:
    return control.group().encode("latin-1").decode("cp1252", "ignore")
