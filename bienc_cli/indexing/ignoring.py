"""Applies ignore files and the patterns of `--include` and `--exclude` to files and folders.

A repository's rules apply from its top down into every folder; besides its ignore files, there are
those of the clone (`info/exclude`) and of the user (`core.excludesFile`). The deepest ignore file
decides first; `patterns.py` implements a single rule.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from bienc_cli import portable
from bienc_cli.patterns import Rule, parse_rules, verdict


@dataclass(frozen=True, slots=True)
class IgnoreFiles:
    """The rules in force in a directory: from its ignore files and those above it.

    Attributes:
        levels: outermost first, the directory of each (POSIX, "" for the root) with its rules; a
            directory above the root is written as `../` and the path from it to the root.
    """

    levels: tuple[tuple[str, tuple[Rule, ...]], ...] = ()

    def above(self, prefix: str, rules: tuple[Rule, ...]) -> IgnoreFiles:
        """Adds the rules of a directory above the root; `prefix` is the root's path from it."""
        return IgnoreFiles((*self.levels, (f"../{prefix}", rules))) if rules else self

    def within(self, directory: str, rules: tuple[Rule, ...]) -> IgnoreFiles:
        """The rules in force in a subdirectory that has rules of its own."""
        return IgnoreFiles((*self.levels, (directory, rules))) if rules else self

    def ignore(self, path: str, *, is_directory: bool) -> bool:
        """Whether an entry is ignored, given that its directory is not."""
        for directory, rules in reversed(self.levels):
            if directory.startswith("../"):
                relative = f"{directory[3:]}/{path}"
            else:
                relative = path[len(directory) + 1 :] if directory else path
            decided = verdict(rules, relative, is_directory=is_directory)
            if decided is not None:
                return decided
        return False


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of `--include` and `--exclude`, relative to the root."""

    include: tuple[Rule, ...]
    exclude: tuple[Rule, ...]

    def excludes(self, path: str, *, is_directory: bool) -> bool:
        """Whether to skip an entry."""
        return bool(verdict(self.exclude, path, is_directory=is_directory))

    def includes(self, path: str) -> bool:
        """Whether a file is included: it or a directory above it matches, deepest first."""
        if not self.include:
            return True
        decided = verdict(self.include, path, is_directory=False)
        while decided is None and (path := path.rpartition("/")[0]):
            decided = verdict(self.include, path, is_directory=True)
        return bool(decided)


GIT = ".git"
IGNORE_FILES = (".gitignore", ".biencignore")
"""The later one overrides the earlier."""

_LARGEST = 1 << 20


def rules_above(root: str, excludes_file: str | None) -> IgnoreFiles:
    """The rules in force in a folder inside a repository, excluding the folder's own.

    Args:
        root: absolute, links resolved.
        excludes_file: the user's global excludes file.
    """
    above: list[str] = []
    folder = root
    while not os.path.lexists(f"{folder}/{GIT}"):
        parent = os.path.dirname(folder)  # noqa: PTH120
        if parent == folder:
            return IgnoreFiles()
        above.append(parent)
        folder = parent
    ignoring = IgnoreFiles()
    for directory in reversed(above):
        prefix = root[len(directory.rstrip("/")) + 1 :]
        ignoring = ignoring.above(prefix, rules_of(directory, excludes_file))
    return ignoring


def rules_of(directory: str, excludes_file: str | None) -> tuple[Rule, ...]:
    """The rules that a directory adds, the strongest last.

    The rules of the repository and the user are added at the repository's top.
    """
    rules: tuple[Rule, ...] = ()
    if os.path.lexists(f"{directory}/{GIT}"):
        if excludes_file is not None:
            rules += _parsed(excludes_file, follow=True)
        if (git_directory := _own_directory(f"{directory}/{GIT}")) is not None:
            rules += _parsed(f"{git_directory}/info/exclude", follow=True)
    for name in IGNORE_FILES:
        rules += _parsed(f"{directory}/{name}", follow=False)
    return rules


def _own_directory(git: str) -> str | None:
    """Where a repository keeps `info/exclude`; worktrees share the main repository's."""
    if Path(git).is_dir():
        return git
    first = _lines_of(git, follow=True)[:1]
    if not first or not first[0].startswith("gitdir:"):
        return None
    git_directory = os.path.join(os.path.dirname(git), first[0].removeprefix("gitdir:").strip())  # noqa: PTH118, PTH120
    common_directory = _lines_of(f"{git_directory}/commondir", follow=True)[:1]
    return os.path.join(git_directory, common_directory[0]) if common_directory else git_directory  # noqa: PTH118


def _parsed(path: str, *, follow: bool) -> tuple[Rule, ...]:
    return parse_rules(_lines_of(path, follow=follow))


def _lines_of(path: str, *, follow: bool) -> list[str]:
    """The lines of a small file; empty if it does not exist or is not a regular file.

    Like git, this does not follow links to ignore files; it never blocks on a pipe.
    """
    flags = os.O_RDONLY | portable.NO_WAIT | portable.OWN | (0 if follow else portable.NO_FOLLOW)
    try:
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return []
            content = stream.read(_LARGEST)
    except OSError:
        return []
    text = content.decode("utf-8-sig", "surrogateescape")
    return [line.removesuffix("\r") for line in text.split("\n")]
