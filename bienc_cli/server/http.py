"""Serves HTTP on the loopback: a search page and its requests, for whoever has the token."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from importlib import resources
from typing import Any

from bienc_cli.arguments import in_arguments
from bienc_cli.errors import BiencError, IndexNotFound, UsageError
from bienc_cli.render.view import error_as_json
from bienc_cli.server import requests, service
from bienc_cli.server.guard import Guard
from bienc_cli.server.requests import Request, as_bytes, refusal
from bienc_cli.server.resident import Readers
from bienc_cli.server.service import ServedIndex
from bienc_cli.server.threads import AnsweringThreads, Busy

LOOPBACK = {"127.0.0.1": socket.AF_INET, "localhost": socket.AF_INET, "::1": socket.AF_INET6}
"""Hosts that HTTP may be served on, because it is not encrypted."""

_BACKLOG = 64
_WAIT_SECONDS = 120.0

_Answer = tuple[int, bytes]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on the loopback.

    Args:
        host: one of `LOOPBACK`.
        port: 0 for any free port.

    Raises:
        UsageError: it is another host, or the port is in use.
    """
    if host not in LOOPBACK:
        raise UsageError(
            f"{host} is not on the loopback, and HTTP is not encrypted.", "give 127.0.0.1:PORT"
        )
    listening_socket = socket.socket(LOOPBACK[host], socket.SOCK_STREAM)
    try:
        listening_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening_socket.bind(("127.0.0.1" if host == "localhost" else host, port))
        listening_socket.listen(_BACKLOG)
    except OSError as error:
        listening_socket.close()
        raise UsageError(
            f"Port {port} cannot be had: {error.strerror or error}.",
            "give another one, or 0 for any that is free",
        ) from error
    return listening_socket


class HttpServer:
    """Serves connections; `converse` is for a `Listener`.

    Args:
        workers: they do the work.
        hold: returns the index and the models, in a worker's thread.
        guard: admits requests.
    """

    def __init__(
        self, workers: AnsweringThreads, hold: Callable[[Readers], ServedIndex], guard: Guard
    ) -> None:
        self._workers = workers
        self._hold = hold
        self._guard = guard

    def converse(self, connection: socket.socket) -> bool:
        """Answer one request; returns True if it was admitted."""
        request = self._guard.admitted(connection, "bienc serve shows it", in_address_of="/")
        if request is None:
            return False
        if request.path == "/" and request.method == "GET":
            page, policy = page_and_policy()
            requests.respond(connection, 200, page, type_="text/html", policy=policy)
            return True
        requests.respond(connection, *self._answer(request))
        return True

    def _answer(self, request: Request) -> _Answer:
        try:
            work = _work(request)
        except UsageError as error:
            return _error(400, error)
        if isinstance(work, int):
            return refusal(work, f"There is no {request.method} {request.path[:100]} here.")
        try:
            future: Future[dict[str, Any]] = self._workers.ask(
                lambda readers: work(self._hold(readers))
            )
            try:
                return 200, as_bytes(future.result(_WAIT_SECONDS))
            finally:
                future.cancel()
        except (Busy, TimeoutError):
            return refusal(503, "Too many are waiting.", "ask again")
        except UsageError as error:
            return _error(400, error)
        except IndexNotFound as error:
            return _error(404, error)
        except BiencError as error:
            return _error(500, error)
        except Exception as error:
            return refusal(500, f"This should not happen: {type(error).__name__}.")


def _work(request: Request) -> Callable[[ServedIndex], dict[str, Any]] | int:
    """The work that a request asks for; or the status to refuse it with.

    Raises:
        UsageError: it is malformed.
    """
    if request.path == "/api/info":
        return service.info if request.method == "GET" else 405
    if request.path == "/api/document":
        if request.method != "GET":
            return 405
        passage, generation = _number(request, "passage"), _number(request, "generation")
        return lambda served: service.document(served, passage, generation)
    if request.path == "/api/query":
        if request.method != "POST":
            return 405
        # Forms of other pages cannot send this type.
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return 415
        parameters = _json_object(request.body)
        return lambda served: service.query(served, parameters)
    return 404


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise UsageError("The body is no JSON object.", 'send {"query": "..."}')
    return document


def _number(request: Request, name: str) -> int:
    text = request.parameters.get(name, "")
    if not re.fullmatch("[0-9]{1,18}", text):
        raise UsageError(f"{name} is a whole number.", f"give {name}=1")
    return int(text)


def _error(status: int, error: BiencError) -> _Answer:
    hint = None if error.hint is None else in_arguments(error.hint)
    return status, as_bytes(error_as_json(error.code, in_arguments(error.message), hint))


@cache
def page_and_policy() -> tuple[bytes, str]:
    """The page, and a policy under which nothing else runs or is loaded."""
    page = resources.files("bienc_cli.server").joinpath("page.html").read_bytes()

    def digests(tag: bytes) -> str:
        contents = re.findall(rb"<" + tag + rb">(.*?)</" + tag + rb">", page, re.DOTALL)
        return " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}'"
            for content in contents
        )

    return page, (
        f"default-src 'none'; script-src {digests(b'script')}; style-src {digests(b'style')}; "
        "connect-src 'self'; img-src data:; form-action 'none'"
    )
