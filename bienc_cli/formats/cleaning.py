"""Cleans text: the one place that makes it fit to match, store and show.

Passages are slices of the cleaned text. Line breaks are neither added nor removed, so lines keep
their numbers. Forms that a person can tell apart, such as full-width letters, stay; the word index
folds them (`store/folding.py`).
"""

from __future__ import annotations

import re
import unicodedata

_TERMINAL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[()][0-9A-Z]|.?)"
)
"""Terminal control sequences: colours, titles and the like."""

_OVERSTRUCK = re.compile(r"[^\n\x08]\x08")
"""Bold as on typewriters and in manual pages: the character, a backspace, the character again."""

_HYPHENATED_LINE = re.compile(r"(?<!\S)(\S{0,99})\xad[ \t]*\n([ \t]*)(\S+)[ \t]?")
"""A word that a soft hyphen divides at the end of a line."""

_INVISIBLE = re.compile(
    "["
    # Soft hyphen, zero-width spaces and joiners; directional marks; invisible operators.
    "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "]+"
)
_NEEDLESS_JOINERS = re.compile(
    # Joiners shape Arabic and Indic letters and join emoji; after other characters they only split
    # words.
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
"""A superscript digit is a footnote mark or an exponent, not part of the word before it."""

_UNSEEN = re.compile(
    "[\x80-\x9f\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufb00-\ufb06\ufeff]"
)
"""Non-ASCII characters that `clean` changes; searching for one is much faster than cleaning."""

_SUSPECT = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")


def clean(text: str) -> str:
    """Remove what is invisible, and what a store, a terminal or a model cannot take.

    - Soft hyphens, zero-width and directional marks and terminal control sequences are removed;
      joiners stay where they shape letters or emoji.
    - Letters are composed (NFC), ligatures split.
    - Control characters become spaces; those of Windows-1252 decoded as Latin-1 are decoded again.
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
    """The word on its first line, or on its second if that would otherwise be left empty."""
    first, indent, second = word.groups()
    text, start, end = word.string, word.start(), word.end()
    continues = text[end : end + 1] not in ("", "\n")
    alone = not text[text.rfind("\n", 0, start) + 1 : start].strip()
    return f"{first}{second}\n" if continues or alone else f"\n{indent}{first}{second}"


def _as_windows(control: re.Match[str]) -> str:
    return control.group().encode("latin-1").decode("cp1252", "ignore")
