"""From the running text of an RTF file to headings, paragraphs, tables and what is beside them."""

from __future__ import annotations

from bienc_cli.formats.builder import DocumentBuilder
from bienc_cli.formats.sheets import columns, table_text


class _Flow:
    """Text that runs by itself: the body, or a note within it."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.pieces: list[str] = []
        self.cells: list[str] = []
        self.rows: list[list[str]] = []
        self.in_table = False
        self.level = 0
        # What was found while this paragraph ran, and stands behind it.
        self.asides: list[str] = []


class Flows:
    """The flows that are open, the innermost last."""

    def __init__(self) -> None:
        self.builder = DocumentBuilder()
        self._body = _Flow(0)
        self._open = [self._body]
        self._beside: dict[str, None] = {}

    @property
    def current(self) -> _Flow:
        """The innermost flow."""
        return self._open[-1]

    def begin(self, depth: int) -> None:
        """A flow of its own begins, in a group of this depth."""
        self._open.append(_Flow(depth))

    def end_group(self, depth: int, destination: str) -> None:
        """A group ends, and with it the flow that began in it."""
        if len(self._open) > 1 and self.current.depth == depth:
            self._end_flow(destination)

    def finish(self) -> None:
        """The file ends, whatever is open."""
        while len(self._open) > 1:
            self._end_flow("")
        self._body.in_table = False
        self.end_paragraph()
        self.builder.end_headings()
        for text in self._beside:
            self.builder.block(text)

    def start_paragraph(self) -> None:
        """A paragraph begins without what the one before was."""
        self.current.level, self.current.in_table = 0, False

    def end_cell(self) -> None:
        """What ran is a cell of a table."""
        flow = self.current
        flow.cells.append(" ".join("".join(flow.pieces).split()))
        flow.pieces.clear()

    def end_row(self) -> None:
        """The cells so far are a row."""
        flow = self.current
        flow.rows.append(flow.cells)
        flow.cells = []
        flow.in_table = False

    def end_paragraph(self) -> None:
        """What ran is a paragraph, or the line of a cell."""
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
            self._beside.setdefault(text)
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
