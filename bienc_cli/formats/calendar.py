"""Calendars (RFC 5545) and address books (RFC 6350): each event and person under its name.

Long lines are folded, even inside words; values escape line breaks and commas.
"""

from __future__ import annotations

import html
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.decoding import decode, read_text
from bienc_cli.formats.lines import split_lines
from bienc_cli.formats.recurrence import in_words
from bienc_cli.types import Document

_NAMES = frozenset("SUMMARY FN".split())
_WORKINGS = frozenset("VTIMEZONE STANDARD DAYLIGHT VALARM".split())
_LEFT_OUT = frozenset(
    # Data, and what is meant for programs only.
    (
        "VERSION PRODID UID DTSTAMP SEQUENCE CALSCALE METHOD REV CREATED LAST-MODIFIED TRANSP "
        "CLASS PRIORITY RECURRENCE-ID PHOTO LOGO SOUND KEY ATTACH"
    ).split()
)
_LABELS = {
    "DTSTART": "Start",
    "DTEND": "End",
    "RRULE": "Repeats",
    "EXDATE": "Except",
    "N": "Name",
    "TEL": "Phone",
    "ADR": "Address",
    "ORG": "Organisation",
    "BDAY": "Birthday",
}
"""What people call the properties whose names are abbreviations."""

_KINDS = {"HOME": "home", "WORK": "work", "CELL": "mobile", "FAX": "fax", "PAGER": "pager"}
"""Kinds of numbers and addresses, as parameters."""

_USUAL_STATUS = "CONFIRMED"
_LONG_TEXTS = frozenset("DESCRIPTION NOTE COMMENT".split())
_TIMES = frozenset("DTSTART DTEND DUE COMPLETED EXDATE RDATE BDAY ANNIVERSARY DEATHDATE".split())
"""Elsewhere eight digits are a number: a telephone has them in Denmark and Norway."""
_BEFORE_VALUE = re.compile(r'[^":]*+(?:"[^"]*"[^":]*+)*')
_PERSON = re.compile(r';CN=("[^"]*"|[^;:]*)', re.IGNORECASE)
_REPLY = re.compile(r";PARTSTAT=(DECLINED|TENTATIVE)", re.IGNORECASE)
_BETWEEN_PARAMETERS = re.compile(r'[;,="]+')
_ESCAPE = re.compile(r"\\(.)")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d{0,2}(Z?))?\Z")
_STRUCTURED = frozenset("N ADR ORG".split())

_IS_PAGE = re.compile(r"</[a-z]\w*>|<br ?/?>|&nbsp;", re.IGNORECASE)
_LINK = re.compile(
    r"""<a\s[^<>]{0,1000}?href=["']([^"'<>]*)["'][^<>]{0,1000}>(.{0,1000}?)</a>""", re.IGNORECASE
)
_TAG = re.compile(r"</?[a-z][^<>]{0,1000}>", re.IGNORECASE)
"""HTML, which some programs write into descriptions."""


