"""A connection to a Ray cluster, or a cluster of this machine's own."""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bienc_cli.errors import ClusterUnavailable, UsageError

LOCAL = "local"
"""The address of a cluster that is started for one run and ends with it."""

_REACHABLE_SECONDS = 5.0
_OBJECT_STORE_BYTES = 256 * 2**20
_HOST = re.compile(r"(?:ray://)?(?P<host>\[[^\]]+\]|[^:/\s]+):(?P<port>\d{1,5})")


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Ray, connected; a process that was connected before stays so.

    Args:
        address: `local` starts a cluster on this machine; `auto` takes the one that runs on
            this machine; otherwise `HOST:PORT` or `ray://HOST:PORT`.

    Raises:
        UsageError: Ray is not installed, or `address` is none.
        ClusterUnavailable: there is no cluster there.
    """
    ray = _imported()
    if ray.is_initialized():
        yield ray
        return
    # What matters comes as an exception.
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    quiet = {"log_to_driver": False, "configure_logging": False}
    if address == LOCAL:
        # Short, because sockets lie in it and their names may not be long.
        directory = tempfile.mkdtemp(prefix="bienc-ray-", dir=tempfile.gettempdir())
        settings = {
            "include_dashboard": False,
            "object_store_memory": _OBJECT_STORE_BYTES,
            # Without it Ray asks the network which address this machine has.
            "_node_ip_address": "127.0.0.1",
            "_temp_dir": directory,
        }
    else:
        directory = None
        settings = {"address": _checked(address)}
    try:
        _join(ray, address, {**quiet, **settings})
        yield ray
    finally:
        ray.shutdown()
        if directory is not None:
            shutil.rmtree(directory, ignore_errors=True)


def _imported() -> Any:
    # Read by Ray when it is imported or joined: nothing is reported to anybody.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            "Ray is not installed.", "pip install 'bienc-cli[ray]', or leave out --ray"
        ) from error
    return ray


def _checked(address: str) -> str:
    """An address somebody answers at; Ray itself would try for minutes."""
    if address == "auto":
        return address
    found = _HOST.fullmatch(address)
    if found is None:
        raise UsageError(
            f"'{address}' is no address of a Ray cluster.",
            "give --ray local, auto, HOST:PORT or ray://HOST:PORT",
        )
    try:
        where = (found["host"].strip("[]"), int(found["port"]))
        socket.create_connection(where, timeout=_REACHABLE_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _nobody_at(address) from error
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
