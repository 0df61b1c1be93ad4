"""`bienc judge`: with keys from a list, and on a real terminal."""

from __future__ import annotations

import errno
import fcntl
import inspect
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bienc_cli.cli.judge import judge
from bienc_cli.evaluation.pooling import DEFAULT_DEPTH
from bienc_cli.evaluation.qrels import Item, read_qrels
from commands import Run
from folders import FRUIT

JUDGE = "bienc_cli.cli.judge"
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def press(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Run `judge` as on a terminal; when the keys run out, so does the test."""

    def judge(keys: str, *argv: str) -> tuple[int, str, str]:
        left = iter(keys)

        def next_key() -> str:
            key = next(left)
            if key == "^":
                raise KeyboardInterrupt
            return key

        monkeypatch.setattr(f"{JUDGE}.on_terminal", lambda: True)
        monkeypatch.setattr(f"{JUDGE}.read_key", next_key)
        result = indexed("judge", *argv)
        assert next(left, None) is None
        return result

    return judge


def lines(name: str) -> list[str]:
    return Path(name).read_text().splitlines() if Path(name).exists() else []


def test_answers_are_saved_and_the_next_command_is_named(press: Run) -> None:
    code, out, err = press("2s0q", "apple harvest", "pear", "--qrels", "my.qrels")
    assert code == 0
    assert [line.split()[-1] for line in lines("my.qrels")] == ["2", "0"]
    assert {line.split()[0] for line in lines("my.qrels")} == {"1"}
    assert lines("my.queries.tsv") == ["1\tapple harvest", "2\tpear"]
    files = "--queries my.queries.tsv --qrels my.qrels"
    assert out.splitlines() == [
        "2 judgments in my.qrels (2 new), 1 relevant; 0 of 2 queries finished",
        f"next: bienc judge {files}",
        f"next: bienc compare {files}",
    ]
    assert "query 1 of 2, passage 1 of 4" in err
    assert "apple harvest" in err
    assert "saved: 2 relevant, " in err


def test_the_same_command_goes_on_where_it_stopped(press: Run) -> None:
    press("13q", "apple harvest", "--qrels", "my.qrels")
    first = lines("my.qrels")
    code, out, err = press("00x", "apple harvest", "--qrels", "my.qrels")
    assert code == 0
    assert lines("my.qrels")[:2] == first
    assert len({line.split()[2] for line in lines("my.qrels")}) == 4
    assert "passage 3 of 4" in err
    assert "passage 1 of 4" not in err
    assert "4 judgments in my.qrels (2 new), 2 relevant; 1 of 1 query finished" in out
    assert "bienc judge" not in out
    # All is judged: nothing is asked.
    assert press("", "apple harvest", "--qrels", "my.qrels")[0] == 0
    assert len(lines("my.qrels")) == 4


def test_judgments_are_read_by_compare(press: Run, indexed: Run) -> None:
    press("3210x", "apple harvest", "--qrels", "my.qrels", "--depth", "4")
    qrels = read_qrels(Path("my.qrels"))
    assert sorted(qrels.by_query["1"].values()) == [0, 1, 2, 3]
    assert set(qrels.by_query["1"]) == {Item(name) for name in FRUIT}


def test_undo_asks_again_even_behind_the_last(press: Run) -> None:
    press("123uu0x", "cherry", "--qrels", "q", "--strategies", "bi-encoder", "--depth", "3")
    grades = [line.split()[-1] for line in lines("q")]
    assert grades == ["1", "0"]
    press("", "cherry", "--qrels", "q", "--strategies", "bm25")


def test_other_keys_are_explained_and_change_nothing(press: Run) -> None:
    _, _, err = press("ux?zq", "apple", "--qrels", "my.qrels")
    assert "nothing to undo in this session" in err
    assert "no such key; ? shows them" in err
    assert "made for this query; answers it fully" in err
    assert lines("my.qrels") == []


def test_a_passage_longer_than_the_terminal_has_several_screens(
    press: Run, indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("docs/quince.md").write_text("".join(f"Quince number {n}.\n" for n in range(14)))
    indexed("index", "-q")
    monkeypatch.setenv("LINES", "18")
    _, _, err = press("mmq", "quince", "--strategies", "bm25")
    assert err.count("screen 1 of 2") == 2
    assert err.count("screen 2 of 2") == 1
    assert err.count("Quince number 13.") == 1


def test_ctrl_c_leaves_everything_saved(press: Run) -> None:
    code, out, err = press("31^", "apple harvest", "--qrels", "my.qrels")
    assert (code, out) == (130, "")
    assert len(lines("my.qrels")) == 2
    assert "2 judgments in my.qrels (2 new)" in err


def test_the_summary_as_json_and_as_lines(press: Run) -> None:
    code, out, _ = press("2q", "apple harvest", "--qrels", "my.qrels", "-f", "json")
    assert code == 0
    document = json.loads(out)
    assert document["schema"] == "bienc.judge/1"
    assert document["judgments"] == {"total": 1, "new": 1, "relevant": 1}
    assert len(document["next"]) == 2
    _, out, _ = press("0q", "apple harvest", "--qrels", "my.qrels", "-f", "plain")
    assert out.splitlines()[0] == "judgments\t2"


def test_nothing_found_is_exit_code_1(press: Run) -> None:
    code, out, err = press("", "xylophone", "--strategies", "bm25", "-q")
    assert code == 1
    assert "nothing was found for the queries with these ids: 1" in err
    assert "compare" not in out


def test_what_comes_next_compares_what_was_pooled(press: Run) -> None:
    argv = ("--strategies", "bm25", "--qrels", "my.qrels")
    _, out, _ = press("1x", "xylophone", "cherry stones", *argv)
    files = "--queries my.queries.tsv --qrels my.qrels"
    assert out.splitlines() == [
        "1 judgment in my.qrels (1 new), 1 relevant; 2 of 2 queries finished",
        f"next: bienc compare {files} --strategies bm25",
    ]


def test_without_a_terminal_there_is_no_judging(indexed: Run) -> None:
    code, out, err = indexed("judge", "apple")
    assert (code, out) == (2, "")
    assert "needs a terminal" in err
    assert "hint: " in err
    assert json.loads(indexed("judge", "apple", "-f", "json")[1])["error"]["code"] == "usage"
    assert not list(Path.cwd().glob("*.qrels")) + list(Path.cwd().glob("*.tsv"))


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        ((), 2, "as arguments, or from a file"),
        (("apple", "--queries", "q.tsv"), 2, "as arguments, or from a file"),
        (("--queries", "nowhere.tsv"), 2, "no 'nowhere.tsv'"),
        (("--queries", "blank.tsv"), 2, "query id 'q 1'"),
        (("apple", "  "), 2, "query is empty"),
        (("apple", "--depth", "0"), 2, "pools nothing"),
        (("apple", "--strategies", "abacus"), 2, "no strategy 'abacus'"),
        (("apple", "--qrels", "docs/apple.md"), 2, "not a TREC judgment"),
        (("apple", "--index", "nowhere"), 3, "no such index"),
    ],
)
def test_errors_say_what(press: Run, argv: tuple[str, ...], code: int, message: str) -> None:
    Path("blank.tsv").write_text("q 1\tapple\n")
    got, out, err = press("", *argv)
    assert (got, out) == (code, "")
    assert message in err


def test_the_depth_in_the_help_is_that_of_the_library() -> None:
    # Written twice, because the library is not loaded for the help.
    assert inspect.signature(judge).parameters["depth"].default == DEFAULT_DEPTH


# ------------------------------------------------------------- a real terminal


class Terminal:
    """A pseudo-terminal of 24 lines and 80 columns with a `bienc judge` in it."""

    def __init__(self, *argv: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.settings = termios.tcgetattr(slave)
        self._slave = slave
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bienc_cli", "judge", *argv],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color"},
            # Its own session with this terminal, so that Ctrl-C goes to it alone.
            start_new_session=True,
        )

    def screen(self) -> list[str]:
        """What is on the screen when a key is waited for, or when the program has ended."""
        shown = b""
        while not self._waits_for_a_key():
            shown += self._read(0.02)
            if self._process.poll() is not None:
                break
        while more := self._read(0.05):
            shown += more
        text = shown.decode().replace("\r\n", "\n")
        return _ESCAPE.sub("", text.rpartition("\x1b[2J")[2]).rstrip("\n").split("\n")

    def press(self, key: str) -> None:
        os.write(self.master, key.encode())
        # It is taken when the terminal is back in its own mode, or something is shown already.
        while self._waits_for_a_key() and self._process.poll() is None:
            if select.select([self.master], [], [], 0.01)[0]:
                return

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def wait(self) -> int:
        code = self._process.wait(60)
        assert termios.tcgetattr(self._slave) == self.settings
        return code

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._slave)
        os.close(self.master)

    def _waits_for_a_key(self) -> bool:
        return not termios.tcgetattr(self._slave)[3] & termios.ICANON

    def _read(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self.master], [], [], seconds)
        try:
            return os.read(self.master, 65536) if ready else b""
        except OSError as error:
            if error.errno == errno.EIO:
                return b""
            raise


@pytest.fixture
def terminal(indexed: Run) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*argv: str) -> Terminal:
        opened.append(Terminal(*argv, "--strategies", "bm25", "--qrels", "my.qrels"))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_judging_on_a_terminal(terminal: Callable[..., Terminal]) -> None:
    shown = terminal("pears", "cherry stones")
    screen = shown.screen()
    assert screen[:3] == ["query 1 of 2, passage 1 of 2", "pears", "─" * 80]
    assert len(screen) <= 24
    assert max(map(len, screen)) <= 80
    shown.press("3")
    assert "query 1 of 2, passage 2 of 2" in shown.screen()
    assert len(lines("my.qrels")) == 1
    shown.press("0")
    screen = shown.screen()
    assert screen[:2] == ["query 2 of 2, passage 1 of 1", "cherry stones"]
    assert "deep/cherry.txt:1" in screen
    shown.press("2")
    assert "That was the last passage." in shown.screen()[0]
    shown.press("x")
    assert "bienc compare --queries my.queries.tsv" in "\n".join(shown.screen())
    assert shown.wait() == 0
    assert [line.split()[-1] for line in lines("my.qrels")] == ["3", "0", "2"]


@pytest.mark.parametrize("how", ["key", "signal"])
def test_an_interrupted_terminal_is_as_before(terminal: Callable[..., Terminal], how: str) -> None:
    shown = terminal("pears")
    shown.screen()
    shown.press("1")
    shown.screen()
    if how == "key":
        shown.press("\x03")
    else:
        shown.interrupt()
    assert shown.wait() == 130
    assert len(lines("my.qrels")) == 1


def test_keys_that_are_typed_ahead_are_kept(terminal: Callable[..., Terminal]) -> None:
    """All at once, while the first screen is not even there."""
    shown = terminal("pears", "cherry stones")
    os.write(shown.master, b"302x")
    assert shown.wait() == 0
    assert [line.split()[-1] for line in lines("my.qrels")] == ["3", "0", "2"]


def test_an_arrow_is_one_key(terminal: Callable[..., Terminal]) -> None:
    shown = terminal("pears")
    shown.screen()
    shown.press("\x1b[1;2A")
    assert "no such key" in "\n".join(shown.screen())
    shown.press("q")
    assert shown.wait() == 0
    assert lines("my.qrels") == []


def test_the_end_of_input_quits(terminal: Callable[..., Terminal]) -> None:
    shown = terminal("pears")
    shown.screen()
    shown.press("\x04")
    assert shown.wait() == 0
    assert lines("my.qrels") == []


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--strategies", "bm25", "--model", "fake"), "--model has no effect"),
        (("--strategies", "bm25,bi", "--cross-encoder", "x"), "--cross-encoder has no effect"),
        (("--strategies", "bi,light", "--exhaustive"), "--exhaustive has no effect"),
        (("--depth", "0"), "--depth 0 pools nothing"),
        (("--strategies", "bm25,nope"), "There is no strategy 'nope'"),
    ],
)
def test_options_that_contradict_each_other(press: Run, argv: tuple[str, ...], said: str) -> None:
    code, _, err = press("", "apple", "--qrels", "my.qrels", *argv)
    assert code == 2
    assert said in err
    assert not Path("my.qrels").exists()


def test_queries_do_not_lie_where_judgments_go(press: Run) -> None:
    Path("q.tsv").write_text("1\tapple\n")
    code, _, err = press("", "--queries", "q.tsv", "--qrels", "./q.tsv")
    assert (code, "cannot hold the queries and take the judgments" in err) == (2, True)
    assert Path("q.tsv").read_text() == "1\tapple\n"


def test_queries_of_earlier_sessions_are_counted(press: Run) -> None:
    two = ("--qrels", "q", "--strategies", "bm25", "--depth", "1")
    press("2x", "apple", *two)
    code, out, _ = press("q", "pear", "apple", *two, "-f", "json")
    answer = json.loads(out)
    assert code == 0
    assert (answer["queries"], answer["finished_queries"]) == (2, 0)
    assert answer["queries_judged_earlier"] == 1
    assert ", 1 more judged in earlier sessions" in press("q", "pear", "apple", *two)[1]
    # What the session comes to is finished, or it is not.
    assert json.loads(press("1x", "pear", "apple", *two, "-f", "json")[1])["finished_queries"] == 2