@dataclass(frozen=True, slots=True)
class _Property:
    """An unfolded line: its number, the property's name, and how a person is shown both."""

    line: int
    name: str
    label: str
    value: str


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a calendar or an address book; see `table.ReadFunction`."""
    yield document_of(read_text(path), doc_id)


def document_of(text: str, doc_id: str) -> Document:
    """Read a calendar from text, such as a part of a message.

    Raises:
        UnreadableFile: it contains no text.
    """
    builder = DocumentBuilder("line")
    title = None
    # For each open component, whether it is meant for programs only.
    open_components: list[bool] = []
    entry: list[_Property] = []
    for line in _properties(text):
        if line.name in ("BEGIN", "END"):
            _add(builder, entry)
            entry.clear()
            if line.name == "BEGIN":
                in_workings = bool(open_components) and open_components[-1]
                open_components.append(in_workings or line.value.upper() in _WORKINGS)
            elif open_components:
                open_components.pop()
        elif line.name == "X-WR-CALNAME":
            title = line.value
        elif not (open_components and open_components[-1]):
            entry.append(line)
    _add(builder, entry)
    return builder.build(doc_id, "calendar", title)


def _add(builder: DocumentBuilder, entry: list[_Property]) -> None:
    name_line = next((line for line in entry if line.name in _NAMES and line.value), None)
    if name_line is not None:
        builder.stand_at(name_line.line)
        builder.heading(1, name_line.value)
    for line in entry:
        if line is not name_line and line.name not in _LEFT_OUT and not line.name.startswith("X-"):
            builder.stand_at(line.line)
            builder.row(line.value and f"{line.label}: {line.value}")


def _properties(text: str) -> Iterator[_Property]:
    for number, line in _unfolded(text):
        before_value = _BEFORE_VALUE.match(line)
        end = before_value.end() if before_value else 0
        name, _, parameters = line[:end].partition(";")
        if line[end : end + 1] == ":" and name.strip():
            # A prefix up to a point names a group of related lines.
            name = name.strip().upper().rpartition(".")[2]
            value = _value(name, f";{parameters}", line[end + 1 :])
            yield _Property(number, name, _label(name, parameters), value)


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    pieces: list[str] = []
    first_line = 1
    continues = False
    for number, (_, line) in enumerate(split_lines(text), 1):
        if pieces and (continues or line[:1] in (" ", "\t")):
            pieces.append(line if continues else line[1:])
        else:
            if pieces:
                yield first_line, "".join(pieces)
            first_line, pieces = number, [line]
        # In quoted-printable, a trailing "=" continues the line.
        continues = line.endswith("=") and "QUOTED-PRINTABLE" in pieces[0].upper()
        if continues:
            pieces[-1] = line[:-1]
    if pieces:
        yield first_line, "".join(pieces)


def _label(name: str, parameters: str) -> str:
    label = _LABELS.get(name, name.capitalize())
    kinds = [
        _KINDS[word] for word in _BETWEEN_PARAMETERS.split(parameters.upper()) if word in _KINDS
    ]
    return f"{label} ({', '.join(dict.fromkeys(kinds))})" if kinds else label


def _value(name: str, parameters: str, value: str) -> str:
    if "QUOTED-PRINTABLE" in parameters.upper():
        value = decode(quopri.decodestring(value.encode()))
    if name in _TIMES:
        return ", ".join(_time(name, time) for time in value.split(","))
    if name == "RRULE":
        return in_words(value)
    if name == "STATUS":
        return "" if value.upper() == _USUAL_STATUS else value.lower().replace("-", " ")
    if name in _STRUCTURED:
        value = ", ".join(part for part in re.split(r"(?<!\\);", value) if part)
    value = _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)
    if person := _PERSON.search(parameters):
        address = re.sub(r"\Amailto:", "", value, flags=re.IGNORECASE)
        reply = _REPLY.search(parameters)
        value = f"{person[1].strip(chr(34))} {address}"
        value += f" ({reply[1].lower()})" if reply else ""
    if _IS_PAGE.search(value):
        # The address to join is all that many invitations contain.
        value = html.unescape(_TAG.sub(" ", _LINK.sub(_with_address, value)))
    lines = [" ".join(line.split()) for line in value.split("\n")]
    return ("\n" if name in _LONG_TEXTS else " ").join(filter(None, lines))


def _time(name: str, value: str) -> str:
    match = _TIME.match(value.strip())
    if match is None:
        return " ".join(value.split())
    year, month, day, hour, minute, in_utc = match.groups()
    if hour:
        return f"{year}-{month}-{day} {hour}:{minute}{' UTC' if in_utc else ''}"
    try:
        # A whole day as an end is the first that is no longer part of the event.
        last = date(int(year), int(month), int(day)) - timedelta(days=name == "DTEND")
    except (ValueError, OverflowError):
        return f"{year}-{month}-{day}"
    return last.isoformat()


def _with_address(link: re.Match[str]) -> str:
    address, words = link.groups()
    return words if address in words else f"{words} {address}"
