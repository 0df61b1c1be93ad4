"""Calendars and address books: each event and each person under its name.

Lines of these files are folded where they reach a length, also within words; values have signs
of their own for line breaks and commas.
"""

from __future__ import annotations

import html
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.decoding import decode, read_text
from bienc_cli.formats.lines import split_lines
from bienc_cli.types import Document

_NAMES = frozenset("SUMMARY FN".split())
_WORKINGS = frozenset("VTIMEZONE STANDARD DAYLIGHT VALARM".split())
_LEFT_OUT = frozenset(
    # What programs tell one another, and data.
    (
        "VERSION PRODID UID DTSTAMP SEQUENCE CALSCALE METHOD REV CREATED LAST-MODIFIED TRANSP "
        "CLASS STATUS PRIORITY RRULE RECURRENCE-ID PHOTO LOGO SOUND KEY ATTACH"
    ).split()
)
_BEFORE_VALUE = re.compile(r'[^":]*+(?:"[^"]*"[^":]*+)*')
_PERSON = re.compile(r';CN=("[^"]*"|[^;:]*)', re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d{0,2}Z?)?\Z")
_STRUCTURED = frozenset("N ADR ORG".split())

_IS_PAGE = re.compile(r"</[a-z]\w*>|<br ?/?>|&nbsp;", re.IGNORECASE)
_LINK = re.compile(
    r"""<a\s[^<>]{0,1000}?href=["']([^"'<>]*)["'][^<>]{0,1000}>(.{0,1000}?)</a>""", re.IGNORECASE
)
_TAG = re.compile(r"</?[a-z][^<>]{0,1000}>", re.IGNORECASE)
"""What programs write into descriptions as if they were pages."""


@dataclass(frozen=True, slots=True)
class _Property:
    """A line, unfolded: its number, what it is of, and what a person reads there."""

    line: int
    name: str
    value: str


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a calendar or an address book; see `table.ReadFunction`."""
    yield document_of(read_text(path), doc_id)


def document_of(text: str, doc_id: str) -> Document:
    """Read a calendar that may be part of another file: of a message.

    Raises:
        UnreadableFile: there is nothing to read in it.
    """
    builder = DocumentBuilder("line")
    title = None
    # Of each component that is open, whether it is one of a program's workings.
    within: list[bool] = []
    entry: list[_Property] = []
    for found in _properties(text):
        if found.name in ("BEGIN", "END"):
            _add(builder, entry)
            entry.clear()
            if found.name == "BEGIN":
                of_workings = bool(within) and within[-1]
                within.append(of_workings or found.value.upper() in _WORKINGS)
            elif within:
                within.pop()
        elif found.name == "X-WR-CALNAME":
            title = found.value
        elif not (within and within[-1]):
            entry.append(found)
    _add(builder, entry)
    return builder.build(doc_id, "calendar", title)


def _add(builder: DocumentBuilder, entry: list[_Property]) -> None:
    named = next((one for one in entry if one.name in _NAMES and one.value), None)
    if named is not None:
        builder.stand_at(named.line)
        builder.heading(1, named.value)
    for one in entry:
        if one is not named and one.name not in _LEFT_OUT and not one.name.startswith("X-"):
            builder.stand_at(one.line)
            builder.row(one.value and f"{one.name.capitalize()}: {one.value}")


def _properties(text: str) -> Iterator[_Property]:
    for number, line in _unfolded(text):
        found = _BEFORE_VALUE.match(line)
        end = found.end() if found else 0
        name, _, parameters = line[:end].partition(";")
        if line[end : end + 1] == ":" and name.strip():
            # What stands in front of a point is a group of lines that belong together.
            name = name.strip().upper().rpartition(".")[2]
            yield _Property(number, name, _value(name, f";{parameters}", line[end + 1 :]))


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    pieces: list[str] = []
    begun = 1
    soft = False
    for number, (_, line) in enumerate(split_lines(text), 1):
        if pieces and (soft or line[:1] in (" ", "\t")):
            pieces.append(line if soft else line[1:])
        else:
            if pieces:
                yield begun, "".join(pieces)
            begun, pieces = number, [line]
        # Of quoted-printable, the sign at the end says that the next line goes on.
        soft = line.endswith("=") and "QUOTED-PRINTABLE" in pieces[0].upper()
        if soft:
            pieces[-1] = line[:-1]
    if pieces:
        yield begun, "".join(pieces)


def _value(name: str, parameters: str, value: str) -> str:
    if "QUOTED-PRINTABLE" in parameters.upper():
        value = decode(quopri.decodestring(value.encode()))
    if time := _TIME.match(value):
        year, month, day, hour, minute = time.groups()
        return f"{year}-{month}-{day}" + (f" {hour}:{minute}" if hour else "")
    if name in _STRUCTURED:
        value = ", ".join(part for part in re.split(r"(?<!\\);", value) if part)
    value = _ESCAPE.sub(lambda found: " " if found[1] in "nN" else found[1], value)
    if person := _PERSON.search(parameters):
        address = re.sub(r"\Amailto:", "", value, flags=re.IGNORECASE)
        value = f"{person[1].strip(chr(34))} {address}"
    if _IS_PAGE.search(value):
        # Where one joins is all that many an invitation says.
        value = html.unescape(_TAG.sub(" ", _LINK.sub(_with_address, value)))
    return " ".join(value.split())


def _with_address(link: re.Match[str]) -> str:
    address, words = link.groups()
    return words if address in words else f"{words} {address}"
