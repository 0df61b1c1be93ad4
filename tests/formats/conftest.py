"""Stand-ins for Tesseract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bienc_cli.formats import image, ocr, scans
from ocr_samples import WORDS


@pytest.fixture
def without_tesseract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("PATH", str(tmp_path))
    ocr.missing.cache_clear()
    yield
    monkeypatch.undo()
    ocr.missing.cache_clear()


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[ocr.Picture]:
    """Pictures that were to be recognised, in place of recognising them."""
    pictures: list[ocr.Picture] = []

    def recognise(picture: ocr.Picture, languages: Sequence[str]) -> str:
        pictures.append(picture)
        return WORDS

    for module in (image, scans):
        monkeypatch.setattr(module, "recognise", recognise)
    return pictures


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, seen: list[ocr.Picture]) -> list[ocr.Picture]:
    monkeypatch.setattr("bienc_cli.formats.table.missing", lambda: None)
    return seen
