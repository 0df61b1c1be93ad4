"""Parses the operators of a query: `"a phrase"` is required, `-word` is excluded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bienc_cli.errors import UsageError
from bienc_cli.store.folding import is_unspaced

_QUOTATION_MARKS = (('"', '"'), ("“", "”"), ("„", "“"), ("„", "”"), ("«", "»"), ("»", "«"))
"""Opening and closing marks of English, German, Polish, French and others."""

# Linear: a quotation is anything without a quotation mark in it.
_QUOTATION = "|".join(f"{opens}([^{opens}{closes}]+){closes}" for opens, closes in _QUOTATION_MARKS)
_OPERATOR = re.compile(
    # A quotation, perhaps excluded by a minus; it starts where a word can start.
    rf"(?<!\S)(?P<minus>-?)(?:{_QUOTATION})(?!\w)"
    # Scripts without blanks between words: a quotation starts and ends anywhere.
    r"|「([^「」]+)」|『([^『』]+)』"
    # An excluded word; not an option (-d, --no-verify, -std=c99) or a negative number.
    r"|(?<!\S)-(?P<word>[A-Za-z][^\s\"=]{2,}|[^\W\dA-Za-z_][^\s\"=]*)(?!\S)"
)


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A parsed query.

    Attributes:
        text: what the models and BM25 get: no quotation marks, no excluded words.
        phrases: a passage must contain each of them verbatim.
        without: a passage may contain none of these words, in any form.
        without_phrases: a passage may contain none of these verbatim.
    """

    text: str
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    without_phrases: tuple[str, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether the query restricts which passages can match."""
        return bool(self.phrases or self.without or self.without_phrases)

    @property
    def restrictions(self) -> str:
        """The restrictions, worded to follow "is": `with "a phrase"`."""
        wanted = [f'with "{phrase}"' for phrase in self.phrases]
        unwanted = [f"'{word}'" for word in self.without]
        unwanted += [f'"{phrase}"' for phrase in self.without_phrases]
        return " and ".join(wanted + [f"without {excluded}" for excluded in unwanted])


def parse_operators(query: str) -> ParsedQuery:
    """Separate words, phrases and exclusions.

    A minus has no meaning inside a word, between blanks, doubled, or before a number or one or two
    Latin letters (`git clean -d`); nor has a quotation mark without its partner.

    Raises:
        UsageError: the query only excludes and asks for nothing.
    """
    phrases: dict[str, None] = {}
    without: dict[str, None] = {}
    without_phrases: dict[str, None] = {}

    def replacement(match: re.Match[str]) -> str:
        minus, *quotations, word = match.groups()
        quoted = next(filter(None, quotations), None)
        words = " ".join((quoted or word).split())
        if not any(map(str.isalnum, words)):
            return match.group()
        if quoted is not None and not minus:
            phrases[words] = None
            return words
        bare = "" if quoted else words.rstrip(".,;:!?)")
        if bare.isalnum() and not any(map(is_unspaced, bare)):
            without[bare] = None
        else:
            without_phrases[bare or words] = None
        return " "

    text = " ".join(_OPERATOR.sub(replacement, query).split())
    if not (phrases or without or without_phrases):
        return ParsedQuery(query)
    if not text:
        raise UsageError(
            f"The query only says what is not wanted: {query.strip()}.",
            "say what is: 'jaguar -car'; to look for a word with a hyphen, put it in quotes: "
            "'\"-car\"'",
        )
    return ParsedQuery(text, tuple(phrases), tuple(without), tuple(without_phrases))
