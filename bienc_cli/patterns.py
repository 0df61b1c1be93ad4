"""Path patterns with git's semantics: in ignore files, and for `--include`, `--exclude`, `--path`.

git judges every file and directory by itself: the last rule that matches the entry decides, and
nothing below an ignored directory is examined. `pathspec.GitIgnoreSpec` judges whole paths, where a
rule also matches everything below its match; walking with it, `*` followed by `!*/` would prune
every directory. So rules are separated here, and pathspec only translates their wildcards.

To git a name is bytes, and `?` is one of them: `ü` needs two, on any file system and in any locale.
So every non-ASCII byte of patterns and paths is a character of its own here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from bienc_cli.errors import UsageError


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an ignore file.

    Attributes:
        negated: re-includes what an earlier rule ignored.
        directories_only: it ended in a slash.
        by_name: it had no other slash, so it matches names at any depth; otherwise paths relative
            to the directory of the ignore file.
        below: it ended in `/**`: it applies to everything below its match, but not to the match.
        expression: matched against the whole name or path.
    """

    negated: bool
    directories_only: bool
    by_name: bool
    below: bool
    expression: re.Pattern[str]

    def matches(self, path: str, *, is_directory: bool) -> bool:
        """Whether it applies to this entry; `path` is relative to the ignore file."""
        if self.directories_only and not is_directory:
            return False
        path = _bytewise(path)
        if self.below:
            parent = path.rpartition("/")[0]
            while parent:
                if self.expression.fullmatch(parent):
                    return True
                parent = parent.rpartition("/")[0]
            return False
        subject = path.rpartition("/")[2] if self.by_name else path
        return self.expression.fullmatch(subject) is not None


def parse_rule(line: str) -> Rule | None:
    """Parse a line of an ignore file; None for comments, blank lines and what git ignores.

    Raises:
        ValueError: malformed.
    """
    signs = _SIGN.findall(_bytewise(line))
    while signs and signs[-1] == " ":
        signs.pop()
    body = "".join(signs)
    if not body or body.startswith("#"):
        return None
    negated = body.startswith("!")
    body = body.removeprefix("!")
    directories_only = body.endswith("/")
    body = _ASTERISKS.sub("**", body.removesuffix("/"))
    by_name = "/" not in body
    body = body.removeprefix("/")
    anywhere = body.startswith("**/")
    while body.startswith("**/"):
        body = body.removeprefix("**/")
    below = body.endswith("/**")
    while body.endswith("/**"):
        body = body.removesuffix("/**")
    if body == "**" or ((by_name or anywhere) and not below and "/" not in body):
        # Two asterisks only differ from one between slashes.
        by_name, body = True, re.sub(r"\*{2,}", "*", body)
    elif anywhere:
        body = f"**/{body}"
    if not body:
        return None
    with warnings.catch_warnings():
        # Nested brackets, which mean the same to `re` as to git.
        warnings.simplefilter("ignore", FutureWarning)
        expression = GitIgnoreSpecPattern(f"/{_with_ranges(_with_its_end(body))}").regex
    if expression is None:
        return None
    if expression.pattern == ".":
        # pathspec's result for `**/*` is for searching: any path.
        expression = _ANY
    return Rule(negated, directories_only, by_name, below, expression)


_ANY = re.compile(".+", re.DOTALL)

_SIGN = re.compile(r"\\?.|\\", re.DOTALL)
"""A character of a pattern, with a backslash that escapes it."""

_ASTERISKS = re.compile(r"(?<![^/])\*{3,}(?![^/])")
"""More than two between slashes, which are equivalent to two."""


