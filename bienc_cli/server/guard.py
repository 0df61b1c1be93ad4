"""Decides who may ask over HTTP: whoever has the token, and addresses this host."""

from __future__ import annotations

import hmac
import secrets
import socket

from bienc_cli.errors import UsageError
from bienc_cli.server import requests
from bienc_cli.server.requests import Request, refusal
from bienc_cli.server.wire import BadLine

_SHORTEST_TOKEN = 16


class Guard:
    """Admits or refuses HTTP requests.

    Args:
        token: required in every request.
        port: the port listened on.
    """

    def __init__(self, token: str, port: int) -> None:
        self._token = token.encode()
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}

    def admitted(
        self, connection: socket.socket, hint: str, *, in_address_of: str = ""
    ) -> Request | None:
        """The request on a connection if it is admitted; otherwise refuses it and returns None.

        Args:
            connection: just accepted.
            hint: for a request without the token.
            in_address_of: a path for which the token may be in the address.
        """
        try:
            request = requests.read(connection)
        except BadLine as error:
            response = refusal(400, f"This is no request: {error}.")
        else:
            if not self.is_meant(request):
                response = refusal(403, "This is not the host's name.")
            elif self.is_of_a_page_elsewhere(request):
                response = refusal(403, "Pages of other origins have no business here.")
            elif not self.is_entitled(request, in_address=request.path == in_address_of):
                response = refusal(401, "The token is missing or wrong.", hint)
            else:
                return request
        requests.respond(connection, *response)
        return None

    def is_meant(self, request: Request) -> bool:
        """Whether the Host header names this host; a foreign name that resolves here does not."""
        return request.headers.get("host") in self._hosts

    def is_of_a_page_elsewhere(self, request: Request) -> bool:
        """Whether a browser declares the request to come from a page of another origin."""
        origin = request.headers.get("origin")
        return origin is not None and origin not in {f"http://{host}" for host in self._hosts}

    def is_entitled(self, request: Request, *, in_address: bool = False) -> bool:
        """Whether it has the token.

        Args:
            request: with the token in a header.
            in_address: the token may also be in the address, which others may see.
        """
        scheme, _, given_token = request.headers.get("authorization", "").partition(" ")
        if in_address and not given_token:
            scheme, given_token = "bearer", request.parameters.get("token", "")
        is_bearer = scheme.lower() == "bearer"
        return (
            hmac.compare_digest(given_token.encode("utf-8", "replace"), self._token) and is_bearer
        )


def checked_token(token: str | None) -> str:
    """The given token, or a new random one.

    Raises:
        UsageError: the token is guessable, or cannot be part of an address.
    """
    if not token:
        return secrets.token_urlsafe(24)
    allowed = token.isascii() and token.replace("-", "").replace("_", "").isalnum()
    if len(token) < _SHORTEST_TOKEN or not allowed:
        raise UsageError(
            f"A token has {_SHORTEST_TOKEN} letters, digits, - or _, or more.",
            "leave it out to have one made",
        )
    return token
