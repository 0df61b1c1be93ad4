"""`bienc query` through a server: the same answers, or none at all."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from bienc_cli import __version__
from bienc_cli.server import client
from bienc_cli.server.resident import MOST_READERS
from bienc_cli.server.wire import Lines, as_line
from commands import Run, feed
from warm_server import Running, timeless

QUERIES = [
    ("pear cellar",),
    ("pear", "cellar", "-k", "1"),
    ("apples in autumn", "--no-rerank"),
    ("apples in autumn", "--strategy", "bm25"),
    ("apples", "--type", "markdown"),
    ("apples", "--path", "docs/deep/"),
    ("apples", "--candidates", "12", "--min-relevance", "0.99"),
    ("cherry stones", "-C", "2"),
    ("cherry stones", "--full"),
    ("pear cellar", "--budget-tokens", "40"),
    ("--", "-k"),
]


def without_times(document: dict) -> dict:
    document.pop("served", None)
    return {**document, "seconds": sorted(document["seconds"])}


def test_several_indexes_are_served_as_they_are_searched_cold(
    indexed: Run, server: Running
) -> None:
    most = [f"index-{number}" for number in range(MOST_READERS + 1)]
    for name in most:
        assert indexed("index", "docs/deep", "--index", name)[0] == 0
    for named, served in ((most[:2], True), (most, False)):
        argv = ["query", "cherry", "--format", "json"]
        argv += [word for name in named for word in ("--index", name)]
        answer, cold = (json.loads(indexed(*argv, *more)[1]) for more in ((), ("--no-server",)))
        assert answer.get("served", False) is served
        assert without_times(answer) == without_times(cold)
        assert len(answer["indexes"]) == len(named)
    # With one of them alone held, the other is still there to be served.
    assert json.loads(indexed("query", "cherry", "--index", most[0], "-f", "json")[1])["served"]


@pytest.mark.parametrize("form", ["json", "jsonl", "plain", "table"])
@pytest.mark.parametrize("argv", QUERIES, ids=" ".join)
def test_a_served_answer_is_the_cold_one(
    indexed: Run, server: Running, argv: tuple[str, ...], form: str
) -> None:
    options = ("--format", form)
    behind = argv if argv[0] != "--" else ("--", *argv[1:])
    served = indexed("query", *options, *behind)
    assert server.answered
    cold = indexed("query", "--no-server", *options, *behind)
    assert len(server.answered) == 1
    assert served[0] == cold[0]
    assert served[2] == cold[2]
    assert timeless(served[1]) == timeless(cold[1])
    if form in ("json", "jsonl"):
        assert [json.loads(one[1]).get("served") for one in (served, cold)] == [True, None]
    if form == "table":
        assert "served · open index" in served[1]
        assert "served" not in cold[1]


@pytest.mark.parametrize(
    "argv",
    [
        ("query", "pear", "--strategy", "nonsense"),
        ("query", "pear", "--type", "nonsense"),
        ("query", "pear", "--index", "nowhere"),
        ("query", "pear", "-k", "0"),
        ("query", "pear", "--nonsense"),
        ("query", ""),
        ("query",),
    ],
    ids=" ".join,
)
def test_errors_are_told_by_the_client_itself(
    indexed: Run, server: Running, argv: tuple[str, ...]
) -> None:
    served = indexed(*argv)
    assert served == indexed(*argv, "--no-server")
    assert served[0] in (2, 3)


@pytest.mark.parametrize(
    "argv",
    [
        ("--no-server",),
        ("--refresh",),
        ("--exhaustive",),
        ("--threads", "1"),
        ("--runtime", "torch"),
        ("--offline",),
    ],
    ids=" ".join,
)
def test_what_a_server_is_not_for_is_answered_all_the_same(
    indexed: Run, server: Running, argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    code, printed, _ = indexed("query", "pear", "--format", "json", *argv)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert code == 0
    assert "served" not in json.loads(printed)


def test_standard_input_is_read_by_whoever_has_it(
    indexed: Run, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch, b"pear\n")
    assert indexed("query", "-")[0] == 0
    assert server.answered == []


@pytest.mark.parametrize(("name", "value"), [("BIENC_SERVER", "off"), ("BIENC_DEBUG", "1")])
def test_the_environment_can_do_without(
    indexed: Run, server: Running, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert indexed("query", "pear")[0] == 0
    assert server.answered == []


def test_another_environment_is_another_server_s(
    indexed: Run, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIENC_CROSS_ENCODER", "another")
    assert indexed("query", "pear")[0] == 0
    assert server.answered == []


def test_the_index_and_the_folder_are_the_client_s(
    indexed: Run, server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    (other / "notes").mkdir(parents=True)
    (other / "notes" / "plum.txt").write_text("A plum has a stone.\n")
    monkeypatch.chdir(other)
    assert indexed("index", "notes", "--index", ".bienc")[0] == 0
    for arguments in ((), ("--index", str(tmp_path / ".bienc")), ("--index", "../.bienc")):
        served = json.loads(indexed("query", "stone", "-f", "json", *arguments)[1])
        assert served["served"]
        cold = json.loads(indexed("query", "stone", "-f", "json", "--no-server", *arguments)[1])
        assert without_times(served) == without_times(cold)
    monkeypatch.setenv("BIENC_INDEX", "../.bienc")
    assert len(server.answered) == 3
    served = json.loads(indexed("query", "stone", "-f", "json")[1])
    assert served["served"]
    assert served["index"]["directory"] == str(tmp_path / ".bienc")
    monkeypatch.delenv("BIENC_INDEX")
    elsewhere = ("query", "stones", "-f", "json", "--index", "../.bienc", "--path", "../docs/deep")
    served = json.loads(indexed(*elsewhere)[1])
    assert [Path(hit["path"]).name for hit in served["hits"]] == ["cherry.txt"]
    assert without_times(served) == without_times(json.loads(indexed(*elsewhere, "--no-server")[1]))
    assert len(server.answered) == 5


def test_an_index_that_changes_is_followed(indexed: Run, server: Running, tmp_path: Path) -> None:
    def found() -> list[str]:
        document = json.loads(indexed("query", "quince jelly", "-k", "1", "-f", "json")[1])
        assert document["served"]
        return [hit["path"] for hit in document["hits"]]

    assert found() != ["docs/quince.txt"]
    (tmp_path / "docs" / "quince.txt").write_text("Quince jelly sets by itself.\n")
    assert indexed("index")[0] == 0
    assert found() == ["docs/quince.txt"]
    # Another one in the same place begins with the same generation again.
    for file in (tmp_path / ".bienc").iterdir():
        file.unlink()
    (tmp_path / "docs" / "quince.txt").rename(tmp_path / "docs" / "renamed.txt")
    assert indexed("index", "docs")[0] == 0
    assert found() == ["docs/renamed.txt"]


def test_a_terminal_is_written_to_as_if_it_were_here(
    indexed: Run, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a client on a terminal of 60 columns gets is what rich would print on one."""
    printed: dict[bool, str] = {}
    for served in (True, False):
        reading, writing = os.openpty()
        with os.fdopen(writing, "w", encoding="utf-8") as terminal:
            monkeypatch.setattr(sys, "stdout", terminal)
            monkeypatch.setenv("TERM", "xterm-256color")
            monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((60, 40)))
            from bienc_cli.cli import main

            assert main(["query", "pear", "-k", "2", *([] if served else ["--no-server"])]) == 0
        printed[served] = re.sub(r"id=\d+", "id", everything(reading))
    monkeypatch.undo()
    assert "\x1b[" in printed[True]
    table = [re.split(r"\x1b\[2m(?:served|open)", one)[0] for one in printed.values()]
    assert table[0] == table[1]
    assert "served" in printed[True]


