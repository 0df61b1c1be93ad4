"""Reads one file in this process: chooses the reader, and turns its failures into a verdict."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bienc_cli.errors import BiencError, UnreadableFile
from bienc_cli.formats.binary import OLD_OFFICE_SUFFIXES
from bienc_cli.formats.content import content_format, disguised_format
from bienc_cli.formats.decoding import clean
from bienc_cli.formats.refusal import why_binary
from bienc_cli.formats.table import (
    DEFAULT_READING,
    Format,
    ReadingOptions,
    format_by_file_name,
    is_unreadable,
)
from bienc_cli.types import Document, Heading, Skipped

_LONGEST_TITLE = 300
"""In characters; titles are embedded with every passage, so they must be short."""


def format_of(path: Path, options: ReadingOptions = DEFAULT_READING) -> Format | None:
    """The format of a file, by its name or else by the start of its content.

    Args:
        path: the file; opened only if its name says nothing.
        options: select among readers of one format.

    Returns:
        None for a binary file without a reader.

    Raises:
        UnreadableFile: the content had to be examined and could not be read.
        UsageError: there is no such PDF engine.
    """
    if is_unreadable(path.suffix.lower(), options):
        return None
    if (named := format_by_file_name(path, options)) is not None:
        return named
    return format_by_content(path, options)


def reader_of(path: Path, options: ReadingOptions = DEFAULT_READING) -> Format | None:
    """Like `format_of`, but a document whose name suggests text is recognised by its start.

    Raises:
        UnreadableFile: the content could not be examined.
        UsageError: there is no such PDF engine.
    """
    called = format_of(path, options)
    if called is None or called.streamed or not called.isolated_from:
        return called
    with failures_of_one_file(), path.open("rb") as stream:
        return disguised_format(stream, called, options) or called


def read_documents(
    path: Path, doc_id: str, options: ReadingOptions = DEFAULT_READING
) -> Iterator[Document | Skipped]:
    """Read one file in this process.

    Args:
        path: the file.
        doc_id: its path under the indexed root (POSIX).
        options: select among readers of one format.

    Yields:
        The file's documents; for a collection also the records that could not be read, with the
        path `doc_id:line`.

    Raises:
        UnreadableFile: the file cannot be read, and why. No content raises anything else.
        UsageError: the PDF engine is unknown or not installed.
    """
    reader = reader_of(path, options)
    if reader is None:
        suffix = path.suffix.lower()
        known = is_unreadable(suffix, options) or suffix in OLD_OFFICE_SUFFIXES
        reason = why_binary(suffix) if known else "a binary file without a reader"
        raise UnreadableFile("binary", reason)
    try:
        yield from _items(reader, path, doc_id)
    except UnreadableFile as error:
        real = _under_another_name(path, reader, options, error)
        items: list[Document | Skipped] = []
        if real is not None:
            with contextlib.suppress(UnreadableFile):
                items = [*_items(real, path, doc_id)]
        if not items:
            raise
        yield from items


def format_by_content(path: Path, options: ReadingOptions) -> Format | None:
    """The format of a file by the start and end of its content.

    Raises:
        UnreadableFile: it cannot be opened.
        UsageError: there is no such PDF engine.
    """
    with failures_of_one_file(), path.open("rb") as stream:
        return content_format(stream, path.suffix.lower(), options)


def _items(reader: Format, path: Path, doc_id: str) -> Iterator[Document | Skipped]:
    with failures_of_one_file():
        for item in reader.read(path, doc_id):
            yield item if isinstance(item, Skipped) else _presentable(item)


def _under_another_name(
    path: Path, called: Format, options: ReadingOptions, error: UnreadableFile
) -> Format | None:
    """The real format of a file that is not what its name says; None if that is unknown.

    Only for formats that are always read by workers, because `reader_of` handles the others. Plain
    text is not taken for a misnamed document.
    """
    if called.isolated_from or called.streamed or error.code not in ("broken", "binary", "empty"):
        return None
    real = format_by_content(path, options)
    if real is None or real.streamed or real.name == "text" or real.module == called.module:
        return None
    return real


def read_all(
    path: Path, doc_id: str, options: ReadingOptions, characters: int
) -> list[Document | Skipped]:
    """Like `read_documents`, but all at once and with a limit.

    Raises:
        UnreadableFile: also with the code `too_large` if the file has more than `characters`
            characters of text.
    """
    items = []
    total = 0
    for item in read_documents(path, doc_id, options):
        total += len(item.text) if isinstance(item, Document) else 0
        if total > characters:
            raise UnreadableFile("too_large", f"holds more than {characters:,} characters of text")
        items.append(item)
    return items


@contextlib.contextmanager
def failures_of_one_file() -> Iterator[None]:
    """Turn every failure inside the block into an `UnreadableFile`.

    Parsers fail in more ways than anyone can list, and one broken file must not end a run over ten
    thousand; hence the one broad `except` of this package.

    Raises:
        UnreadableFile: anything but a `BiencError` was raised.
    """
    try:
        yield
    except (UnreadableFile, BiencError):
        raise
    except MemoryError as error:
        raise UnreadableFile("memory", "needs more memory than it may use") from error
    except RecursionError as error:
        raise UnreadableFile("broken", "nested too deeply") from error
    except OSError as error:
        raise _verdict_of_system(error) from error
    except Exception as error:
        detail = " ".join(str(error).split())[:200]
        kind = type(error).__name__
        reason = f"cannot be parsed ({kind}{': ' if detail else ''}{clean(detail)})"
        raise UnreadableFile("broken", reason) from error


def _verdict_of_system(error: OSError) -> UnreadableFile:
    if isinstance(error, FileNotFoundError):
        return UnreadableFile("vanished", "was there and is gone")
    if isinstance(error, PermissionError):
        return UnreadableFile("permission", "no permission to read it")
    if isinstance(error, IsADirectoryError):
        return UnreadableFile("special", "a directory, not a file")
    name = errno.errorcode.get(error.errno or 0, "OSError")
    return UnreadableFile("io", f"the system cannot read it ({error.strerror or name})")


def _presentable(document: Document) -> Document:
    """The document with its title and headings cleaned, on one line and not too long.

    The text stays as it is, because offsets refer to it; its reader has cleaned it.
    """
    headings = tuple(
        Heading(heading.start, heading.level, _one_line(heading.title), heading.end)
        for heading in document.headings
    )
    return replace(document, title=_one_line(document.title or "") or None, headings=headings)


def _one_line(title: str) -> str:
    return " ".join(clean(title[: 2 * _LONGEST_TITLE]).split())[:_LONGEST_TITLE].rstrip()
