"""How a root's files are read is remembered with it, and read anew where it is another way."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bienc_cli.errors import UsageError
from bienc_cli.types import Anchor, Document, Numbering, Place
from console_blocks import ROOT
from folders import FRUIT, Folder


def test_another_pdf_engine_reads_again_and_is_remembered(folder: Folder) -> None:
    pytest.importorskip("pypdfium2")
    manual = ROOT / "sample_docs/coffee/brindle-40-manual.pdf"
    folder.write({"manual.pdf": manual.read_bytes(), "a.txt": "Text.\n"})
    folder.index()
    read = len(folder.encoder.passages_encoded)
    report = folder.index(pdf_engine="pdfium")
    assert report.documents.new == 0
    assert report.documents.unchanged >= 1
    with folder.open() as reader:
        assert reader.info.roots[0].pdf_engine == "pdfium"
    assert not folder.refresh().committed
    assert report.new_passages > 1
    assert len(folder.encoder.passages_encoded) >= read


def test_an_unknown_pdf_engine_is_refused(folder: Folder) -> None:
    folder.write(dict(FRUIT))
    with pytest.raises(UsageError, match="no PDF engine 'abacus'"):
        folder.index(pdf_engine="abacus")


def test_ocr_reads_what_was_skipped_and_is_remembered(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Tesseract makes of pictures is another test's: here a file stands in for it."""
    monkeypatch.setattr("bienc_cli.formats.table.missing", lambda: None)
    monkeypatch.setattr("bienc_cli.formats.isolation._is_isolated", lambda *_, **__: False)
    for module in ("pdf", "image"):
        monkeypatch.setattr(f"bienc_cli.formats.{module}.{_READS[module]}", _recognising)
    folder.write({"scan.pdf": _SCAN, "a.png": b"a picture", "b.txt": "Text.\n"})
    assert {one.path: one.code for one in folder.index().skipped} == {
        "docs/scan.pdf": "broken",
        "docs/a.png": "binary",
    }
    assert folder.index(ocr=True).skipped == ()
    assert [text for _, text in folder.texts()] == ["kestrel", "Text.", "kestrel"]
    with folder.open() as reader:
        assert reader.info.roots[0].ocr
        places = {one.passage.doc_id: one.passage.place for one in reader.iter_passages()}
    assert places["scan.pdf"] == Place("page", 1, 1, recognised=True)
    assert not folder.refresh().committed
    folder.index(ocr=False)
    assert [text for _, text in folder.texts()] == ["Text."]


def test_languages_of_scans_are_remembered_and_others_read_them_anew(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bienc_cli.formats.table.missing", lambda: None)
    monkeypatch.setattr("bienc_cli.formats.isolation._is_isolated", lambda *_, **__: False)
    monkeypatch.setattr("bienc_cli.indexing.roots.check_languages", _only_german)

    def recognising(path: Path, doc_id: str, languages: Sequence[str] = ()) -> Iterator[Document]:
        yield Document(doc_id, " ".join(languages) or "any", "image")

    monkeypatch.setattr("bienc_cli.formats.image.read", recognising)
    folder.write({"a.png": b"a picture"})
    # Whoever names a language wants text recognised.
    for asked, told in ((("deu",), "deu"), (None, "deu"), ((), "any")):
        folder.index(ocr_languages=asked)
        assert [text for _, text in folder.texts()] == [told]
    with pytest.raises(UsageError, match="fra"):
        folder.index(ocr_languages=("fra",))
    with folder.open() as reader:
        assert reader.info.roots[0].ocr_languages == ()


def _only_german(languages: Sequence[str]) -> None:
    if set(languages) - {"deu"}:
        raise UsageError(f"no {languages}", "x")


_SCAN = b"%PDF-1.4 a scan"


_READS = {"pdf": "read_scans_too", "image": "read"}


def _recognising(path: Path, doc_id: str) -> Iterator[Document]:
    numbering = Numbering("page", (Anchor(0, 1, recognised=True),))
    yield Document(doc_id, "kestrel", path.suffix[1:], numbering=numbering)
