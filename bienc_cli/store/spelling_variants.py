"""American and British spellings: colour and color, organise and organize.

Each is looked up as the other. Applying a rule to a word that merely looks like one of these hardly
ever yields another word, because no rule touches the beginning, where short words differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BEGINNING = re.compile("[^aeiouy]*[aeiouy]+")
_BEHIND_IT = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        ("our", "or"),
        ("or", "our"),
        ("(?<=i)s(?=e|ing|ation|able)", "z"),
        ("(?<=i)z(?=e|ing|ation|able)", "s"),
        ("(?<=ly)s(?=e|ing)", "z"),
        ("(?<=ly)z(?=e|ing)", "s"),
        ("(?<=[bt])re(?=s?$)", "er"),
        ("(?<=[bt])er(?=s?$)", "re"),
        ("(?<=en)c(?=e)", "s"),
        ("(?<=en)s(?=e)", "c"),
        ("(?<=[aeiou])ll(?=ed|ing|er|or|ful|ment)", "l"),
        ("(?<=[aeiou])l(?=ed|ing|er|or|ful|ment)", "ll"),
        ("(?<=og)ue", ""),
        ("(?<=og)(?=s?$)", "ue"),
        ("(?<=gram)me", ""),
        ("(?<=gram)(?=s?$)", "me"),
        ("inium", "inum"),
        ("inum", "inium"),
    )
)
_ANYWHERE = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # Not poet and pet.
        ("[ao](?=e[a-z]{3}|ea$)", ""),
        ("(?<=[^aeiou])(?=e[^aeiou][a-z]{2})", "a"),
        ("(?:^|(?<=[^aeiou]))(?=e[^aeiou][a-z]{2}|ea$)", "o"),
        ("(?<=sul)ph", "f"),
        ("(?<=sul)f", "ph"),
        ("^grey", "gray"),
        ("^gray", "grey"),
        ("^mould", "mold"),
        ("^mold", "mould"),
        ("^scep", "skep"),
        ("^skep", "scep"),
    )
)
_SHORTEST = 4
_LONGEST = 24
"""Letters of the words that may have another spelling."""


def otherwise(word: str) -> Iterator[str]:
    """The other spellings of a word in plain letters, one change each."""
    if not _SHORTEST <= len(word) <= _LONGEST or not word.isascii():
        return
    beginning = _BEGINNING.match(word)
    start = beginning.end() if beginning else len(word)
    for rules, first in ((_BEHIND_IT, start), (_ANYWHERE, 0)):
        unchanged, rest = word[:first], word[first:]
        for pattern, replacement in rules:
            for match in pattern.finditer(rest):
                yield unchanged + rest[: match.start()] + replacement + rest[match.end() :]
