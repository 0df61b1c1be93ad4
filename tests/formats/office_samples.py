"""Office files for tests: packages taken apart, changed and put together again."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PREFIXES = (
    f'xmlns:w="{W}" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
)
DOCUMENT = f"<w:document {PREFIXES}><w:body>{{}}</w:body></w:document>"


def zip_of(parts: Mapping[str, str | bytes]) -> bytes:
    """An archive of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    """The parts of an archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """An archive with its parts changed in place."""
    parts = parts_of(content)
    change(parts)
    return zip_of(parts)


def relations(**kinds: tuple[str, str]) -> str:
    """A part of relations: id -> (kind, target)."""
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rows = "".join(
        f'<Relationship Id="{name}" Type="{base}/{kind}" Target="{target}"/>'
        for name, (kind, target) in kinds.items()
    )
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{namespace}">{rows}</Relationships>'


def word(body: str, **parts: tuple[str, str]) -> bytes:
    """A Word document of nothing but a body and parts related to it.

    Args:
        body: content of `w:body`.
        parts: kind of the relation -> (name of the part, content of its root element).
    """
    content: dict[str, str] = {
        "_rels/.rels": relations(r1=("officeDocument", "word/document.xml")),
        "word/document.xml": DOCUMENT.format(body),
        "word/_rels/document.xml.rels": relations(
            **{f"r{kind}": (kind, name) for kind, (name, _) in parts.items()}
        ),
    }
    for name, inner in parts.values():
        xml = inner if inner.startswith("<html") else f"<w:part {PREFIXES}>{inner}</w:part>"
        content[f"word/{name}"] = xml
    return zip_of(content)


def paragraph(text: str, properties: str = "") -> str:
    """A paragraph of one run."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{run(text)}</w:p>"


def run(text: str) -> str:
    """A run of text."""
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'
