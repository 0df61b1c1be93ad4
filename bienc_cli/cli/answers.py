"""Answers of `query`, shown in the format and detail that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bienc_cli.cli.output import Output
from bienc_cli.environment import caller

if TYPE_CHECKING:
    from bienc_cli.library.index_answers import SearchAnswer
    from bienc_cli.render.search import SearchView
    from bienc_cli.search import SearchResult


class Answers:
    """Shows one answer, or several."""

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
        """Print the only answer."""
        self.output.show(self.of(answer))

    def warn(self, result: SearchResult) -> None:
        """Say on stderr what the user should know about this answer, each thing once."""
        for warning in (*result.warnings, *_cut_query(result)):
            if warning not in self._warned:
                self.output.warn(warning)
                self._warned.add(warning)

    def of(
        self, answer: SearchAnswer, asked: str | None = None, **extra: str | int | None
    ) -> SearchView:
        """An answer to be printed, its warnings said; `asked` names the query among several."""
        from bienc_cli.render.search import SearchView

        result = answer.result
        self.warn(result)
        first, self._any_shown = not self._any_shown, True
        changed: tuple[str, ...] = ()
        if self._check and self.output.machine:
            changed = answer.changed()
        return SearchView(
            result,
            full=self._full,
            contexts=answer.with_lines_around(self._context) if self._context else None,
            compact=bool(self._compact),
            lines=self._lines(),
            asked=asked,
            warnings=changed,
            extra=extra,
            here=caller.here(),
            header=first,
            links=_link_form() if caller.stdout().isatty() else None,
            served=caller.warm() is not None,
        )

    def _lines(self) -> int | None:
        """Lines that fit between the command above and the prompt below; None for any number."""
        asked_for = self._compact is not None or self._full or self._context
        terminal = not asked_for and caller.stdout().isatty()
        return caller.terminal_lines() - 2 if terminal else None


def _cut_query(result: SearchResult) -> list[str]:
    if result.bi_encoder is None or not result.query_truncated:
        return []
    limit = result.bi_encoder.identity.max_tokens
    return [f"the query has {result.query_tokens} tokens; only the first {limit} are read"]


def _link_form() -> str | None:
    """How a terminal is told what a citation opens; None for one that shows no links.

    `{path}` and `{line}` stand for what they say. Few terminals take a line with a file.
    """
    environ = caller.environ()
    terminal, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if terminal in ("", "dumb", "linux") or terminal.startswith("screen"):
        return None
    if program == "vscode":
        return "vscode://file{path}:{line}"
    return "file://{host}{path}#{line}" if "kitty" in terminal else "file://{host}{path}"
