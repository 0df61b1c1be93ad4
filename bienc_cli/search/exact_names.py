"""Finds the exact names in a query, and the passages that contain them.

To a bi-encoder, 10.0.0.1 and 10.0.1.0 are nearly the same; to BM25 they share their parts; and a
cross-encoder cannot tell them apart reliably. So a rare name (an address, a version, a date, an id)
is looked up verbatim: the few passages that contain it become candidates, and rank first whatever
orders the candidates. A common name says little about what is wanted and changes nothing. If no
passage contains the name verbatim, its other spellings are looked up, and an option by the lines
that explain it.

In a list of exit codes, every row looks alike to a bi-encoder, and nearly alike to a cross-encoder.
A bare number is weaker evidence than a name, since 28 can mean anything; it counts as one signal
among others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from bienc_cli.search.phrases import Wording, other_writings
from bienc_cli.search.result import Hit
from bienc_cli.store import Filter, Searchable
from bienc_cli.store.folding import plain_letters
from bienc_cli.store.spelling import digests_in

RARE = 10
"""Most passages a name may occur in and still identify what is wanted: as many as are shown."""

_MOST_NAMES = 8
"""How many names of a query are looked up; a pasted log contains hundreds."""

_RUN = re.compile(r"\S+")
_AROUND = "\"'`“”‘’«»()[]{}<>,;:!?.…*"
_CURRENCIES = "$€£¥"
_NAME = re.compile(
    # Three or more joined numbers: an address, a date, a time, a version, a section.
    r"\d[-./:]\d+[-./:]\d"
    # An explicit version; five or more digits.
    r"|^[vV]\d+\.\d|\d{5}"
    # Identifiers, and mail addresses.
    r"|[^\W_]_\w|\w::\w|\w@\w|[a-z]{3}[A-Z]|[a-z]{2}[A-Z][a-z]{2}"
    # Programming languages named by a letter and symbols (C++, C#); key combinations.
    r"|^[A-Za-z](?:\+\+|#)|^[A-Za-z]+\+[A-Z0-9]"
)
_DIGITS_OF_AN_ID = 3
"""Digits that make an id of a word with letters: E1042, MX-7731, CVE-2024-1; not B12, IL-6 or
7-day-old, which say little."""

_OPTION = re.compile(r"--?[A-Za-z][\w-]*")


def names_in(query: str) -> list[str]:
    """The exact names in a query, without repeats, in order.

    Names are three or more joined numbers (10.0.0.1, 2024-01-31), letters with three or more digits
    (E1042, MX-7731), v3.11, five digits in a row, digests and their prefixes (3f2a9c1), options
    (-C, --no-verify), key combinations (Ctrl+P), and identifiers (run_in_executor, C++,
    getUserById, a@b.org).
    """
    words = (_bare(match.group()) for match in _RUN.finditer(query))
    return list(dict.fromkeys(word for word in words if _is_name(word)))[:_MOST_NAMES]


def _bare(word: str) -> str:
    bare = word.strip(_AROUND)
    return bare.strip(_CURRENCIES) if any(map(str.isdigit, bare)) else bare


def _is_name(word: str) -> bool:
    identifies = sum(map(str.isdigit, word)) >= _DIGITS_OF_AN_ID and any(map(str.isalpha, word))
    return (
        identifies
        or bool(_NAME.search(word) or _OPTION.fullmatch(word))
        or digests_in(word) == [word]
    )


def passages_with_names(
    index: Searchable, query: str, where: Filter, proposed: Iterable[int] = ()
) -> dict[int, int]:
    """The passages that contain rare names of a query: passage id to how many of them.

    Args:
        index: opened for reading.
        query: as it was asked.
        where: restricts the search to these documents.
        proposed: ids of passages that other evidence proposes. If no passage contains a name
            verbatim, those of them that contain another spelling of it count; for an option, those
            with a line that starts with it, as the line that explains it does.
    """
    counts: dict[int, int] = {}
    proposed_passages = _ProposedPassages(index, proposed)
    for name in names_in(query):
        if _OPTION.fullmatch(name):
            passage_ids = proposed_passages.explaining(name) or proposed_passages.with_option(name)
        else:
            passage_ids = _with_verbatim(index, name, where) or proposed_passages.with_name(name)
        if len(passage_ids) <= RARE:
            for passage_id in passage_ids:
                counts[passage_id] = counts.get(passage_id, 0) + 1
    return counts


class _ProposedPassages:
    """The proposed passages, read only when first needed."""

    def __init__(self, index: Searchable, proposed: Iterable[int]) -> None:
        self._index = index
        self._proposed = proposed

    @cached_property
    def _texts(self) -> list[tuple[int, str]]:
        passages = self._index.passages([*dict.fromkeys(self._proposed)])
        return [(stored.passage_id, stored.passage.embedded_text) for stored in passages]

    def with_name(self, name: str) -> list[int]:
        """The passages that contain a name in another spelling."""
        pattern = other_writings(name)
        return [
            passage_id for passage_id, text in self._texts if pattern.search(plain_letters(text))
        ]

    def with_option(self, option: str) -> list[int]:
        """The passages that contain an option, case-sensitively."""
        pattern = re.compile(rf"(?<![\w-]){re.escape(option)}(?![\w-])")
        return [passage_id for passage_id, text in self._texts if pattern.search(text)]

    def explaining(self, option: str) -> list[int]:
        """The passages with a line that starts with an option, or with its other form before it."""
        other_form = r"--?\w[\w-]*(?:[ =][^\s,]+)?,?[ \t]+"
        pattern = re.compile(rf"(?m)^[^\w\n-]*(?:{other_form})?{re.escape(option)}(?![\w-])")
        return [passage_id for passage_id, text in self._texts if pattern.search(text)]


def _with_verbatim(index: Searchable, name: str, where: Filter) -> list[int]:
    # A common name's parts occur together in too many passages to read them all.
    holding = index.holding(name, where)
    if len(holding) > RARE:
        best_by_bm25 = dict(index.bm25(name, 2 * RARE, where))
        holding = [passage_id for passage_id in holding if passage_id in best_by_bm25]
    wording = Wording(name)
    return [
        stored.passage_id
        for stored in index.passages(holding)
        if wording.stands_in(plain_letters(stored.passage.embedded_text))
    ]


_KEYWORDS = 3
"""The most words that make a keyword query; longer queries are questions."""


def has_keywords(index: Searchable, query: str, hits: Sequence[Hit], where: Filter) -> bool:
    """Whether this is a keyword query and some hit contains each word in some form."""
    if len(query.split()) > _KEYWORDS:
        return False
    holding = set(index.holding(query, where))
    return any(hit.passage.passage_id in holding for hit in hits)


def exact_first(hits: Sequence[Hit]) -> list[Hit]:
    """Sort hits by how many of the query's rare names they contain, keeping the order of ties."""
    order = sorted(hits, key=lambda hit: -(hit.candidate.exact if hit.candidate else 0))
    return [replace(hit, rank=rank) for rank, hit in enumerate(order, 1)]


_NUMBER = re.compile(r"(?<!\w)\d+(?:[-.,:/]\d+)*(?!\w)")
_JOINT = re.compile("[-:/]")
_THOUSANDS = re.compile(r",(?=\d{3}(?!\d))")


def numbers_in(text: str) -> frozenset[str]:
    """The standalone numbers in a text, not those inside B12 or sha256.

    A joined number, such as a date, yields both itself and its parts, so that the same date matches
    better than one with day and month swapped.
    """
    numbers = [_THOUSANDS.sub("", number) for number in _NUMBER.findall(plain_letters(text))]
    return frozenset([*numbers, *(part for number in numbers for part in _JOINT.split(number))])


def shares_of_numbers(query: str, texts: Sequence[str]) -> list[float]:
    """The fraction of the query's numbers that each text contains; 0 where the query has none."""
    query_numbers = numbers_in(query)
    if not query_numbers:
        return [0.0] * len(texts)
    return [len(query_numbers & numbers_in(text)) / len(query_numbers) for text in texts]
