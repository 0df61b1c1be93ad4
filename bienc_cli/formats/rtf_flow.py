"""Turns the running text of an RTF file into headings, paragraphs, tables and asides."""

from __future__ import annotations

from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.sheets import columns, table_text


class _Flow:
    """A separate run of text: the body, or a note or box in it."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.pieces: list[str] = []
        self.cells: list[str] = []
        self.rows: list[list[str]] = []
        self.in_table = False
        self.level = 0
        # Texts anchored in the current paragraph, which follow it.
        self.asides: list[str] = []


class Flows:
    """The open flows, innermost last."""

    def __init__(self) -> None:
        self.builder = DocumentBuilder()
        self._body = _Flow(0)
        self._open = [self._body]
        # Texts of headers and footers.
        self._headers: list[str] = []

    @property
    def current(self) -> _Flow:
        """The innermost flow."""
        return self._open[-1]

    def begin(self, depth: int) -> None:
        """Start a flow in a group of this depth."""
        self._open.append(_Flow(depth))

    def end_group(self, depth: int, destination: str) -> None:
        """End a group, and the flow that began with it."""
        if len(self._open) > 1 and self.current.depth == depth:
            self._end_flow(destination)

    def finish(self) -> None:
        """End the file and everything that is open."""
        while len(self._open) > 1:
            self._end_flow("")
        self._body.in_table = False
        self.end_paragraph()
        self.builder.end_matter(self._headers)

    def start_paragraph(self) -> None:
        """Reset the properties of the paragraph."""
        self.current.level, self.current.in_table = 0, False

    def end_cell(self) -> None:
        """End a cell: it contains the text so far."""
        flow = self.current
        flow.cells.append(" ".join("".join(flow.pieces).split()))
        flow.pieces.clear()

    def end_row(self) -> None:
        """End a row: it consists of the cells so far."""
        flow = self.current
        flow.rows.append(flow.cells)
        flow.cells = []
        flow.in_table = False

    def end_paragraph(self) -> None:
        """End a paragraph, or a line inside a cell."""
        flow = self.current
        if flow.in_table:
            flow.pieces.append(" ")
            return
        text = "".join(flow.pieces)
        flow.pieces.clear()
        if flow is not self._body:
            flow.asides.append(text)
            return
        self._end_table()
        if flow.level:
            self.builder.heading(flow.level, text)
        else:
            self.builder.block(text)
        for aside in flow.asides:
            self.builder.block(aside)
        flow.asides.clear()

    def _end_flow(self, destination: str) -> None:
        self.current.in_table = False
        self.end_paragraph()
        self._end_table()
        flow = self._open.pop()
        text = "\n".join(flow.asides).strip()
        if destination.startswith(("header", "footer")):
            self._headers.append(text)
        elif text:
            self.current.asides.append(text)

    def _end_table(self) -> None:
        flow = self.current
        if flow.cells:
            self.end_row()
        lines = table_text(flow.rows)
        if flow is self._body:
            self.builder.block(lines, columns(flow.rows))
        elif lines:
            flow.asides.append(lines)
        flow.rows.clear()
