"""A mailbox from the file to the index: many documents of one file, and what is attached."""

from email.message import EmailMessage

from bienc_cli.indexing.report import IndexReport
from folders import Folder


def message(subject: str, text: str, *attached: tuple[str, bytes]) -> bytes:
    made = EmailMessage()
    made["Subject"] = subject
    made.set_content(text)
    for name, content in attached:
        made.add_attachment(content, "application", "octet-stream", filename=name)
    return b"From a@b Mon Jun  3 10:00:00 2024\n" + made.as_bytes() + b"\n"


FIRST = message("Moorings", "The winch is greased in October.")
SECOND = message(
    "Fees", "They are due.", ("fees.csv", b"berth,fee\nnorth,12\n"), ("bad.pdf", b"no PDF")
)
THIRD = message("Guests", "Yachts come in May.")


def indexed(folder: Folder, *messages: bytes) -> IndexReport:
    folder.root.mkdir(exist_ok=True)
    (folder.root / "box.mbox").write_bytes(b"".join(messages))
    return folder.index()


def test_messages_and_attachments_are_documents_and_what_cannot_be_read_says_why(
    folder: Folder,
) -> None:
    report = indexed(folder, FIRST, SECOND)
    assert {doc_id for doc_id, _ in folder.texts()} == {
        "box.mbox#1",
        "box.mbox#2",
        "box.mbox#2/fees.csv",
    }
    (skipped,) = report.skipped
    assert skipped.path.endswith("box.mbox#2/bad.pdf")
    assert skipped.code == "broken"


def test_a_new_message_leaves_the_others_as_they_are(folder: Folder) -> None:
    indexed(folder, FIRST, SECOND)
    encoded = len(folder.encoder.passages_encoded)
    report = indexed(folder, FIRST, SECOND, THIRD)
    documents = report.documents
    assert (documents.new, documents.changed, documents.unchanged, documents.removed) == (
        1,
        0,
        3,
        0,
    )
    assert len(folder.encoder.passages_encoded) == encoded + 1


def test_a_mailbox_that_is_gone_takes_all_of_it_along(folder: Folder) -> None:
    indexed(folder, FIRST, SECOND)
    (folder.root / "keep.txt").write_text("Words.")
    (folder.root / "box.mbox").unlink()
    report = folder.index()
    assert report.documents.removed == 3
    assert {doc_id for doc_id, _ in folder.texts()} == {"keep.txt"}
