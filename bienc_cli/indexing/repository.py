"""The rules that hold in a folder because of what lies above it: its repository's, its user's.

git is asked nothing and need not be installed; only its files are read.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from bienc_cli.indexing.ignoring import IgnoreFiles, Level, names_of, parse_rules

IGNORE_FILES = (".gitignore", ".biencignore")
"""Of one directory, the stronger last."""

_LARGEST_FILE = 1 << 20
_POINTER = re.compile(r"gitdir:\s*(.+)")
_IGNORES_CASE = re.compile(r"^\s*ignorecase\s*(?:=\s*(?:true|yes|on|1)\s*)?$", re.I | re.M)


def rules_above(root: Path, excludes_file: Path | None) -> IgnoreFiles:
    """What is in force at a root before its own ignore files are read.

    Weakest first: the user's own excludes, the repository's `info/exclude`, the ignore files
    from its top down to the directory above the root. A root that they ignore was named all the
    same, so that only the user's own hold in it.

    Args:
        root: a directory, absolute.
        excludes_file: git's `core.excludesFile`; None for none.
    """
    own = _lines(excludes_file, through_links=True) if excludes_file else []
    top = next((one for one in (root, *root.parents) if _is_repository(one)), None)
    ignores_case = top is not None and _ignores_case(top)
    if top is None:
        return _ignoring((Level(0, parse_rules(own)),), (), ignore_case=False)
    above = names_of(root.relative_to(top).as_posix() if root != top else "")
    user = Level(0, parse_rules(own, ignore_case=ignores_case))
    levels = [user]
    exclude = lines_of_exclude(top)
    levels.append(Level(0, parse_rules(exclude, ignore_case=ignores_case)))
    directories = [*reversed(root.parents), root][len(top.parents) :]
    for depth, directory in enumerate(directories[:-1]):
        lines = [line for name in IGNORE_FILES for line in lines_of(directory / name)]
        levels.append(Level(depth, parse_rules(lines, ignore_case=ignores_case)))
        ignoring = _ignoring(levels, above, ignore_case=ignores_case)
        if ignoring.ignore_names(above[: depth + 1], is_directory=True):
            return _ignoring([user], above, ignore_case=ignores_case)
    return _ignoring(levels, above, ignore_case=ignores_case)


def lines_of_exclude(directory: Path) -> list[str]:
    """The lines of `info/exclude` of the repository whose top this is; none if it is no top."""
    common = _common_directory(directory)
    return lines_of(common / "info" / "exclude") if common else []


def lines_of(path: Path | str) -> list[str]:
    """The lines of an ignore file, none if it cannot be read."""
    return _lines(path, through_links=False)


def _ignoring(
    levels: Sequence[Level], above: tuple[bytes, ...], *, ignore_case: bool
) -> IgnoreFiles:
    return IgnoreFiles(tuple(level for level in levels if level.rules), above, ignore_case)


def _is_repository(directory: Path) -> bool:
    common = _common_directory(directory)
    # As git has it: a directory that is merely named so is none.
    return common is not None and (common / "HEAD").is_file()


def _common_directory(directory: Path) -> Path | None:
    """Where a repository keeps what its worktrees share: `.git`, or what a file there points to."""
    own = directory / ".git"
    try:
        if not own.is_dir():
            pointer = _POINTER.match("\n".join(lines_of(own)))
            if pointer is None:
                return None
            own = directory / pointer[1].strip()
        shared = lines_of(own / "commondir")
        return own / shared[0].strip() if shared and shared[0].strip() else own
    except (OSError, ValueError):
        return None


def _ignores_case(top: Path) -> bool:
    common = _common_directory(top)
    if common is None:
        return False
    return any(map(_IGNORES_CASE.search, _core_section(lines_of(common / "config"))))


def _core_section(lines: Sequence[str]) -> Iterator[str]:
    section = ""
    for line in lines:
        if line.lstrip().startswith("["):
            section = line.strip().lower()
        elif section == "[core]":
            yield line


def _lines(path: Path | str, *, through_links: bool) -> list[str]:
    # Like git, not through a link, unless it is the user's own; never waiting for a pipe.
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags if through_links else flags | os.O_NOFOLLOW)
    except (OSError, ValueError):
        return []
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return []
        content = os.read(descriptor, _LARGEST_FILE)
    except OSError:
        return []
    finally:
        os.close(descriptor)
    text = content.decode("utf-8-sig", "surrogateescape")
    return [line.removesuffix("\r") for line in text.split("\n")]
