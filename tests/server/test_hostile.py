"""Random and hostile requests, many at once: no crash, no leak, nothing without the token.

`BIENC_ENDURANCE=full` makes them a hundred thousand.
"""

from __future__ import annotations

import gc
import json
import random
import socket
import threading
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import endurance
from bad_clients import AT_ONCE, MOST_GROWTH, SECRET, TEXTS, settled, spoilt, talk, value
from bienc_cli import __version__, models
from bienc_cli.server import life
from bienc_cli.server.listener import MOST_CONNECTIONS
from bienc_cli.server.wire import as_line
from commands import Run
from warm_server import TOKEN, Running, ask_as_client, descriptors

REQUESTS = endurance.times(400, 100_000)

_PATHS = [
    "/",
    "/api/query",
    "/api/info",
    "/api/document?passage=1&generation=1",
    "/api/document?passage=-1&generation=1",
    "/secret.txt",
    "/../secret.txt",
    "/..%2f..%2fsecret.txt",
    "/api/../../secret.txt",
    "//secret.txt",
    "/api/document?path=../secret.txt",
    "*",
    "http://127.0.0.1/secret.txt",
]


def to_the_socket(dice: random.Random, directory: str) -> bytes:
    stream: object = {"tty": dice.choice([True, False]), "encoding": "utf-8"}
    asked: dict[str, object] = {
        "version": __version__,
        "arguments": [
            "query",
            dice.choice(TEXTS),
            "-k",
            "2",
            "-f",
            dice.choice(["json", "table"]),
        ],
        "directory": directory,
        "environment": {"COLUMNS": dice.choice(["80", "-1", "x", "99999999"])},
        "terminal": {"stdout": stream, "stderr": stream, "size": dice.choice([None, [80, 24]])},
    }
    for _ in range(dice.choice([0, 0, 0, 1, 2])):
        asked[dice.choice(sorted(asked))] = value(dice)
    if dice.random() < 0.2:
        asked["arguments"] = ["query", "x", "--index", dice.choice(TEXTS)]
    return as_line(asked)


def to_http(dice: random.Random, port: int, token: str) -> bytes:
    if dice.random() < 0.5:
        body = json.dumps({"query": dice.choice(TEXTS), "k": 2, "strategy": "bm25"})
    else:
        body = json.dumps(value(dice))
    content = body.encode("utf-8", "surrogatepass")
    length = dice.choice([len(content)] * 8 + [0, len(content) + 5, 10**7, "x", -1])
    headers = [f"Host: localhost:{port}", f"Content-Length: {length}"]
    headers.append("Content-Type: application/json")
    if token:
        headers.append(f"Authorization: Bearer {token}")
    if dice.random() < 0.1:
        headers.append(dice.choice(["Transfer-Encoding: chunked", ": x", "a" * 20_000, "X:\0"]))
    dice.shuffle(headers)
    method = dice.choice(["GET", "POST", "POST", "PUT", "get", "OPTIONS", "X" * 40])
    path = dice.choice(_PATHS)
    if dice.random() < 0.5:
        method, path = dice.choice([("GET", "/api/info"), ("POST", "/api/query")])
    first = f"{method} {path} HTTP/1.{dice.choice('0112')}"
    return "\r\n".join([first, *headers, "", ""]).encode("latin-1") + content


def status_of(answer: bytes) -> int:
    """Of HTTP its status, of the socket 200 for an answer and 204 for none; 0 for nothing."""
    if answer.startswith(b"HTTP/1.1 "):
        return int(answer[9:12])
    return 200 if b'"exit_code"' in answer else 204 if b'"declined"' in answer else 0


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends half and waits is given up soon."""
    monkeypatch.setattr("bienc_cli.server.commands._REQUEST_SECONDS", 0.2)
    monkeypatch.setattr("bienc_cli.server.requests._REQUEST_SECONDS", 0.2)


def forget_what_was_asked(server: Running) -> None:
    """What the fakes keep for other tests would look like a leak in this one."""
    bi, cross = models.load_bi_encoder("granite-30m"), models.load_cross_encoder("any")  # type: ignore[call-arg]
    bi.queries_encoded = bi.passages_encoded = deque(maxlen=0)  # type: ignore[attr-defined]
    cross.pairs_scored = deque(maxlen=0)  # type: ignore[attr-defined]
    server.answered = deque(maxlen=1)  # type: ignore[assignment]


def test_bad_clients_do_no_harm(indexed: Run, server: Running, impatient: None) -> None:
    here = str(Path.cwd())
    forget_what_was_asked(server)
    Path("secret.txt").write_text(SECRET)
    counted = {kind: Counter[int]() for kind in ("socket", "entitled", "stranger")}
    lock = threading.Lock()

    def one(number: int) -> None:
        dice = random.Random(number)
        kind = dice.choice(["socket", "entitled", "stranger"])
        try:
            if kind == "socket":
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.settimeout(20)
                    connection.connect(server.endpoint.path)
                    answer = talk(dice, connection, spoilt(dice, to_the_socket(dice, here)))
            else:
                tokens = [TOKEN] if kind == "entitled" else ["", TOKEN[:-1], "x", TOKEN + "x"]
                sent = to_http(dice, server.port, dice.choice(tokens))
                sent = spoilt(dice, sent) if kind == "entitled" else sent
                with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
                    answer = talk(dice, connection, sent)
        except OSError:
            # Turned away: there are as many as are served at once.
            return
        assert SECRET.encode() not in answer
        assert b"Traceback" not in answer
        with lock:
            counted[kind][status_of(answer)] += 1

    def all_of(numbers: range) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # A portion at a time: what waits takes room that would look like a leak.
            for start in range(0, len(numbers), AT_ONCE * 20):
                list(pool.map(one, numbers[start : start + AT_ONCE * 20]))

    # What grows once, such as caches and the pools of threads, has grown by then.
    all_of(range(AT_ONCE * 4))
    gc.collect()
    before = descriptors(), threading.active_count(), life.bytes_of_this_process()
    all_of(range(1_000, 1_000 + REQUESTS))
    assert settled(lambda: server.activity.busy, 0)
    assert settled(descriptors, before[0] + 2)
    assert settled(threading.active_count, before[1])
    gc.collect()
    grown = life.bytes_of_this_process() - before[2]
    assert grown < MOST_GROWTH
    assert set(counted["stranger"]) <= {0, 400, 401, 403}
    assert counted["entitled"][200]
    assert counted["socket"][200]
    assert not counted["entitled"][500]
    answer = json.loads(indexed("query", "pear", "-f", "json")[1])
    assert answer["served"]
    print(f"{grown >> 20} MiB more; {counted}")


def test_fifty_at_once_are_all_answered(indexed: Run, server: Running) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(
            pool.map(lambda _: ask_as_client(server, "query", "pear", "-f", "json"), range(AT_ONCE))
        )
    printed = {json.dumps(json.loads(one.output[0][1])["hits"]) for one in answers if one}
    assert all(answers)
    assert len(printed) == 1


def test_who_comes_beyond_the_most_is_turned_away(server: Running, indexed: Run) -> None:
    idle = []
    for _ in range(MOST_CONNECTIONS):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(server.endpoint.path)
        idle.append(connection)
    assert settled(lambda: MOST_CONNECTIONS - server.activity.busy, 0)
    code, printed, _ = indexed("query", "pear", "-f", "json")
    assert code == 0
    assert "served" not in json.loads(printed)
    for connection in idle:
        connection.close()
    assert settled(lambda: server.activity.busy, 0)
    assert json.loads(indexed("query", "pear", "-f", "json")[1])["served"]
