"""What people write into a query beside words: `"a phrase"` to be there, `-word` not to be."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bienc_cli.errors import UsageError
from bienc_cli.store.folding import is_unspaced

_QUOTATION_MARKS = (('"', '"'), ("“", "”"), ("„", "“"), ("„", "”"), ("«", "»"), ("»", "«"))
"""Of English, German, Polish, French and others: what opens a quotation, and what closes it."""

# What is between two of them is gone through once: no mark in it, and whatever else.
_QUOTATION = "|".join(f"{opens}([^{opens}{closes}]+){closes}" for opens, closes in _QUOTATION_MARKS)
_OPERATOR = re.compile(
    # A quotation, or a minus in front of a word or of one; both begin where a word can begin.
    rf"(?<!\S)(?P<minus>-?)(?:{_QUOTATION})(?!\w)"
    # Where no blanks are between words, it begins and ends anywhere.
    r"|「([^「」]+)」|『([^『』]+)』"
    # Not an option (-d, --no-verify, -std=c99) and no number below zero.
    r"|(?<!\S)-(?P<word>[A-Za-z][^\s\"=]{2,}|[^\W\dA-Za-z_][^\s\"=]*)(?!\S)"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, understood.

    Attributes:
        text: what models and BM25 are asked: without quotation marks and what is not wanted.
        phrases: each must stand in a passage, word for word.
        without: words of which none may be in a passage, in any of its forms.
        without_phrases: none may stand in a passage, word for word.
    """

    text: str
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    without_phrases: tuple[str, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether not every passage will do."""
        return bool(self.phrases or self.without or self.without_phrases)

    @property
    def said(self) -> str:
        """What is asked of a passage, as it can stand behind "is": `with "a phrase"`."""
        wanted = [f'with "{one}"' for one in self.phrases]
        unwanted = [f"'{one}'" for one in self.without]
        unwanted += [f'"{one}"' for one in self.without_phrases]
        return " and ".join(wanted + [f"without {one}" for one in unwanted])


def understood(query: str) -> Asked:
    """Tell words, phrases and what is not wanted apart.

    A quotation mark without its partner, a minus within a word, between blanks, in front of a
    number or of one or two Latin letters (`git clean -d`), and two of them are as they are.

    Raises:
        UsageError: everything is to be left out, and nothing is asked for.
    """
    phrases: dict[str, None] = {}
    without: dict[str, None] = {}
    without_phrases: dict[str, None] = {}

    def taken(found: re.Match[str]) -> str:
        minus, *quotations, word = found.groups()
        quoted = next(filter(None, quotations), None)
        said = " ".join((quoted or word).split())
        if not any(map(str.isalnum, said)):
            return found.group()
        if quoted is not None and not minus:
            phrases[said] = None
            return said
        bare = "" if quoted else said.rstrip(".,;:!?)")
        if bare.isalnum() and not any(map(is_unspaced, bare)):
            without[bare] = None
        else:
            without_phrases[bare or said] = None
        return " "

    text = " ".join(_OPERATOR.sub(taken, query).split())
    if not (phrases or without or without_phrases):
        return Asked(query)
    if not text:
        raise UsageError(
            f"The query only says what is not wanted: {query.strip()}.",
            "say what is: 'jaguar -car'; to look for a word with a hyphen, put it in quotes: "
            "'\"-car\"'",
        )
    return Asked(text, tuple(phrases), tuple(without), tuple(without_phrases))
