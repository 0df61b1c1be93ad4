"""One message: subject, fields and body as a document, and its attachments as further ones.

The standard library parses it with its lenient policy, and the fields are decoded by hand: the
stricter policy refuses what mail programs have written for decades.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import email
import mimetypes
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.message import Message
from pathlib import Path, PurePath

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.calendar import document_of as calendar_of
from bienc_cli.formats.decoding import clean, decode, with_line_feeds
from bienc_cli.formats.encoded_data import uuencoded_files, without_encoded_data
from bienc_cli.formats.html import document_of as page_of
from bienc_cli.formats.message_fields import file_name, header, safe_name
from bienc_cli.formats.refusal import what_to_do
from bienc_cli.formats.signed import signed_content
from bienc_cli.formats.tnef import unwrapped
from bienc_cli.types import Anchor, Document, Numbering, Skipped

_FIELDS = ("From", "To", "Cc", "Bcc", "Date")
_DEEPEST = 5
"""Levels of messages attached to messages."""

_LONGEST_FILE_NAME = 200
"""In bytes; file systems allow 255."""

_BYTES = "application/octet-stream"
_FOOTER = re.compile(
    r"(?<=\n)_{5,}[ \t]*\r?\n.*|(?<=\n)-- ?\r?\n.*|(?<=\n)(?=[^\n]*\w \w).*", re.DOTALL
)
_PARAGRAPHS = re.compile(r"\n[ \t]*\n")
_FLOWS_ON = re.compile(r"(?<!^--) \n(?!-- $)(?P<quoted>>*) ?", re.MULTILINE)
_QUOTED = re.compile(">*")
_FOR_MACHINES = frozenset({"text/css", "text/javascript", "text/ecmascript"})
_SIGNED_WHOLE = re.compile(r"application/(?:x-)?pkcs7-mime")
_SIGNATURES = re.compile(r"application/(?:x-)?(?:pgp-\w+|pkcs7-signature)")
_WRAPPED = re.compile(r"application/(?:vnd\.)?ms-tnef")
_WRAPPING = "winmail.dat"
_SHORTEST_BODY = 1000
"""In characters: a shorter plain body may only point to the HTML one."""

_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class _Parts:
    """The parts of a message.

    Attributes:
        bodies: parts to show, in order.
        attached: attachments under unique names.
        names: names taken so far, and how often.
    """

    bodies: list[Message] = field(default_factory=list)
    attached: list[tuple[str, Message]] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    def attach(self, name: str, part: Message) -> None:
        """Add an attachment under a unique name."""
        unique = name
        stem, dot, ending = name.rpartition(".")
        while unique in self.names:
            self.names[name] += 1
            number = f" ({self.names[name]})"
            unique = f"{stem}{number}{dot}{ending}" if stem else f"{name}{number}"
        self.names[unique] = 1
        self.attached.append((unique, part))


def message_documents(
    data: bytes, doc_id: str, format_name: str, line: int | None = None, depth: int = 0
) -> Iterator[Document | Skipped]:
    """Read a message.

    Args:
        data: the whole message.
        doc_id: id of its document; attachments append their names to it.
        format_name: of the message and of messages attached to it.
        line: where it begins in a mailbox; None for a file of its own.
        depth: number of messages it is nested in.

    Yields:
        The message, then the documents of its attachments; a `Skipped` for an attachment that
        could not be read although there is a reader.

    Raises:
        UnreadableFile: there is no message in the data.
    """
    message = email.message_from_bytes(data)
    parts = _Parts()
    _sort(message, parts)
    for body in parts.bodies:
        if "begin " in str(body.get_payload()):
            for name, content in uuencoded_files(_text(body)):
                parts.attach(safe_name(name) or "attachment", _part_of(content))
    yield _document(message, parts, doc_id, format_name, line)
    for name, part in parts.attached:
        yield from _attachment(part, f"{doc_id}/{name}", format_name, depth)


def _sort(part: Message, parts: _Parts, *, shown: bool = True) -> None:
    """Sort parts into bodies and attachments; if not `shown`, only attachments are taken."""
    kind = part.get_content_type()
    name = file_name(part)
    inside = part.get_payload()
    if kind == "message/rfc822":
        parts.attach(name or "message.eml", part)
    elif kind == "message/delivery-status":
        if shown:
            parts.bodies.append(part)
    elif kind == "multipart/alternative" and isinstance(inside, list):
        offers = [inner for inner in inside if isinstance(inner, Message)]
        chosen = _preferred(offers)
        for offer in offers:
            # Some programs put attachments into one of the alternatives. An invitation is not an
            # alternative: it adds the time and the place.
            is_invitation = offer.get_content_type() == "text/calendar"
            _sort(offer, parts, shown=shown and (offer is chosen or is_invitation))
    elif isinstance(inside, list):
        for inner in inside:
            if isinstance(inner, Message):
                _sort(inner, parts, shown=shown)
    elif kind in _FOR_MACHINES and not name:
        # Part of a page that a browser saved with its resources.
        return
    elif part.get_content_disposition() != "attachment" and (
        part.get_content_maintype() == "multipart"
        or (part.get_content_maintype() == "text" and not (name and parts.bodies))
    ):
        # A multipart body in which no part begins is text after all.
        if shown:
            parts.bodies.append(part)
    elif _SIGNED_WHOLE.fullmatch(kind) and (signed := signed_content(_content(part))) is not None:
        _sort(email.message_from_bytes(signed), parts, shown=shown)
    elif _WRAPPED.fullmatch(kind) or name.lower() == _WRAPPING:
        _sort_wrapped(_content(part), parts, shown=shown)
    elif not _SIGNATURES.fullmatch(kind):
        # The generic type says nothing about the content.
        ending = mimetypes.guess_extension(kind) if kind != _BYTES else None
        parts.attach(name or f"attachment{ending or ''}", part)


def _sort_wrapped(data: bytes, parts: _Parts, *, shown: bool) -> None:
    """Sort the parts of Outlook's `winmail.dat`; its body usually repeats that of the message."""
    mail = unwrapped(data)
    if mail is None:
        return
    if shown and not parts.bodies:
        if mail.html:
            parts.bodies.append(_part_of(mail.html, "text/html"))
        elif mail.plain:
            parts.bodies.append(_part_of(mail.plain.encode(), "text/plain; charset=utf-8"))
        elif mail.rtf:
            parts.attach("message.rtf", _part_of(mail.rtf))
    for given, content in mail.attachments:
        name = safe_name(given) or "attachment"
        if content.startswith(data[:4]):
            # A nested message, whose body exists only here.
            inner = _Parts(names=parts.names)
            _sort_wrapped(content, inner, shown=True)
            for body in inner.bodies:
                parts.attach(f"{name}.{body.get_content_subtype()}", body)
            parts.attached += inner.attached
        elif content:
            parts.attach(name, _part_of(content))


