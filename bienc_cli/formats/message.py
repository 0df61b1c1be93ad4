"""One message: subject, fields and body as a document, its attachments as more of them.

Read with the standard library's lenient policy and decoded by hand: its stricter one refuses
what mail programs have written for decades.
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
from bienc_cli.formats.decoding import clean, decode
from bienc_cli.formats.encoded_data import uuencoded_files, without_encoded_data
from bienc_cli.formats.html import document_of as page_of
from bienc_cli.formats.message_fields import file_name, header, safe_name
from bienc_cli.formats.refusal import what_to_do
from bienc_cli.formats.signed import signed_content
from bienc_cli.formats.tnef import unwrapped
from bienc_cli.types import Anchor, Document, Numbering, Skipped

_FIELDS = ("From", "To", "Cc", "Bcc", "Date")
_DEEPEST = 5
"""Messages within messages that are still read."""

_LONGEST_FILE_NAME = 200
"""Bytes; file systems take 255."""

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
"""Characters of a plain form below which it may be there only to say that another one is read."""

_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class _Parts:
    """What a message is made of."""

    bodies: list[Message] = field(default_factory=list)
    attached: list[tuple[str, Message]] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    def attach(self, name: str, part: Message) -> None:
        """Take an attachment, under a name that no other one has."""
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
        doc_id: its document's; those of attachments have their names behind it.
        format_name: of the message, and of messages within it.
        line: where it begins in a file of many; None in a file of its own.
        depth: how many messages it is attached within.

    Yields:
        The message, and the documents of what is attached to it; a `Skipped` for an
        attachment that could not be read although there is a reader.

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
    """Tell bodies from attachments; of what is not shown, there are only attachments."""
    kind = part.get_content_type()
    name = file_name(part)
    inside = part.get_payload()
    if kind == "message/rfc822":
        parts.attach(name or "message.eml", part)
    elif kind == "message/delivery-status":
        if shown:
            parts.bodies.append(part)
    elif kind == "multipart/alternative" and isinstance(inside, list):
        offers = [one for one in inside if isinstance(one, Message)]
        chosen = _preferred(offers)
        for offer in offers:
            # Some programs put attachments into one of the forms. An invitation is none of them:
            # it says when and where.
            is_invitation = offer.get_content_type() == "text/calendar"
            _sort(offer, parts, shown=shown and (offer is chosen or is_invitation))
    elif isinstance(inside, list):
        for one in inside:
            if isinstance(one, Message):
                _sort(one, parts, shown=shown)
    elif kind in _FOR_MACHINES and not name:
        # Of a page that a browser saved with all that it needs.
        return
    elif part.get_content_disposition() != "attachment" and (
        part.get_content_maintype() == "multipart"
        or (part.get_content_maintype() == "text" and not (name and parts.bodies))
    ):
        # A body of many parts in which none begins is text after all.
        if shown:
            parts.bodies.append(part)
    elif _SIGNED_WHOLE.fullmatch(kind) and (signed := signed_content(_content(part))) is not None:
        _sort(email.message_from_bytes(signed), parts, shown=shown)
    elif _WRAPPED.fullmatch(kind) or name.lower() == _WRAPPING:
        _sort_wrapped(_content(part), parts, shown=shown)
    elif not _SIGNATURES.fullmatch(kind):
        # What only says that it is bytes may be anything.
        ending = mimetypes.guess_extension(kind) if kind != _BYTES else None
        parts.attach(name or f"attachment{ending or ''}", part)


def _sort_wrapped(data: bytes, parts: _Parts, *, shown: bool) -> None:
    """Tell bodies from attachments in what Outlook wrapped up; a body stands in the message too."""
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
            # A message within; of its own body there is no other form.
            inner = _Parts(names=parts.names)
            _sort_wrapped(content, inner, shown=True)
            for body in inner.bodies:
                parts.attach(f"{name}.{body.get_content_subtype()}", body)
            parts.attached += inner.attached
        elif content:
            parts.attach(name, _part_of(content))


def _preferred(offers: list[Message]) -> Message | None:
    """Of several forms of one body, the plain one, unless it says little of what is there."""
    pages = [one for one in offers if one.get_content_type() == "text/html"]
    for offer in offers:
        if offer.get_content_type() == "text/plain" and (text := _text(offer)).strip():
            if len(text) < _SHORTEST_BODY and any(_says_more(page, text) for page in pages):
                break
            return offer
    # A page with pictures of its own is a body of many parts.
    composed = [one for one in offers if one.get_content_maintype() == "multipart"]
    return next(iter([*pages, *composed, *offers]), None)


def _says_more(page: Message, text: str) -> bool:
    """Whether most words of a page are not in its plain form: "Please see this in a browser"."""
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
        # A page of pictures says nothing.
        return


def _attachment(
    part: Message, doc_id: str, format_name: str, depth: int
) -> Iterator[Document | Skipped]:
    # Here, since reading a file chooses among all readers, this one included.
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
            found = reader_of(path)
            if is_message or (found is not None and found.name == "mail"):
                if depth >= _DEEPEST:
                    raise UnreadableFile("broken", "a message within too many others")
                yield from message_documents(_content(part), doc_id, format_name, depth=depth + 1)
            elif found is not None and found.name != "mbox":
                for item in read_documents(path, doc_id):
                    yield _below(item, doc_id)
            elif found is None and (reason := what_to_do(suffix)) is not None:
                yield Skipped(doc_id, "binary", reason)
            # What nobody can read is named among the fields of its message.
    except UnreadableFile as error:
        yield Skipped(doc_id, error.code, error.reason)


def _below(item: Document | Skipped, doc_id: str) -> Document | Skipped:
    """A record of an attached collection has an id of its own, which is none in a mailbox."""
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
    """The decoded bytes of a part; of messages within, these."""
    inside = part.get_payload()
    if isinstance(inside, list):
        # One, but for reports, which are fields in the form of messages.
        return b"\n".join(one.as_bytes() for one in inside if isinstance(one, Message))
    encoding = header(part, "Content-Transfer-Encoding").lower()
    if encoding == "base64" and isinstance(inside, str) and (found := _FOOTER.search(inside)):
        # Mailing lists write below what is encoded, as they are used to.
        encoded = inside[: found.start()].encode("ascii", "ignore")
        with contextlib.suppress(binascii.Error):
            return base64.b64decode(encoded) + found[0].encode("utf-8", "surrogateescape")
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: Message) -> str:
    content = _content(part)
    charset = part.get_content_charset()
    try:
        # As declared: encodings like ISO-2022-JP are ASCII to whoever does not ask.
        text = content.decode(charset) if charset else decode(content)
    except (LookupError, ValueError):
        try:
            text = decode(content)
        except UnreadableFile:
            return ""
    except UnreadableFile:
        return ""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if str(part.get_param("delsp")).lower() == "yes":
        # Lines that a program broke anywhere (RFC 3676); a signature begins with what looks so.
        text = _FLOWS_ON.sub(_flowing, text)
    return clean(text)


def _flowing(line_break: re.Match[str]) -> str:
    """Nothing, where the next line goes on with what this one says and is quoted as often."""
    text = line_break.string
    line = text.rfind("\n", 0, line_break.start()) + 1
    quoted = _QUOTED.match(text, line)
    return "" if quoted and quoted[0] == line_break["quoted"] else line_break[0]
