"""What a query names exactly, and which passages have it.

To a bi-encoder 10.0.0.1 and 10.0.1.0 are almost one, to BM25 they share their parts, and a
cross-encoder knows neither. So a name that few passages have, an address, a version, a date, an id,
is looked up to the letter: those few are candidates, and whatever orders candidates, they come
first. A name that many have says little of what is looked for, and changes nothing. One that nobody
has to the letter is looked up as others write it, and an option by the lines that explain it.

In a list of exit codes all rows are alike to a bi-encoder, and a cross-encoder hardly tells them
apart. A number by itself says less than a name, since 28 can be anything, and is a part of the
evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from bienc_cli.search.narrowing import Searched
from bienc_cli.search.result import Hit
from bienc_cli.search.wording import Wording, other_writings
from bienc_cli.store import Filter
from bienc_cli.store.folding import plain_letters
from bienc_cli.store.spelling import digests_in

RARE = 10
"""Passages that may have a name for it to tell what is looked for: as many as are shown."""

_MOST_NAMES = 8
"""Names of a query that are looked up; a pasted log has hundreds."""

_RUN = re.compile(r"\S+")
_AROUND = "\"'`“”‘’«»()[]{}<>,;:!?.…*"
_CURRENCIES = "$€£¥"
_NAME = re.compile(
    # Three numbers and more, joined: an address, a date, a time, a version, a section.
    r"\d[-./:]\d+[-./:]\d"
    # A version that says so; five digits and more.
    r"|^[vV]\d+\.\d|\d{5}"
    # What only programs write, and addresses of mail.
    r"|[^\W_]_\w|\w::\w|\w@\w|[a-z]{3}[A-Z]|[a-z]{2}[A-Z][a-z]{2}"
    # Languages of programs that are called by a letter and signs; keys that are pressed together.
    r"|^[A-Za-z](?:\+\+|#)|^[A-Za-z]+\+[A-Z0-9]"
)
_DIGITS_OF_AN_ID = 3
"""Beside a letter: E1042, MX-7731, CVE-2024-1; not B12, IL-6 or 7-day-old, which say little."""

_OPTION = re.compile(r"--?[A-Za-z][\w-]*")


def names_in(query: str) -> list[str]:
    """The words of a query that name something exactly, each once, in order.

    Three numbers and more that are joined (10.0.0.1, 2024-01-31), letters with three digits and
    more (E1042, MX-7731), v3.11, five digits in a row, digests and their beginnings (3f2a9c1),
    options (-C, --no-verify), keys (Ctrl+P), and what only programs write (run_in_executor, C++,
    getUserById, a@b.org).
    """
    words = (_bare(found.group()) for found in _RUN.finditer(query))
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


def having_names(
    index: Searched, query: str, where: Filter, proposed: Iterable[int] = ()
) -> dict[int, int]:
    """The passages that have a rare name of a query, with how many of its rare names they have.

    Args:
        index: opened for reading.
        query: as it was asked.
        where: which documents count.
        proposed: passages that other evidence proposes, by id. Where no passage has a name to the
            letter, it is those of them that have it in another writing; and of an option those
            with a line that begins with it, as the one that explains it does.
    """
    counts: dict[int, int] = {}
    near = _Near(index, proposed)
    for name in names_in(query):
        if _OPTION.fullmatch(name):
            having = near.explaining(name) or near.with_option(name)
        else:
            having = _to_the_letter(index, name, where) or near.with_name(name)
        if len(having) <= RARE:
            for passage_id in having:
                counts[passage_id] = counts.get(passage_id, 0) + 1
    return counts


class _Near:
    """What is proposed for a query, read when it is first asked for."""

    def __init__(self, index: Searched, proposed: Iterable[int]) -> None:
        self._index = index
        self._proposed = proposed

    @cached_property
    def _texts(self) -> list[tuple[int, str]]:
        stored = self._index.passages([*dict.fromkeys(self._proposed)])
        return [(one.passage_id, one.passage.embedded_text) for one in stored]

    def with_name(self, name: str) -> list[int]:
        """Those that have a name in another writing."""
        written = other_writings(name)
        return [one for one, text in self._texts if written.search(plain_letters(text))]

    def with_option(self, option: str) -> list[int]:
        """Those that have an option anywhere; its case counts."""
        written = re.compile(rf"(?<![\w-]){re.escape(option)}(?![\w-])")
        return [one for one, text in self._texts if written.search(text)]

    def explaining(self, option: str) -> list[int]:
        """Those with a line that begins with an option, or with another form of it before it."""
        other = r"--?\w[\w-]*(?:[ =][^\s,]+)?,?[ \t]+"
        explained = re.compile(rf"(?m)^[^\w\n-]*(?:{other})?{re.escape(option)}(?![\w-])")
        return [one for one, text in self._texts if explained.search(text)]


def _to_the_letter(index: Searched, name: str, where: Filter) -> list[int]:
    # What has all the parts of a common one is more than anybody would read through.
    holding = index.holding(name, where)
    if len(holding) > RARE:
        best = dict(index.bm25(name, 2 * RARE, where))
        holding = [one for one in holding if one in best]
    wording = Wording(name)
    return [
        stored.passage_id
        for stored in index.passages(holding)
        if wording.stands_in(plain_letters(stored.passage.embedded_text))
    ]


_KEYWORDS = 3
"""Words of a query that asks for what has them; longer ones are questions."""


def has_keywords(index: Searched, query: str, hits: Sequence[Hit], where: Filter) -> bool:
    """Whether a query is of few words, and a hit has each of them in some form."""
    if len(query.split()) > _KEYWORDS:
        return False
    holding = set(index.holding(query, where))
    return any(hit.passage.passage_id in holding for hit in hits)


def exact_first(hits: Sequence[Hit]) -> list[Hit]:
    """Hits that have more of the rare names of the query first, else in the order they are in."""
    order = sorted(hits, key=lambda hit: -(hit.candidate.exact if hit.candidate else 0))
    return [replace(hit, rank=rank) for rank, hit in enumerate(order, 1)]


_NUMBER = re.compile(r"(?<!\w)\d+(?:[-.,:/]\d+)*(?!\w)")
_JOINT = re.compile("[-:/]")
_THOUSANDS = re.compile(r",(?=\d{3}(?!\d))")


def numbers_in(text: str) -> frozenset[str]:
    """The numbers of a text that stand by themselves, not those of B12 or sha256.

    What is joined, as in a date, is one number and its parts, so that the same date has more in
    common with it than one that turns day and month round.
    """
    found = [_THOUSANDS.sub("", one) for one in _NUMBER.findall(plain_letters(text))]
    return frozenset([*found, *(part for one in found for part in _JOINT.split(one))])


def shares_of_numbers(query: str, texts: Sequence[str]) -> list[float]:
    """How many of the numbers of a query each text has, 0 to 1; 0 where the query has none."""
    asked = numbers_in(query)
    if not asked:
        return [0.0] * len(texts)
    return [len(asked & numbers_in(text)) / len(asked) for text in texts]
