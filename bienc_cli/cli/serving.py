"""The server process: what it holds, whom it answers, when it ends."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.cli import process
from bienc_cli.cli.boundary import carry_out
from bienc_cli.cli.opening import models_for, opened
from bienc_cli.cli.output import Output
from bienc_cli.environment import caller, variables
from bienc_cli.environment.caller import Caller, Collected, Warm
from bienc_cli.errors import EXIT_OK, IndexNotFound
from bienc_cli.search import SearchOptions, search
from bienc_cli.server import Declined, life
from bienc_cli.server.claim import claim
from bienc_cli.server.client import ServedAnswer
from bienc_cli.server.commands import CommandLine, CommandServer, Stream
from bienc_cli.server.endpoint import Endpoint
from bienc_cli.server.guard import Guard, checked_token
from bienc_cli.server.http import HttpServer, listen
from bienc_cli.server.listener import Activity, Listener
from bienc_cli.server.resident import Readers, ResidentModels
from bienc_cli.server.service import ServedIndex
from bienc_cli.server.threads import AnsweringThreads
from bienc_cli.strategy import DEFAULT_WITHOUT_CROSS_ENCODER

if TYPE_CHECKING:
    from bienc_cli.environment.caller import RunSettings
    from bienc_cli.library.shared_models import Models

_FILE_VARIABLES = (
    "BIENC_CACHE",
    "BIENC_DATA",
    "BIENC_MILVUS_CA",
    "BIENC_MILVUS_CERT",
    "BIENC_MILVUS_KEY",
)
_DUMB_TERMINALS = ("dumb", "unknown")


@dataclass(frozen=True, slots=True)
class Serving:
    """The settings of a server.

    Attributes:
        output: where it reports what it does.
        index: the index for HTTP, opened from the start.
        here: the directory it was started in.
    """

    output: Output
    index: str | None
    runtime: str
    device: str
    threads: int | None
    offline: bool
    here: Path = field(default_factory=Path.cwd)
    models: ResidentModels = field(default_factory=ResidentModels, init=False)

    def run(
        self,
        endpoint: Endpoint,
        *,
        http: tuple[str, int] | None,
        token: str | None,
        open_page: bool,
        idle_seconds: float,
        most_bytes: int,
    ) -> int:
        """Serve until it is time to end; returns the exit code."""
        token = checked_token(token)
        with ExitStack() as stack:
            http_socket = None if http is None else stack.enter_context(listen(*http))
            claimed_socket = claim(endpoint)
            if claimed_socket is not None:
                # In this order, so that the socket never exists without a cleanup.
                stack.enter_context(process.undone(claimed_socket.withdraw))
                stack.enter_context(claimed_socket)
            elif http_socket is None:
                self.output.note("note: a server is running already; bienc serve --stop ends it")
                return EXIT_OK
            self._settle()
            self._load(needs_index=http_socket is not None)
            workers, activity = AnsweringThreads(begin=self._warm_up), Activity()
            reason = "you ended it"
            with suppress(KeyboardInterrupt), process.meant():
                if claimed_socket is not None:
                    Listener(
                        claimed_socket.listen(),
                        CommandServer(workers, self.answer).converse,
                        activity,
                    )
                    self.output.note(
                        f"note: queries are answered here (Ctrl-C ends); socket {endpoint.path}"
                    )
                if http_socket is not None:
                    self._serve_http(http_socket, workers, activity, token)
                    if open_page:
                        stack.enter_context(_page_opened(endpoint, _address(http_socket, token)))
                reason = life.live(
                    activity,
                    workers,
                    idle_seconds=idle_seconds,
                    most_bytes=most_bytes,
                    is_found=claimed_socket.holds if claimed_socket is not None else lambda: True,
                )
            self.output.note(f"note: ending, because {reason}")
        return EXIT_OK

    def _settle(self) -> None:
        """Become independent of the directory and settings that clients have of their own."""
        for name in _FILE_VARIABLES:
            if os.environ.get(name):
                os.environ[name] = str(Path(os.environ[name]).expanduser().absolute())
        os.environ.pop("BIENC_INDEX", None)
        os.chdir("/")

    @property
    def _own_models(self) -> Models:
        return models_for(
            self.output,
            runtime=self.runtime,
            device=self.device,
            threads=self.threads,
            offline=self.offline,
        )

    def _load(self, *, needs_index: bool) -> None:
        """Load what will be needed; tells the user who starts the server what is missing.

        Raises:
            IndexNotFound: there is no index, but one is needed.
            ModelUnavailable: a model's weights are not available.
        """
        readers = Readers()
        with self._answering(readers):
            self._own_models.load_cross_encoder()
            with suppress(*(() if needs_index else (IndexNotFound,))):
                self._served_index()
        readers.close()

    def _warm_up(self, readers: Readers) -> None:
        """Open the index in a thread, and read what a search reads."""
        served = self.hold(readers)
        options = SearchOptions(strategy=DEFAULT_WITHOUT_CROSS_ENCODER, k=1)
        search(served.reader, "what a search reads", served.bi_encoder, options=options)

    def hold(self, readers: Readers) -> ServedIndex:
        """The index and models for HTTP, for the thread that owns these readers."""
        with self._answering(readers):
            return self._served_index()

    def _served_index(self) -> ServedIndex:
        models = self._own_models
        reader = opened(self.index, self.output, models).reader()
        return ServedIndex(reader, models.load_bi_encoder(reader.info), models.load_cross_encoder())

    @contextmanager
    def _answering(self, readers: Readers) -> Iterator[None]:
        """Act as for a client in the directory where the server was started."""
        client = Caller(
            here=self.here,
            environ={},
            stdout=caller.stdout(),
            stderr=caller.stderr(),
            warm=Warm(self._settings, self.models, readers),
        )
        with client.served():
            yield

    @property
    def _settings(self) -> RunSettings:
        offline = self.offline or variables.is_offline()
        return caller.RunSettings(self.runtime, self.device, self.threads, offline)

    def answer(self, command: CommandLine, readers: Readers) -> ServedAnswer:
        """Run a client's command.

        Raises:
            Declined: the client has to run it.
        """
        if command.arguments[:1] != ("query",):
            raise Declined("only queries are answered here")
        output: list[tuple[str, str]] = []
        client = Caller(
            here=Path(command.directory),
            environ=_environment(command),
            stdout=_collected("stdout", command.stdout, output),
            stderr=_collected("stderr", command.stderr, output),
            warm=Warm(self._settings, self.models, readers),
        )
        index = command.environment.get("BIENC_INDEX")
        with client.served():
            # A copy, so that what is read for this command alone (defaults) is discarded.
            code = copy_context().run(
                carry_out, list(command.arguments), {"index": [index]} if index else None
            )
        return ServedAnswer(output, code)

    def _serve_http(
        self, http_socket: socket.socket, workers: AnsweringThreads, activity: Activity, token: str
    ) -> None:
        port = http_socket.getsockname()[1]
        server = HttpServer(workers, self.hold, Guard(token, port))
        Listener(http_socket, server.converse, activity)
        self.output.print_lines([_address(http_socket, token)])


def _address(http_socket: socket.socket, token: str) -> str:
    host, port = http_socket.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/?token={token}"


@contextmanager
def _page_opened(endpoint: Endpoint, address: str) -> Iterator[None]:
    """Open the page in the browser.

    It is opened through a file that only this user can read: command lines are public, and the
    browser's would contain the token.
    """
    import webbrowser

    redirect_file = Path(endpoint.directory) / f"open-{os.getpid()}.html"
    redirect_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def remove() -> None:
        redirect_file.unlink(missing_ok=True)

    with process.undone(remove):
        try:
            redirect_file.touch(mode=0o600)
            redirect_file.write_text(
                f'<meta http-equiv="refresh" content="0;url={address}">', encoding="ascii"
            )
            webbrowser.open(redirect_file.as_uri())
            yield
        finally:
            remove()


def _collected(name: str, stream: Stream, output: list[tuple[str, str]]) -> Collected:
    return Collected(name, output, tty=stream.tty, encoding=stream.encoding)


def _environment(command: CommandLine) -> dict[str, str]:
    """The client's environment, with its terminal's size in place of asking the terminal."""
    environ = dict(command.environment)
    if command.size is not None and environ.get("TERM", "").lower() not in _DUMB_TERMINALS:
        columns, lines = command.size
        environ.setdefault("COLUMNS", str(columns))
        environ.setdefault("LINES", str(lines))
    return environ
