"""Text in pictures and on scanned pages, by the Tesseract that is installed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from bienc_cli.errors import UnreadableFile, UsageError
from bienc_cli.formats import isolation, ocr, patience, scans
from bienc_cli.formats.isolation import read_files
from bienc_cli.formats.ocr import recogniser
from bienc_cli.formats.reading import format_of, read_documents
from bienc_cli.formats.table import FORMATS, ReadingOptions
from bienc_cli.formats.worker_messages import Limits
from bienc_cli.types import Document, Skipped
from ocr_samples import (
    WITH_OCR,
    WORDS,
    File,
    needs_tesseract,
    pages,
    picture_of,
    refusal_of,
    saved,
    scan,
    written,
)
from reader_samples import pdf_bytes, read_one


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
    file = File(path, path.name, path.stat().st_size)
    assert _read_by_worker(file, Limits(), WITH_OCR) == [read_one(path, ocr=True)]


@needs_tesseract
def test_what_recognises_is_told() -> None:
    assert recogniser().startswith("Tesseract ")
    assert "eng" in recogniser()


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
def test_without_the_program_no_language_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[None] = []
    monkeypatch.setattr(ocr, "engine", lambda: asked.append(None))
    ocr.check_languages(("no such language",))
    assert ocr.missing() is not None
    assert not asked


def test_each_part_that_is_done_begins_the_time_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six parts of 0.3 s each are read within a limit of 1.2 s for one."""
    program = "import sys, time\nsys.stdin.readline()\n"
    program += "for _ in range(6):\n time.sleep(0.3)\n print('null', flush=True)\n"
    program += "print('[]', flush=True)"
    monkeypatch.setattr(isolation, "_PROGRAM", program)
    file = File(Path("/nowhere/a.pdf"), "a.pdf", 1)
    assert _read_by_worker(file, Limits(seconds=1.2)) == []


def test_a_worker_that_is_ended_takes_its_programs_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "pid"
    program = "import subprocess, sys\nsys.stdin.readline()\n"
    program += "child = subprocess.Popen(['sleep', '60'])\n"
    program += f"open({str(told)!r}, 'w').write(str(child.pid))\nchild.wait()"
    monkeypatch.setattr(isolation, "_PROGRAM", program)
    file = File(Path("/nowhere/a.pdf"), "a.pdf", 1)
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
    patience.report_parts_to(lambda: told.append(len(installed)))
    try:
        read_one(written(tmp_path, "a.pdf", pdf_bytes("", "Words.", "")), ocr=True)
    finally:
        patience.report_parts_to(lambda: None)
    assert told == [1, 1, 2]


def _read_by_worker(
    file: File, limits: Limits, options: ReadingOptions = WITH_OCR
) -> list[Document | Skipped]:
    results = read_files([file], workers=1, limits=limits, options=options)
    return [item for _, items in results for item in items]


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