def _preferred(offers: list[Message]) -> Message | None:
    """Of alternative bodies, the plain one, unless it says much less than the HTML one."""
    pages = [offer for offer in offers if offer.get_content_type() == "text/html"]
    for offer in offers:
        if offer.get_content_type() == "text/plain" and (text := _text(offer)).strip():
            if len(text) < _SHORTEST_BODY and any(_says_more(page, text) for page in pages):
                break
            return offer
    # A page with its own pictures is a multipart body.
    composed = [offer for offer in offers if offer.get_content_maintype() == "multipart"]
    return next(iter([*pages, *composed, *offers]), None)


def _says_more(page: Message, text: str) -> bool:
    """Whether the plain text lacks most words of a page, as "Please see this in a browser" does."""
    try:
        shown = page_of(_content(page), "", page.get_content_charset(), as_mail=True).text
    except UnreadableFile:
        return False
    words = set(_WORD.findall(shown.casefold()))
    return len(words - set(_WORD.findall(text.casefold()))) * 2 > len(words)


def _document(
    message: Message, parts: _Parts, doc_id: str, format_name: str, line: int | None
) -> Document:
    builder = DocumentBuilder()
    subject = header(message, "Subject")
    builder.heading(1, subject)
    fields = [(name, header(message, name)) for name in _FIELDS]
    fields.append(("Attachments", ", ".join(name for name, _ in parts.attached)))
    builder.block("\n".join(f"{name}: {value}" for name, value in fields if value))
    for body in parts.bodies:
        if body.get_content_type() in ("text/html", "text/calendar"):
            _add_document(builder, body)
            continue
        for paragraph in _PARAGRAPHS.split(without_encoded_data(_text(body))):
            builder.block(paragraph)
    numbering = None if line is None else Numbering("line", (Anchor(0, line),))
    return replace(builder.build(doc_id, format_name, subject or None), numbering=numbering)


