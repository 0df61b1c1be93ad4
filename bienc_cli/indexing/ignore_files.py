"""Which rules of ignore files and options are in force where, and what they say of an entry.

The deepest ignore file decides first; see `patterns.py` for what one rule says.
"""

from __future__ import annotations

from dataclasses import dataclass

from bienc_cli.patterns import Rule, verdict


@dataclass(frozen=True, slots=True)
class IgnoreFiles:
    """The rules in force in a directory: those of its ignore files and of the ones above.

    Attributes:
        levels: outermost first, the directory of each (POSIX, "" for the root) and its rules;
            a directory above the root is written as `../` and the way from it to the root.
    """

    levels: tuple[tuple[str, tuple[Rule, ...]], ...] = ()

    def above(self, prefix: str, rules: tuple[Rule, ...]) -> IgnoreFiles:
        """With rules of a directory above the root, from which the root is at `prefix`."""
        return IgnoreFiles((*self.levels, (f"../{prefix}", rules))) if rules else self

    def within(self, directory: str, rules: tuple[Rule, ...]) -> IgnoreFiles:
        """The rules in force in a directory below, which has rules of its own."""
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
        """Whether to pass over an entry."""
        return bool(verdict(self.exclude, path, is_directory=is_directory))

    def includes(self, path: str) -> bool:
        """Whether a file is asked for: it or a directory above it matches, deepest first."""
        if not self.include:
            return True
        decided = verdict(self.include, path, is_directory=False)
        while decided is None and (path := path.rpartition("/")[0]):
            decided = verdict(self.include, path, is_directory=True)
        return bool(decided)
