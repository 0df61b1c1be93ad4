"""The screens of `judge`: one passage with its query, the keys, and the state of judging.

Nothing reveals which strategy found a passage, at what rank, or with what score; and the query's
words are not highlighted, because that would favour the strategy that looks words up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from bienc_cli.evaluation.judging import JudgingSummary, Question
from bienc_cli.evaluation.judgments import Judgment
from bienc_cli.render import hits
from bienc_cli.render.columns import Grid
from bienc_cli.render.json_fields import writable
from bienc_cli.render.printable import count, one_line, visible
from bienc_cli.render.view import View
from bienc_cli.search.sentences import body_start
from bienc_cli.store import StoredPassage

SCHEMA = "bienc.judge/1"

_GRADES = (
    ("0", "not relevant", "nothing to do with the query, or only its words"),
    ("1", "partly", "helps, and does not answer"),
    ("2", "relevant", "answers, with more to look up or to read around"),
    ("3", "perfect", "made for this query; answers it fully"),
)
_KEYS = (
    ("s", "skip", "leave this one; the next session asks again"),
    ("u", "undo", "take back the last answer, and again the one before"),
    ("n", "next query", "leave the rest of this query's passages"),
    ("q", "quit", "all answers are saved; the same command goes on from here"),
    ("?", "help", "show this"),
)
_MORE = ("m", "more", "the rest of the passage, then others of its document")
_LEAST_LINES = 5
_QUERY_LINES = 3


def question_screens(question: Question, console: Console) -> list[RenderableType]:
    """A passage to judge, on as many screens as necessary, then its document's others.

    Each screen has the query at the top and the keys at the bottom, so that neither scrolls away. A
    query of many lines is cut there, and shown in full on the last screens.
    """
    query = Text(one_line(question.query.text), style="bold")
    query_lines = query.wrap(console, console.width)
    top = query
    if len(query_lines) > _QUERY_LINES:
        last_line = query_lines[_QUERY_LINES - 1]
        last_line.truncate(console.width - 2)
        last_line.rstrip()
        top = Text("\n").join([*query_lines[: _QUERY_LINES - 1], last_line.append(" …")])
    pages: list[tuple[Sequence[RenderableType], Text]] = []
    for stored in question.pooled.passages:
        about = hits.place_and_heading(stored, hits.short_location(stored))
        pages += _pages(question, top, about, Text(_body(stored)), console)
    if top is not query:
        pages += _pages(question, top, [Text("the whole query", style="dim")], query, console)
    several = len(pages) > 1
    return [
        Group(
            *_head(question, top, about, f", screen {number} of {len(pages)}" if several else ""),
            page,
            *_foot(several=several),
        )
        for number, (about, page) in enumerate(pages, 1)
    ]


def _pages(
    question: Question,
    top: Text,
    about: Sequence[RenderableType],
    body: Text,
    console: Console,
) -> list[tuple[Sequence[RenderableType], Text]]:
    """Split a text into pages that leave room for what surrounds it."""
    surroundings = [*_head(question, top, about, ", screen 10 of 10"), *_foot(several=True)]
    used_lines = len(console.render_lines(Group(*surroundings), pad=False))
    # One line for the response to the last key, and one for the cursor.
    room = max(console.height - used_lines - 2, _LEAST_LINES)
    lines = body.wrap(console, console.width)
    return [
        (about, Text("\n").join(lines[start : start + room]))
        for start in range(0, len(lines), room)
    ]


def _head(
    question: Question, top: Text, about: Sequence[RenderableType], screen: str
) -> list[RenderableType]:
    progress = (
        f"query {question.query_number} of {question.queries}, "
        f"passage {question.number} of {question.of}{screen}"
    )
    return [Text(progress, style="dim"), top, Rule(style="dim"), *about, Text()]


def _foot(*, several: bool) -> list[RenderableType]:
    return [Rule(style="dim"), _key_line(_GRADES), _key_line((_MORE, *_KEYS) if several else _KEYS)]


def _body(stored: StoredPassage) -> str:
    # The heading is already shown above.
    text = stored.passage.text
    return visible((text[body_start(stored) :].strip("\n") or text).rstrip())


def _key_line(keys: tuple[tuple[str, str, str], ...]) -> Text:
    line = Text()
    for position, (key, name, _) in enumerate(keys):
        line.append("  " if position else "").append(key, style="bold cyan").append(f" {name}")
    return line


def help_screen() -> RenderableType:
    """Every key with its meaning."""
    table = Grid(header=False)
    table.column(style="bold cyan")
    table.column(style="bold")
    table.column(wraps=True)
    for row in (*_GRADES, _MORE, *_KEYS):
        table.row(*row)
    return Group(
        Text("How well does the document answer the query? Its best passage is shown."),
        Text(),
        table,
        Text(),
        Text("any key goes back", style="dim"),
    )


def end_screen() -> RenderableType:
    """After the last question: the last answer can still be undone."""
    line = Text("That was the last passage.  ")
    line.append("u", style="bold cyan").append(" undo  ")
    return line.append("any other key", style="bold cyan").append(" ends")


def answered(judgment: Judgment) -> str:
    """The last answer, for the next screen."""
    _, name, _ = _GRADES[judgment.grade]
    return f"saved: {judgment.grade} {name}, {one_line(judgment.document)}"


@dataclass(frozen=True, slots=True)
class JudgingView(View):
    """The state of judging, and what to type next."""

    summary: JudgingSummary
    qrels: Path
    commands: Sequence[str]

    def as_table(self) -> RenderableType:
        """The state of judging, and what to type next, each command on one line."""
        lines = [as_sentence(self.summary, self.qrels)]
        lines += [f"next: {one_line(command)}" for command in self.commands]
        # In a group, because the console would wrap a bare text.
        return Group(*(Text(line, no_wrap=True, overflow="ignore") for line in lines))

    def as_lines(self) -> Iterator[str]:
        """Tab-separated counts."""
        summary = self.summary
        for name, number in (
            ("judgments", summary.judged),
            ("new", summary.added),
            ("relevant", summary.relevant),
            ("queries", summary.queries),
            ("finished", summary.finished),
            ("judged earlier", summary.judged_earlier),
        ):
            yield f"{name}\t{number}"

    def as_json(self) -> dict[str, Any]:
        """The same, `schema` first."""
        summary = self.summary
        return {
            "schema": SCHEMA,
            "qrels": writable(str(self.qrels)),
            "queries": summary.queries,
            "finished_queries": summary.finished,
            "queries_judged_earlier": summary.judged_earlier,
            "empty_queries": [writable(query_id) for query_id in summary.empty],
            "judgments": {
                "total": summary.judged,
                "new": summary.added,
                "relevant": summary.relevant,
            },
            "unnameable_documents": [writable(document) for document in summary.unnameable],
            "next": [writable(command) for command in self.commands],
        }


def as_sentence(summary: JudgingSummary, qrels: Path) -> str:
    """`12 judgments in my.qrels (5 new), 7 relevant; 2 of 20 queries finished, ...`."""
    earlier = summary.judged_earlier
    return (
        f"{count(summary.judged, 'judgment')} in {one_line(str(qrels))} ({summary.added:,} new), "
        f"{summary.relevant:,} relevant; "
        f"{summary.finished:,} of {count(summary.queries, 'query', 'queries')} finished"
        + (f", {earlier:,} more judged in earlier sessions" if earlier else "")
    )


def warnings(summary: JudgingSummary) -> list[str]:
    """What was not asked, and why."""
    messages = []
    if summary.empty:
        listed = ", ".join(one_line(query_id) for query_id in summary.empty)
        messages.append(f"nothing was found for the queries with these ids: {listed}")
    if summary.unnameable:
        listed = ", ".join(one_line(document) for document in summary.unnameable)
        messages.append(f"left out, because TREC qrels cannot hold the name: {listed}")
    return messages
