"""The library that strategies are measured on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bienc_cli.store import IndexReader, open_reader
from folders import Folder
from libraries import library


@pytest.fixture(scope="module")
def library_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Folder(tmp_path_factory.mktemp("library"))
    folder.write(library())
    folder.index()
    return folder.home


@pytest.fixture
def shelves(library_home: Path) -> Iterator[IndexReader]:
    with open_reader(library_home / ".bienc", key_dir=library_home / "keys") as opened:
        assert opened.info.passages > 60
        yield opened
