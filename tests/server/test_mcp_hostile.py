"""Random and hostile requests to `bienc mcp`, over stdio and over HTTP: no crash, no leak.

`BIENC_ENDURANCE=full` makes them a hundred thousand, half of each kind.
"""

from __future__ import annotations

import importlib.util
import json
import random
import socket
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import endurance
from bad_clients import AT_ONCE, MOST_GROWTH, SECRET, TEXTS, settled, spoilt, talk, value
from commands import Run
from mcp_process import FAKE, Mcp, bytes_of, descriptors_of, environment, mcp_over_http

if importlib.util.find_spec("mcp") is None:
    pytest.skip("the extra 'mcp' is not installed", allow_module_level=True)

REQUESTS = endurance.times(300, 50_000)
PORTION = AT_ONCE * 4
NAMES = ["search", "read", "similar", "compare", "pairs", "classify", "status", "refresh"]
NAMES += ["__class__", ""]
METHODS = ["tools/list", "resources/list", "resources/read", "prompts/list", "ping", "x", "\0"]
ARGUMENTS = ["query", "document", "path", "queries", "k", "start", "limit", "strategies", "x"]
ARGUMENTS += ["labels", "against", "min_similarity", "exact", "type"]
STATUS = {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "status", "arguments": {}}}


def question(dice: random.Random) -> object:
    """A message, mostly well-formed, of anything."""
    if dice.random() < 0.1:
        return value(dice)
    method = dice.choice([*METHODS, *["tools/call"] * len(METHODS)])
    params: object = {
        "name": dice.choice(NAMES),
        "arguments": {
            dice.choice(ARGUMENTS): dice.choice([*TEXTS, value(dice)])
            for _ in range(dice.randrange(3))
        },
        "uri": dice.choice(["bienc://document/docs/apple.md", "file:///etc/passwd", *TEXTS]),
        "cursor": dice.choice(["0", *TEXTS]),
    }
    if dice.random() < 0.1:
        params = value(dice)
    asked = {"jsonrpc": dice.choice(["2.0"] * 9 + ["1.0"]), "method": method, "params": params}
    number = dice.choice([dice.randrange(10**9)] * 8 + [None, "x", -1, value(dice)])
    return asked if number is None else {**asked, "id": number}


def as_line(asked: object) -> bytes:
    """JSON, half of the time with what is not ASCII as it is, lone surrogates too."""
    return json.dumps(asked).encode()


@pytest.fixture
def secret(indexed: Run) -> Run:
    Path("secret.txt").write_text(SECRET)
    Path("docs/link.txt").symlink_to(Path("secret.txt").absolute())
    return indexed


def to_http(dice: random.Random, running: Mcp, entitled: bool) -> bytes:
    content = as_line(question(dice))
    token = running.headers["Authorization"]
    if not entitled:
        token = dice.choice(["", "Bearer x", token[:-1], f"{token}x", token.replace("er", "ER", 1)])
        token = "" if token.lower() == running.headers["Authorization"].lower() else token
    length = dice.choice([len(content)] * 9 + [0, len(content) + 5, 10**7, "x", -1])
    headers = [
        f"Host: {dice.choice([f'127.0.0.1:{running.port}'] * 9 + ['attacker.example'])}",
        f"Content-Length: {length}",
        f"Content-Type: {dice.choice(['application/json'] * 9 + ['text/plain'])}",
        f"Accept: {dice.choice(['application/json, text/event-stream'] * 9 + ['*/*', 'x'])}",
        f"Authorization: {token}",
    ]
    if dice.random() < 0.2:
        more = ["Origin: http://attacker.example", "Mcp-Session-Id: x", "Last-Event-Id: 1"]
        more += ["MCP-Protocol-Version: 2025-06-18", "MCP-Protocol-Version: never", "X:\0"]
        headers.append(dice.choice([*more, "a" * 20_000, "Transfer-Encoding: chunked"]))
    dice.shuffle(headers)
    method, path = dice.choice([("POST", "/mcp")] * 9 + [("GET", "/mcp"), ("POST", "/secret.txt")])
    return "\r\n".join([f"{method} {path} HTTP/1.1", *headers, "", ""]).encode() + content