def _bytewise(text: str) -> str:
    """A name or pattern with one character per non-ASCII byte, none of them white space."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("ascii", "surrogateescape")


def _with_its_end(body: str) -> str:
    """A pattern with trailing white space in brackets, because pathspec would strip it."""
    *signs, last = _SIGN.findall(body)
    return f"{''.join(signs)}[{last[-1]}]" if last[-1].isspace() else body


# None starts with an exclamation mark, which would negate the class, or contains a slash,
# which would split the pattern.
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \t",
    "cntrl": "\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": '#-~!"',
    "lower": "a-z",
    "print": " -~",
    "punct": ':-@#-.!"[-`{-~',
    "space": " \t\n\r\f\v",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_BRACKETS = re.compile(r"\\.|\[[!^]?\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*\]")


def _with_ranges(body: str) -> str:
    """A pattern with `[[:digit:]]` and the like as ranges, which pathspec understands.

    Raises:
        ValueError: there is no such class.
    """

    def ranges(bracket: re.Match[str]) -> str:
        return re.sub(r"\[:([a-z]+):\]", lambda name: _class(name[1]), bracket[0])

    return _BRACKETS.sub(ranges, body)


def _class(name: str) -> str:
    if name not in _CLASSES:
        raise ValueError(f"there is no class {name}")
    return _CLASSES[name]


def parse_rules(lines: Iterable[str]) -> tuple[Rule, ...]:
    """Parse an ignore file; malformed lines are ignored, as in git."""
    rules = []
    for line in lines:
        try:
            rule = parse_rule(line)
        except (ValueError, re.error):
            continue
        if rule is not None:
            rules.append(rule)
    return tuple(rules)


def parse_patterns(option: str, patterns: Sequence[str]) -> tuple[Rule, ...]:
    """Parse patterns given by a person, none of which is a comment.

    Raises:
        UsageError: one is malformed.
    """
    rules = []
    for pattern in patterns:
        # A path as the shell completes it; and `#` starts a name, not a comment.
        body = f"/{pattern[2:]}" if pattern.startswith("./") else pattern
        try:
            rule = parse_rule(f"\\{body}" if body.startswith("#") else body)
        except (ValueError, re.error):
            rule = None
        if rule is None:
            raise UsageError(
                f"The pattern {pattern!r} of {option} is malformed.",
                "patterns are written as in .gitignore: '*.md', 'drafts/', 'docs/**/*.txt'",
            )
        rules.append(rule)
    return tuple(rules)


def verdict(rules: Sequence[Rule], path: str, *, is_directory: bool) -> bool | None:
    """What the rules say about one entry: True ignored, False re-included, None nothing."""
    for rule in reversed(rules):
        if rule.matches(path, is_directory=is_directory):
            return not rule.negated
    return None


class PathFilter:
    """Selects files by patterns: the file itself matches, or a directory above it.

    A pattern starting with `!` excludes; if all do, everything else is selected. Composed and
    decomposed letters are equal, because systems and keyboards differ in them.

    Args:
        patterns: as in an ignore file.

    Raises:
        UsageError: one is malformed.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        rules = parse_patterns("--path", [normalize("NFC", pattern) for pattern in patterns])
        included = [rule for rule in rules if not rule.negated]
        excluded = [rule for rule in rules if rule.negated]
        self._included = _MatchedFiles(included) if included else None
        self._excluded = _MatchedFiles(excluded) if excluded else None

    def matches(self, names: Iterable[str]) -> bool:
        """Whether a file is selected, under any of its names."""
        composed = {name if name.isascii() else normalize("NFC", name) for name in names}
        if self._included and not any(map(self._included.has, composed)):
            return False
        return not (self._excluded and any(map(self._excluded.has, composed)))


class _MatchedFiles:
    """The files that rules match, or that are below a match; each directory is judged once."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._directories = {"": False}

    def has(self, path: str) -> bool:
        if self._has_directory(path.rpartition("/")[0]):
            return True
        return any(rule.matches(path, is_directory=False) for rule in self._rules)

    def _has_directory(self, path: str) -> bool:
        unjudged = []
        while (matched := self._directories.get(path)) is None:
            unjudged.append(path)
            path = path.rpartition("/")[0]
        for directory in reversed(unjudged):
            matched = matched or any(
                rule.matches(directory, is_directory=True) for rule in self._rules
            )
            self._directories[directory] = matched
        return matched
