"""ZIP archives of XML parts: Office Open XML, OpenDocument and EPUB.

Reading is lenient: a missing or broken part costs only itself, and unneeded parts are not opened.
Nothing is fetched and no entity is expanded; a package that would unpack to too much is refused
before anything is unpacked.
"""

from __future__ import annotations

import mmap
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.titles import says_something

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
"""Namespace of attributes that refer to a relation of their part; see `Package.relations`."""

_LARGEST_XML = 1 << 28
"""In bytes, unpacked; a package with more XML is a bomb."""

_PIECE, _OVERLAP = 1 << 20, 1 << 10
"""Bytes of a part that are searched at a time, and the most that a match may span."""

_XML = (".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Start of an OLE container: an Office file with a password, or one from before 2007."""

_WITH_PASSWORD = "EncryptedPackage".encode("utf-16-le")
_STRICT = re.compile(
    rb"""(xmlns(?::[\w.-]+)?\s*=\s*["'])http://purl\.oclc\.org/ooxml/(\w+)/([\w/]+)"""
)
_BROKEN_PART = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    # A part with a password.
    RuntimeError,
    # Raised for an unknown compression method.
    NotImplementedError,
)


class Package:
    """The parts of one archive, by name.

    Args:
        path: the file.
        kind: what it should be, for error messages: "a Word document".

    Raises:
        UnreadableFile: it is not an archive, has a password, or unpacks to too much.
    """

    def __init__(self, path: Path, kind: str) -> None:
        _refuse_old_containers(path)
        self._kind = kind
        try:
            self._archive = zipfile.ZipFile(path)
        # zipfile raises NotImplementedError for an unknown version of the format.
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise UnreadableFile("broken", f"not {kind} ({error})") from error
        # Names are case-insensitive, and some programs separate folders with \.
        self._parts = {_canonical(part.filename): part for part in self._archive.infolist()}
        if (
            sum(p.file_size for name, p in self._parts.items() if name.endswith(_XML))
            > _LARGEST_XML
        ):
            raise UnreadableFile(
                "too_large", f"unpacks to more than {_LARGEST_XML >> 20} MiB of XML"
            )

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def __contains__(self, name: str) -> bool:
        return _canonical(name) in self._parts

    def names(self, pattern: str) -> list[str]:
        """Lower-case names of parts that match a pattern, ordered by the number in the name."""
        matching = [name for name in self._parts if re.fullmatch(pattern, name)]
        return sorted(matching, key=lambda name: (int((re.findall(r"\d+", name) or [0])[-1]), name))

    def data(self, name: str) -> bytes | None:
        """The content of a part; None if it is missing or damaged."""
        part = self._parts.get(_canonical(name))
        if part is None or part.file_size > _LARGEST_XML:
            return None
        try:
            return self._archive.read(part)
        except _BROKEN_PART:
            return None

    def xml(self, name: str) -> Element | None:
        """The tree of a part, as far as it can be parsed; None if it is missing or damaged."""
        data = self.data(name)
        return None if data is None else parse_xml(data)

    def needed_xml(self, name: str) -> Element:
        """The tree of a part without which there is no document.

        Raises:
            UnreadableFile: it is missing or damaged.
        """
        tree = self.xml(name)
        if tree is None:
            raise UnreadableFile("broken", f"not {self._kind} (its part {name} cannot be read)")
        return tree

    def matches(self, name: str, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
        """Matches of a pattern in a part of any size; none is longer than `_OVERLAP` bytes."""
        part = self._parts.get(_canonical(name))
        if part is None:
            return
        unsearched = b""
        try:
            with self._archive.open(part) as stream:
                while piece := stream.read(_PIECE):
                    unsearched += piece
                    end = 0
                    for match in pattern.finditer(unsearched):
                        yield match
                        end = match.end()
                    unsearched = unsearched[max(end, len(unsearched) - _OVERLAP) :]
        except _BROKEN_PART:
            return

    def elements(self, name: str, *tags: str) -> Iterator[Element]:
        """Elements with these tags in a part of any size, each discarded before the next.

        They end where the part breaks off; there are none if it is missing.
        """
        from lxml import etree

        part = self._parts.get(_canonical(name))
        if part is None:
            return
        try:
            with self._archive.open(part) as stream:
                events = etree.iterparse(
                    stream,
                    tag=[f"{{*}}{tag}" for tag in tags],
                    resolve_entities=False,
                    no_network=True,
                    recover=True,
                )
                for _, element in events:
                    yield element
                    element.clear()
                    while element.getprevious() is not None:
                        del element.getparent()[0]
        except (*_BROKEN_PART, etree.XMLSyntaxError):
            return

    # ------------------------------------------------ relations of Office Open XML

    def main_part(self, fallback: str) -> str:
        """The document's main part; `fallback` if the package does not name it."""
        main = next(self.related("", "officeDocument"), None)
        return main or fallback

    def related(self, part: str, kind: str) -> Iterator[str]:
        """Existing parts that `part` is related to, by kind of relation: "header", "notesSlide"."""
        for relation, target in self.relations(part).values():
            if relation == kind and target in self:
                yield target

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Kind and target of each of a part's relations, by id."""
        folder, name = posixpath.split(part)
        tree = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        relations: dict[str, tuple[str, str]] = {}
        for relation in () if tree is None else tree.iterchildren("{*}Relationship"):
            target = unquote(relation.get("Target") or "")
            kind = (relation.get("Type") or "").rsplit("/", 1)[-1]
            if (relation.get("TargetMode") or "").lower() != "external":
                place = target.lstrip("/") if target[:1] == "/" else posixpath.join(folder, target)
                relations[relation.get("Id") or ""] = kind, posixpath.normpath(place)
        return relations

    def title(self) -> str | None:
        """The title in the document's properties, unless a program put it there."""
        for name in self.related("", "core-properties"):
            tree = self.xml(name)
            title: str | None = None if tree is None else tree.findtext("{*}title")
            if title and says_something(title):
                return title
        return None


def parse_xml(data: bytes) -> Element | None:
    """The tree of a document, as far as it can be parsed; None if it cannot be parsed at all.

    Namespaces of "Strict" Office Open XML become those of the usual "Transitional" form.
    """
    from lxml import etree

    if b"purl.oclc.org/ooxml/" in data:
        data = _STRICT.sub(rb"\1http://schemas.openxmlformats.org/\2/2006/\3", data)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return None


def name_of(element: Element) -> str:
    """An element's name without its namespace; "" for an entity reference."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def whole_number(text: str | None) -> int | None:
    """The number in an attribute, at most nine digits; None if it is anything else."""
    text = text or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _canonical(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _refuse_old_containers(path: Path) -> None:
    with path.open("rb") as stream:
        if stream.read(len(_OLE)) != _OLE:
            return
        with closing(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)) as content:
            encrypted = content.find(_WITH_PASSWORD) >= 0
    if encrypted:
        raise UnreadableFile("encrypted", "encrypted, needs a password")
    raise UnreadableFile("broken", "an Office file from before 2007 under another name")
