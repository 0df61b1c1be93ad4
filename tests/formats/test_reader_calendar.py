"""Calendars and address books, in files of their own and in messages."""

from __future__ import annotations

import pytest

from bienc_cli.chunking.places import Places
from bienc_cli.types import Document
from reader_samples import block_texts, outline, read_items, read_one

EVENTS = """BEGIN:VCALENDAR
VERSION:2.0
X-WR-CALNAME:Harbour
BEGIN:VTIMEZONE
TZID:Europe/Berlin
END:VTIMEZONE
BEGIN:VEVENT
UID:1@x
DTSTART;TZID=Europe/Berlin:20240306T100000
SUMMARY:Slipway\\, north
ATTENDEE;CN="Doe, Jane";ROLE=CHAIR:mailto:jane@x.org
DESCRIPTION:Grease the win
 ch\\nand the cable
BEGIN:VALARM
DESCRIPTION:ring
END:VALARM
LOCATION:Room 5
END:VEVENT
BEGIN:VEVENT
SUMMARY:Regatta
DTSTART;VALUE=DATE:20240501
END:VEVENT
END:VCALENDAR
"""


def read(tmp_path, content: str, name: str) -> Document:
    path = tmp_path / name
    path.write_bytes(content.encode())
    return read_one(path)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_events_stand_under_their_names_in_their_lines(tmp_path, line_end):
    document = read(tmp_path, EVENTS.replace("\n", line_end), "a.ics")
    assert document.title == "Harbour"
    assert outline(document) == [(1, "Slipway, north"), (1, "Regatta")]
    assert block_texts(document) == [
        "Start: 2024-03-06 10:00",
        "Attendee: Doe, Jane jane@x.org",
        "Description: Grease the winch\nand the cable",
        "Location: Room 5",
        "Start: 2024-05-01",
    ]
    places = Places(document)
    lines = {"north": 10, "Grease": 12, "Room": 17, "Regatta": 20, "05-01": 21}
    starts = {word: document.text.index(word) for word in lines}
    assert {word: places.of(at, at + 1, ()).first for word, at in starts.items()} == lines


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("NOTE:said twice\\; yes", "Note: said twice; yes"),
        ("item1.TEL;TYPE=CELL:+49 123", "Phone (mobile): +49 123"),
        ("ADR:;;Main St 5;Ulm;;89073;", "Address: Main St 5, Ulm, 89073"),
        (
            "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCl=\nler;J=C3=B6rg",
            "Name: Müller, Jörg",
        ),
        ("NOTE:12:30 o'clock", "Note: 12:30 o'clock"),
        ("TEL:40205060", "Phone: 40205060"),
        ("TEL;HOME;FAX:1", "Phone (home, fax): 1"),
        ('TEL;TYPE="voice,work";PREF=1:2', "Phone (work): 2"),
        ("BDAY:19670809", "Birthday: 1967-08-09"),
        ("BDAY:--0809", "Birthday: --0809"),
        ("PHOTO;ENCODING=b:iVBORw0KGgo\n AAAA", None),
        ("X-EVOLUTION:junk", None),
        ("no line of these files", None),
        ("", None),
    ],
)
def test_what_is_said_of_a_person(tmp_path, line, shown):
    card = f"BEGIN:VCARD\nFN:Ada Winch\n{line}\nEMAIL:ada@x.org\nEND:VCARD\n"
    said = [shown] if shown else []
    document = read(tmp_path, card, "a.vcf")
    assert outline(document) == [(1, "Ada Winch")]
    assert block_texts(document) == [*said, "Email: ada@x.org"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("DTSTART:20250506T063000Z", "Start: 2025-05-06 06:30 UTC"),
        ("DTSTART;TZID=Europe/Berlin:20250506T083000", "Start: 2025-05-06 08:30"),
        # The end of whole days is the day after the last one.
        ("DTEND;VALUE=DATE:20250803", "End: 2025-08-02"),
        ("DTEND:20250803T000000", "End: 2025-08-03 00:00"),
        ("DUE;VALUE=DATE:20250930", "Due: 2025-09-30"),
        ("EXDATE:20250305T190000,20250312T190000", "Except: 2025-03-05 19:00, 2025-03-12 19:00"),
        ("DTEND;VALUE=DATE:20259999", "End: 2025-99-99"),
        ("STATUS:CANCELLED", "Status: cancelled"),
        ("STATUS:NEEDS-ACTION", "Status: needs action"),
        ("STATUS:CONFIRMED", None),
        ("ATTENDEE;CN=Jo;PARTSTAT=DECLINED:mailto:jo@x.org", "Attendee: Jo jo@x.org (declined)"),
        ("ATTENDEE;CN=Jo;PARTSTAT=ACCEPTED:mailto:jo@x.org", "Attendee: Jo jo@x.org"),
        (
            "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20250625T220000Z",
            "Repeats: every 2 weeks on Monday, Wednesday until 2025-06-25",
        ),
    ],
)
def test_when_it_is_and_whether(tmp_path, line, shown):
    event = f"BEGIN:VEVENT\nSUMMARY:Regatta\n{line}\nLOCATION:Pier\nEND:VEVENT\n"
    said = [shown] if shown else []
    assert block_texts(read(tmp_path, event, "a.ics")) == [*said, "Location: Pier"]


def test_components_may_nest_as_deep_as_they_like(tmp_path):
    begun = "BEGIN:X\n" * 50_000
    document = read(tmp_path, f"{begun}SUMMARY:Regatta\nNOTE:a\nEND:X\nEND:X\nEND:X\n", "a.ics")
    assert block_texts(document) == ["Note: a"]


def test_an_invitation_in_a_message(tmp_path):
    path = tmp_path / "a.eml"
    head = "Subject: Invitation\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"
    parts = ["text/plain\n\nSee below.", f"text/calendar; charset=utf-8\n\n{EVENTS}"]
    path.write_text(head + "".join(f"--B\nContent-Type: {part}\n" for part in parts) + "--B--\n")
    (document,) = read_items(path)
    assert isinstance(document, Document)
    assert "winch\nand the cable" in document.text
    assert outline(document) == [(1, "Invitation"), (2, "Slipway, north"), (2, "Regatta")]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"<b>Agenda</b><br>1\; Budget&nbsp\;now", "Agenda 1; Budget now"),
        ('<a href="https://x.org/j">Join</a> us', "Join https://x.org/j us"),
        ('<a href="https://x.org/j"><u>https://x.org/j</u></a>', "https://x.org/j"),
        ("<p>Tea &amp\\; cake</p>", "Tea & cake"),
        ("a < b and b > a &amp\\; c", "a < b and b > a &amp; c"),
    ],
)
def test_descriptions_that_are_pages(tmp_path, written, shown):
    event = f"BEGIN:VEVENT\nSUMMARY:Regatta\nDESCRIPTION:{written}\nEND:VEVENT\n"
    assert block_texts(read(tmp_path, event, "a.ics")) == [f"Description: {shown}"]
