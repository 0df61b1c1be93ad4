"""Writes reports to files."""

from __future__ import annotations

from pathlib import Path

from bienc_cli.errors import StorageError


def make_folder(folder: Path | None) -> None:
    """Create the folder of a report, before measuring anything that could not be saved.

    Raises:
        StorageError: it cannot be created.
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
