"""Zip archives of XML parts, as Office Open XML, OpenDocument and EPUB files are.

Opened leniently: a part that nobody asks for, or that is missing or broken, costs nothing but
itself. Nothing is fetched and no entity is expanded; what unpacks to too much is refused
before any of it is unpacked.
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
"""Bytes of XML, unpacked, above which a package is taken for a bomb."""

_PIECE, _OVERLAP = 1 << 20, 1 << 10
"""Bytes of a part that are searched at a time, and that a match may have."""

_XML = (".xml", ".rels", ".opf", ".ncx", ".xhtml", ".html", ".htm")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""An OLE container: what Office writes when a file has a password, and what its old formats are."""

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
    # What zipfile raises for a part that is packed in a way it does not know.
    NotImplementedError,
)


class Package:
    """The parts of one archive, by their names.

    Args:
        path: the file.
        kind: what it should be, for the reason of a refusal: "a Word document".

    Raises:
        UnreadableFile: it is no archive, has a password, or unpacks to too much.
    """

    def __init__(self, path: Path, kind: str) -> None:
        _refuse_old_containers(path)
        self._kind = kind
        try:
            self._archive = zipfile.ZipFile(path)
        # NotImplementedError is what zipfile raises for archives of a version it does not know.
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise UnreadableFile("broken", f"not {kind} ({error})") from error
        # Names are compared without regard to case, and some programs write them with \.
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
        """Parts whose lower-case name matches, those with numbers in the order of these."""
        matching = [name for name in self._parts if re.fullmatch(pattern, name)]
        return sorted(matching, key=lambda name: (int((re.findall(r"\d+", name) or [0])[-1]), name))

    def data(self, name: str) -> bytes | None:
        """Content of a part; None where it is missing or damaged."""
        part = self._parts.get(_canonical(name))
        if part is None or part.file_size > _LARGEST_XML:
            return None
        try:
            return self._archive.read(part)
        except _BROKEN_PART:
            return None

    def xml(self, name: str) -> Element | None:
        """A part as a tree, as far as it can be parsed; None where it is missing or damaged."""
        data = self.data(name)
        return None if data is None else parse_xml(data)

    def needed_xml(self, name: str) -> Element:
        """A part without which there is no document.

        Raises:
            UnreadableFile: it is missing or damaged.
        """
        tree = self.xml(name)
        if tree is None:
            raise UnreadableFile("broken", f"not {self._kind} (its part {name} cannot be read)")
        return tree

    def matches(self, name: str, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
        """What a pattern finds in a part of any size, each within `_OVERLAP` bytes."""
        part = self._parts.get(_canonical(name))
        if part is None:
            return
        held = b""
        try:
            with self._archive.open(part) as stream:
                while piece := stream.read(_PIECE):
                    held += piece
                    end = 0
                    for found in pattern.finditer(held):
                        yield found
                        end = found.end()
                    held = held[max(end, len(held) - _OVERLAP) :]
        except _BROKEN_PART:
            return

    def elements(self, name: str, *tags: str) -> Iterator[Element]:
        """Elements of these names in a part of any size, forgotten when the next is asked for.

        Where the part is missing or breaks off, there are no more.
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
        """The part that the document begins with; `fallback` where the package does not say."""
        main = next(self.related("", "officeDocument"), None)
        return main or fallback

    def related(self, part: str, kind: str) -> Iterator[str]:
        """Existing parts that `part` names as such: "header", "notesSlide"."""
        for found_kind, target in self.relations(part).values():
            if found_kind == kind and target in self:
                yield target

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Kind and target of each of a part's relations, by their ids."""
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
        """The title among the document's properties, unless a program put it there."""
        for name in self.related("", "core-properties"):
            tree = self.xml(name)
            title: str | None = None if tree is None else tree.findtext("{*}title")
            if title and says_something(title):
                return title
        return None


def parse_xml(data: bytes) -> Element | None:
    """A tree, as far as the data can be parsed; nothing is fetched, no entity expanded.

    The namespaces of "Strict" Office Open XML become those that every other file has.
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
    """An element's name without its namespace; "" for an entity."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def whole_number(text: str | None) -> int | None:
    """A number as attributes have it: digits, and not too many; None where it is none."""
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
