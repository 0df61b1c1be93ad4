"""Workers: order, limits, crashes, and that none outlives its caller."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from bienc_cli.errors import UsageError
from bienc_cli.formats import isolation
from bienc_cli.formats.isolation import read_files
from bienc_cli.formats.reading import read_documents
from bienc_cli.formats.table import ReadingOptions
from bienc_cli.formats.worker_messages import FileRequest, Limits
from bienc_cli.types import Document, Skipped
from reader_samples import docx_bytes, pdf_bytes

ROOT = Path(isolation.__file__).parents[2]

# Behaves as its input's name says, in place of a reader that does.
STAND_IN = textwrap.dedent(
    """
    import json, os, signal, sys, time
    served = 0
    for line in sys.stdin:
        path, doc_id, options = json.loads(line)
        served += 1
        if "abort" in doc_id:
            os.kill(os.getpid(), signal.SIGABRT)
        if "exit" in doc_id or ("tired" in doc_id and served > 1):
            os._exit(7)
        if "half" in doc_id:
            os.write(1, b'[["cut off')
            os._exit(0)
        if "loop" in doc_id:
            while True:
                pass
        if "box" in doc_id:
            print(json.dumps([["one", "x", "mbox", None, [], [], None]]), flush=True)
            print(json.dumps([["two", "x", "mbox", None, [], [], None]]), flush=True)
            if "killed" in doc_id:
                os.kill(os.getpid(), signal.SIGABRT)
            if "hung" in doc_id:
                time.sleep(60)
            end = {"code": "broken", "reason": "r"} if "refused" in doc_id else []
            print(json.dumps(end), flush=True)
            continue
        items = [[doc_id, f"read by {os.getpid()}", "pdf", None, [], [], None]]
        print(json.dumps(items), flush=True)
    """
)


@dataclass(frozen=True)
class File:
    path: Path
    doc_id: str
    size: int


def file_at(path: Path, content: bytes) -> File:
    path.write_bytes(content)
    return File(path, path.name, len(content))


def imaginary(*names: str) -> list[File]:
    return [File(Path(f"/nowhere/{name}.pdf"), name, 10) for name in names]


def read(files, *, workers=2, limits=None):
    limits = limits or Limits()
    found = read_files(files, workers=workers, limits=limits)
    return [(file, list(items)) for file, items in found]


def codes(results) -> dict[str, str]:
    return {
        file.doc_id: items[0].code if isinstance(items[0], Skipped) else "ok"
        for file, items in results
    }


def is_running(pid: int) -> bool:
    """Whether a process is there and is no zombie that nobody has waited for."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return status != "Z"


def test_what_workers_read_is_what_is_read_here(tmp_path):
    files = [
        file_at(tmp_path / "a.pdf", pdf_bytes("one", "", "three", title="T")),
        file_at(tmp_path / "b.docx", docx_bytes()),
        file_at(tmp_path / "c.md", b"# T\n\nwords\n"),
        file_at(tmp_path / "d.jsonl", b'{"text": "x"}\nbroken\n'),
        file_at(tmp_path / "e.html", b"<h1>H</h1><ul><li>\xc3\xa9</ul>" + b"<p>x</p>" * 20_000),
        file_at(tmp_path / "f.pdf", b"no pdf"),
    ]
    results = read(files)
    assert [file for file, _ in results] == files
    for file, items in results[:-1]:
        assert items == list(read_documents(file.path, file.doc_id))
    assert results[-1][1] == [Skipped("f.pdf", "broken", results[-1][1][0].reason)]


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_the_order_of_the_files(tmp_path, workers):
    files = []
    for index in range(30):
        if index % 3:
            files.append(file_at(tmp_path / f"{index:02}.txt", b"%d" % index))
        else:
            files.append(file_at(tmp_path / f"{index:02}.pdf", pdf_bytes(f"{index}")))
    results = read(files, workers=workers)
    assert [(file.doc_id, items[0].text.strip()) for file, items in results] == [
        (file.doc_id, str(index)) for index, file in enumerate(files)
    ]


