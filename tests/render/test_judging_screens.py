"""What a judge sees: the query on top, the keys at the bottom, and nothing of the strategies."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from bienc_cli.evaluation.judging import JudgingSummary, Question
from bienc_cli.evaluation.judgments import Judgment
from bienc_cli.evaluation.pooling import PooledDocument
from bienc_cli.evaluation.queries import Query
from bienc_cli.render import judging as rendered
from bienc_cli.store import StoredPassage
from bienc_cli.types import Passage, Place


def stored(text: str, heading: tuple[str, ...] = (), line: int = 7) -> StoredPassage:
    passage = Passage("deep/a.md", 0, 0, len(text), text, Place("line", line, line + 3), heading)
    return StoredPassage(1, 1, passage, "docs/deep/a.md", None, "markdown")


def question(*passages: StoredPassage, query: str = "sour espresso") -> Question:
    return Question(Query("1", query), 3, 20, 4, 9, PooledDocument("deep/a.md", passages))


def console(width: int = 80, height: int = 24) -> Console:
    return Console(
        width=width, height=height, file=io.StringIO(), force_terminal=True, color_system=None
    )


def lines(screen: RenderableType, on: Console) -> list[str]:
    with on.capture() as captured:
        on.print(screen)
    return [line.rstrip() for line in captured.get().splitlines()]


def test_a_short_passage_is_one_screen() -> None:
    shown = question(stored("Grind finer.\n\nOr brew hotter.", ("Coffee", "Taste")))
    on = console()
    (screen,) = rendered.question_screens(shown, on)
    assert lines(screen, on) == [
        "query 3 of 20, passage 4 of 9",
        "sour espresso",
        "─" * 80,
        "deep/a.md:7",
        "Coffee > Taste",
        "",
        "Grind finer.",
        "",
        "Or brew hotter.",
        "─" * 80,
        "0 not relevant  1 partly  2 relevant  3 perfect",
        "s skip  u undo  n next query  q quit  ? help",
    ]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 24), (120, 50), (80, 12)])
def test_no_screen_is_larger_than_the_terminal(width: int, height: int) -> None:
    words = [f"word{number}" for number in range(1000)]
    on = console(width, height)
    screens = rendered.question_screens(
        question(stored(" ".join(words)), stored("Another.", line=30)), on
    )
    assert len(screens) > 2
    shown: list[str] = []
    for number, screen in enumerate(screens, 1):
        seen = lines(screen, on)
        assert max(map(len, seen)) <= width
        assert len(seen) <= height - 2 or height == 12
        assert " ".join(seen[:2]).startswith("query 3 of 20, passage 4 of 9, screen ")
        assert f"screen {number} of {len(screens)}" in " ".join(seen[:2])
        assert "m more" in " ".join(seen)
        shown += [word for line in seen for word in line.split() if word.startswith("word")]
    assert shown == words
    assert "deep/a.md:30" in lines(screens[-1], on)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 24), (120, 50)])
@pytest.mark.parametrize("words", [30, 400, 2000])
def test_a_long_query_leaves_room_for_the_passage(width: int, height: int, words: int) -> None:
    query = " ".join(f"asked{number}" for number in range(words))
    text = " ".join(f"told{number}" for number in range(300))
    on = console(width, height)
    screens = [
        lines(screen, on)
        for screen in rendered.question_screens(question(stored(text), query=query), on)
    ]
    for screen in screens:
        assert len(screen) <= height - 2
        assert max(map(len, screen)) <= width
        assert "asked0 asked1" in " ".join(screen[1:3])
        assert screen[-1].startswith(("s skip", "m more")) or "help" in screen[-1]
    told = [word for screen in screens for line in screen for word in line.split()]
    assert [word for word in told if word.startswith("told")] == text.split()
    # Nothing of the query is lost.
    assert set(query.split()) <= set(told)


def test_control_characters_are_shown_and_not_obeyed() -> None:
    on = console()
    (screen,) = rendered.question_screens(
        question(stored("a\x1b[2Jb [bold]c[/bold]"), query="q\x1b[31m"), on
    )
    seen = "\n".join(lines(screen, on))
    assert "a␛[2Jb [bold]c[/bold]" in seen
    assert "q␛[31m" in seen


def test_help_fits_and_names_every_key() -> None:
    on = console()
    seen = lines(rendered.help_screen(), on)
    assert len(seen) <= 22
    assert [line[0] for line in seen if line[1:3] == "  "] == list("0123msunq?")


def test_the_last_answer_is_said() -> None:
    assert rendered.answered(Judgment("1", "a b.md", 2)) == "saved: 2 relevant, a b.md"


SUMMARY = JudgingSummary(3, 1, 0, ("2",), 4, 9, 5, ("d  e",))


def test_the_summary_in_every_form() -> None:
    qrels, commands = Path("my.qrels"), ["bienc compare --queries q.tsv --qrels my.qrels"]
    view = rendered.JudgingView(SUMMARY, qrels, commands)
    console = Console(file=io.StringIO(), width=40, color_system=None)
    with console.capture() as shown:
        console.print(view.as_table(), crop=False)
    assert shown.get().splitlines() == [
        "9 judgments in my.qrels (4 new), 5 relevant; 1 of 3 queries finished",
        "next: bienc compare --queries q.tsv --qrels my.qrels",
    ]
    assert list(view.as_lines()) == [
        "judgments\t9",
        "new\t4",
        "relevant\t5",
        "queries\t3",
        "finished\t1",
        "judged earlier\t0",
    ]
    document = view.as_json()
    assert next(iter(document.items())) == ("schema", "bienc.judge/1")
    assert document["judgments"] == {"total": 9, "new": 4, "relevant": 5}
    assert rendered.warnings(SUMMARY) == [
        "nothing was found for the queries with these ids: 2",
        "left out, because TREC qrels cannot hold the name: d e",
    ]
