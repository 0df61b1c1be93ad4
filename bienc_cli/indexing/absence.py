"""Files that are not where they were, and are taken for elsewhere rather than for deleted.

What a disk leaves that is not mounted is an empty directory; the next one at the same place
brings other files. What the index knows is kept until somebody says that it is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bienc_cli.indexing.roots import is_below
from bienc_cli.indexing.whereabouts import Whereabouts

MASS = 100
"""Files of one root. When at least so many, and more than half of what is known of it, are gone
at once, that is a disk that is not mounted, or an accident, until somebody says otherwise."""

_HOLDS_NONE = "holds none of the files that are known"


@dataclass(frozen=True, slots=True)
class Absence:
    """Files that are kept though they are not there.

    Attributes:
        place: under which they are, by path under the root; "." for the root itself.
        why: what the place is, as the end of a sentence.
        another: what is there instead is of another folder or disk, and was not asked for.
    """

    place: str
    why: str
    another: bool = False


def absences(
    now: Whereabouts, known: Collection[str], there: Collection[str], missing: Collection[str]
) -> Iterator[Absence]:
    """What of a root is taken for elsewhere; where all of it is, only that.

    Args:
        now: where the root and its mounts are.
        known: files that the index knows, by path under the root.
        there: files that are there, likewise.
        missing: those of `known` that are not, and could have been looked at.
    """
    if known and len(missing) == len(known) and now.is_another and there:
        yield Absence(".", f"is another folder than it was, and {_HOLDS_NONE}", True)
        return
    why = why_absent(len(there), len(missing), len(known), elsewhere=now.is_elsewhere)
    if why is not None:
        yield Absence(".", why)
        return
    for mount in now.lost_mounts:
        known_below = [path for path in known if is_below(path, mount.path)]
        missing_below = [path for path in missing if is_below(path, mount.path)]
        there_below = [path for path in there if is_below(path, mount.path)]
        if known_below and not there_below:
            yield Absence(mount.path, "is not mounted")
        elif known_below and len(missing_below) == len(known_below):
            yield Absence(mount.path, f"is not the disk that it was, and {_HOLDS_NONE}", True)
        elif why := why_absent(
            len(there_below), len(missing_below), len(known_below), elsewhere=True
        ):
            yield Absence(mount.path, why)


def why_absent(there: int, gone: int, known: int, *, elsewhere: bool) -> str | None:
    """Why a root is taken for one whose files are somewhere else, and not deleted.

    Args:
        there: how many files are there.
        gone: how many of those that the index knows are not.
        known: how many it knows.
        elsewhere: the root is on another device than when its files were there.

    Returns:
        What it is, as the end of a sentence; None where it is nothing unusual.
    """
    if not gone:
        return None
    if not there:
        return "is empty"
    if gone * 2 <= known or there * 2 > known:
        return None
    if elsewhere:
        return f"is on another device, and {gone:,} of its {known:,} files are not there"
    return f"lacks {gone:,} of its {known:,} files" if gone >= MASS else None
