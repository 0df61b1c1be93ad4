"""Keeps an index private to its owner.

An index contains the text of files that may be private, so its directory and files get private
permissions whatever the umask. An index found in a parent directory only counts if this user owns
it; otherwise whoever can write to that directory would receive what is indexed.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from bienc_cli import portable

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600

ANY = "*"
"""In a list of safe directories: every directory."""


def make_directory(path: Path) -> None:
    """Create a private directory; missing parents get the umask's permissions.

    Raises:
        OSError: it cannot be created, or exists.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=DIRECTORY_MODE)


def make_file(path: Path) -> None:
    """Create an empty private file if there is none; SQLite gives its log the same permissions.

    Raises:
        OSError: it cannot be created.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | portable.NO_FOLLOW | portable.OWN
    with suppress(FileExistsError):
        os.close(os.open(path, flags, FILE_MODE))


def exposed(directory: Path) -> list[Path]:
    """The index's directory and files that others may read or write."""
    exposed_paths = []
    for path in (directory, *_files(directory)):
        with suppress(OSError):
            status = path.lstat()
            if not stat.S_ISLNK(status.st_mode) and status.st_mode & 0o077:
                exposed_paths.append(path)
    return exposed_paths


def close_off(directory: Path) -> None:
    """Remove the permissions of others from the files that this user owns."""
    for path in exposed(directory):
        with suppress(OSError):
            path.chmod(DIRECTORY_MODE if path == directory else FILE_MODE)


def is_own(path: Path, safe: Collection[str] = ()) -> bool:
    """Whether a directory belongs to this user or was declared safe.

    Args:
        path: an absolute path; if it is a link, the link must qualify too.
        safe: directories whose owner does not matter, or `ANY`.
    """
    if ANY in safe or str(path) in safe or os.path.realpath(path) in safe:
        return True
    try:
        owners = {path.lstat().st_uid, path.stat().st_uid}
    except OSError:
        return False
    return owners <= _ourselves()


def is_ours_alone(status: os.stat_result) -> bool:
    """Whether only this user can modify a file."""
    if sys.platform != "win32":
        return status.st_uid == os.geteuid() and not status.st_mode & 0o022
    else:  # noqa: RET505 (mypy takes what follows the other platform's return for unreachable)
        return False


def _ourselves() -> set[int]:
    """This user's id; under sudo, also the caller's, as in git."""
    user_ids = {0}  # what Windows calls every owner
    if sys.platform != "win32":
        user_ids = {os.geteuid()}
    caller = os.environ.get("SUDO_UID", "")
    if user_ids == {0} and caller.isdigit():
        user_ids.add(int(caller))
    return user_ids


def _files(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []
