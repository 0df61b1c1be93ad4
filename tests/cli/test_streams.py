"""Standard streams that are full, closed, or of another encoding."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import bienc_cli
from bienc_cli.cli import main
from bienc_cli.evaluation.queries import read_queries
from commands import Run, feed
from folders import Folder

FULL = Path("/dev/full")
TESTS = Path(__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{Path(bienc_cli.__file__).parents[1]}:{TESTS}"}
INDEXING = """
import sys
from pathlib import Path
from fakes import FakeBiEncoder
from folders import Folder
from bienc_cli.indexing.indexer import index_paths
home = Path(sys.argv[1])
index_paths(
    [], directory=home / ".bienc", load_encoder=lambda _: FakeBiEncoder(), key_dir=home / "data"
)
"""


@pytest.fixture
def docs(folder: Folder) -> Path:
    folder.write({"a.txt": "kites fly high\n"})
    return folder.root


COMMANDS = [
    ("query", "kites", "--strategy", "bm25"),
    ("query", "zzzz", "--strategy", "bm25"),
    ("index", "docs"),
    ("info",),
    ("check",),
    ("models",),
    ("similar", "docs/a.txt"),
    ("pairs",),
    ("score", "a", "b"),
    ("classify", "--labels", "kites,pears"),
    ("remove", "docs/a.txt"),
    ("compare", "kites"),
]


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize(
    ("command", "format_"),
    [
        pytest.param(command, format_, id=f"{' '.join(command)} {format_}")
        for command in COMMANDS
        for format_ in ("table", "json", "jsonl", "plain")
        # A sound index has no problems to print, nor has what finds nothing a line.
        if format_ != "plain"
        or (command[0] not in ("check", "similar", "pairs") and "zzzz" not in command)
    ],
)
def test_an_answer_that_cannot_be_written_is_an_error_and_no_empty_result(
    command: tuple[str, ...],
    format_: str,
    indexed: Run,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    capfd.readouterr()
    # Not closed: it would try again to write what it holds.
    stream = FULL.open("w")
    kept = os.dup(stream.fileno())
    monkeypatch.setattr(sys, "stdout", stream)
    code = main([*command, "--format", format_])
    monkeypatch.undo()
    os.close(kept)
    error = capfd.readouterr().err
    assert code == 2
    assert error.count("cannot be written to standard output") == 1
    assert "Traceback" not in error


def bienc(*arguments: str, cwd: Path, shell: str, **environment: str) -> tuple[int, str]:
    """Run by a shell that closes what it is told to."""
    command = " ".join([sys.executable, "-m", "bienc_cli", *arguments, shell])
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=cwd,
        env={**os.environ, "BIENC_CACHE": str(cwd / "cache"), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stderr + done.stdout


@pytest.mark.parametrize(
    ("shell", "code", "says"),
    [
        (">&-", 2, "standard output is closed"),
        ("2>&-", 0, "a.txt"),
        ("<&-", 0, "a.txt"),
        ("<&- >&- 2>&-", 2, ""),
    ],
)
def test_closed_streams(shell: str, code: int, says: str, indexed: Run, tmp_path: Path) -> None:
    ended, said = bienc("query", "kites", "--strategy", "bm25", cwd=tmp_path, shell=shell)
    assert ended == code
    assert says in said
    assert "should not happen" not in said
    # What was printed went into no file that took the place of the stream.
    assert indexed("check")[0] == 0


def test_queries_from_a_closed_stdin(indexed: Run, tmp_path: Path) -> None:
    ended, said = bienc("query", "-", "--strategy", "bm25", cwd=tmp_path, shell="<&-")
    assert ended == 2
    assert "Standard input cannot be read" in said


@pytest.mark.parametrize("format_", ["table", "json", "plain"])
def test_an_encoding_that_lacks_letters_loses_nothing(
    format_: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/grün.txt").write_text("kites über allem\n")
    assert run("index", "docs")[0] == 0
    ended, said = bienc(
        *("query", "kites", "--strategy", "bm25", "-f", format_),
        cwd=tmp_path,
        shell="",
        LC_ALL="C",
        PYTHONUTF8="0",
        PYTHONCOERCECLOCALE="0",
        PYTHONIOENCODING="ascii",
    )
    assert ended == 0
    if format_ == "json":
        (hit,) = json.loads(said)["hits"]
        assert hit["path"] == "docs/grün.txt"
        assert "über" in hit["text"]
    else:
        assert "docs/gr\\xfcn.txt" in said


def test_names_are_utf_8_whatever_the_locale_says(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/grün.txt").write_text("kites\n")
    ended, said = bienc(
        *("index", "docs", "--format", "plain", "--skipped", "--model", "none-such"),
        cwd=tmp_path,
        shell="",
        LC_ALL="C",
        PYTHONUTF8="0",
        PYTHONCOERCECLOCALE="0",
    )
    # It got as far as the model, with a file to read.
    assert ended == 5
    assert "none-such" in said


def test_a_mark_before_json_is_no_part_of_it(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    line = b'\xef\xbb\xbf{"_id": "q1", "text": "kites"}\n'
    feed(monkeypatch, line)
    code, out, _ = indexed("query", "-", "--strategy", "bm25", "--format", "jsonl")
    assert code == 0
    assert json.loads(out)["query_id"] == "q1"


@pytest.mark.parametrize("argv", [("query", "-"), ("compare", "-")])
@pytest.mark.parametrize("line", [b'{"text": "kites"}', b"kites", b"q\tkites"])
def test_a_mark_in_the_midst_of_joined_files_is_no_part_of_a_line(
    indexed: Run, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], line: bytes
) -> None:
    mark = b"\xef\xbb\xbf"
    lines = b"%b%b\n%b%b\n" % (mark, line, mark, line)
    feed(monkeypatch, lines)
    document = json.loads(indexed(*argv, "-f", "json")[1])
    answers = document.get("results") or document["queries"]
    assert [one["query"] for one in answers] == ["kites", "kites"]


def test_names_ended_by_nul_are_files_whatever_is_in_them(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = [" a\nb .txt", "gone.txt", "c.txt"]
    (tmp_path / names[0]).write_text("herons")
    (tmp_path / names[2]).write_text("storks")
    listed = b"".join(name.encode() + b"\0" for name in names)
    feed(monkeypatch, listed)
    code, out, _ = run("index", "-", "-0", "--format", "json")
    report = json.loads(out)
    assert code == 0
    assert report["documents"]["new"] == 2
    assert [(one["path"], one["code"]) for one in report["skipped"]] == [("gone.txt", "missing")]
    assert run("query", "herons", "--strategy", "bm25")[0] == 0


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("zzzz\nkites\n\nyyyy\n", [("1", "0"), ("2", "1"), ("4", "0")]),
        ('{"_id": "a", "text": "kites"}\n{"_id": "b", "text": "zz"}\n', [("a", "1"), ("b", "0")]),
        ("{broken\nkites\n", [("1", "0"), ("2", "1")]),
        ('{"_id": null, "text": "kites"}\n', [("1", "1")]),
        ("a\tkites\nb\tzz\nc\t\nd\tkites\n", [*zip("ab", "10"), ("3", "0"), ("d", "1")]),
        ("query-id\ttext\na\tkites\n", [("a", "1")]),
        (
            "<top>\n<num>7\n<title>kites\n</top>\n<top>\n<title>zz\n</top>\n",
            [("7", "1"), ("5", "0")],
        ),
    ],
)
def test_every_plain_line_tells_its_query(
    lines: str,
    expected: list[tuple[str, str]],
    indexed: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feed(monkeypatch, lines)
    _, out, _ = indexed("query", "-", "--strategy", "bm25", "--format", "plain")
    rows = [line.split("\t") for line in out.splitlines()]
    assert [(row[0], row[1]) for row in rows] == expected
    assert {len(row) for row in rows} == {7}


@pytest.mark.parametrize("format_", ["table", "json", "jsonl", "plain"])
def test_one_bad_pair_loses_no_other(
    format_: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = '["a", "b"]\n["only one"]\n\n{"a": "", "b": "c"}\n["d", "e"]\n'
    feed(monkeypatch, lines)
    code, out, err = run("score", "-", "--format", format_)
    assert code == 2
    if format_ == "plain":
        assert [bool(line) for line in out.splitlines()] == [True, False, False, True]
    elif format_ == "json":
        pairs = json.loads(out)["pairs"]
        assert [pair.get("line") for pair in pairs] == [None, 2, 4, None]
    elif format_ == "jsonl":
        assert [json.loads(line).get("line") for line in out.splitlines()] == [None, 2, 4, None]
    else:
        assert err.count("warning") == 2


def test_json_warns_of_hits_whose_file_is_not_as_it_was(indexed: Run, tmp_path: Path) -> None:
    ask = ("query", "kites", "--strategy", "bm25", "--quiet", "--format", "json")
    assert json.loads(indexed(*ask)[1])["warnings"] == []
    (tmp_path / "docs/a.txt").write_text("kites fly low today\n")
    assert "has changed" in json.loads(indexed(*ask)[1])["warnings"][0]
    (tmp_path / "docs/a.txt").unlink()
    assert "is gone" in json.loads(indexed(*ask)[1])["warnings"][0]
    assert json.loads(indexed(*ask, "--no-check")[1])["warnings"] == []


def test_more_lines_around_than_there_are_take_no_time(indexed: Run) -> None:
    code, out, _ = indexed("query", "kites", "--strategy", "bm25", "-C", "100000000")
    assert code == 0
    assert "kites fly high" in out


def test_queries_from_stdin_read_the_generation_that_is_there(
    indexed: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And hold no log while they wait: its size is bounded, however much is committed."""
    reading, writing = os.pipe()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.FileIO(reading)))
    log = tmp_path / ".bienc/catalog.sqlite-wal"
    sizes: list[int] = []

    def write() -> None:
        with os.fdopen(writing, "w") as stream:
            print("kites", file=stream, flush=True)
            for number in range(3):
                (tmp_path / "docs/new.txt").write_text(f"herons {number} " + "wade " * 50_000)
                code = subprocess.run(
                    [sys.executable, "-c", INDEXING, str(tmp_path)], env=ENVIRONMENT
                ).returncode
                assert code == 0
                # As long as it takes, within reason.
                for _ in range(600):
                    if not log.exists() or log.stat().st_size < 1_000_000:
                        break
                    time.sleep(0.1)
                sizes.append(log.stat().st_size if log.exists() else 0)
            print("herons", file=stream, flush=True)

    thread = threading.Thread(target=write)
    thread.start()
    code, out, _ = indexed("query", "-", "--strategy", "bm25", "--format", "plain", "-k", "1")
    thread.join()
    assert code == 0
    assert "docs/new.txt:1" in out.splitlines()[-1]
    assert max(sizes) < 1_000_000


@pytest.mark.parametrize(
    "lines",
    [
        "how to prune\nwhen to plant\n",
        "query-id\ttext\nq1\thow to prune\nq2\t when to plant \n",
        '{"_id": "q1", "text": "prune"}\n{"id": 7, "query": "plant"}\n{"text": "kites"}\n',
        "<top><num> Number: 301\n<title> Organized\n  Crime\n\n<desc> Not this.\n</top>\n",
        "\ufeffq1\tkites\r\n\r\nq2\tpears\r\n",
    ],
)
def test_a_file_of_queries_is_read_alike_by_all_commands(
    lines: str, indexed: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "queries").write_bytes(lines.encode())
    expected = [one.text for one in read_queries(tmp_path / "queries")]
    feed(monkeypatch, lines)
    _, out, _ = indexed("query", "-", "--strategy", "bm25", "--format", "json")
    assert [one["query"] for one in json.loads(out)["results"]] == expected
    feed(monkeypatch, lines)
    _, out, _ = indexed("compare", "-", "--strategies", "bm25,bi", "--format", "json")
    assert [one["query"] for one in json.loads(out)["queries"]] == expected
