"""`bienc serve`."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Annotated

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.render.view import OutputFormat

if TYPE_CHECKING:
    from bienc_cli.server.endpoint import Endpoint

_STOP_SECONDS = 5.0
HTTP_HINT = "give --http 127.0.0.1:0, say"
_LIFE_PANEL = "Life"


def serve(
    http: Annotated[
        str | None,
        typer.Option(
            "--http",
            metavar="127.0.0.1:PORT",
            help="Also answer HTTP, with a page to search in; port 0 for any that is free.",
            show_default=False,
            rich_help_panel=opt.HTTP_PANEL,
        ),
    ] = None,
    token: opt.TokenOption = None,
    open_: Annotated[
        bool,
        typer.Option(
            "--open", help="Open the page in the browser.", rich_help_panel=opt.HTTP_PANEL
        ),
    ] = False,
    idle: Annotated[
        float,
        typer.Option(
            "--idle",
            metavar="MINUTES",
            min=0.01,
            help="End after this long without a request.",
            rich_help_panel=_LIFE_PANEL,
        ),
    ] = 30.0,
    memory: Annotated[
        float,
        typer.Option(
            "--memory",
            metavar="GB",
            min=0.1,
            help="Close indexes beyond this, and end if that is not enough.",
            rich_help_panel=_LIFE_PANEL,
        ),
    ] = 4.0,
    stop: Annotated[
        bool,
        typer.Option("--stop", help="End the one that is running.", rich_help_panel=_LIFE_PANEL),
    ] = False,
    quiet: opt.QuietOption = False,
    index: opt.IndexOption = None,
    runtime: opt.RuntimeOption = "auto",
    device: opt.DeviceOption = "auto",
    threads: opt.ThreadsOption = None,
    offline: opt.OfflineOption = False,
) -> int:
    """Hold models and indexes ready: queries are answered at once.

    `bienc query` asks a running server of the same version, environment and model settings by
    itself; what it prints is the same. Only you can reach the socket.

    With --http there is also a page to search in, for whoever has the token.
    """
    from bienc_cli.cli import process
    from bienc_cli.cli.serving import Serving
    from bienc_cli.environment import variables

    output = Output(OutputFormat.plain, quiet=quiet)
    typed_token = variables.token_typed(token)
    endpoint = process.endpoint()
    if stop:
        opt.refuse_without_effect(
            {"--http": http, "--open": open_, "--token": typed_token, "--index": index},
            "--stop ends a server and starts none",
            "give them one after the other",
        )
        return _stop(endpoint, output)
    if http is None:
        opt.refuse_without_effect({"--open": open_}, "the page is shown by HTTP", HTTP_HINT)
        opt.refuse_without_effect(
            {"--token": typed_token},
            "the socket is open to you alone, and asks for none",
            HTTP_HINT,
        )
    serving = Serving(output, index, runtime, device, threads, offline)
    return serving.run(
        endpoint,
        http=None if http is None else host_and_port(http),
        token=token,
        open_page=open_,
        idle_seconds=idle * 60,
        most_bytes=int(memory * 1e9),
    )


def host_and_port(address: str) -> tuple[str, int]:
    """Split `127.0.0.1:8000`.

    Raises:
        UsageError: it is malformed.
    """
    from bienc_cli.errors import UsageError

    host, colon, port = address.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"--http {address} is not an address and a port.", HTTP_HINT)
    return host.strip("[]"), int(port)


def _stop(endpoint: Endpoint, output: Output) -> int:
    """Stop the server at an endpoint; returns 1 if there is none."""
    from bienc_cli.errors import EXIT_NO_RESULT, EXIT_OK, StorageError
    from bienc_cli.server.client import connect
    from bienc_cli.server.endpoint import peer

    connection = connect(endpoint)
    if connection is None:
        output.note("note: no server of this version and environment is running")
        return EXIT_NO_RESULT
    with connection:
        credentials = peer(connection)
    if credentials is None:
        raise StorageError("The system does not say which process it is.", "end it by hand")
    process_id, _ = credentials
    os.kill(process_id, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while (remaining := connect(endpoint)) is not None and time.monotonic() < deadline:
        remaining.close()
        time.sleep(0.05)
    output.note(f"note: process {process_id} has been told to end")
    return EXIT_OK