def everything(reading: int) -> str:
    """What was written to a terminal that is closed; the system hands it on in pieces."""
    pieces = []
    with os.fdopen(reading, "rb", buffering=0) as terminal, suppress(OSError):
        while piece := terminal.read(1 << 16):
            pieces.append(piece)
    return b"".join(pieces).decode()


def raw(server: Running, line: bytes) -> dict:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(server.endpoint.path)
        connection.sendall(line)
        return Lines(connection).document(limit=1 << 20, seconds=5)


def asked(**changes: object) -> dict:
    stream = {"tty": False, "encoding": "utf-8"}
    return {
        "version": __version__,
        "arguments": ["query", "pear"],
        "directory": "/",
        "environment": {},
        "terminal": {"stdout": stream, "stderr": stream, "size": None},
        **changes,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "0.0.0"},
        {"arguments": ["index", "docs"]},
        {"arguments": ["query", "-"]},
        {"arguments": []},
        {"arguments": ["query", "pear", "--index", "/"]},
    ],
)
def test_what_is_not_done_for_others_is_declined(server: Running, changes: dict) -> None:
    assert set(raw(server, as_line(asked(**changes)))) == {"declined"}


def test_a_client_that_gives_up_leaves_nothing_behind(indexed: Run, server: Running) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(20)

    server.before = wait
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(server.endpoint.path)
        connection.sendall(as_line(asked()))
        assert begun.wait(20)
    go_on.set()
    server.before = lambda: None
    assert json.loads(indexed("query", "pear", "-f", "json")[1])["served"]


