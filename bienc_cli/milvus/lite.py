"""What Milvus Lite needs and a server does not: its folder, its lock, its process."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from bienc_cli import portable
from bienc_cli.errors import IndexMismatch, StorageError

_DERIVED = ("*.idx", "*.sidx")
"""Index files, which Milvus Lite rebuilds from its data if they are missing."""


def check_folder(file: Path) -> None:
    """Check that a folder can be opened, or created.

    Raises:
        IndexMismatch: it is a file.
        StorageError: it is not writable, or its parent does not exist.
    """
    if file.exists() and not file.is_dir():
        raise IndexMismatch(
            f"{file} is a file, not a folder of Milvus Lite.",
            "give another path: --index milvus+file:PATH.db",
        )
    if not file.parent.is_dir():
        raise StorageError(f"There is no folder {file.parent}.", "make it first")
    # Even reading takes a lock in it.
    folder = file if file.exists() else file.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StorageError(f"{folder} cannot be written.", "choose another place")


def is_locked(file: Path) -> bool:
    """Whether some process holds Milvus Lite's lock on its folder."""
    try:
        with (file / "LOCK").open("rb") as lock:
            portable.lock(lock.fileno(), shared=True)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def stop(file: Path) -> None:
    """Stop the embedded server of a folder, which excludes other processes."""
    manager = importlib.import_module("milvus_lite.server_manager")
    manager.server_manager_instance.release_server(str(file))


def remove_derived(file: Path) -> None:
    """Delete the index files of a folder that no process has open.

    Milvus Lite does not write them atomically. After being killed while writing, it would refuse to
    load an incomplete one forever.
    """
    for pattern in _DERIVED:
        for path in file.rglob(pattern):
            path.unlink(missing_ok=True)
