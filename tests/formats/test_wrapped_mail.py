"""Messages whose words are wrapped up in another form, or said in one of several."""

import base64
import binascii
import random
import struct
from email.message import EmailMessage

import pytest

from bienc_cli.formats.signed import signed_content
from bienc_cli.formats.tnef import uncompressed_rtf, unwrapped
from bienc_cli.types import Document
from reader_samples import read_items
from wrapped_mail import attachment, properties, signed, wide, wrapped

HTML = (0x69003, properties((0x102, 0x1013, "<p>The locksmith of Köln</p>".encode())))
BODY = (0x1F, 0x1000, wide("The locksmith of Köln"))
PLAIN = (0x69003, properties(BODY))
RTF = rb"{\rtf1\ansi The locksmith of K\'f6ln\par}"


def stored(rtf: bytes) -> bytes:
    return struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf


def read_all(tmp_path, content: bytes) -> dict[str, str]:
    path = tmp_path / "a.eml"
    path.write_bytes(content)
    items = list(read_items(path))
    assert all(isinstance(item, Document) for item in items)
    return {item.doc_id: item.text for item in items}


def with_part(content: bytes, kind: str, name: str, body: str = "") -> bytes:
    message = EmailMessage()
    message["Subject"] = "Lock"
    if body:
        message.set_content(body)
    maintype, subtype = kind.split("/")
    message.add_attachment(content, maintype, subtype, filename=name)
    return message.as_bytes()


@pytest.mark.parametrize("kind", ["application/ms-tnef", "application/vnd.ms-tnef", "text/plain"])
def test_what_outlook_attached(tmp_path, kind):
    files = [*attachment("Übersicht.txt", b"a walrus"), *attachment("b.csv", b"a,b\n1,heron\n")]
    wrapping = wrapped((0x69007, struct.pack("<II", 1252, 0)), HTML, *files)
    found = read_all(tmp_path, with_part(wrapping, kind, "winmail.dat", "The plain form."))
    assert found["a.eml/Übersicht.txt"] == "a walrus"
    assert "heron" in found["a.eml/b.csv"]
    assert "Attachments: Übersicht.txt, b.csv" in found["a.eml"]
    assert "The plain form." in found["a.eml"]
    assert "locksmith" not in found["a.eml"]


@pytest.mark.parametrize(
    "attribute",
    [
        HTML,
        PLAIN,
        (0x2800C, "The locksmith of Köln\0".encode("cp1252")),
        (0x69003, properties((0x102, 0x1009, stored(RTF)))),
        (0x69003, properties((0x1E, 0x8123, b"named"), (0x40, 0x39, bytes(8)), BODY)),
    ],
)
def test_the_body_where_there_is_no_other(tmp_path, attribute):
    content = with_part(wrapped(attribute), "application/ms-tnef", "winmail.dat")
    assert "The locksmith of Köln" in " ".join(read_all(tmp_path, content).values())


def test_a_message_within_what_is_wrapped(tmp_path):
    inner = wrapped(PLAIN, *attachment("c.txt", b"an eider"))
    said = properties((0x1F, 0x3707, wide("Forwarded")), (0x0D, 0x3701, bytes(16) + inner))
    outer = wrapped((0x69002, bytes(14)), (0x69005, said))
    found = read_all(tmp_path, with_part(outer, "application/ms-tnef", "winmail.dat", "See below."))
    assert "The locksmith of Köln" in found["a.eml/Forwarded.plain"]
    assert found["a.eml/c.txt"] == "an eider"


def test_names_of_what_is_wrapped_lead_nowhere_else(tmp_path):
    outer = wrapped(*attachment("../../etc/passwd", b"a heron"), *attachment("\0", b"a gull"))
    found = read_all(tmp_path, with_part(outer, "application/ms-tnef", "winmail.dat", "x"))
    assert set(found) == {"a.eml", "a.eml/passwd", "a.eml/attachment"}


