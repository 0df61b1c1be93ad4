"""Connects to a Ray cluster, or starts one on this machine.

Our own cluster is private: on the loopback interface only, protected by a token for one run, with
its files in a directory that is removed afterwards. In either case, Ray sends no telemetry, and
prints nothing where people or pipes read.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from bienc_cli.errors import ClusterUnavailable, UsageError
from bienc_cli.extras import install_command

LOCAL = "local"
"""The address of a cluster that is started for one run and ends with it."""

_REACHABLE_SECONDS = 5.0
_OBJECT_STORE_BYTES = 256 * 2**20
_HOST = re.compile(r"(?:ray://)?(?P<host>\[[^\]]+\]|[^:/\s]+):(?P<port>\d{1,5})")

_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""The start of an HTTP/2 connection, as of gRPC (RFC 9113, section 3.4): preface, empty
settings."""

_LONGEST_BASE = 24
"""Characters: sockets are below this path, and a socket path is limited to 104."""


@contextmanager
def connected(address: str, *, cores: int | None = None) -> Iterator[Any]:
    """Ray, connected; a process that was already connected stays connected.

    Args:
        address: `local` starts a cluster on this machine; `auto` uses the one running on this
            machine; otherwise `HOST:PORT` or `ray://HOST:PORT`.
        cores: of a cluster that is started, as Ray counts them; None for all cores.

    Raises:
        UsageError: Ray is not installed, or `address` is malformed.
        ClusterUnavailable: there is no cluster there.
    """
    with ExitStack() as stack:
        stack.enter_context(_variables(_private() if address == LOCAL else {}))
        ray = _imported()
        if ray.is_initialized():
            yield ray
            return
        # Anything important is raised as an exception.
        logging.getLogger("ray").setLevel(logging.CRITICAL)
        quiet = {"log_to_driver": False, "configure_logging": False}
        directory = stack.enter_context(_own_directory()) if address == LOCAL else None
        settings: dict[str, Any]
        if directory is not None:
            settings = {
                "include_dashboard": False,
                "num_cpus": cores,
                "object_store_memory": _OBJECT_STORE_BYTES,
                "_temp_dir": str(directory),
            }
        else:
            settings = {"address": _checked(address)}
        earlier_processes = _descendants()
        stack.callback(ray.shutdown)
        with _signal_kept():
            _join(ray, address, {**quiet, **settings})
        _keep_off_stdout(ray)
        if directory is not None:
            stack.enter_context(_survived(_descendants() - earlier_processes, directory))
        yield ray


def _private() -> dict[str, str]:
    return {
        # Ray's setting for staying on the loopback interface, which is its default except
        # on Linux. It would replace an address of 127.0.0.1 by the machine's own.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "token",
        # Otherwise, Ray creates a token and leaves it in the user's home directory.
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, the only way to configure Ray and its processes."""
    previous = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in previous.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _own_directory() -> Iterator[Path]:
    """A directory for a cluster's files, in which socket paths do not get too long."""
    base = Path(tempfile.gettempdir())
    if len(str(base)) > _LONGEST_BASE:
        base = Path("/tmp")  # noqa: S108  (mkdtemp makes a private directory)
    directory = Path(tempfile.mkdtemp(prefix="bienc-ray-", dir=base))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _descendants() -> set[int]:
    import psutil  # a dependency of Ray

    return {process.pid for process in psutil.Process().children(recursive=True)}


@contextmanager
def _survived(processes: set[int], directory: Path) -> Iterator[None]:
    """End a cluster and remove its files even if this process is killed.

    Ray's servers end with this process, but their agents continue for a minute, and files remain.
    So a shell waits for the end of its standard input, which comes however this process ends.
    """
    script = 'read -r _; directory=$1; shift; kill -9 "$@" 2>/dev/null; rm -rf -- "$directory"'
    numbers = [str(number) for number in sorted(processes)]
    watcher = subprocess.Popen(  # noqa: S603  (a fixed program)
        ["/bin/sh", "-c", script, "sh", str(directory), *numbers],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        # Before the process ids can be reused.
        watcher.kill()
        watcher.communicate()


@contextmanager
def _signal_kept() -> Iterator[None]:
    """Restore the handler of SIGTERM, which Ray replaces with its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)


def _keep_off_stdout(ray: Any) -> None:
    """Stop Ray from printing reports of lost workers to standard output, which is for data.

    They come from a thread that no setting turns off, not even `log_to_driver`.
    """
    with suppress(AttributeError):
        ray._private.worker.print_to_stdstream = lambda *_, **__: None


def _imported() -> Any:
    # Ray reads these when imported or connected: no telemetry.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            "Ray is not installed.", f"{install_command('ray')}, or leave out --ray"
        ) from error
    return ray


def _checked(address: str) -> str:
    """An address that answers; Ray itself would try for minutes."""
    if address == "auto":
        return address
    match = _HOST.fullmatch(address)
    if match is None:
        raise UsageError(
            f"'{address}' is no address of a Ray cluster.",
            "give --ray local, auto, HOST:PORT or ray://HOST:PORT",
        )
    try:
        host_and_port = (match["host"].strip("[]"), int(match["port"]))
        with socket.create_connection(host_and_port, timeout=_REACHABLE_SECONDS) as connection:
            connection.sendall(_GREETING)
            answer = connection.recv(9)
    except (OSError, OverflowError) as error:
        raise _nobody_at(address) from error
    # A frame's fourth byte is its type, and a server's first frame is SETTINGS.
    if answer[3:4] != b"\x04":
        raise _nobody_at(address)
    return address


def _join(ray: Any, address: str, settings: dict[str, Any]) -> None:
    try:
        ray.init(**settings)
    except (ConnectionError, TimeoutError) as error:
        raise _nobody_at(address) from error
    except (RuntimeError, ValueError) as error:
        raise ClusterUnavailable(
            f"The Ray cluster at '{address}' cannot be used: {_first_line(error)}",
            "the same versions of Ray and Python have to run here and there",
        ) from error


def _nobody_at(address: str) -> ClusterUnavailable:
    return ClusterUnavailable(
        f"No Ray cluster answers at '{address}'.",
        "start one (ray start --head), or use this machine: --ray local",
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
