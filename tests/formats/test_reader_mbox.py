import itertools
import mailbox
from email.message import EmailMessage
from pathlib import Path

import pytest

from bienc_cli.chunking.places import Places
from bienc_cli.errors import UnreadableFile
from bienc_cli.formats import mbox
from bienc_cli.formats.isolation import read_files
from bienc_cli.formats.reading import format_of
from bienc_cli.formats.table import FORMATS
from bienc_cli.formats.worker_messages import Limits
from bienc_cli.types import Document, Skipped
from reader_samples import pdf_bytes, read_items
from test_isolation import File

LIMITS = Limits(seconds=60)


def message(subject: str, text: str) -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = subject
    made.set_content(text)
    return made


def mailbox_at(path: Path, *messages: EmailMessage) -> Path:
    """Written by the standard library."""
    box = mailbox.mbox(path)
    for one in messages:
        box.add(one)
    box.flush()
    return path


def test_each_message_is_a_document_at_its_line(tmp_path):
    with_report = message("Report", "See the report.\nFrom here on it is new.\n")
    with_report.add_attachment(
        pdf_bytes("Page one", "Page two"), "application", "pdf", filename="report.pdf"
    )
    path = mailbox_at(
        tmp_path / "box.mbox", message("One", "first"), with_report, message("Three", "x")
    )
    items = read_items(path)
    assert [item.doc_id for item in items] == [
        "box.mbox#1",
        "box.mbox#2",
        "box.mbox#2/report.pdf",
        "box.mbox#3",
    ]
    lines = path.read_bytes().split(b"\n")
    for item in (items[0], items[1], items[3]):
        place = Places(item).of(0, 1, ())
        assert place.kind == "line"
        assert lines[place.first - 1].startswith(b"From ")
    assert "\nFrom here on it is new." in items[1].text
    report = items[2]
    assert Places(report).of(report.text.index("two"), len(report.text), ()).first == 2


def separated(*bodies: str, sender: str = "a@b Mon Jun  3 10:00:00 2024") -> bytes:
    return "".join(f"From {sender}\nSubject: s\n\n{body}\n" for body in bodies).encode()


@pytest.mark.parametrize(
    "sender",
    [
        "a@example.org Mon Jun  3 10:00:00 2024",
        "- Mon Jun 03 10:00:00 2024",
        "1234@xxx Mon Jun 03 10:00:00 +0000 2024",
        "MAILER-DAEMON Mon Jun  3 10:00 2024",
    ],
)
def test_separators_as_programs_write_them(tmp_path, sender):
    path = tmp_path / "Inbox"
    path.write_bytes(separated("one", "two", sender=sender))
    assert format_of(path) is FORMATS["mbox"]
    assert [item.text.split()[-1] for item in read_items(path)] == ["one", "two"]


def test_a_message_that_cannot_be_read_costs_itself_only(tmp_path, monkeypatch):
    path = tmp_path / "a.mbox"
    path.write_bytes(separated("one", "two", "three" * 200))
    monkeypatch.setattr(mbox, "_LARGEST_MESSAGE", 500)
    reading = mbox.message_documents

    def fail_on_two(data, doc_id, *more):
        if b"two" in data:
            raise KeyError("no such thing")
        return reading(data, doc_id, *more)

    monkeypatch.setattr(mbox, "message_documents", fail_on_two)
    items = read_items(path)
    assert [type(item) for item in items] == [Document, Skipped, Skipped]
    assert [item.code for item in items[1:]] == ["broken", "too_large"]
    assert [item.path for item in items[1:]] == ["a.mbox#2", "a.mbox#3"]


def test_one_endless_line(tmp_path, monkeypatch):
    monkeypatch.setattr(mbox, "_LONGEST_LINE", 64)
    path = tmp_path / "a.mbox"
    path.write_bytes(separated("y" * 64 + "From x Mon 10:00 2024 " * 50, "two"))
    assert [item.doc_id for item in read_items(path)] == ["a.mbox#1", "a.mbox#2"]


