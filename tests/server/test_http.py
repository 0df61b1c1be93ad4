"""HTTP on the loopback: nothing without the token, nothing from outside the index."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from bienc_cli.errors import UsageError
from bienc_cli.server.http import listen
from commands import Run
from schema_check import validator
from warm_server import TOKEN, Running

ENTITLED = {"Authorization": f"Bearer {TOKEN}"}
AS_JSON = {**ENTITLED, "Content-Type": "application/json"}


def exchange(port: int, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall(sent)
        received = b""
        while more := connection.recv(1 << 16):
            received += more
    head, _, body = received.partition(b"\r\n\r\n")
    first, *rest = head.decode("ascii").split("\r\n")
    headers = dict(line.split(": ", 1) for line in rest)
    assert int(headers["Content-Length"]) == len(body)
    return int(first.split()[1]), headers, body


def ask(
    server: Running,
    path: str,
    body: object = None,
    headers: dict[str, str] | None = None,
    method: str | None = None,
) -> tuple[int, dict]:
    content = b"" if body is None else json.dumps(body).encode()
    lines = {
        "Host": f"127.0.0.1:{server.port}",
        "Content-Length": str(len(content)),
        **(headers if headers is not None else AS_JSON),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    method = method or ("GET" if body is None else "POST")
    status, _, received = exchange(
        server.port, f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + content
    )
    document = json.loads(received)
    validator(document["schema"]).validate(document)
    assert (document["schema"] == "bienc.error/1") == (status != 200)
    return status, document


def test_a_query_is_answered_as_the_command_answers_it(indexed: Run, server: Running) -> None:
    status, document = ask(server, "/api/query", {"query": "pear cellar", "k": 3})
    cold = json.loads(indexed("query", "pear cellar", "-k", "3", "-f", "json", "--no-server")[1])
    assert status == 200
    assert document.pop("served") is True
    seconds = [one.pop("seconds") for one in (document, cold)]
    assert document == cold
    assert set(seconds[1]) - set(seconds[0]) == {"open_index", "load_models"}


def test_filters_and_settings_are_those_of_the_command(server: Running) -> None:
    asked = {"query": "apple", "strategy": "bm25", "type": ["md"], "path": ["docs/"], "k": 1}
    _, document = ask(server, "/api/query", asked)
    assert document["strategy"] == "bm25"
    assert [hit["path"] for hit in document["hits"]] == ["docs/apple.md"]
    assert document["models"] == {"bi_encoder": None, "cross_encoder": None}
    _, document = ask(server, "/api/query", {"query": "apple", "min_relevance": 1})
    assert document["hits"] == []
    assert document["warnings"]


def test_the_index_is_described(server: Running) -> None:
    status, document = ask(server, "/api/info")
    assert (status, document["schema"]) == (200, "bienc.info/1")


def test_a_document_is_shown_around_its_passage(server: Running, tmp_path: Path) -> None:
    _, answer = ask(server, "/api/query", {"query": "ripen in autumn", "k": 1})
    (hit,) = answer["hits"]
    where = f"passage={hit['passage_id']}&generation={answer['index']['generation']}"
    status, document = ask(server, f"/api/document?{where}")
    assert status == 200
    text = (tmp_path / "docs" / "apple.md").read_text()
    assert document["text"] == text
    assert document["text"][document["start"] : document["end"]] == hit["text"]
    assert document["citation"] == hit["citation"]
    assert (document["text_start"], document["text_line"]) == (0, 1)
    # It comes from the index, and says that the file is another by now.
    (tmp_path / "docs" / "apple.md").write_text("a secret\n")
    _, document = ask(server, f"/api/document?{where}")
    assert document["text"] == text
    assert document["warnings"] == ["docs/apple.md has changed since it was indexed"]


def test_of_a_long_document_there_is_a_part(
    indexed: Run, server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"Line {number} tells of nothing in particular.\n" for number in range(400)]
    lines[200] = "Here is the quince.\n"
    (tmp_path / "docs" / "long.txt").write_text("".join(lines))
    assert indexed("index")[0] == 0
    monkeypatch.setattr("bienc_cli.server.service._TEXT_AROUND", 300)
    _, answer = ask(server, "/api/query", {"query": "quince", "strategy": "bm25", "k": 1})
    (hit,) = answer["hits"]
    where = f"passage={hit['passage_id']}&generation={answer['index']['generation']}"
    _, document = ask(server, f"/api/document?{where}")
    whole = "".join(lines)
    start = document["text_start"]
    assert document["text"] == whole[start : start + len(document["text"])]
    assert document["text_length"] == len(whole)
    assert document["text_line"] == whole.count("\n", 0, start) + 1
    assert whole[start - 1] == "\n"
    assert hit["text"] in document["text"]
    assert len(document["text"]) < len(hit["text"]) + 800


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/query", {}, 400),
        ("/api/query", {"query": ""}, 400),
        ("/api/query", {"query": 3}, 400),
        ("/api/query", {"query": "x" * 10_001}, 400),
        ("/api/query", {"query": "\ud800"}, 400),
        ("/api/query", {"query": "pear", "k": 0}, 400),
        ("/api/query", {"query": "pear", "k": 201}, 400),
        ("/api/query", {"query": "pear", "k": True}, 400),
        ("/api/query", {"query": "pear", "k": 1e999}, 400),
        ("/api/query", {"query": "pear", "rerank_budget": 10**400}, 400),
        ("/api/query", {"query": "pear", "rerank_budget": -1}, 400),
        ("/api/query", {"query": "pear", "min_relevance": 2}, 400),
        ("/api/query", {"query": "pear", "strategy": "nonsense"}, 400),
        ("/api/query", {"query": "pear", "strategy": ["blend"]}, 400),
        ("/api/query", {"query": "pear", "type": ["nonsense"]}, 400),
        ("/api/query", {"query": "pear", "path": "docs"}, 400),
        ("/api/query", {"query": "pear", "index": "/etc"}, 400),
        ("/api/query", [], 400),
        ("/api/document", None, 400),
        ("/api/document?passage=999&generation=1", None, 400),
        ("/api/document?passage=1&generation=9", None, 400),
        ("/api/document?passage=../../etc/passwd&generation=1", None, 400),
        ("/etc/passwd", None, 404),
        ("/../../etc/passwd", None, 404),
        ("/api/document/../../../etc/passwd", None, 404),
        ("/page.html", None, 404),
    ],
)
def test_what_cannot_be_answered_says_why(
    server: Running, path: str, body: object, status: int
) -> None:
    assert ask(server, path, body)[0] == status


@pytest.mark.parametrize(("path", "method"), [("/api/query", "GET"), ("/api/info", "DELETE")])
def test_another_method_is_none(server: Running, path: str, method: str) -> None:
    assert ask(server, path, method=method)[0] == 405


def test_an_index_that_is_gone_is_said(indexed: Run, server: Running, tmp_path: Path) -> None:
    assert ask(server, "/api/info")[0] == 200
    (tmp_path / ".bienc").rename(tmp_path / "elsewhere")
    assert ask(server, "/api/info")[0] == 404


PATHS = ["/", "/api/info", "/api/query", "/api/document?passage=1&generation=1", "/nowhere"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN.upper()}"},
        {"Authorization": "Bearer \xff"},
        {"Cookie": f"token={TOKEN}"},
    ],
    ids=str,
)
def test_nothing_is_answered_without_the_token(
    server: Running, path: str, headers: dict[str, str]
) -> None:
    status, document = ask(server, path, headers=headers)
    assert status == 401
    assert document["error"]["code"] == "usage"


def test_a_token_in_the_address_opens_the_page_alone(server: Running) -> None:
    assert ask(server, f"/api/info?token={TOKEN}", headers={})[0] == 401
    assert ask(server, f"/?token={TOKEN}x", headers={})[0] == 401
    sent = f"GET /?token={TOKEN} HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n"
    status, headers, page = exchange(server.port, sent.encode())
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'; script-src 'sha256-" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert page.startswith(b"<!doctype html>")


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1", "127.0.0.1:1", ""])
def test_a_name_that_leads_here_is_not_answered(server: Running, host: str) -> None:
    """A page elsewhere, whose name was made to mean this machine, gets nothing."""
    assert ask(server, "/api/info", headers={**ENTITLED, "Host": host})[0] == 403


def test_what_a_form_elsewhere_can_send_is_refused(server: Running) -> None:
    headers = {**ENTITLED, "Content-Type": "text/plain"}
    assert ask(server, "/api/query", {"query": "pear"}, headers)[0] == 415


HEAD = f"Host: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\r\n{HEAD}{HEAD}\r\n".encode(),
        f"GET / HTTP/1.1\r\n{HEAD} folded\r\n\r\n".encode(),
        f"POST / HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode(),
        f"POST / HTTP/1.1\r\n{HEAD}Content-Length: -1\r\n\r\n".encode(),
        f"POST / HTTP/1.1\r\n{HEAD}Content-Length: 9999999\r\n\r\n".encode(),
        f"POST / HTTP/1.1\r\n{HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab".encode(),
        f"GET / HTTP/1.1\r\n{HEAD}X: {'x' * 20_000}\r\n\r\n".encode(),
        f"GET /?{'a=1&' * 50} HTTP/1.1\r\n{HEAD}\r\n".encode(),
        f"GET //[ HTTP/1.1\r\n{HEAD}\r\n".encode(),
    ],
)
def test_what_is_no_request_is_refused(server: Running, sent: bytes) -> None:
    assert exchange(server.port, sent)[0] == 400


def test_http_is_spoken_on_the_loopback_alone() -> None:
    for host in ("0.0.0.0", "example.org", ""):
        with pytest.raises(UsageError, match="not on the loopback"):
            listen(host, 0)
    with listen("localhost", 0) as first, pytest.raises(UsageError, match="cannot be had"):
        listen("127.0.0.1", first.getsockname()[1])