def test_rtf_that_repeats_itself():
    """Words of the dictionary and of the text itself, as the specification's example has them."""
    compressed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c0900206277"
        "05b06c647d0a800fa0"
    )
    assert uncompressed_rtf(compressed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


@pytest.mark.parametrize("seed", range(300))
def test_wrappings_that_are_damaged_are_read_as_far_as_they_go(seed):
    chance = random.Random(seed)
    whole = wrapped(
        HTML, (0x69003, properties((0x102, 0x1009, stored(RTF)))), *attachment("a", b"b")
    )
    content = bytearray(whole)
    for _ in range(chance.randint(1, 5)):
        content[chance.randrange(6, len(content))] = chance.randrange(256)
    torn = bytes(content[: chance.randint(0, len(content))])
    # The signature is whole; behind it anything may be, and is read as far as it goes.
    assert (unwrapped(torn) is None) == (len(torn) < 6)
    cms = bytearray(signed(whole, endless=bool(seed % 2)))
    cms[chance.randrange(len(cms))] = chance.randrange(256)
    inner = signed_content(bytes(cms))
    assert inner is None or len(inner) <= len(cms)


@pytest.mark.parametrize("endless", [False, True])
def test_what_is_signed_as_a_whole(tmp_path, endless):
    inner = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe locksmith of K\xc3\xb6ln\r\n"
    content = with_part(signed(inner, endless=endless), "application/pkcs7-mime", "smime.p7m")
    assert "The locksmith of Köln" in read_all(tmp_path, content)["a.eml"]


@pytest.mark.parametrize("content", [signed(b"a", kind="03"), b"\x30\x80", b"\x30\x82"])
def test_what_is_encrypted_is_named(tmp_path, content):
    found = read_all(tmp_path, with_part(content, "application/pkcs7-mime", "smime.p7m", "x"))
    assert "Attachments: smime.p7m" in found["a.eml"]


def test_files_within_a_body_as_mail_had_them_before_mime(tmp_path):
    encoded = binascii.b2a_uu(b"a walrus on the pier").decode()
    body = f"Before it.\n\nbegin 644 list.txt\n{encoded}`\nend\n\nBehind it.\n"
    found = read_all(tmp_path, f"Subject: Lock\n\n{body}".encode())
    assert found["a.eml/list.txt"] == "a walrus on the pier"
    assert "Before it." in found["a.eml"]
    assert "Behind it." in found["a.eml"]
    assert encoded.strip() not in found["a.eml"]


@pytest.mark.parametrize(
    ("plain", "page", "read"),
    [
        ("Please see this in an HTML mail client.", "<p>All about tawny frogmouths.</p>", "page"),
        ("View online: http://x.org/1", "<h1>News</h1><p>All about tawny frogmouths.</p>", "page"),
        ("All about tawny frogmouths.", "<p>All about <b>tawny frogmouths</b>.</p>", "plain"),
        ("All about tawny frogmouths. http://x.org", "<p>All about tawny frogmouths.</p>", "plain"),
        ("Words. " * 200, "<p>All about tawny frogmouths.</p>", "plain"),
        ("Words.", "<p><img src=a></p>", "plain"),
    ],
)
def test_the_form_that_says_what_there_is_to_say(tmp_path, plain, page, read):
    message = EmailMessage()
    message.set_content(plain)
    message.add_alternative(f"<html><body>{page}<p></p></body></html>", subtype="html")
    text = " ".join(read_all(tmp_path, message.as_bytes())["a.eml"].split())
    assert ("frogmouths" in text) is (read == "page" or "frogmouths" in plain)
    assert (" ".join(plain.split()) in text) is (read == "plain")


def test_bytes_without_a_name_are_known_by_what_they_are(tmp_path):
    encoded = base64.encodebytes(b"a walrus on the pier").decode()
    part = "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n" + encoded
    content = f"Content-Type: multipart/mixed; boundary=B\n\n--B\n\nBody.\n--B\n{part}\n--B--\n"
    found = read_all(tmp_path, content.encode())
    assert found["a.eml/attachment"] == "a walrus on the pier"
