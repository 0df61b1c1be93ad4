"""What holds for every archive of XML: refusals with their reasons, and what is let through."""

import io
import zipfile

import pytest

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats import package
from office_samples import changed, parts_of, zip_of
from reader_samples import docx_bytes, read_items, read_one
from test_reader_epub import epub_bytes
from test_reader_odf import odp_bytes, ods_bytes, odt_bytes
from test_reader_pptx import pptx_bytes
from test_reader_xlsx import xlsx_bytes

SAMPLES = {
    "docx": docx_bytes(),
    "pptx": pptx_bytes(),
    "xlsx": xlsx_bytes(),
    "odt": odt_bytes(),
    "ods": ods_bytes(),
    "odp": odp_bytes(),
    "epub": epub_bytes(),
}
OFFICE = ["docx", "docm", "dotx", "pptx", "xlsx", "xlsm"]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)


def refusal_of(tmp_path, suffix: str, content: bytes) -> UnreadableFile:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as refusal:
        read_items(path)
    return refusal.value


@pytest.mark.parametrize("suffix", OFFICE)
def test_a_password_is_told_from_an_old_format(tmp_path, suffix):
    locked = refusal_of(tmp_path, suffix, OLE + "EncryptedPackage".encode("utf-16-le"))
    assert (locked.code, locked.reason) == ("encrypted", "encrypted, needs a password")
    old = refusal_of(tmp_path, suffix, OLE)
    assert old.code == "broken"
    assert "2007" in old.reason


@pytest.mark.parametrize("suffix", SAMPLES)
@pytest.mark.parametrize("content", [b"", b"words", zip_of({"a.txt": "x"})])
def test_what_only_has_the_suffix(tmp_path, suffix, content):
    assert refusal_of(tmp_path, suffix, content).code in {"broken", "empty"}


@pytest.mark.parametrize("suffix", SAMPLES)
def test_what_breaks_off(tmp_path, suffix):
    assert refusal_of(tmp_path, suffix, SAMPLES[suffix][:-300]).code == "broken"


@pytest.mark.parametrize("suffix", SAMPLES)
def test_a_bomb_is_refused_before_anything_is_unpacked(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(package, "_LARGEST_XML", 1000)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    assert refusal_of(tmp_path, suffix, SAMPLES[suffix]).code == "too_large"


@pytest.mark.parametrize("suffix", SAMPLES)
def test_names_in_another_case_and_with_other_slashes(tmp_path, suffix):
    parts = {
        name.replace("/", "\\").upper(): data for name, data in parts_of(SAMPLES[suffix]).items()
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    paths = [tmp_path / f"{which}.{suffix}" for which in "ab"]
    for path, content in zip(paths, (SAMPLES[suffix], buffer.getvalue()), strict=True):
        path.write_bytes(content)
    usual, other = map(read_one, paths)
    assert other.text == usual.text


@pytest.mark.parametrize("suffix", SAMPLES)
def test_more_parts_than_anyone_needs(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(SAMPLES[suffix])
    usual = read_one(path)
    more = {"../../x.txt": b"x", "/absolute.bin": b"x", "empty/": b"", "customXml/item9.xml": b"<"}
    path.write_bytes(changed(SAMPLES[suffix], lambda parts: parts.update(more)))
    assert read_one(path).text == usual.text
