"""Matches a phrase or a name in a text, verbatim or in another spelling."""

from __future__ import annotations

import re
from functools import lru_cache

from bienc_cli.store.folding import is_unspaced, plain_letters
from bienc_cli.store.spelling import SHORTEST_DIGEST, digests_in

_BETWEEN_WORDS = r"[^\w\s]*\s+[^\w\s]*"
"""White space with optional punctuation on either side: a comma does not break a phrase."""

_SIGNS = ("'’‘′", "-‐‒–—−")
"""Interchangeable characters: word processors replace the ones that are typed."""
_PATTERN_OF_SIGN = {sign: f"[{re.escape(signs)}]" for signs in _SIGNS for sign in signs}


class Wording:
    """A phrase or a name to be matched in texts.

    Case, accents, compatibility forms, the amount of white space, and the kind of apostrophe or
    dash do not matter. It does not match inside a longer word, nor, if it has digits, inside a
    longer number, address or date: 10.0.0.1 is not in 110.0.0.1, 10.0.0.12 or 10.0.0.1.5.
    """

    def __init__(self, phrase: str) -> None:
        words = [word.rstrip(".,;:!?") or word for word in plain_letters(phrase).split()]
        pattern = _BETWEEN_WORDS.join(map(_pattern_of_word, words))
        lookbehind, lookahead = _edges(words[0], words[-1]) if words else ("", "")
        self._pattern = re.compile(lookbehind + pattern + lookahead)

    def stands_in(self, text: str) -> bool:
        """Whether the text contains it.

        Args:
            text: folded by `plain_letters`.
        """
        return self._pattern.search(text) is not None


def _pattern_of_word(word: str) -> str:
    return "".join(_PATTERN_OF_SIGN.get(character) or re.escape(character) for character in word)


def _edges(first: str, last: str) -> tuple[str, str]:
    lookbehind = lookahead = ""
    strict = first[0] == "-" or any(map(str.isdigit, first + last))
    if _is_of_a_word(first[0]):
        lookbehind = r"(?<!\w)(?<!\w[-.])" if strict and first[0].isdigit() else r"(?<!\w)"
    if _is_of_a_word(last[-1]):
        # An ISO date may be followed by a time.
        lookahead = r"(?:(?=t\d)|(?!\w|[-.]\w))" if strict else r"(?!\w)"
    return lookbehind, lookahead


def _is_of_a_word(character: str) -> bool:
    return (character.isalnum() or character == "_") and not is_unspaced(character)


@lru_cache(maxsize=256)
def wording(phrase: str) -> Wording:
    """The `Wording` of a phrase; recent ones are cached."""
    return Wording(phrase)


# ------------------------------------------------------------ other writings

_JOINT = r"[-_\s\u2010]?"
_BETWEEN_PIECES = re.compile(r"[-_]+|(?<=[^\W\d_])(?=\d)|(?<=[a-z])(?=[A-Z])")
_PIECE = re.compile(r"[\w-]+|[^\w-]+")

_BETWEEN_DIGITS = r"[-\s()/]{0,2}"
_THOUSANDS = r"[,.'’\s]?"
_DIGITS_TELL = 7
"""Digits from which a number identifies a telephone number, ISBN or account however it is
grouped."""


@lru_cache(maxsize=64)
def other_writings(name: str) -> re.Pattern[str]:
    """A pattern that finds other spellings of a name in a text folded by `plain_letters`.

    Its parts may be joined by nothing, a hyphen, an underscore or a blank: getUserById and
    get_user_by_id, ABC-123 and ABC 123. Thousands may be separated, and seven or more digits may be
    grouped in any way. A commit's digest may be abbreviated in the text or in the name.
    """
    if digests_in(name) == [name]:
        optional_digits = ""
        for digit in reversed(name[SHORTEST_DIGEST:]):
            optional_digits = (
                f"(?:{digit}{optional_digits})?" if optional_digits else f"(?:{digit}[0-9a-f]*)?"
            )
        digest = f"{name[:SHORTEST_DIGEST]}{optional_digits or '[0-9a-f]*'}"
        return re.compile(rf"(?<!\w)(?:(?:0x)?{digest}|{_pattern_of_pieces(name)})(?!\w)")
    lookbehind = r"(?<!\d[-.,'])" if name[0].isdigit() else ""
    return re.compile(rf"(?<!\w){lookbehind}{_pattern_of_pieces(name)}(?!\w|-\w|[.,']\d)")


def _pattern_of_pieces(name: str) -> str:
    ungrouped = re.sub(r"(?<=\d)[,'’](?=\d{3}(?!\d))", "", name)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}", ungrouped):
        ungrouped = ungrouped.replace(".", "")
    return "".join(
        _pattern_of_run(run) if run[0].isalnum() or run[0] in "_-" else re.escape(run)
        for run in _PIECE.findall(ungrouped)
    )


def _pattern_of_run(run: str) -> str:
    if run.isalnum() and sum(map(str.isdigit, run)) >= _DIGITS_TELL:
        number = _pattern_of_number(run) if run.isdigit() else plain_letters(run)
        return f"(?:{number}|{_BETWEEN_DIGITS.join(plain_letters(run))})"
    pieces = filter(None, _BETWEEN_PIECES.split(run))
    return _JOINT.join(
        _pattern_of_number(piece) if piece.isdigit() else plain_letters(piece) for piece in pieces
    )


def _pattern_of_number(digits: str) -> str:
    """A pattern for a number of five or more digits, with or without thousands separators."""
    if len(digits) < 5:
        return digits
    first = len(digits) % 3
    groups = [digits[:first]] * bool(first)
    groups += [digits[start : start + 3] for start in range(first, len(digits), 3)]
    return _THOUSANDS.join(groups)
