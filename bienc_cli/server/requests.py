"""Reads HTTP requests strictly and within limits, and sends answers that isolate the page."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bienc_cli.render.view import error_as_json
from bienc_cli.server.wire import BadLine, Lines

MOST_HEAD = 16 << 10
MOST_BODY = 1 << 20
_REQUEST_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
_CLOSE_SECONDS = 1.0

_REQUEST_LINE = re.compile(r"([A-Z]{1,10}) ([!-~]{1,8192}) HTTP/1\.[01]")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([^\0\r\n]*?)[ \t]*")

STATUSES = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    415: "Unsupported Media Type",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed request.

    Attributes:
        path: without the query string.
        parameters: from the query string; the last of several with the same name.
        headers: by lower-case name.
    """

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


def read(connection: socket.socket) -> Request:
    """Read the only request of a connection.

    Raises:
        BadLine: it is malformed, too long, or too slow.
        OSError: the connection failed.
    """
    lines = Lines(connection)
    head = lines.until(b"\r\n\r\n", limit=MOST_HEAD, seconds=_REQUEST_SECONDS).decode("latin-1")
    request_line, *header_lines = head.split("\r\n")
    match = _REQUEST_LINE.fullmatch(request_line)
    if match is None:
        raise BadLine("no request")
    method, target = match.groups()
    headers: dict[str, str] = {}
    for header_line in header_lines:
        header = _HEADER.fullmatch(header_line)
        if header is None or header[1].lower() in headers:
            # Given two, an intermediary might use the other one.
            raise BadLine("no header")
        headers[header[1].lower()] = header[2]
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not re.fullmatch("[0-9]{1,7}", length):
        raise BadLine("no length")
    if int(length) > MOST_BODY:
        raise BadLine("too long")
    body = lines.exactly(int(length), seconds=_REQUEST_SECONDS)
    try:
        address = urlsplit(target)
        parameters = parse_qs(address.query, keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise BadLine("no address") from error
    last_values = {name: values[-1] for name, values in parameters.items()}
    return Request(method, address.path, last_values, headers, body)


def respond(
    connection: socket.socket,
    status: int,
    body: bytes,
    *,
    type_: str = "application/json",
    policy: str = "default-src 'none'",
) -> None:
    """Send an answer; the connection cannot be used any more.

    Args:
        connection: the one the request came on.
        status: one of `STATUSES`.
        body: UTF-8.
        type_: media type of the body.
        policy: Content-Security-Policy.
    """
    head = (
        f"HTTP/1.1 {status} {STATUSES[status]}\r\n"
        f"Content-Type: {type_}; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n"
        "Cache-Control: no-store\r\n"
        f"Content-Security-Policy: {policy}; frame-ancestors 'none'; base-uri 'none'\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\n"
        "Cross-Origin-Opener-Policy: same-origin\r\n"
        "Referrer-Policy: no-referrer\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "X-Frame-Options: DENY\r\n\r\n"
    )
    connection.settimeout(_ANSWER_SECONDS)
    connection.sendall(head.encode("ascii") + body)
    connection.shutdown(socket.SHUT_WR)
    # Closing before the whole request is read would discard the answer.
    with suppress(BadLine):
        Lines(connection).exactly(MOST_BODY, seconds=_CLOSE_SECONDS)


def refusal(status: int, message: str, hint: str | None = None) -> tuple[int, bytes]:
    """A refusal, as arguments for `respond`."""
    return status, as_bytes(error_as_json("usage" if status < 500 else "internal", message, hint))


def as_bytes(document: dict[str, Any]) -> bytes:
    """A document as the body of an answer."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
