import base64
import random
from email.message import EmailMessage

import pytest

from bienc_cli.errors import UnreadableFile
from bienc_cli.types import Document, Skipped
from reader_samples import block_texts, docx_bytes, outline, pdf_bytes, read_items, read_one

NOISE = random.Random(1).randbytes(3000)
BASE64 = base64.encodebytes(NOISE).decode()


def message(text: str | None = "The locksmith comes.", **headers: str) -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = headers.pop("subject", "Lock")
    for name, value in headers.items():
        made[name] = value
    if text is not None:
        made.set_content(text)
    return made


def read_all(tmp_path, content: bytes, name: str = "a.eml") -> list[Document | Skipped]:
    path = tmp_path / name
    path.write_bytes(content)
    return read_items(path)


def read(tmp_path, content: bytes) -> Document:
    path = tmp_path / "a.eml"
    path.write_bytes(content)
    return read_one(path)


def test_fields_and_body(tmp_path):
    sent = message("First.\n\nSecond.\n", subject="Schlüssel für Zimmer 7")
    sent["From"], sent["To"] = "Zoë <a@example.org>", "b@example.org"
    sent["Date"] = "Mon, 3 Jun 2024 10:00 +0200"
    document = read(tmp_path, sent.as_bytes())
    assert document.title == "Schlüssel für Zimmer 7"
    assert outline(document) == [(1, document.title)]
    fields = "From: Zoë <a@example.org>\nTo: b@example.org\nDate: Mon, 03 Jun 2024 10:00:00 +0200"
    assert block_texts(document) == [fields, "First.", "Second."]
    assert document.numbering is None


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "cp1252"])
def test_bodies_are_decoded(tmp_path, encoding, charset):
    sent = EmailMessage()
    sent.set_content("Die Schlüssel zurückgeben.", charset=charset, cte=encoding)
    assert "Schlüssel zurückgeben" in read(tmp_path, sent.as_bytes()).text


@pytest.mark.parametrize(
    ("charset", "text"),
    [("iso-2022-jp", "鍵を返してください"), ("koi8-r", "Верните ключи"), ("gb2312", "请归还钥匙")],
)
def test_other_scripts(tmp_path, charset, text):
    head = f"Subject: x\nContent-Type: text/plain; charset={charset}\n\n".encode()
    assert text in read(tmp_path, head + text.encode(charset)).text


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        (b"=?utf-8?q?Schl=C3=BCssel?=", "Schlüssel"),
        (b"=?utf-8?b?U2NobMO8?=\n =?utf-8?b?c3NlbA==?=", "Schlüssel"),
        # One character, cut in two words.
        (b"=?utf-8?q?Schl=C3?=\n =?utf-8?q?=BCssel?=", "Schlüssel"),
        ("Schlüssel".encode(), "Schlüssel"),
        ("Schlüssel".encode("latin-1"), "Schlüssel"),
        (b"=?no-such-charset?q?Key?= ring", "Key ring"),
        (b"=?utf-8?b?not base 64?=", "=?utf-8?b?not base 64?="),
        (b"folded\n  over lines", "folded over lines"),
        (b"", None),
    ],
)
def test_subjects_in_every_form(tmp_path, raw, title):
    assert read(tmp_path, b"Subject: " + raw + b"\n\nbody\n").title == title


def test_the_plain_form_is_read_and_the_page_only_without_it(tmp_path):
    sent = message("plain words")
    sent.add_alternative("<p>page words</p>", subtype="html")
    assert "page words" not in read(tmp_path, sent.as_bytes()).text
    for text in (None, " \n"):
        sent = message(text)
        if text is None:
            sent.set_content("<h1>Rules</h1><p>page words</p>", subtype="html")
        else:
            sent.add_alternative("<h1>Rules</h1><p>page words</p>", subtype="html")
        document = read(tmp_path, sent.as_bytes())
        assert outline(document) == [(1, "Lock"), (2, "Rules")]
        assert block_texts(document)[-1] == "page words"


def test_a_page_with_pictures_of_its_own(tmp_path):
    sent = message(None)
    sent.set_content("<p>page words</p>", subtype="html")
    sent.add_related(NOISE, "image", "png", cid="<1>")
    document = read(tmp_path, sent.as_bytes())
    assert "page words" in document.text


def test_attachments_within_the_form_that_is_not_shown(tmp_path):
    sent = message("plain words")
    sent.add_alternative("<p>page words</p>", subtype="html")
    page = sent.get_payload()[1]
    page.make_mixed()
    page.add_attachment(b"attached text", "text", "plain", filename="a.txt")
    documents = read_all(tmp_path, sent.as_bytes())
    assert [document.doc_id for document in documents] == ["a.eml", "a.eml/a.txt"]
    assert "page words" not in documents[0].text


def test_records_of_an_attached_collection_are_told_apart(tmp_path):
    record = b'{"_id": "1", "text": "a record"}'
    items = read_all(tmp_path, with_attachments(("a.jsonl", record), ("b.jsonl", record)))
    assert [item.doc_id for item in items] == ["a.eml", "a.eml/a.jsonl#1", "a.eml/b.jsonl#1"]


