"""What moves on a terminal: what it says, that it goes, and that it takes no data with it."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bienc_cli import models
from bienc_cli.cli import main, progress
from bienc_cli.cli.output import Output
from bienc_cli.cli.time_left import SteadyTimeLeft
from bienc_cli.indexing.report import Progress
from bienc_cli.models import FirstUse, Preparation
from bienc_cli.render.view import OutputFormat
from commands import Run
from fakes import FakeBiEncoder, FakeCrossEncoder


class Terminal(io.StringIO):
    """A stream that is one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Terminal]:
    """Have stderr be a terminal; called in the test, since pytest sets its own before that."""

    def begin(columns: int = 100) -> Terminal:
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("COLUMNS", str(columns))
        screen = Terminal()
        monkeypatch.setattr(sys, "stderr", screen)
        return screen

    return begin


def output(*, quiet: bool = False) -> Output:
    return Output(OutputFormat.plain, quiet=quiet)


def test_data_that_is_printed_meanwhile_goes_to_stdout_as_it_is(
    terminal: Callable[..., Terminal], capfd: pytest.CaptureFixture[str]
) -> None:
    screen, long = terminal(), "word " * 60
    with progress.portions(output(), "comparing", "passages") as advance:
        advance(1, 10)
        output().print_lines([long])
    assert capfd.readouterr().out == f"{long}\n"
    assert "word" not in screen.getvalue()
    assert "comparing" in screen.getvalue()


def test_bars_of_several_threads_are_lines_of_one_display(
    terminal: Callable[..., Terminal],
) -> None:
    """Also where the first that came is the first that goes."""
    screen = terminal()
    came, go = threading.Event(), threading.Event()

    def prepare() -> None:
        with progress.waiting(output(), "converting model-b", "133 MB, only this once"):
            came.set()
            go.wait(10)
            assert "converting model-b" in screen.getvalue()

    thread = threading.Thread(target=prepare)
    with progress.indexing(output()) as observer:
        thread.start()
        assert came.wait(10)
        observer.discovered(3, 1000)
    go.set()
    thread.join()
    with progress.waiting(output(), "another", ""):
        pass
    assert "133 MB, only this once" in screen.getvalue()
    assert "looking for files" in screen.getvalue()
    assert "another" in screen.getvalue()


@pytest.fixture
def first_use(monkeypatch: pytest.MonkeyPatch, run: Run, docs: Path) -> None:
    """Models that are being made ready, in two steps."""

    def prepare(name: str, watch: Callable[[FirstUse], AbstractContextManager[object]]) -> None:
        for work in (Preparation.UNPACKING, Preparation.CONVERTING):
            with watch(FirstUse(name, work, 121_300_000)):
                pass

    def bi_encoder(name: str, **options: object) -> FakeBiEncoder:
        prepare(name, options["on_first_use"])  # type: ignore[arg-type]
        return FakeBiEncoder()

    def cross_encoder(name: str, **options: object) -> FakeCrossEncoder:
        prepare(name, options["on_first_use"])  # type: ignore[arg-type]
        return FakeCrossEncoder()

    monkeypatch.setattr(models, "load_bi_encoder", bi_encoder)
    monkeypatch.setattr(models, "load_cross_encoder", cross_encoder)


@pytest.mark.usefixtures("first_use")
@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("command", [("index", "docs"), ("models", "--prepare")])
def test_the_first_use_of_a_model_shows_what_is_done_to_how_much(
    command: tuple[str, ...], columns: int, terminal: Callable[..., Terminal]
) -> None:
    screen = terminal(columns)
    assert main(list(command)) == 0
    shown = screen.getvalue()
    assert "unpacking granite-30m" in shown
    assert "converting granite-30m" in shown
    assert "121 MB, only this once" in shown
    # All of it was a bar's, which is gone.
    assert "note:" not in shown
    assert shown.endswith("\x1b[2K\x1b[?25h\r")


@pytest.mark.usefixtures("first_use")
def test_off_a_terminal_it_is_a_line_for_each_model_and_none_when_quiet(run: Run) -> None:
    once = "(121 MB, only this once)"
    assert run("index", "docs")[2] == f"note: unpacking granite-30m {once}\n"
    told = run("query", "fruit")[2].splitlines()
    assert sorted(told) == [
        f"note: unpacking fake {once}",
        f"note: unpacking ms-marco-minilm-l12 {once}",
    ]
    assert run("query", "fruit", "-q")[2] == ""


def test_steady_work_is_said_to_take_what_it_takes() -> None:
    left = SteadyTimeLeft()
    assert left.seconds(100) is None
    # What an earlier run has done took no time of this one.
    for step in range(10):
        left.learn(50 + step, float(step))
        said = left.seconds(100)
        assert said is None if step < 2 else said == pytest.approx(50 - step)


def test_what_has_no_measure_shows_none(terminal: Callable[..., Terminal]) -> None:
    """A bar that is full while something still goes on says that nothing does."""
    screen = terminal()
    with progress.measuring(output(), 2, 1) as advance:
        advance("bm25", 0)
        advance("bm25", 1)
        before = len(screen.getvalue())
        advance("blend", 0)
        begun = screen.getvalue()[before:]
        assert "50%" in begun
        assert "blend" in begun
        advance("blend", 1)
        before = len(screen.getvalue())
        advance("blend", 0)
        assert "%" not in screen.getvalue()[before:].split("timing", 1)[1]
    before = len(screen.getvalue())
    with progress.indexing(output()) as observer:
        observer.discovered(2, 10)
        observer.progressed(Progress(10, 0, 0, 0))
        observer.stage("graph")
        assert "%" not in screen.getvalue()[before:].split("graph", 1)[1]
