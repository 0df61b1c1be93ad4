"""Notebooks: cells in order, with Markdown, source and textual output, never pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.decoding import clean, read_text
from bienc_cli.formats.encoded_data import without_encoded_data
from bienc_cli.formats.html import document_of as page_of
from bienc_cli.formats.markdown import document_of as markdown_of
from bienc_cli.formats.titles import title_of
from bienc_cli.types import Document

_CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_PICTURES = frozenset({"png", "jpeg", "svg"})
_OBJECT = re.compile(r"<[^<>]*>")
_OVERWRITTEN = re.compile(r"^[^\n]*\r(?=[^\n\r])", re.MULTILINE)
"""What a progress bar wrote before it returned to the start of the line."""

_OLD_HEADING = "heading"


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a Jupyter notebook; see `table.ReadFunction`."""
    text = read_text(path)
    try:
        notebook = json.loads(text)
    except ValueError as error:
        raise UnreadableFile("broken", f"not a notebook ({error})") from error
    if not isinstance(notebook, dict):
        raise UnreadableFile("broken", "not a notebook, but other JSON")
    builder = DocumentBuilder("cell")
    for number, cell in enumerate(_cells(notebook), 1):
        builder.stand_at(number)
        if isinstance(cell, dict):
            _add_cell(builder, cell)
    document = builder.build(doc_id, "notebook", _metadata_title(notebook))
    yield replace(document, title=document.title or title_of(document.headings))


def _metadata_title(notebook: dict[str, object]) -> str | None:
    metadata = notebook.get("metadata")
    title = metadata.get("title") if isinstance(metadata, dict) else None
    return title if isinstance(title, str) and title.strip() else None


def _cells(notebook: dict[str, object]) -> list[object]:
    """The cells of a notebook; in format 3 they were in worksheets."""
    sheets = notebook.get("worksheets")
    holders = [notebook, *(sheets if isinstance(sheets, list) else [])]
    lists = [holder.get("cells") for holder in holders if isinstance(holder, dict)]
    return [cell for cells in lists if isinstance(cells, list) for cell in cells]


def _add_cell(builder: DocumentBuilder, cell: dict[str, object]) -> None:
    source = _presentable(_joined(cell.get("source", cell.get("input"))))
    kind = cell.get("cell_type")
    if kind == _OLD_HEADING:
        level = cell.get("level")
        builder.heading(level if isinstance(level, int) and 0 < level < 7 else 1, source)
    elif kind == "markdown" and source.strip():
        builder.include(markdown_of(source, ""))
    else:
        builder.block(source)
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict):
            builder.block(_presentable(_shown(output)))


def _shown(output: dict[str, object]) -> str:
    """The text of an output; "" for a picture."""
    if output.get("output_type") in ("error", "pyerr"):
        trace = output.get("traceback")
        lines = trace if isinstance(trace, list) else []
        return "\n".join(line for line in lines if isinstance(line, str)) or ": ".join(
            _joined(output.get(name)) for name in ("ename", "evalue")
        )
    data = output.get("data")
    # Format 3 has the media types as members of the output itself, under shorter names.
    kinds = data if isinstance(data, dict) else output
    pictures = any(str(kind).startswith("image/") or kind in _PICTURES for kind in kinds)
    for kind in ("text/plain", "text/markdown", "text/latex", "text"):
        text = _joined(kinds.get(kind))
        # For a picture, Python's representation of the object says nothing.
        if text and not (pictures and _OBJECT.fullmatch(text.strip())):
            return text
    page = _joined(kinds.get("text/html", kinds.get("html")))
    try:
        return page_of(clean(page).encode(), "", "utf-8").text if page.strip() else ""
    except UnreadableFile:
        return ""


def _joined(value: object) -> str:
    """A text, which may be stored as a list of its lines."""
    if isinstance(value, str):
        return value
    lines = value if isinstance(value, list) else []
    return "".join(line for line in lines if isinstance(line, str))


def _presentable(text: str) -> str:
    text = _OVERWRITTEN.sub("", text.replace("\r\n", "\n")).replace("\r", "\n")
    return without_encoded_data(_CONTROL_SEQUENCE.sub("", clean(text)))
