"""How often words are used in a few languages, from the lists of pyspellchecker.

Only its files are read: its own class takes a second and a hundred megabytes to load one. A list
has one line per word, `"word": 50`, sorted by code point, and is searched by bisection.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

LANGUAGES = frozenset("ar de en es fa fr it lv nl pt ru".split())
"""Languages with lists, by ISO 639-1 code."""

_CARRIER = "spellchecker"
_LINE = re.compile(r'"(.+)": (\d+)')


class WordList:
    """The words of one language.

    Args:
        text: the lines of the file, without what surrounds them.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def frequency(self, word: str) -> int:
        """How often a lower-case word was counted; 0 if it is not in the list."""
        match = _LINE.match(self._text, self._first_from(word))
        return int(match[2]) if match and match[1] == word else 0

    def beginning_with(self, letters: str) -> list[str]:
        """The words with a prefix, ascending."""
        start, end = self._first_from(letters), self._first_from(letters + chr(0x10FFFF))
        return [match[1] for match in _LINE.finditer(self._text, start, end)]

    def _first_from(self, word: str) -> int:
        """Where the line of the first word not before `word` starts."""
        low, high = 0, len(self._text)
        while low < high:
            line = self._text.rfind("\n", 0, (low + high) // 2) + 1
            match = _LINE.match(self._text, line)
            end = self._text.find("\n", line) + 1 or len(self._text)
            if match is not None and match[1] < word:
                low = end
            else:
                high = line
        return low


@lru_cache(maxsize=4)
def word_list(language: str) -> WordList:
    """The list of a language in `LANGUAGES`; a few megabytes each, so only the last are cached."""
    import gzip

    spec = find_spec(_CARRIER)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {_CARRIER!r}", name=_CARRIER)
    file = Path(spec.submodule_search_locations[0], "resources", f"{language}.json.gz")
    text = gzip.decompress(file.read_bytes()).decode().replace("\r\n", "\n")
    return WordList(text.strip("{}\n"))
