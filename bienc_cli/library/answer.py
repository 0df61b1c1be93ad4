"""The base of everything `Index` and `Models` return: prints well, and converts to plain data.

An answer with rows is a sequence of dataclasses of plain values. `pandas.DataFrame(answer)` and
`polars.DataFrame(list(answer))` accept it as it is; this package depends on neither.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from rich.console import RenderableType

    from bienc_cli.render.view import View

AnswerRow = TypeVar("AnswerRow", bound="DataclassInstance")
Result = TypeVar("Result")

_WIDTH = 100
"""Columns of a printed answer, the same as for a table not printed to a terminal."""


class Shown(ABC, Generic[Result]):
    """Prints as the command's table does, in a shell and in a notebook.

    Attributes:
        result: the complete result: stages, models, the index.
        warnings: what the user should know about the answer.
    """

    def __init__(self, result: Result, warnings: Sequence[str] = ()) -> None:
        self.result = result
        self.warnings = tuple(warnings)

    @abstractmethod
    def view(self) -> View:
        """How the command displays it."""

    def to_json(self) -> dict[str, Any]:
        """The output of the command with `--format json`, in the same schema."""
        return self.view().as_json()

    def __rich__(self) -> RenderableType:
        return self.view().as_table()

    def __repr__(self) -> str:
        from rich.console import Console

        file = io.StringIO()
        console = Console(file=file, width=_WIDTH, color_system=None, highlight=False)
        console.print(self.view().as_table())
        return "\n".join(line.rstrip() for line in file.getvalue().splitlines())

    def _repr_html_(self) -> str:
        from rich.console import Console

        console = Console(
            file=io.StringIO(), width=_WIDTH, record=True, force_terminal=True, highlight=False
        )
        console.print(self.view().as_table())
        # A notebook has its own fonts and page; only keep our colours.
        return console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")


class Answer(Shown[Result], Sequence[AnswerRow], Generic[AnswerRow, Result]):
    """Rows, best first."""

    def __init__(
        self, rows: Sequence[AnswerRow], result: Result, warnings: Sequence[str] = ()
    ) -> None:
        super().__init__(result, warnings)
        self._rows = tuple(rows)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, position: int) -> AnswerRow: ...

    @overload
    def __getitem__(self, position: slice) -> Sequence[AnswerRow]: ...

    def __getitem__(self, position: int | slice) -> AnswerRow | Sequence[AnswerRow]:
        return self._rows[position]

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary per row."""
        return [asdict(row) for row in self._rows]
