"""Reports: files that are written for people to keep."""

from __future__ import annotations

from pathlib import Path

from bienc_cli.errors import StorageError


def make_folder(folder: Path | None) -> None:
    """Make the folder of a report, before anything is measured that could not be kept.

    Raises:
        StorageError: it cannot be made.
    """
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"'{folder}' cannot be written: {error.strerror}.") from error


def write_page(path: Path, page: str) -> None:
    """Write a report.

    Raises:
        StorageError: it cannot be written.
    """
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"'{path}' cannot be written: {error.strerror}.") from error
