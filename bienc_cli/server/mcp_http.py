"""MCP over streamable HTTP on the loopback, for whoever has the token.

Requests are read like those of the page: strictly, within limits, each on its own connection; then
the SDK interprets them. Nothing is kept between requests, so there are no sessions to lose, and
each request is answered by one JSON document.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bienc_cli.server import requests
from bienc_cli.server.guard import Guard
from bienc_cli.server.listener import Activity, Listener
from bienc_cli.server.requests import Request, refusal

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"
_WAIT_SECONDS = 120.0


def over_http(listening_socket: socket.socket, token: str) -> Callable[[Server[Any]], Any]:
    """A transport that lets clients talk to a server by HTTP, until the process is told to end.

    Args:
        listening_socket: on the loopback, from `http.listen`.
        token: required in every request.
    """

    async def transport(server: Server[Any]) -> None:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
        guard = Guard(token, listening_socket.getsockname()[1])
        async with manager.run():
            front = _Front(guard, manager, asyncio.get_running_loop())
            Listener(listening_socket, front.converse, Activity())
            await asyncio.Event().wait()

    return transport


@dataclass(frozen=True, slots=True)
class _Front:
    """Reads requests in their own threads, and lets the SDK answer them in its event loop."""

    guard: Guard
    manager: StreamableHTTPSessionManager
    loop: asyncio.AbstractEventLoop

    def converse(self, connection: socket.socket) -> bool:
        """Answer one request; returns True if it was admitted."""
        request = self.guard.admitted(connection, "send Authorization: Bearer TOKEN")
        if request is None:
            return False
        if request.path != PATH:
            requests.respond(connection, *refusal(404, f"There is only {PATH} here."))
            return False
        if request.method != "POST":
            # There are no event streams to open, and no sessions to end.
            requests.respond(connection, *refusal(405, "Only POST is answered."))
            return False
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            requests.respond(connection, *refusal(415, "Only application/json is understood."))
            return False
        answer = self._answer(request)
        status = answer.status if answer.status in requests.STATUSES else 400
        requests.respond(connection, status, bytes(answer.body))
        return status < 400

    def _answer(self, request: Request) -> _Answer:
        answer = _Answer(request.body)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": PATH,
            "raw_path": PATH.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in request.headers.items()
            ],
            "client": None,
            "server": None,
        }
        future = asyncio.run_coroutine_threadsafe(
            self.manager.handle_request(scope, answer.receive, answer.send), self.loop
        )
        try:
            future.result(_WAIT_SECONDS)
        except (TimeoutError, CancelledError):
            future.cancel()
            return _Answer(b"", 503)
        except Exception:
            # Reveal nothing about this process to the client.
            return _Answer(b"", 500)
        return answer


@dataclass(slots=True)
class _Answer:
    """Provides a request's body once, and collects the answer."""

    request_body: bytes
    status: int = 500
    body: bytearray = field(default_factory=bytearray)
    _delivered: bool = False

    async def receive(self) -> dict[str, Any]:
        """The body; then nothing, while the client waits."""
        if self._delivered:
            await asyncio.Event().wait()
        self._delivered = True
        return {"type": "http.request", "body": self.request_body, "more_body": False}

    async def send(self, message: Any) -> None:
        """Collect part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