def _add_document(builder: DocumentBuilder, body: Message) -> None:
    content, charset = _content(body), body.get_content_charset()
    try:
        if body.get_content_type() == "text/html":
            document = page_of(content, "", charset, as_mail=True)
        else:
            document = calendar_of(decode(content, charset), "")
        builder.include(document, below=1)
    except UnreadableFile:
        # A page with only pictures.
        return


def _attachment(
    part: Message, doc_id: str, format_name: str, depth: int
) -> Iterator[Document | Skipped]:
    # Not at the top: reading a file imports all readers, this one included.
    from bienc_cli.formats.reading import failures_of_one_file, read_documents, reader_of
    from bienc_cli.formats.table import is_unreadable

    name = doc_id.rsplit("/", 1)[-1]
    suffix = PurePath(name).suffix.lower()
    is_message = part.get_content_type() == "message/rfc822"
    if is_unreadable(suffix) and not is_message:
        if (reason := what_to_do(suffix)) is not None:
            yield Skipped(doc_id, "binary", reason)
        return
    try:
        with failures_of_one_file(), tempfile.TemporaryDirectory(prefix="bienc-") as folder:
            fits = len(name.encode()) <= _LONGEST_FILE_NAME
            path = Path(folder, name if fits else f"attachment{suffix}")
            path.write_bytes(_content(part))
            reader = reader_of(path)
            if is_message or (reader is not None and reader.name == "mail"):
                if depth >= _DEEPEST:
                    raise UnreadableFile("broken", "a message within too many others")
                yield from message_documents(_content(part), doc_id, format_name, depth=depth + 1)
            elif reader is not None and reader.name != "mbox":
                for item in read_documents(path, doc_id):
                    yield _below(item, doc_id)
            elif reader is None and (reason := what_to_do(suffix)) is not None:
                yield Skipped(doc_id, "binary", reason)
            # Other attachments without a reader are only named in the field `Attachments`.
    except UnreadableFile as error:
        yield Skipped(doc_id, error.code, error.reason)


def _below(item: Document | Skipped, doc_id: str) -> Document | Skipped:
    """An attached file's item; the ids of a collection's records are put below the attachment."""
    if isinstance(item, Skipped) or item.doc_id.startswith(doc_id):
        return item
    return replace(item, doc_id=f"{doc_id}#{item.doc_id}")


def _part_of(data: bytes, kind: str = _BYTES) -> Message:
    part = Message()
    part["Content-Type"] = kind
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(base64.encodebytes(data).decode("ascii"))
    return part


def _content(part: Message) -> bytes:
    """The decoded bytes of a part; for an attached message, its source."""
    inside = part.get_payload()
    if isinstance(inside, list):
        # One message; or a delivery report, whose groups of fields are parsed as messages.
        return b"\n".join(inner.as_bytes() for inner in inside if isinstance(inner, Message))
    encoding = header(part, "Content-Transfer-Encoding").lower()
    if encoding == "base64" and isinstance(inside, str) and (footer := _FOOTER.search(inside)):
        # Mailing lists append plain text even to encoded bodies.
        encoded = inside[: footer.start()].encode("ascii", "ignore")
        with contextlib.suppress(binascii.Error):
            return base64.b64decode(encoded) + footer[0].encode("utf-8", "surrogateescape")
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: Message) -> str:
    content = _content(part)
    charset = part.get_content_charset()
    try:
        # The declaration matters: ISO-2022-JP, for one, is also valid ASCII.
        text = content.decode(charset) if charset else decode(content)
    except (LookupError, ValueError):
        try:
            text = decode(content)
        except UnreadableFile:
            return ""
    except UnreadableFile:
        return ""
    text = with_line_feeds(text)
    if str(part.get_param("delsp")).lower() == "yes":
        # Joins lines that a program broke (RFC 3676); the line before a signature looks broken too.
        text = _FLOWS_ON.sub(_flowing, text)
    return clean(text)


def _flowing(line_break: re.Match[str]) -> str:
    """Removes the line break if the next line has the same depth of quotation."""
    text = line_break.string
    line = text.rfind("\n", 0, line_break.start()) + 1
    quoted = _QUOTED.match(text, line)
    return "" if quoted and quoted[0] == line_break["quoted"] else line_break[0]