def test_names_that_are_no_utf8_reach_the_worker(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.pdf"))
    path.write_bytes(pdf_bytes("found"))
    ((_, items),) = read([File(path, "cafe.pdf", 100)])
    assert isinstance(items[0], Document)


def test_a_crash_costs_its_file_only(monkeypatch):
    monkeypatch.setattr(isolation, "_PROGRAM", STAND_IN)
    results = read(imaginary("a", "abort", "b", "exit", "half", "c"))
    assert codes(results) == {
        "a": "ok", "abort": "crashed", "b": "ok", "exit": "crashed", "half": "crashed", "c": "ok"
    }  # fmt: skip
    reasons = {file.doc_id: items[0].reason for file, items in results if file.doc_id[0] != "_"
               and isinstance(items[0], Skipped)}  # fmt: skip
    assert "SIGABRT" in reasons["abort"]
    assert "7" in reasons["exit"]


@pytest.mark.parametrize(
    ("name", "last"),
    [("box", None), ("box refused", "broken"), ("box killed", "crashed"), ("box hung", "timeout")],
)
def test_a_collection_that_breaks_off_keeps_what_came_before(monkeypatch, name, last):
    monkeypatch.setattr(isolation, "_PROGRAM", STAND_IN)
    box = File(Path("/nowhere/a.mbox"), name, 10)
    results = read([box, *imaginary("a"), box], workers=1, limits=Limits(seconds=1))
    for _, items in (results[0], results[2]):
        assert [item.doc_id for item in items[:2]] == ["one", "two"]
        assert [(item.path, item.code) for item in items[2:]] == ([(name, last)] if last else [])
    assert codes(results)["a"] == "ok"


def test_nothing_is_left_of_a_worker_that_is_killed_with_an_attachment(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    message = EmailMessage()
    message.set_content("words")
    message.add_attachment(
        b"<div>" * 300_000 + b"x", "application", "octet-stream", filename="deep.html"
    )
    results = read([file_at(tmp_path / "a.eml", message.as_bytes())], limits=Limits(seconds=1))
    assert codes(results) == {"a.eml": "timeout"}
    assert [*(tmp_path / "scratch").iterdir()] == []


def test_a_loop_is_ended(monkeypatch):
    monkeypatch.setattr(isolation, "_PROGRAM", STAND_IN)
    results = read(imaginary("loop", "a", "loop too", "b"), limits=Limits(seconds=0.5))
    assert codes(results) == {"loop": "timeout", "a": "ok", "loop too": "timeout", "b": "ok"}


def test_what_earlier_files_did_to_a_worker_does_not_count(monkeypatch):
    monkeypatch.setattr(isolation, "_PROGRAM", STAND_IN)
    assert codes(read(imaginary("a", "tired", "b"), workers=1)) == {
        "a": "ok", "tired": "ok", "b": "ok"
    }  # fmt: skip


def test_a_real_page_that_takes_minutes_to_parse(tmp_path):
    """The parser's time grows with the square of the depth: minutes for this one."""
    page = file_at(tmp_path / "deep.html", b"<div>" * 300_000 + b"x")
    assert codes(read([page], limits=Limits(seconds=1))) == {"deep.html": "timeout"}


def test_a_file_that_needs_too_much_memory(tmp_path):
    limits = Limits(memory=400 << 20)
    big = file_at(tmp_path / "big.json", b"[" + b"[]," * 8_000_000 + b"[]]")
    results = read([big, file_at(tmp_path / "a.pdf", pdf_bytes("x"))], limits=limits)
    assert codes(results) == {"big.json": "memory", "a.pdf": "ok"}


@pytest.mark.parametrize("name", ["a.txt", "a.pdf"])
def test_more_text_than_is_allowed(tmp_path, name):
    content = pdf_bytes("x" * 200) if name == "a.pdf" else b"x" * 200
    results = read([file_at(tmp_path / name, content)], limits=Limits(characters=100))
    assert codes(results) == {name: "too_large"}


def test_collections_are_exempt_and_streamed(tmp_path):
    collection = file_at(tmp_path / "c.jsonl", b'{"text": "0123456789"}\n' * 100)
    found = read_files([collection], workers=1, limits=Limits(characters=100))
    _, items = next(found)
    assert not isinstance(items, list)
    assert sum(1 for _ in items) == 100
    found.close()


def test_a_collection_that_breaks_off_keeps_what_was_read(tmp_path, monkeypatch):
    from bienc_cli.formats import jsonl

    def broken_off(path, doc_id):
        yield Document("1", "x", "jsonl")
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(jsonl, "read", broken_off)
    ((_, items),) = read([file_at(tmp_path / "c.jsonl", b"{}")])
    assert isinstance(items[0], Document)
    assert (items[1].path, items[1].code) == ("c.jsonl", "io")


def test_an_unknown_engine_is_refused_at_once():
    with pytest.raises(UsageError):
        read_files([], workers=1, limits=Limits(), options=ReadingOptions("quartz"))


def test_the_input_is_taken_only_so_far_ahead(tmp_path):
    taken = 0

    def files():
        nonlocal taken
        for index in range(1000):
            taken += 1
            yield file_at(tmp_path / f"{index}.txt", b"x")

    found = read_files(files(), workers=2, limits=Limits())
    next(found)
    assert taken <= isolation._WINDOW
    found.close()


def test_no_worker_is_started_for_files_read_here(tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise AssertionError("started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert codes(read([file_at(tmp_path / "a.txt", b"x")])) == {"a.txt": "ok"}


def test_a_caller_that_stops_midway_leaves_no_process(monkeypatch):
    monkeypatch.setattr(isolation, "_PROGRAM", STAND_IN)
    found = read_files(imaginary("a", "b", "loop", "loop 2"), workers=2, limits=Limits())
    _, items = next(found)
    (document,) = items
    pid = int(document.text.rpartition(" ")[2])
    assert is_running(pid)
    found.close()
    assert not is_running(pid)


def test_a_worker_imports_nothing_heavy():
    code = (
        "import sys; import bienc_cli.formats.worker; "
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'openvino', 'hnswlib', "
        "'pypdf', 'docx', 'selectolax', 'markdown_it', 'pathspec'}; "
        "print(heavy & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_the_working_directory_is_not_on_a_workers_path(tmp_path, monkeypatch):
    """Otherwise a folder with a `json.py` of its own would run it by being indexed."""
    (tmp_path / "json.py").write_text("raise SystemExit('run by accident')")
    monkeypatch.chdir(tmp_path)
    assert codes(read([file_at(tmp_path / "a.pdf", pdf_bytes("x"))])) == {"a.pdf": "ok"}


CALLER = """
import signal
import sys
from pathlib import Path
# A job in the background of a shell is started with interrupts ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {root!r})
from dataclasses import dataclass
from email.message import EmailMessage
from bienc_cli.formats.isolation import read_files
from bienc_cli.formats.worker_messages import Limits

@dataclass
class File:
    path: Path
    doc_id: str
    size: int

files = [File(Path(name), name, Path(name).stat().st_size) for name in sys.argv[1:]]
print("ready", flush=True)
try:
    for file, items in read_files(files, workers=2, limits=Limits()):
        list(items)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_caller(tmp_path, end):
    slow = [file_at(tmp_path / f"{n}.html", b"<div>" * 300_000 + b"x") for n in range(3)]
    caller = subprocess.Popen(
        [sys.executable, "-c", CALLER.format(root=str(ROOT)), *(str(file.path) for file in slow)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "ready\n"
        workers: set[int] = set()
        await_that(lambda: len(workers.update(children(caller.pid)) or workers) == 2)
        # As the terminal does: to the whole foreground process group.
        os.killpg(caller.pid, end)
        output, errors = caller.communicate(timeout=60)
        await_that(lambda: not any(is_running(pid) for pid in workers))
        assert errors == ""
        if end == signal.SIGINT:
            assert output == "interrupted\n"
    finally:
        caller.kill()
        caller.communicate()


def children(pid: int) -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and is_running(int(entry.name)):
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.add(int(entry.name))
    return found


def await_that(condition) -> None:
    """Poll; a hang fails the test, however slow the machine is."""
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("waited in vain")


@pytest.mark.parametrize(
    "options",
    [ReadingOptions(), ReadingOptions("pdfium", ocr=True, ocr_languages=("deu", "eng"))],
)
def test_what_a_worker_is_asked_comes_to_it_as_it_was(options):
    request = FileRequest(Path("/a \udcff/b.pdf"), "b.pdf", options)
    assert FileRequest.decode(request.encode()) == request
