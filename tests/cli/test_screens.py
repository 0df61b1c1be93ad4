"""What people see: every command's screen, on terminals of three widths and off a terminal.

The recorded texts in `tests/cli/screens` are there to be read. RECORD_SCREENS=1 writes them anew.
"""

from __future__ import annotations

import io
import itertools
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.cells import cell_len

from fakes import FakeBiEncoder, FakeCrossEncoder

RECORDED = Path(__file__).parent / "screens"
WIDTHS = {"60": 60, "80": 80, "120": 120, "pipe": None}
COLUMNS = (60, 80, 100, 120, 2000)
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;[^\x1b]*\x1b\\")
_UNIT = re.compile(r"≈?\d[\d.,]*(?: (?:min|h) \d+)? (?:ms|s|min|B|kB|MB|GB)(?!\w)")

DOCUMENTS = {
    "maintenance-and-repair/espresso_machine-descaling-instructions.md": (
        "# Descaling the espresso machine\n\nScale forms where hard water is heated.\n\n"
        "## How often\n\nDescale every three months. With soft water twice a year is enough.\n\n"
        "## Descaling the espresso machine with citric acid\n\nDissolve 20 g of citric acid in "
        "1.5 l of water. Run half of it through the group, wait fifteen minutes, run the rest. "
        "Rinse with two tanks of clear water, since what is left of the acid attacks the gaskets.\n"
    ),
    "contracts/2024-11 supplier agreement (signed by both parties).txt": (
        "The supplier delivers green coffee within 14 days of an order.\n\n"
        "Payment is due within thirty days. Late payment bears interest of 4.5 % a year.\n"
    ),
    "contracts/terms.txt": "Orders below 250 EUR bear a fee. Returns are free of charge.\n",
    "library/src/asynchronous_request_scheduler.py": (
        '"""Schedules requests."""\n\n\nclass AsynchronousRequestScheduler:\n'
        '    """Runs at most max_concurrent_requests at a time."""\n\n'
        "    def run_in_executor(self, return_exceptions: bool = False) -> None:\n"
        '        """Run what waits; exceptions come back as results if asked to."""\n'
    ),
    "prices/coffee.csv": "name,price\nespresso,2.10\ncappuccino,3.40\n",
}
QUERIES = (
    "descaling\thow often should the espresso machine be descaled\n"
    "supplier-payment-terms\twhen is payment due\n"
    "scheduler\treturn_exceptions of run_in_executor\n"
)
QRELS = (
    "query-id\tcorpus-id\tscore\n"
    "descaling\tmaintenance-and-repair/espresso_machine-descaling-instructions.md\t2\n"
    "supplier-payment-terms\tcontracts/2024-11 supplier agreement (signed by both parties).txt\t1\n"
    "scheduler\tlibrary/src/asynchronous_request_scheduler.py\t1\n"
)
FILES = ("--queries", "queries.tsv", "--qrels", "qrels.tsv")
ASKED = "how often should the espresso machine be descaled"
ALL = "bi-encoder,bm25+cross-encoder,light-blend,blend,bi-encoder+cross-encoder"

SCREENS = {
    "index": ("index", "docs", "--skipped"),
    "query": ("query", ASKED, "-k", "3", "--no-compact"),
    "query-compact": ("query", ASKED, "--compact"),
    "query-fitting": ("query", ASKED),
    "query-nothing": ("query", "payment", "--path", "nope/"),
    "query-unanswered": ("query", "qwrtz blorf zzxq", "-k", "2"),
    "compare": ("compare", ASKED, "when is payment due", "--strategies", ALL, "-k", "3"),
    "compare-estimated": ("compare", ASKED, "--no-exhaustive", "-k", "2"),
    "compare-queries": ("compare", *FILES, "--strategies", ALL),
    "compare-unjudged": ("compare", *FILES[:2], "--strategies", ALL),
    "gates": ("compare", *FILES, "--fail-under", "blend:nDCG@10=0.2", "--fail-under", "R@1=1.1"),
    "judge": ("judge", ASKED, "--depth", "2"),
    "judge-end": ("judge", ASKED, "--depth", "2"),
    "tune": ("tune", "--queries", "many.tsv", "--qrels", "many.qrels", "--dry-run"),
    "score": ("score", ASKED, "Descale every three months."),
    "score-matrix": ("score", ASKED, "when is payment due", "--with", "Descale it twice a year."),
    "similar": ("similar", "docs/contracts/terms.txt", "-k", "3"),
    "pairs": ("pairs", "--min-similarity", "0.3"),
    "classify": ("classify", "--labels", "machines and their maintenance,contracts"),
    "info": ("info",),
    "models": ("models",),
    "check": ("check",),
    "remove": ("remove", "docs/contracts", "docs/library"),
}
KEYS = {"judge": "2?xmq", "judge-end": "q"}


