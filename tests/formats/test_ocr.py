"""Text in pictures and on scanned pages, by the Tesseract that is installed."""

from __future__ import annotations

import io
import os
import signal
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from PIL import Image, ImageDraw, ImageFont
from reader_samples import drawn, drawn_pdf_bytes, pdf_bytes, read_one
from test_reader_invariants import damaged, fuzzed

from bienc_cli.errors import UnreadableFile, UsageError
from bienc_cli.formats import (
    FORMATS,
    Limits,
    ReadingOptions,
    format_of,
    image,
    isolation,
    ocr,
    patience,
    read_documents,
    read_files,
    recogniser,
    scans,
)
from bienc_cli.types import Document, Skipped
from endurance import times

WORDS = "the kestrel hovers"
WITH_OCR = ReadingOptions(ocr=True)
needs_tesseract = pytest.mark.skipif(ocr.missing() is not None, reason="tesseract is not installed")


@dataclass(frozen=True)
class _File:
    path: Path
    doc_id: str
    size: int


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


def picture_of(text: str, size: tuple[int, int] = (700, 120)) -> Image.Image:
    made = Image.new("L", size, 255)
    ImageDraw.Draw(made).text((30, 30), text, fill=0, font=ImageFont.load_default(40))
    return made


def saved(made: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    made.save(buffer, format_, **options)
    return buffer.getvalue()


def scan(*pages: str) -> bytes:
    first, *others = [picture_of(page, (800, 400)) for page in pages]
    return saved(first, "PDF", save_all=True, append_images=others, resolution=150)


def bomb(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(10**5))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def pages(document: Document) -> list[tuple[int, str, bool]]:
    """Each page with its number, its text, and whether that was recognised."""
    assert document.numbering is not None
    anchors = document.numbering.anchors
    ends = [*(anchor.start for anchor in anchors[1:]), len(document.text)]
    return [
        (anchor.number, document.text[anchor.start : end].strip(), anchor.recognised)
        for anchor, end in zip(anchors, ends, strict=True)
    ]


def refusal_of(path: Path, options: ReadingOptions = WITH_OCR) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as refusal:
        list(read_documents(path, path.name, options))
    return refusal.value


def written(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


# -------------------------------------------------------------- for real


@needs_tesseract
@pytest.mark.parametrize("engine", ["pypdf", "pdfium"])
def test_a_scan_is_read_page_by_page(tmp_path: Path, engine: str) -> None:
    path = written(tmp_path, "a.pdf", scan(WORDS, "a heron waits"))
    assert pages(read_one(path, pdf_engine=engine, ocr=True)) == [
        (1, WORDS, True),
        (2, "a heron waits", True),
    ]


@needs_tesseract
def test_a_picture_is_a_document(tmp_path: Path) -> None:
    document = read_one(written(tmp_path, "a.png", saved(picture_of(WORDS), "PNG")), ocr=True)
    assert document.format == "image"
    assert pages(document) == [(1, WORDS, True)]


@needs_tesseract
def test_workers_recognise_too(tmp_path: Path) -> None:
    path = written(tmp_path, "a.tiff", saved(picture_of(WORDS), "TIFF"))
    file = _File(path, path.name, path.stat().st_size)
    assert _read_by_worker(file, Limits(), WITH_OCR) == [read_one(path, ocr=True)]


@needs_tesseract
def test_what_recognises_is_told() -> None:
    assert recogniser().startswith("Tesseract ")
    assert "eng" in recogniser()


# ------------------------------------------------- where there is none


@pytest.mark.usefixtures("without_tesseract")
@pytest.mark.parametrize("ocr_", [True, False])
def test_the_reason_names_what_to_install(tmp_path: Path, ocr_: bool) -> None:
    options = ReadingOptions(ocr=ocr_)
    scanned = refusal_of(written(tmp_path, "a.pdf", pdf_bytes("")), options)
    assert scanned.code == "no_text"
    picture = refusal_of(written(tmp_path, "a.png", b""), options)
    assert picture.code == "binary"
    for refusal in (scanned, picture):
        assert "install tesseract-ocr" in refusal.reason
    assert recogniser() == "nothing yet (install tesseract-ocr)"


@pytest.mark.usefixtures("without_tesseract")
def test_once_it_is_installed_files_are_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "a.pdf", b"")
    before = format_of(path, WITH_OCR)
    monkeypatch.setattr("bienc_cli.formats.table.missing", lambda: None)
    after = format_of(path, WITH_OCR)
    assert before is not None
    assert after is not None
    assert before.stamp == FORMATS["pdf"].stamp != after.stamp


def test_without_the_option_the_reason_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "missing", lambda: None)
    for path in (written(tmp_path, "a.pdf", pdf_bytes("")), written(tmp_path, "a.jpg", b"")):
        assert "--ocr" in refusal_of(path, ReadingOptions()).reason


# ------------------------------------------------------- what is recognised


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, seen: list[ocr.Picture]) -> list[ocr.Picture]:
    monkeypatch.setattr("bienc_cli.formats.table.missing", lambda: None)
    return seen


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


# ------------------------------------------------------------- hostile ones


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


def test_a_page_that_takes_too_long_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: list[ocr.Picture]
) -> None:
    def recognise(picture: ocr.Picture, languages: Sequence[str]) -> str:
        installed.append(picture)
        if len(installed) == 1:
            raise UnreadableFile("timeout", "not recognised within 60 s")
        return WORDS

    monkeypatch.setattr(scans, "recognise", recognise)
    path = written(tmp_path, "a.pdf", pdf_bytes("", ""))
    document, skipped = read_documents(path, "a.pdf", WITH_OCR)
    assert isinstance(document, Document)
    assert pages(document) == [(1, "", False), (2, WORDS, True)]
    assert skipped == Skipped("a.pdf p.1", "timeout", "not recognised within 60 s")