def test_bad_clients_over_http(secret: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_PATIENCE", "0.2")
    counted = {True: Counter[int](), False: Counter[int]()}
    lock = threading.Lock()
    with mcp_over_http() as running:
        process = running.process.pid

        def one(number: int) -> None:
            dice = random.Random(number)
            entitled = dice.random() < 0.7
            sent = to_http(dice, running, entitled)
            sent = spoilt(dice, sent) if entitled else sent
            try:
                with socket.create_connection(("127.0.0.1", running.port), 20) as connection:
                    answer = talk(dice, connection, sent)
            except OSError:
                return
            assert SECRET.encode() not in answer
            assert b"Traceback" not in answer
            with lock:
                status = int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0
                counted[entitled][status] += 1

        def all_of(numbers: range) -> None:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for start in range(0, len(numbers), PORTION):
                    list(pool.map(one, numbers[start : start + PORTION]))

        # Pools and caches have grown by then.
        all_of(range(PORTION))
        assert settled(lambda: len(list(Path(f"/proc/{process}/task").iterdir())), 12)
        before = descriptors_of(process), bytes_of(process)
        half = PORTION + REQUESTS // 2
        all_of(range(PORTION, half))
        midway = bytes_of(process)
        all_of(range(half, PORTION + REQUESTS))
        assert settled(lambda: descriptors_of(process), before[0] + 2)
        grown = bytes_of(process) - before[1]
        print(
            f"HTTP: {before} before, {midway} midway, "
            f"{descriptors_of(process), bytes_of(process)} after; {counted}"
        )
        assert running.process.poll() is None
        assert grown < MOST_GROWTH
        # Caches and arenas fill and are full then; a leak would go on.
        assert before[1] + grown - midway < MOST_GROWTH // 8
    assert set(counted[False]) <= {0, 400, 401, 403}
    assert counted[True][200]
    assert not counted[True][500]


def test_a_bad_client_over_stdio(secret: Run) -> None:
    with subprocess.Popen(
        [sys.executable, str(FAKE), "mcp"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        said: list[bytes] = []
        complaints = threading.Thread(target=lambda: said.extend(process.stderr or ()))
        complaints.start()

        def answer_to(name: str, asked: dict[str, object]) -> dict[str, object]:
            """What comes back with this id; all before it is looked through."""
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(as_line({**asked, "id": name}) + b"\n")
            process.stdin.flush()
            for line in process.stdout:
                assert SECRET.encode() not in line
                answer = json.loads(line)
                if answer.get("id") == name:
                    return dict(answer)
            raise AssertionError("the server has ended")

        hello = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "x", "version": "1"},
        }
        answer_to("hello", {"jsonrpc": "2.0", "method": "initialize", "params": hello})
        process.stdin.write(as_line({"jsonrpc": "2.0", "method": "notifications/initialized"}))
        process.stdin.write(b"\n")
        before = None
        for number in range(REQUESTS + PORTION):
            dice = random.Random(number)
            line = spoilt(dice, as_line(question(dice)))
            process.stdin.write(line.replace(b"\n", b" ") + b"\n")
            # The pipe holds few answers that nobody reads.
            if number % 10 == 0:
                told = answer_to(f"status {number}", STATUS)
                assert told["result"]["structuredContent"]["documents"] == 4  # type: ignore[index]
            if number == PORTION:
                before = descriptors_of(process.pid), bytes_of(process.pid)
        assert before is not None
        after = descriptors_of(process.pid), bytes_of(process.pid)
        print(f"stdio: {before} before, {after} after")
        assert after[0] <= before[0] + 2
        assert after[1] - before[1] < MOST_GROWTH
        process.stdin.close()
        assert process.wait(30) == 0
        complaints.join()
    assert SECRET.encode() not in b"".join(said)