def test_no_messages_at_all(tmp_path):
    path = tmp_path / "a.mbox"
    path.write_bytes(b"\n\n")
    with pytest.raises(UnreadableFile) as refusal:
        read_items(path)
    assert refusal.value.code == "empty"


def files(*paths: Path) -> list[File]:
    return [File(path, path.name, path.stat().st_size) for path in paths]


def test_a_mailbox_is_streamed_from_a_worker_between_other_files(tmp_path):
    box = mailbox_at(tmp_path / "b.mbox", *(message(str(n), f"words {n}") for n in range(300)))
    text, pdf = tmp_path / "a.txt", tmp_path / "c.pdf"
    text.write_text("plain")
    pdf.write_bytes(pdf_bytes("page"))
    results = [
        (file.doc_id, [item.doc_id for item in items])
        for file, items in read_files(files(text, box, pdf), workers=1, limits=LIMITS)
    ]
    assert results == [
        ("a.txt", ["a.txt"]),
        ("b.mbox", [f"b.mbox#{n}" for n in range(1, 301)]),
        ("c.pdf", ["c.pdf"]),
    ]


def test_the_limit_of_text_is_for_a_message_and_not_for_the_mailbox(tmp_path):
    box = mailbox_at(tmp_path / "b.mbox", *(message(str(n), "words " * 50) for n in range(50)))
    limits = Limits(seconds=60, characters=1000)
    for _, items in read_files(files(box), workers=1, limits=limits):
        assert len([*items]) == 50


def test_a_mailbox_that_nobody_reads_to_its_end_ends_its_worker(tmp_path):
    box = mailbox_at(tmp_path / "b.mbox", *(message(str(n), "w" * 5000) for n in range(200)))
    results = read_files(files(box, box), workers=1, limits=LIMITS)
    for count, (_, items) in enumerate(results, 1):  # noqa: B007
        assert len([*itertools.islice(items, 2)]) == 2
        items.close()
    assert count == 2


def test_a_verdict_on_the_whole_mailbox(tmp_path):
    path = tmp_path / "a.mbox"
    path.write_bytes(b"\n")
    for _, items in read_files(files(path), workers=1, limits=LIMITS):
        (skipped,) = items
        assert (skipped.path, skipped.code) == ("a.mbox", "empty")


def test_a_mailbox_of_mmdf(tmp_path):
    path = tmp_path / "inbox"
    line = "\1\1\1\1\n"
    path.write_text("".join(f"{line}Subject: {word}\n\nsaid {word}\n{line}" for word in ("a", "b")))
    (first, second) = read_items(path)
    assert (first.doc_id, second.doc_id) == ("inbox#1", "inbox#2")
    assert first.text.split() == ["a", "said", "a"]


@pytest.mark.parametrize(
    "field", ["X-Mozilla-Status: 0009", "X-Mozilla-Status: 100b", "X-Status: AD"]
)
def test_a_message_that_was_deleted_is_read_no_more(tmp_path, field):
    path = tmp_path / "Inbox"
    gone = f"From - Mon Jun  3 10:00:00 2024\n{field}\nSubject: s\n\ngone\n\n".encode()
    path.write_bytes(separated("X-Mozilla-Status: 0009 in its text") + b"\n" + gone)
    path.write_bytes(path.read_bytes() + separated("last"))
    assert [item.doc_id for item in read_items(path)] == ["Inbox#1", "Inbox#3"]
    path.write_bytes(gone)
    with pytest.raises(UnreadableFile, match="no messages"):
        read_items(path)


@pytest.mark.parametrize(
    "field",
    [
        "X-Mozilla-Status: 0001",
        "X-Mozilla-Status: 8013",
        "X-Status: AF",
        "Status: RO",
        "X-Status: READ",
    ],
)
def test_other_marks_delete_nothing(tmp_path, field):
    path = tmp_path / "Inbox"
    path.write_bytes(f"From - Mon Jun  3 10:00:00 2024\n{field}\nSubject: s\n\nhere\n".encode())
    assert [item.doc_id for item in read_items(path)] == ["Inbox#1"]
