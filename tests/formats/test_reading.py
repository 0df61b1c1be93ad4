import os

import pytest

from bienc_cli.errors import UnreadableFile, UsageError
from bienc_cli.extras import install_command
from bienc_cli.formats import refusal
from bienc_cli.formats.binary import BINARY_SUFFIXES, OLD_OFFICE_SUFFIXES
from bienc_cli.formats.reading import format_of, read_documents
from bienc_cli.formats.table import FORMATS, Format, ReadingOptions, format_by_file_name
from bienc_cli.types import Document
from reader_samples import pdf_bytes, read_items, read_one

READ_BY_ALL = [reader for name, reader in FORMATS.items() if name != "image"]
"""Formats that need no program of their own."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("notes.txt", "text"),
        ("NOTES.TXT", "text"),
        ("README", "text"),
        ("readme.md", "markdown"),
        ("guide.rst", "rst"),
        ("guide.adoc", "asciidoc"),
        ("notes.org", "org"),
        ("paper.tex", "latex"),
        ("heron.man", "man"),
        ("meeting.ics", "calendar"),
        ("people.VCF", "calendar"),
        ("page.HTM", "html"),
        ("paper.pdf", "pdf"),
        ("letter.docx", "docx"),
        ("letter.DOTM", "docx"),
        ("show.pptx", "pptx"),
        ("show.ppsx", "pptx"),
        ("table.xlsm", "xlsx"),
        ("letter.odt", "odt"),
        ("table.fods", "ods"),
        ("show.odp", "odp"),
        ("letter.rtf", "rtf"),
        ("book.epub", "epub"),
        ("notebook.ipynb", "notebook"),
        ("message.eml", "mail"),
        ("box.mbox", "mbox"),
        ("main.rs", "code"),
        ("Makefile", "code"),
        ("Dockerfile", "code"),
        ("Dockerfile.dev", "code"),
        ("CMakeLists.txt", "code"),
        ("table.tsv", "csv"),
        ("data.json", "json"),
        ("corpus.jsonl", "jsonl"),
        ("corpus.ndjson", "jsonl"),
    ],
)
def test_names_choose_the_reader_unopened(tmp_path, name, expected):
    reader = format_of(tmp_path / name)
    assert reader is not None
    assert reader.name == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"just words\n", "text"),
        (b"#!/bin/sh\necho hi\n", "code"),
        (b"\n<!DOCTYPE html><p>x", "html"),
        (pdf_bytes("x"), "pdf"),
        (b"From a@b Mon Jun  3 10:00:00 2024\nSubject: x\n\ny\n", "mbox"),
        (b"Return-Path: <a@b>\nMessage-ID: <1@b>\n\nx\n", "mail"),
        (b"From: a@b\nTo: c@d\nMIME-Version: 1.0\n\nx\n", "mail"),
        (b"Subject: of this note\n\nis not a message\n", "text"),
        (b"From here on it is Monday 10:00 in 2024\n", "text"),
        (b"\x7fELF\x02\x01\x01\0\0\0", None),
        (b"", "text"),
        (b"\0" * 100_000 + b"one line\nand another\n", "text"),
        (b"\0" * 100_000 + b"\x7fELF\x02\x01\x01\0\0\0", None),
        ("words of UTF-16 without a mark\n".encode("utf-16-le"), "text"),
    ],
)
def test_other_names_are_decided_by_content(tmp_path, content, expected):
    path = tmp_path / "data.unheard-of"
    path.write_bytes(content)
    reader = format_of(path)
    assert (reader and reader.name) == expected


def test_known_binaries_are_not_opened(tmp_path):
    assert format_of(tmp_path / "absent.PNG") is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.zip", "archive (.zip); unpack"),
        ("data.csv.gz", "archive (.gz); unpack"),
        ("a.doc", "save it as .docx"),
        ("a.ppt", "save it as .pptx"),
        ("a.XLS", "save it as .xlsx"),
        ("a.msg", "save it as .eml"),
        ("a.pst", "export it as .mbox"),
        ("a.gif", "a binary file (.gif)"),
        ("a.png", "a picture (.png)"),
    ],
)
def test_the_reason_says_what_would_make_it_readable(tmp_path, name, words):
    path = tmp_path / name
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    with pytest.raises(UnreadableFile) as refusal:
        read_items(path)
    assert words in refusal.value.reason


def test_only_binary_suffixes_have_such_a_reason():
    explained = {suffix for suffixes, *_ in refusal._KINDS for suffix in suffixes.split()}
    assert explained
    assert explained <= BINARY_SUFFIXES | OLD_OFFICE_SUFFIXES


def test_no_suffix_is_both_readable_and_binary_nor_claimed_twice():
    claimed = [suffix for reader in FORMATS.values() for suffix in reader.suffixes]
    assert len(claimed) == len(set(claimed))
    assert not BINARY_SUFFIXES & set(claimed)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in claimed)


def test_stamps_tell_formats_versions_and_engines_apart(tmp_path):
    stamps = [reader.stamp for reader in FORMATS.values()]
    assert len(set(stamps)) == len(stamps)
    with_other_engine = Format("pdf", 1, "m", (".pdf",), variant="pdfium")
    assert with_other_engine.stamp not in stamps


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.txt", b"", "empty"),
        ("blank.md", b" \n\t\n", "empty"),
        ("blank.html", b"<p> </p><script>x</script>", "empty"),
        ("blank.jsonl", b"\n\n", "empty"),
        ("nul.txt", b"a\0b", "binary"),
        ("picture.md", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        ("noise.csv", bytes(range(256)) * 4, "binary"),
        ("noise", bytes(range(256)) * 4, "binary"),
    ],
)
def test_refusals_have_a_code_and_a_reason(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as refusal:
        read_items(path)
    assert refusal.value.code == code
    assert refusal.value.reason


@pytest.mark.parametrize("name", [f"gone{reader.suffixes[0]}" for reader in READ_BY_ALL])
def test_a_file_that_vanished(tmp_path, name):
    with pytest.raises(UnreadableFile) as refusal:
        read_items(tmp_path / name)
    assert refusal.value.code == "vanished"


def test_a_vanished_file_of_no_known_kind(tmp_path):
    with pytest.raises(UnreadableFile, match="gone"):
        read_items(tmp_path / "gone")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(UnreadableFile) as refusal:
        read_items(path)
    assert refusal.value.code == "permission"


def test_a_reader_that_fails_unforeseen_costs_its_file_only(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("words")

    def fail(path):
        raise KeyError("no\nsuch")

    monkeypatch.setattr("bienc_cli.formats.text.read_text", fail)
    with pytest.raises(UnreadableFile) as refusal:
        read_items(path)
    assert refusal.value.code == "broken"
    assert "KeyError" in refusal.value.reason
    assert "\n" not in refusal.value.reason


def test_an_unknown_engine_is_the_callers_mistake(tmp_path):
    with pytest.raises(UsageError, match="quartz"):
        list(read_documents(tmp_path / "a.pdf", "a.pdf", ReadingOptions("quartz")))
    with pytest.raises(UsageError, match="quartz"):
        format_by_file_name(tmp_path / "a.pdf", ReadingOptions("quartz"))


def test_an_engine_that_is_not_installed_says_what_to_install(tmp_path, monkeypatch):
    from bienc_cli.formats import table

    monkeypatch.setattr(table, "find_spec", lambda name: None)
    table._pdf_format.cache_clear()
    with pytest.raises(UsageError) as error:
        table.pdf_format(ReadingOptions("pdfium"))
    table._pdf_format.cache_clear()
    assert error.value.hint is not None
    assert error.value.hint == install_command("pdfium")


def test_titles_are_one_clean_line(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"title": "two\\nlines \\u0000 \\ud800", "x": 1}')
    assert read_one(path).title == "two lines \ufffd \ufffd"


def test_titles_are_not_endless(tmp_path):
    path = tmp_path / "a.md"
    path.write_text(f"# {'[word](' * 50_000}\n\ntext\n")
    document = read_one(path)
    assert document.title is not None
    assert len(document.title) <= 300
    assert document.headings[0].title == document.title


def test_the_document_carries_the_id_it_was_given(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("words")
    (document,) = read_documents(path, "deep/er/a.txt")
    assert document == Document("deep/er/a.txt", "words", "text")
