"""A server with fake models, found by commands that run in the same process."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bienc_cli.cli import process
from bienc_cli.cli.output import Output
from bienc_cli.cli.serving import Serving
from bienc_cli.render.view import OutputFormat
from bienc_cli.server.claim import claim
from bienc_cli.server.commands import CommandServer
from bienc_cli.server.guard import Guard
from bienc_cli.server.http import HttpServer, listen
from bienc_cli.server.listener import Activity, Listener
from bienc_cli.server.threads import AnsweringThreads
from commands import Run
from folders import FRUIT
from warm_server import TOKEN, Running


@pytest.fixture
def indexed(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run`, in a folder with an index; the endpoint's directory is the cache's."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("BIENC_SERVER", raising=False)
    for name, text in FRUIT.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert run("index", "docs")[0] == 0
    return run


@pytest.fixture
def server(indexed: Run) -> Iterator[Running]:
    serving = Serving(Output(OutputFormat.plain, quiet=True), None, "auto", "auto", None, False)
    activity, endpoint = Activity(), process.endpoint()
    with claim(endpoint) as place, listen("127.0.0.1", 0) as http:
        assert place is not None
        workers = AnsweringThreads()
        running = Running(endpoint, serving, activity, workers, http.getsockname()[1])
        commands = CommandServer(workers, running.answer)
        Listener(place.listen(), commands.converse, activity)
        pages = HttpServer(workers, serving.hold, Guard(TOKEN, running.port))
        Listener(http, pages.converse, activity)
        yield running
        workers.forget()
        http.shutdown(socket.SHUT_RDWR)
