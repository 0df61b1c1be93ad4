"""Ignore files with git's semantics.

git judges every file and directory by itself: the last rule that matches the very entry
decides, the deepest ignore file first, and nothing below an ignored directory is looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bienc_cli.errors import UsageError
from bienc_cli.indexing.wildmatch import MalformedPattern, Wildcards, translate


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an ignore file.

    Attributes:
        negated: brings back what an earlier rule ignored.
        directories_only: it ended in a slash.
        by_name: it had no other slash, so matches names at any depth; otherwise paths
            relative to the directory of the ignore file.
        wildcards: to match in full.
    """

    negated: bool
    directories_only: bool
    by_name: bool
    wildcards: Wildcards

    def matches(self, path: Sequence[bytes], *, is_directory: bool) -> bool:
        """Whether it is about this entry, whose path is relative to the ignore file."""
        if self.directories_only and not is_directory:
            return False
        return self.wildcards.match(path[-1:] if self.by_name else path)


def parse_rule(line: str, *, ignore_case: bool = False) -> Rule | None:
    """Parse a line of an ignore file; None for comments, blank lines and what git disregards.

    Raises:
        MalformedPattern: it can match nothing.
    """
    if line.startswith("#"):
        return None
    body = _without_trailing_spaces(line)
    negated = body.startswith("!")
    body = body.removeprefix("!")
    directories_only = body.endswith("/")
    body = body.removesuffix("/")
    by_name = "/" not in body
    body = body.removeprefix("/")
    if not body:
        return None
    wildcards = translate(os.fsencode(body), ignore_case=ignore_case)
    return Rule(negated, directories_only, by_name, wildcards)


def _without_trailing_spaces(line: str) -> str:
    """As git has it: spaces stay where a backslash stands before the first of them."""
    end = position = 0
    while position < len(line):
        escaped = line[position] == "\\"
        if escaped and position + 1 == len(line):
            return line
        position += 2 if escaped else 1
        if escaped or line[position - 1] != " ":
            end = position
    return line[:end]


def parse_rules(lines: Iterable[str], *, ignore_case: bool = False) -> tuple[Rule, ...]:
    """Parse an ignore file; lines that are malformed are disregarded, as git does."""
    rules = []
    for line in lines:
        try:
            rule = parse_rule(line, ignore_case=ignore_case)
        except MalformedPattern:
            continue
        if rule is not None:
            rules.append(rule)
    return tuple(rules)


def parse_patterns(option: str, patterns: Sequence[str]) -> tuple[Rule, ...]:
    """Parse patterns that a person gave.

    Raises:
        UsageError: one is malformed.
    """
    rules = []
    for pattern in patterns:
        try:
            rule = parse_rule(pattern)
        except MalformedPattern:
            rule = None
        if rule is None:
            raise UsageError(
                f"The pattern {pattern!r} of {option} is malformed.",
                "patterns are written as in .gitignore: '*.md', 'drafts/', 'docs/**/*.txt'",
            )
        rules.append(rule)
    return tuple(rules)


def names_of(path: str) -> tuple[bytes, ...]:
    """A path (POSIX) as the names that rules match; () for ""."""
    return tuple(os.fsencode(path).split(b"/")) if path else ()


def verdict(rules: Sequence[Rule], path: Sequence[bytes], *, is_directory: bool) -> bool | None:
    """What the rules say of one entry: True ignored, False brought back, None nothing."""
    for rule in reversed(rules):
        if rule.matches(path, is_directory=is_directory):
            return not rule.negated
    return None


@dataclass(frozen=True, slots=True)
class Level:
    """The rules of one file, and how many names of a path lead to the directory they are of."""

    depth: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class IgnoreFiles:
    """The rules in force in a directory: those of its ignore files and of the ones above.

    Attributes:
        levels: weakest first.
        above: names that lead from the outermost directory with rules to the root.
        ignore_case: as the file system of the repository does.
    """

    levels: tuple[Level, ...] = ()
    above: tuple[bytes, ...] = ()
    ignore_case: bool = False

    def within(self, directory: str, lines: Sequence[str]) -> IgnoreFiles:
        """The rules in force in a directory, given lines of its own.

        Args:
            directory: its path under the root, "" for the root.
            lines: of its ignore files, the strongest last.
        """
        rules = parse_rules(lines, ignore_case=self.ignore_case)
        if not rules:
            return self
        level = Level(len(self.above) + len(names_of(directory)), rules)
        return IgnoreFiles((*self.levels, level), self.above, self.ignore_case)

    def ignore(self, path: str, *, is_directory: bool) -> bool:
        """Whether an entry under the root is ignored, given that its directory is not."""
        return self.ignore_names((*self.above, *names_of(path)), is_directory=is_directory)

    def ignore_names(self, names: tuple[bytes, ...], *, is_directory: bool) -> bool:
        """The same of an entry whose path begins at the outermost directory with rules."""
        for level in reversed(self.levels):
            decided = verdict(level.rules, names[level.depth :], is_directory=is_directory)
            if decided is not None:
                return decided
        return False


@dataclass(frozen=True, slots=True)
class Selection:
    """The patterns of `--include` and `--exclude`, relative to the root."""

    include: tuple[Rule, ...]
    exclude: tuple[Rule, ...]

    def excludes(self, path: str, *, is_directory: bool) -> bool:
        """Whether to pass over an entry."""
        return bool(verdict(self.exclude, names_of(path), is_directory=is_directory))

    def includes(self, path: str) -> bool:
        """Whether a file is asked for: it or a directory above it matches, deepest first."""
        if not self.include:
            return True
        names = names_of(path)
        decided = verdict(self.include, names, is_directory=False)
        while decided is None and (names := names[:-1]):
            decided = verdict(self.include, names, is_directory=True)
        return bool(decided)
