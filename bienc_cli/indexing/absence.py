"""Files that are not where they were, and are taken for elsewhere rather than for deleted.

What a disk leaves that is not mounted is an empty directory; the next one at the same place
brings other files. What the index knows is kept until somebody says that it is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bienc_cli.indexing.roots import is_below
from bienc_cli.indexing.whereabouts import Whereabouts

MASS = 100
"""Files of one root. When at least so many, and more than half of what is known of it, are gone
at once, that is a disk that is not mounted, or an accident, until somebody says otherwise."""


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
    now: Whereabouts, known: Mapping[str, int], there: Mapping[str, int], missing: Collection[str]
) -> Iterator[Absence]:
    """What of a root is taken for elsewhere; where all of it is, only that.

    Args:
        now: where the root and its mounts are.
        known: files that the index knows, by path under the root, with their sizes in bytes.
        there: files that are there, likewise.
        missing: those of `known` that are not, and could have been looked at.
    """
    held = _Held(known, there, missing)
    absence = held.other_folder(".") if now.is_another else None
    absence = absence or held.absence(".", "is on another device", elsewhere=now.is_elsewhere)
    if absence is not None:
        yield absence
        return
    for mount in now.lost_mounts:
        below = held.below(mount.path)
        if below.known and not below.there:
            yield Absence(mount.path, "is not mounted")
        elif absence := below.absence(mount.path, "is not the disk that it was", elsewhere=True):
            yield absence


@dataclass(frozen=True, slots=True)
class _Held:
    """Files of one place; see `absences`."""

    known: Mapping[str, int]
    there: Mapping[str, int]
    missing: Collection[str]

    def below(self, place: str) -> _Held:
        """Those that lie below a place."""
        return _Held(
            {path: size for path, size in self.known.items() if is_below(path, place)},
            {path: size for path, size in self.there.items() if is_below(path, place)},
            [path for path in self.missing if is_below(path, place)],
        )

    def other_folder(self, place: str) -> Absence | None:
        """Why the place is another folder that holds other files, where it does."""
        if self.there and self.known and len(self.missing) == len(self.known):
            why = "is another folder than it was, and holds none of the files that are known"
            return Absence(place, why, True)
        return None

    def absence(self, place: str, is_what: str, *, elsewhere: bool) -> Absence | None:
        """Why the place is taken for one whose files are somewhere else, where it is.

        Args:
            place: which it is.
            is_what: it is, if it is elsewhere, as the middle of a sentence.
            elsewhere: what is there is on another disk than when its files were there. A disk
                that was copied to another has most of them as they were; any other may have
                files of the same names.
        """
        known, gone, there = len(self.known), len(self.missing), len(self.there)
        if gone and not there:
            return Absence(place, "is empty")
        as_they_were = sum(self.there.get(path) == size for path, size in self.known.items())
        if elsewhere and as_they_were * 2 < known:
            held = f"holds {as_they_were:,} of the {known:,} files that are known as they were"
            return Absence(place, f"{is_what}, and {held}", True)
        if gone >= MASS and gone * 2 > known >= there * 2:
            return Absence(place, f"lacks {gone:,} of its {known:,} files")
        return None
