"""Where this user's cache lies, and in it the socket of a server."""

from __future__ import annotations

import os

from bienc_cli.errors import UsageError
from bienc_cli.server.endpoint import Endpoint, endpoint_for


def cache_path() -> str:
    """Where converted models lie: BIENC_CACHE, else `bienc` in the user's cache directory.

    Raises:
        UsageError: there is no home directory, and nothing else says where.
    """
    named = os.environ.get("BIENC_CACHE")
    path = named or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "bienc")  # noqa: PTH118
    path = os.path.expanduser(path)  # noqa: PTH111
    if path.startswith("~"):
        raise UsageError(
            f"'{path}' is in no home directory: HOME is not set, and the system knows none.",
            "export BIENC_CACHE=/a/directory/of/yours",
        )
    return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH117, PTH118


def endpoint() -> Endpoint:
    """Where a server of this version listens for clients of this environment.

    Raises:
        UsageError: as of `cache_path`.
    """
    return endpoint_for(os.environ, cache_path())
