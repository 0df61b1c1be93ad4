"""Shows the answers of `bienc query`: one, or those to the queries on standard input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bienc_cli.cli.output import Output, link_form
from bienc_cli.environment import caller
from bienc_cli.render.view import OutputFormat

if TYPE_CHECKING:
    from bienc_cli.library.front_door import Index
    from bienc_cli.library.search_answers import SearchAnswer
    from bienc_cli.render.search import SearchView
    from bienc_cli.render.view import View
    from bienc_cli.search import SearchOptions, SearchResult


class AnswerPrinter:
    """Shows answers in the requested format and detail."""

    def __init__(
        self,
        output: Output,
        *,
        full: bool,
        context: int,
        compact: bool | None,
        check: bool,
    ) -> None:
        self.output = output
        self._full = full
        self._context = context
        self._compact = compact
        self._check = check
        self._warned: set[str] = set()
        self._any_shown = False

    def show(self, answer: SearchAnswer) -> None:
        """Print a single answer."""
        self.output.show(self.of(answer))

    def warn(self, result: SearchResult) -> None:
        """Report on stderr what the user should know about an answer, each thing once."""
        for warning in (*result.warnings, *_truncation_warning(result)):
            if warning not in self._warned:
                self.output.warn(warning)
                self._warned.add(warning)

    def of(
        self, answer: SearchAnswer, query_name: str | None = None, **extra: str | int | None
    ) -> SearchView:
        """The view of an answer, after printing its warnings; `query_name` names one of several."""
        from bienc_cli.render.search import SearchView

        result = answer.result
        self.warn(result)
        is_first, self._any_shown = not self._any_shown, True
        warnings: tuple[str, ...] = ()
        if self._check and self.output.machine:
            warnings = answer.changed()
        return SearchView(
            result,
            full=self._full,
            contexts=answer.with_lines_around(self._context) if self._context else None,
            compact=bool(self._compact),
            lines=self._lines(),
            query_name=query_name,
            warnings=warnings,
            extra=extra,
            here=caller.here(),
            header=is_first,
            links=link_form() if caller.stdout().isatty() else None,
            served=caller.warm() is not None,
        )

    def _lines(self) -> int | None:
        """Lines between the typed command and the next prompt; None for no limit."""
        detail_chosen = self._compact is not None or self._full or self._context
        is_limited = not detail_chosen and caller.stdout().isatty()
        return caller.terminal_lines() - 2 if is_limited else None


def _truncation_warning(result: SearchResult) -> list[str]:
    if result.bi_encoder is None or not result.query_truncated:
        return []
    limit = result.bi_encoder.identity.max_tokens
    return [f"the query has {result.query_tokens} tokens; only the first {limit} are read"]


def answer_each(printer: AnswerPrinter, indexes: Sequence[Index], options: SearchOptions) -> int:
    """Answer standard input line by line; a line that fails does not stop later ones.

    Returns:
        The exit code.
    """
    from bienc_cli.cli import standard_input
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK, EXIT_USAGE, UsageError
    from bienc_cli.render.search import FailedQueryView

    def close_obsolete() -> None:
        for index in indexes:
            index.close_if_obsolete()

    for index in indexes:
        index.outlasts = True
    output, first = printer.output, indexes[0]
    any_found = any_refused = False
    # A single JSON document can only be written at the end.
    documents: list[dict[str, Any]] = []
    for number, line in standard_input.queries(close_obsolete):
        try:
            query_line = standard_input.parse(number, line)
            answer = first.answer(query_line.text, options, indexes[1:])
        except UsageError as error:
            any_refused = True
            reworded = type(error)(*error.typed)
            view: View = FailedQueryView(number, reworded)
            if not output.machine:
                output.warn(reworded.message)
        else:
            any_found = any_found or bool(answer)
            query_name = query_line.query_id or str(number)
            view = printer.of(answer, query_name, query_id=query_line.query_id, line=number)
        if output.format == OutputFormat.json:
            documents.append(view.as_json())
        else:
            output.show(view)
    if output.format == OutputFormat.json:
        output.print_json({"schema": "bienc.queries/2", "results": documents})
    if any_refused:
        return EXIT_USAGE
    return EXIT_OK if any_found else EXIT_NO_RESULT