def with_attachments(*attached: tuple[str, bytes]) -> bytes:
    sent = message()
    for name, content in attached:
        sent.add_attachment(content, "application", "octet-stream", filename=name)
    return sent.as_bytes()


def test_attachments_that_can_be_read_become_documents(tmp_path):
    content = with_attachments(
        ("report.pdf", pdf_bytes("Page of the report")),
        ("Prüfung.docx", docx_bytes()),
        ("notes.txt", b"plain notes"),
        ("notes.txt", b"other notes"),
        ("x.bin", NOISE),
        ("photo.jpg", NOISE),
    )
    items = read_all(tmp_path, content)
    assert [(item.doc_id, item.format) for item in items] == [
        ("a.eml", "mail"),
        ("a.eml/report.pdf", "pdf"),
        ("a.eml/Prüfung.docx", "docx"),
        ("a.eml/notes.txt", "text"),
        ("a.eml/notes (2).txt", "text"),
    ]
    assert "photo.jpg" in items[0].text
    assert items[-1].text == "other notes"


@pytest.mark.parametrize(
    ("parameters", "body"),
    [
        ("format=flowed; delsp=yes", "The winch is greased.\nNext line.\n-- \nAda"),
        ("format=flowed", "The win \nch is greased.\nNext line.\n-- \nAda"),
    ],
)
def test_lines_that_a_program_broke_anywhere(tmp_path, parameters, body):
    path = tmp_path / "a.eml"
    text = "The win \nch is greased.\nNext line.\n-- \nAda\n"
    path.write_text(f"Subject: x\nContent-Type: text/plain; {parameters}\n\n{text}")
    assert body in read_one(path).text


@pytest.mark.parametrize("name", ["box.mbox", "mbox", "Inbox"])
def test_mailboxes_within_a_message_are_left_out(tmp_path, name):
    box = b"From a@b Mon Jun  3 10:00:00 2024\n" + message().as_bytes()
    (document,) = read_all(tmp_path, with_attachments((name, box)))
    assert name in document.text


def test_an_attachment_that_cannot_be_written_costs_itself_only(tmp_path, monkeypatch):
    def fail(path, content):
        raise OSError(28, "No space left on device")

    content = with_attachments(("a.txt", b"text"))
    path = tmp_path / "a.eml"
    path.write_bytes(content)
    monkeypatch.setattr("pathlib.Path.write_bytes", fail)
    document, skipped = read_items(path)
    assert document.title == "Lock"
    assert (skipped.path, skipped.code) == ("a.eml/a.txt", "io")


def test_a_name_of_many_bytes(tmp_path):
    _, attached = read_all(tmp_path, with_attachments(("鍵" * 90 + ".txt", b"text")))
    assert attached.doc_id.endswith("鍵.txt")


def test_an_attachment_that_is_broken_costs_itself_only(tmp_path):
    items = read_all(tmp_path, with_attachments(("report.pdf", b"no PDF"), ("b.txt", b"text")))
    assert [type(item) for item in items] == [Document, Skipped, Document]
    assert (items[1].path, items[1].code) == ("a.eml/report.pdf", "broken")


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.txt", "/etc/x.txt", "C:\\x\\y.txt", "a\0b\n.txt", "ä" * 300 + ".txt", ".."],
)
def test_names_lead_nowhere_else(tmp_path, name):
    head = b'Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="B"\n\n--B\n'
    disposition = f"Content-Disposition: attachment; filename*=utf-8''{percent(name)}\n\n"
    items = read_all(tmp_path, head + disposition.encode() + b"attached text\n--B--\n")
    for item in items[1:]:
        assert item.doc_id.startswith("a.eml/")
        own = item.doc_id.removeprefix("a.eml/")
        assert "/" not in own
        assert own not in {"", ".", ".."}
        assert len(own) <= 100
        own.encode()
    assert [*tmp_path.iterdir()] == [tmp_path / "a.eml"]


def percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def test_messages_within_messages(tmp_path):
    inner = message("inner words", subject="Inner")
    inner.add_attachment(b"deep text", "text", "plain", filename="deep.txt")
    outer = message("outer words", subject="Outer")
    outer.add_attachment(inner)
    outer.add_attachment(inner.as_bytes(), "application", "octet-stream", filename="b.eml")
    items = read_all(tmp_path, outer.as_bytes())
    assert [item.doc_id for item in items] == [
        "a.eml",
        "a.eml/message.eml",
        "a.eml/message.eml/deep.txt",
        "a.eml/b.eml",
        "a.eml/b.eml/deep.txt",
    ]
    assert "inner words" in items[1].text
    assert "inner words" not in items[0].text


def test_why_a_message_was_not_delivered(tmp_path):
    raw = (
        b'Subject: Failed\nContent-Type: multipart/report; boundary="B"\n\n'
        b"--B\n\nSorry.\n--B\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; mx.example.org\n\n"
        b"Final-Recipient: rfc822; b@example.org\nDiagnostic-Code: 550 mailbox full\n\n--B--\n"
    )
    text = read(tmp_path, raw).text
    assert "Reporting-MTA: dns" in text
    assert "mailbox full" in text