def test_signs_of_life_come_while_it_takes_long(
    indexed: Run, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client waits for a server that works, for longer than between two signs."""
    signs: list[dict] = []
    go_on = threading.Event()
    server.before = lambda: go_on.wait(20)
    monkeypatch.setattr("bienc_cli.server.commands._BETWEEN_SIGNS_OF_LIFE", 0.01)
    document = Lines.document

    def noted(self: Lines, **bounds: object) -> dict:
        reply = document(self, **bounds)  # type: ignore[arg-type]
        if reply.get("working"):
            signs.append(reply)
            if len(signs) == 3:
                go_on.set()
        return reply

    monkeypatch.setattr(Lines, "document", noted)
    assert json.loads(indexed("query", "pear", "-f", "json")[1])["served"]
    assert len(signs) >= 3


@pytest.mark.parametrize("reply", [b"", b"{", b"[]\n", b'{"output": 3}\n', b'{"output": []}\n'])
def test_a_server_that_fails_costs_an_attempt_and_no_answer(
    indexed: Run, tmp_path: Path, reply: bytes
) -> None:
    """It is killed before the answer or in it, or says what nobody understands."""
    from bienc_cli.cli import process
    from bienc_cli.server.claim import claim

    asked_for = threading.Event()

    def fail(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1 << 16)
            asked_for.set()
            connection.sendall(reply)

    with claim(process.endpoint()) as place:
        assert place is not None
        thread = threading.Thread(target=fail, args=(place.listen(),), daemon=True)
        thread.start()
        code, printed, _ = indexed("query", "pear", "-f", "json")
        thread.join(20)
    assert asked_for.is_set()
    assert code == 0
    assert "served" not in json.loads(printed)


def test_a_server_that_does_nothing_is_not_waited_for(
    indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bienc_cli.cli import process
    from bienc_cli.server.claim import claim

    monkeypatch.setattr(client, "_BETWEEN_SIGNS_OF_LIFE", 0.05)
    with claim(process.endpoint()) as place:
        assert place is not None
        place.listen()
        assert indexed("query", "pear")[0] == 0


def test_an_answer_on_a_full_disk_is_refused_as_ever(
    indexed: Run, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bienc_cli.cli import main

    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["query", "pear", "-f", "json"]) == 2
        monkeypatch.undo()
    assert server.answered


def test_a_client_imports_next_to_nothing(indexed: Run, server: Running) -> None:
    program = (
        "import sys\nfrom bienc_cli.cli import main\ncode = main(sys.argv[1:])\n"
        "print(sorted(sys.modules), file=sys.stderr)\nsys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "query", "pear", "-f", "json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["served"]
    loaded = set(eval(done.stderr.splitlines()[-1]))
    heavy = {"typer", "rich", "numpy", "sqlite3", "asyncio", "bienc_cli.search", "bienc_cli.store"}
    slow = {"typing", "dataclasses", "pathlib", "difflib", "bienc_cli.cli.boundary"}
    assert loaded & (heavy | slow) == set()


def test_an_answer_is_named_by_its_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    understood = client._parsed_answer(
        {"output": [["stdout", "a"], ["stderr", "b"]], "exit_code": 1}
    )
    assert understood is not None
    assert understood.output == [("stdout", "a"), ("stderr", "b")]
    assert understood.exit_code == 1
    assert client._parsed_answer({"declined": "why"}) is None
