"""Scanned pages and pictures: what is looked at, how it is made ready, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from PIL import Image

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats import ocr, scans
from bienc_cli.formats.reading import read_documents
from bienc_cli.types import Document, Skipped
from endurance import times
from ocr_samples import (
    WITH_OCR,
    WORDS,
    bomb,
    pages,
    picture_of,
    refusal_of,
    saved,
    scan,
    written,
)
from reader_samples import drawn, drawn_pdf_bytes, pdf_bytes, read_one
from test_reader_invariants import damaged, fuzzed


def test_pages_with_text_stay_as_they_are(tmp_path: Path, installed: list[ocr.Picture]) -> None:
    path = written(tmp_path, "a.pdf", pdf_bytes("Words of its own.", ""))
    assert pages(read_one(path, ocr=True)) == [(1, "Words of its own.", False), (2, WORDS, True)]
    assert len(installed) == 1
    (picture,) = installed
    assert (picture.width, picture.height, picture.dpi) == (2500, 3334, 300)
    assert len(picture.shades) == picture.width * picture.height


def test_a_stamp_does_not_hide_a_scan(tmp_path: Path, installed: list[ocr.Picture]) -> None:
    shown = b"q 600 0 0 800 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \xff EI Q\n"
    stamped = drawn_pdf_bytes(shown + drawn(10, 10, "Bates 000123"))
    logo = drawn_pdf_bytes(shown.replace(b"600 0 0 800", b"60 0 0 80") + drawn(10, 10, "Annex"))
    document = read_one(written(tmp_path, "a.pdf", stamped), ocr=True)
    assert pages(document) == [(1, f"Bates 000123\n\n{WORDS}", True)]
    assert pages(read_one(written(tmp_path, "b.pdf", logo), ocr=True)) == [(1, "Annex", False)]
    assert len(installed) == 1


def test_an_empty_page_is_not_looked_at(tmp_path: Path, installed: list[ocr.Picture]) -> None:
    path = written(tmp_path, "a.pdf", drawn_pdf_bytes(b""))
    assert refusal_of(path).code == "no_text"
    assert installed == []


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "F"])
def test_pictures_of_every_kind_are_dark_on_white(
    tmp_path: Path, installed: list[ocr.Picture], mode: str
) -> None:
    made = picture_of(WORDS)
    if mode in {"RGBA", "LA"}:
        # Black on nothing at all.
        made = Image.merge("LA", [Image.new("L", made.size, 0), made.point(lambda v: 255 - v)])
        made = made.convert(mode)
    elif mode == "I;16":
        made = made.convert("I").point(lambda value: value * 257).convert(mode)
    else:
        made = made.convert(mode)
    read_one(written(tmp_path, "a.tif", saved(made, "TIFF")), ocr=True)
    (picture,) = installed
    shades = sorted(picture.shades)
    assert shades[0] < 60
    assert shades[len(shades) // 2] > 250


def test_a_photograph_is_turned_as_its_camera_says(
    tmp_path: Path, installed: list[ocr.Picture]
) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    content = saved(Image.new("L", (2000, 1000), 255), "JPEG", exif=exif)
    read_one(written(tmp_path, "a.jpg", content), ocr=True)
    assert (installed[0].width, installed[0].height) == (1000, 2000)


def test_pages_of_a_tiff_file_are_pages(tmp_path: Path, installed: list[ocr.Picture]) -> None:
    many = [Image.new("L", (1200, 900), 255) for _ in range(3)]
    content = saved(many[0], "TIFF", save_all=True, append_images=many[1:])
    document = read_one(written(tmp_path, "a.tif", content), ocr=True)
    assert pages(document) == [(number, WORDS, True) for number in (1, 2, 3)]


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (1 << 30, 1), (12_000, 12_000)])
def test_a_bomb_is_not_decoded(
    tmp_path: Path, installed: list[ocr.Picture], width: int, height: int
) -> None:
    assert refusal_of(written(tmp_path, "a.png", bomb(width, height))).code == "too_large"
    assert installed == []


def test_a_bomb_on_a_page_is_not_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: list[ocr.Picture]
) -> None:
    monkeypatch.setattr(scans, "_MOST_DECODED", 3)
    shown = b"q 600 0 0 800 0 0 cm BI /W 2 /H 2 /CS /G /BPC 8 ID \xff\xff\xff\xff EI Q\n"
    path = written(tmp_path, "a.pdf", drawn_pdf_bytes(drawn(9, 9, "Words."), shown))
    items = list(read_documents(path, "a.pdf", WITH_OCR))
    assert isinstance(items[0], Document)
    assert items[0].text.strip() == "Words."
    assert [(item.path, item.code) for item in items[1:]] == [("a.pdf p.2", "too_large")]
    assert installed == []


@pytest.mark.parametrize("box", ["0 0 1e9 1e9", "0 0 1e-9 1e9", "0 0 0 0", "5 5 1 1"])
def test_pages_of_any_size_are_drawn_within_bounds(
    tmp_path: Path, installed: list[ocr.Picture], box: str
) -> None:
    content = pdf_bytes("", "").replace(b"0 0 600 800", box.encode())
    path = written(tmp_path, "a.pdf", content)
    for _ in _items_or_verdict(path):
        pass
    assert all(0 < one.width * one.height <= 1.01 * ocr.MOST_PIXELS for one in installed)


def test_a_large_picture_is_made_smaller(tmp_path: Path, installed: list[ocr.Picture]) -> None:
    content = saved(Image.new("1", (6000, 6000), 1), "TIFF", compression="group4")
    read_one(written(tmp_path, "a.tif", content), ocr=True)
    assert installed[0].width * installed[0].height <= ocr.MOST_PIXELS


@pytest.mark.parametrize("content", [b"", b"no picture", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"BM"])
def test_what_is_no_picture_is_broken(
    tmp_path: Path, installed: list[ocr.Picture], content: bytes
) -> None:
    assert refusal_of(written(tmp_path, "a.png", content)).code == "broken"
    assert installed == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", saved(picture_of(WORDS, (60, 40)), "PNG")),
        ("a.jpg", saved(picture_of(WORDS, (60, 40)), "JPEG")),
        ("a.tif", saved(picture_of(WORDS, (60, 40)), "TIFF", compression="tiff_lzw")),
        ("a.pdf", scan(WORDS)),
    ],
    ids=["png", "jpeg", "tiff", "pdf"],
)
def test_damaged_pictures(
    tmp_path: Path, installed: list[ocr.Picture], name: str, content: bytes
) -> None:
    path = tmp_path / name

    @settings(fuzzed, max_examples=times(40, 3000))
    @given(damaged(content))
    def run(damage: bytes) -> None:
        path.write_bytes(damage)
        for item in _items_or_verdict(path):
            assert isinstance(item, Skipped) or item.text.strip()
        installed.clear()

    run()


def _items_or_verdict(path: Path) -> Iterator[Document | Skipped]:
    try:
        yield from read_documents(path, path.name, WITH_OCR)
    except UnreadableFile as refusal:
        yield Skipped(path.name, refusal.code, refusal.reason)