def as_message(outer: EmailMessage, inner: EmailMessage) -> None:
    outer.add_attachment(inner)


def as_file(outer: EmailMessage, inner: EmailMessage) -> None:
    outer.add_attachment(inner.as_bytes(), "application", "octet-stream", filename="b.eml")


def as_file_without_suffix(outer: EmailMessage, inner: EmailMessage) -> None:
    outer.add_attachment(inner.as_bytes(), "application", "octet-stream", filename="b")


@pytest.mark.parametrize("attach", [as_message, as_file, as_file_without_suffix])
def test_messages_within_too_many_others(tmp_path, attach):
    sent = message("innermost")
    for _ in range(12):
        outer = message("around")
        attach(outer, sent)
        sent = outer
    items = read_all(tmp_path, sent.as_bytes())
    assert len(items) == 7
    assert isinstance(items[-1], Skipped)


@pytest.mark.parametrize(
    "body",
    [
        BASE64,
        f"begin 644 x.bin\n{'M' + 'A' * 60}\n`\nend\n",
        f"-----BEGIN PGP MESSAGE-----\n\n{BASE64}-----END PGP MESSAGE-----\n",
        f'Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n{BASE64}',
        f'<img src="data:image/png;base64,{BASE64.replace(chr(10), "")}">',
    ],
)  # fmt: skip
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_no_base64_wherever_it_stands(tmp_path, body, ends):
    raw = f"Subject: x\n\nwords before\n\n{body}\n\nwords behind\n".replace("\n", ends)
    text = read(tmp_path, raw.encode()).text
    assert "words before" in text
    assert "words behind" in text
    assert BASE64[:40] not in text
    assert "A" * 40 not in text


def test_signatures_are_no_text(tmp_path):
    sent = message()
    sent.add_attachment(NOISE, "application", "pgp-signature", filename="signature.asc")
    (document,) = read_all(tmp_path, sent.as_bytes())
    assert "signature" not in document.text


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: x\nContent-Type: multipart/mixed\n\nwords of a body\n",
        b'Subject: x\nContent-Type: multipart/mixed; boundary="B"\n\nwords of a body\n',
        b'Subject: x\nContent-Type: multipart/mixed; boundary="B"\n\n--B\n\nwords of a body\n',
        b"Subject: x\nContent-Type: nonsense\n\nwords of a body\n",
        b"Subject: x\nContent-Type: text/plain; charset=no-such\n\nwords of a body\n",
        b"Subject: x\nContent-Transfer-Encoding: base64\n\nwords of a body!\n",
        b"no header at all, words of a body\n",
        b"Subject: x\nContent-Type: text/plain; charset=us-ascii\n\nwords of a body \xfc\n",
    ],
)
def test_broken_messages_keep_their_words(tmp_path, raw):
    if b"base64" in raw:
        assert read(tmp_path, raw).title == "x"
    else:
        assert "words of a body" in read(tmp_path, raw).text


def test_apples_own_form(tmp_path):
    sent = message().as_bytes()
    (document,) = read_all(tmp_path, b"%d\n%s<?xml?><plist/>" % (len(sent), sent), "a.emlx")
    assert "plist" not in document.text
    assert document.title == "Lock"


def test_a_file_without_anything_in_it(tmp_path):
    with pytest.raises(UnreadableFile) as refusal:
        read_all(tmp_path, b" \n")
    assert refusal.value.code == "empty"


@pytest.mark.parametrize(
    "footer",
    [
        "_______________________________________________\nharbour mailing list\nhttp://x.org/list\n",
        "-- \nharbour mailing list\n",
        "To leave the harbour mailing list, write to us.\n",
    ],
)
def test_what_a_list_writes_below_an_encoded_body(tmp_path, footer):
    body = "Grüße aus dem Hafen. " * 9
    encoded = base64.encodebytes(body.encode()).decode()
    raw = (
        "Subject: x\nContent-Type: text/plain; charset=utf-8\n"
        f"Content-Transfer-Encoding: base64\n\n{encoded}{footer}"
    )
    path = tmp_path / "a.eml"
    path.write_text(raw, encoding="utf-8")
    text = read_one(path).text
    assert body.strip() in text
    assert "harbour mailing list" in text


def test_an_attachment_that_would_be_readable_otherwise_says_how(tmp_path):
    sent = message()
    for name in ("all.zip", "old.doc", "logo.png", "tune.mp3"):
        sent.add_attachment(NOISE, "application", "octet-stream", filename=name)
    _, *skipped = read_all(tmp_path, sent.as_bytes())
    assert skipped == [
        Skipped("a.eml/all.zip", "binary", "an archive (.zip); unpack it to have its files read"),
        Skipped(
            "a.eml/old.doc",
            "binary",
            "a Word document from before 2007 (.doc); save it as .docx",
        ),
    ]