@pytest.mark.parametrize(
    ("script", "code"),
    [("sleep 60", "timeout"), ("exit 3", "crashed"), ("kill -SEGV $$", "crashed")],
)
def test_a_program_that_fails_is_ended_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, code: str
) -> None:
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(ocr, "_PROGRAM", str(program))
    monkeypatch.setattr(ocr, "SECONDS", 0.2)
    monkeypatch.setattr(ocr, "engine", lambda: ocr.Engine("5", ("eng",), (), True))
    with pytest.raises(UnreadableFile) as refusal:
        ocr.recognise(ocr.Picture(1, 1, b"\xff"))
    assert refusal.value.code == code


@pytest.fixture
def polyglot(monkeypatch: pytest.MonkeyPatch) -> ocr.Engine:
    there = ocr.Engine("5", ("eng", "deu"), ("script/Latin",), False)
    for module in ("ocr", "table"):
        monkeypatch.setattr(f"bienc_cli.formats.{module}.missing", lambda: None)
    monkeypatch.setattr(ocr, "engine", lambda: there)
    return there


@pytest.mark.parametrize(
    ("languages", "told"),
    [((), "eng+deu"), (("deu",), "deu"), (("deu", "script/Latin"), "deu+script/Latin")],
)
def test_what_it_is_told_to_look_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    polyglot: ocr.Engine,
    languages: tuple[str, ...],
    told: str,
) -> None:
    program = tmp_path / "tesseract"
    program.write_text('#!/bin/sh\ncat > /dev/null; echo "in $4"\n')
    program.chmod(0o755)
    monkeypatch.setattr(ocr, "_PROGRAM", str(program))
    assert ocr.recognise(ocr.Picture(1, 1, b"\xff"), languages) == f"in {told}"
    options = ReadingOptions(ocr=True, ocr_languages=languages)
    for name, content in (("a.pdf", pdf_bytes("")), ("a.png", saved(picture_of("x"), "PNG"))):
        document = next(read_documents(written(tmp_path, name, content), name, options))
        assert isinstance(document, Document)
        assert document.text.strip() == f"in {told}"
    ocr.check_languages(languages)
    assert recogniser(("deu",)) == "Tesseract 5 (deu)"


def test_other_languages_are_another_reading(tmp_path: Path, polyglot: ocr.Engine) -> None:
    for name in ("a.pdf", "a.png"):
        stamps = {
            found.stamp
            for languages in ((), ("deu",), ("deu", "eng"))
            for options in [ReadingOptions(ocr=True, ocr_languages=languages)]
            if (found := format_of(Path(name), options))
        }
        assert len(stamps) == 3


def test_a_language_without_data_is_told_with_what_there_is(polyglot: ocr.Engine) -> None:
    with pytest.raises(UsageError, match=r"'fra' here; it has eng, deu\.") as refusal:
        ocr.check_languages(("deu", "fra"))
    assert refusal.value.hint == "install tesseract-ocr-fra, or give --ocr-language eng"


@pytest.mark.usefixtures("without_tesseract")
def test_without_the_program_no_language_is_asked_for() -> None:
    ocr.check_languages(("fra",))


def test_each_part_that_is_done_begins_the_time_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six parts of 0.3 s each are read within a limit of 1.2 s for one."""
    program = "import sys, time\nsys.stdin.readline()\n"
    program += "for _ in range(6):\n time.sleep(0.3)\n print('null', flush=True)\n"
    program += "print('[]', flush=True)"
    monkeypatch.setattr(isolation, "_PROGRAM", program)
    file = _File(Path("/nowhere/a.pdf"), "a.pdf", 1)
    assert _read_by_worker(file, Limits(seconds=1.2)) == []


def test_a_worker_that_is_ended_takes_its_programs_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "pid"
    program = "import subprocess, sys\nsys.stdin.readline()\n"
    program += "child = subprocess.Popen(['sleep', '60'])\n"
    program += f"open({str(told)!r}, 'w').write(str(child.pid))\nchild.wait()"
    monkeypatch.setattr(isolation, "_PROGRAM", program)
    file = _File(Path("/nowhere/a.pdf"), "a.pdf", 1)
    for seconds in (1, 4, 16, 60):
        (item,) = _read_by_worker(file, Limits(seconds=seconds))
        assert isinstance(item, Skipped)
        assert item.code == "timeout"
        if told.exists():
            # On a busy machine, the first ones end a worker before it has begun.
            break
    _wait_for_the_end_of(int(told.read_text()))


def test_parts_are_told_to_whoever_waits(tmp_path: Path, installed: list[ocr.Picture]) -> None:
    told: list[int] = []
    patience.told_by(lambda: told.append(len(installed)))
    try:
        read_one(written(tmp_path, "a.pdf", pdf_bytes("", "Words.", "")), ocr=True)
    finally:
        patience.told_by(lambda: None)
    assert told == [1, 1, 2]


def _read_by_worker(
    file: _File, limits: Limits, options: ReadingOptions = WITH_OCR
) -> list[Document | Skipped]:
    results = read_files([file], workers=1, limits=limits, options=options)
    return [item for _, items in results for item in items]


def _items_or_verdict(path: Path) -> Iterator[Document | Skipped]:
    try:
        yield from read_documents(path, path.name, WITH_OCR)
    except UnreadableFile as refusal:
        yield Skipped(path.name, refusal.code, refusal.reason)


def _wait_for_the_end_of(pid: int) -> None:
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("it outlived the worker")