class Screen(io.StringIO):
    """A stream that is a terminal, or none."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@cache
def screens_of(name: str) -> dict[int | None, str]:
    """A screen as text, stdout and stderr, in so many columns, or off a terminal."""
    # A folder whose path is as long on every machine, so that lines end at the same places.
    home = Path(tempfile.mkdtemp(prefix="bienc-screens-", dir="/tmp"))
    # Judging takes keys, and so a terminal.
    columns = COLUMNS if name in KEYS else (*COLUMNS, None)
    try:
        with pytest.MonkeyPatch.context() as patched:
            show = shown_in(home, patched)
            return {number: show(name, number) for number in columns}
    finally:
        shutil.rmtree(home)


def shown_in(home: Path, patched: pytest.MonkeyPatch) -> Callable[[str, int | None], str]:
    """Fill a folder and let commands run there with fake models; gives what shows a screen."""
    from bienc_cli import models, stages
    from bienc_cli.cli import main

    bi, cross = FakeBiEncoder(name="granite-30m"), FakeCrossEncoder(name="ms-marco-minilm-l12")
    patched.setattr(models, "load_bi_encoder", lambda *_, **__: bi)
    patched.setattr(models, "identify_bi_encoder", lambda *_, **__: bi.identity)
    patched.setattr(models, "load_cross_encoder", lambda *_, **__: cross)
    patched.chdir(home)
    for variable in [each for each in os.environ if each.startswith("BIENC_")]:
        patched.delenv(variable)
    patched.setenv("BIENC_CACHE", str(home / "cache"))
    patched.setenv("BIENC_DATA", str(home / "data"))
    patched.setenv("XDG_CONFIG_HOME", str(home / "config"))
    patched.setenv("TERM", "xterm-256color")
    patched.setattr("bienc_cli.cli.judge.on_terminal", lambda: True)
    patched.setattr("bienc_cli.render.info.size", lambda _bytes: "1.2 MB")
    patched.setattr("bienc_cli.render.removal.size", lambda _bytes: "36.9 kB")
    for name, text in DOCUMENTS.items():
        path = home / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (home / "docs/library/holiday-photograph_of-the-roastery.bin").write_bytes(b"\0\1" * 99)
    (home / "queries.tsv").write_text(QUERIES)
    (home / "qrels.tsv").write_text(QRELS)
    lines = [line.split("\t") for line in QUERIES.splitlines()]
    grades = dict(line.split("\t")[:2] for line in QRELS.splitlines()[1:])
    numbered = [(f"{name}-{number}", name, text) for number in range(8) for name, text in lines]
    (home / "many.tsv").write_text("".join(f"{one}\t{text}\n" for one, _, text in numbered))
    (home / "many.qrels").write_text(
        "query-id\tcorpus-id\tscore\n"
        + "".join(f"{one}\t{grades[name]}\t1\n" for one, name, _ in numbered)
    )

    def shown(name: str, columns: int | None) -> str:
        # Each screen is of the same index, whatever the one before has made of it.
        if name in ("index", "remove"):
            shutil.rmtree(home / ".bienc", ignore_errors=True)
        (home / "judgments.qrels").unlink(missing_ok=True)
        if name != "index" and not (home / ".bienc").exists():
            called(("index", "docs", "-q"), 80, "")
        return called(SCREENS[name], columns, KEYS.get(name, ""))

    def called(argv: tuple[str, ...], columns: int | None, keys: str) -> str:
        clock = itertools.count()
        patched.setattr(stages, "time", SimpleNamespace(perf_counter=lambda: 0.0417 * next(clock)))
        left = iter(keys)
        patched.setattr("bienc_cli.cli.judge.read_key", lambda: next(left))
        out = Screen(terminal=columns is not None)
        err = out if argv[0] == "judge" else Screen(terminal=False)
        for variable, number in (("COLUMNS", columns), ("LINES", columns and 24)):
            if number is None:
                patched.delenv(variable, raising=False)
            else:
                patched.setenv(variable, str(number))
        with redirect_stdout(out), redirect_stderr(err):
            code = main(list(argv))
        told = "" if err is out else err.getvalue()
        text = _ESCAPE.sub("", f"{out.getvalue()}{told}[{code}]\n")
        text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
        text = text.replace(home.name, "bienc-screens-abcdefgh")
        return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-01-31 12:00:00", text)

    return shown


RECORDINGS = [
    (name, width) for name in SCREENS for width in WIDTHS if not (name in KEYS and width == "pipe")
]


@pytest.mark.parametrize(("name", "width"), RECORDINGS)
def test_the_screen_is_the_one_that_was_read(name: str, width: str) -> None:
    shown = screens_of(name)[WIDTHS[width]]
    recorded = RECORDED / f"{name}.{width}.txt"
    if os.environ.get("RECORD_SCREENS"):
        recorded.parent.mkdir(exist_ok=True)
        recorded.write_text(shown)
    assert shown == recorded.read_text()


@pytest.mark.parametrize("name", SCREENS)
def test_no_word_and_no_number_is_broken_at_any_width(name: str) -> None:
    """What stands on a screen without end stands whole on every other."""
    screens = screens_of(name)
    *widths, without_end = COLUMNS
    widest = screens[without_end]
    for width in widths:
        shown = screens[width]
        lines = shown.splitlines()
        # What goes to stderr is for the terminal to wrap.
        on_screen = itertools.takewhile(lambda line: not line.startswith("warning:"), lines)
        assert max(map(cell_len, on_screen), default=0) <= max(width, _longest_citation(lines))
        assert Counter(_UNIT.findall(widest)) == Counter(_UNIT.findall(shown))
        assert _words(shown) <= _words(widest)


def _words(text: str) -> set[str]:
    """Words as they may stand on a line of their own: lines end at blanks, joints and places."""
    return {
        word
        for word in re.findall(r"[^\s/_+@-]+", text.replace("#", " "))
        # A snippet ends where its line does, and a rule is as wide as the screen.
        if word.strip("…─")
    }


def _longest_citation(lines: list[str]) -> int:
    """A command to be typed next is one line, however narrow the screen."""
    return max((cell_len(line) for line in lines if line.startswith("next: ")), default=0)
