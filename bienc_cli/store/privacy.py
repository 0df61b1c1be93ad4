"""Who may read an index: its owner, and nobody else.

What is in it is the text of files that may be private, so its directory and files are made with
the rights of private ones, whatever the umask; and one that is found upwards counts only where it
is this user's own, else somebody who can write to a folder above would be given what is indexed.
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
"""In a list of safe directories: all of them."""


def make_directory(path: Path) -> None:
    """Make a private directory, and those above it as the umask has them.

    Raises:
        OSError: it cannot be made, or is there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=DIRECTORY_MODE)


def make_file(path: Path) -> None:
    """Make an empty private file if there is none; SQLite gives those beside it the same rights.

    Raises:
        OSError: it cannot be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | portable.NO_FOLLOW | portable.OWN
    with suppress(FileExistsError):
        os.close(os.open(path, flags, FILE_MODE))


def exposed(directory: Path) -> list[Path]:
    """What of an index others may read or write: its directory, files in it, or nothing."""
    found = []
    for path in (directory, *_files(directory)):
        with suppress(OSError):
            status = path.lstat()
            if not stat.S_ISLNK(status.st_mode) and status.st_mode & 0o077:
                found.append(path)
    return found


def close_off(directory: Path) -> None:
    """Take the rights of others away, as far as the files are this user's own."""
    for path in exposed(directory):
        with suppress(OSError):
            path.chmod(DIRECTORY_MODE if path == directory else FILE_MODE)


def is_own(path: Path, safe: Collection[str] = ()) -> bool:
    """Whether a directory is this user's, or was declared safe.

    Args:
        path: of the directory, absolute; if it is a link, that counts too.
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
    """Whether nobody but this user can change what is in a file."""
    if sys.platform != "win32":
        return status.st_uid == os.geteuid() and not status.st_mode & 0o022
    else:  # noqa: RET505 (mypy takes what follows the other platform's return for unreachable)
        return False


def _ourselves() -> set[int]:
    """This user; behind sudo, also the one who called it, as git has it."""
    found = {0}  # what Windows calls every owner
    if sys.platform != "win32":
        found = {os.geteuid()}
    caller = os.environ.get("SUDO_UID", "")
    if found == {0} and caller.isdigit():
        found.add(int(caller))
    return found


def _files(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []
