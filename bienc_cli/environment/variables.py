"""The environment variables; only this module, the commands and their entry point read them.

A client of the server imports this and is answered sooner than `pathlib` or `typing` could be
imported; functions that need those import them themselves.
"""

from __future__ import annotations

import os
from contextlib import suppress

from bienc_cli.errors import UsageError

TYPE_CHECKING = False  # As in `bienc_cli.server.client`.
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bienc_cli.settings import Setting

VARIABLES: Mapping[str, str] = {
    "BIENC_INDEX": "The index directory or address, instead of the nearest .bienc upwards.",
    "BIENC_MODEL": "Bi-encoder for new indexes.",
    "BIENC_CROSS_ENCODER": "Cross-encoder.",
    "BIENC_CACHE": "Directory of converted models.  [default: ~/.cache/bienc]",
    "BIENC_DATA": "Directory of the key that seals your indexes.  [default: ~/.local/share/bienc]",
    "BIENC_SAFE": "Other users' indexes that count when found upwards, as in PATH; * for all.",
    "BIENC_SERVER": "auto: have query start a server; off: use none.",
    "BIENC_TOKEN": "The token that a server requires over HTTP.",
    "BIENC_MILVUS_TOKEN": "Credentials for a Milvus server: user:password, or an API key.",
    "BIENC_MILVUS_CA": "Its certificate authority, a PEM file, if the system does not know it.",
    "BIENC_MILVUS_CERT": "This client's certificate, if that server requires one.",
    "BIENC_MILVUS_KEY": "The private key of that certificate.",
    "HF_HUB_OFFLINE": "1: as --offline.",
    "VISUAL": "The editor for query --open; else EDITOR.",
    "BIENC_DEBUG": "1: show tracebacks.",
}
"""The variables and their purpose, as shown by `bienc --help`."""


def cache_path() -> str:
    """The directory of converted models: BIENC_CACHE, else `bienc` in the user's cache directory.

    Raises:
        UsageError: there is no home directory, and nothing else says where.
    """
    configured = os.environ.get("BIENC_CACHE")
    path = configured or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "bienc")  # noqa: PTH118
    path = os.path.expanduser(path)  # noqa: PTH111
    if path.startswith("~"):
        raise UsageError(
            f"'{path}' is in no home directory: HOME is not set, and the system knows none.",
            "export BIENC_CACHE=/a/directory/of/yours",
        )
    return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH117, PTH118


def cache_directory() -> Path:
    """`cache_path` as a path."""
    from pathlib import Path

    return Path(cache_path())


def key_directory() -> Path:
    """The directory of this user's key; never inside an index or a cache.

    It is BIENC_DATA, else `bienc` in the user's data directory. A key in the cache, where it used
    to be, is copied.
    """
    from pathlib import Path

    from bienc_cli.store.seal import adopt_key

    configured = os.environ.get("BIENC_DATA")
    if configured:
        directory = Path(configured).expanduser().absolute()
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path("~/.local/share").expanduser()
        directory = Path(base).absolute() / "bienc"
    adopt_key(cache_directory() / "keys", directory)
    return directory


def safe_indexes() -> tuple[str, ...]:
    """Indexes to accept when found upwards, whoever owns them."""
    return tuple(filter(None, os.environ.get("BIENC_SAFE", "").split(os.pathsep)))


def excludes_file() -> str | None:
    """The user's global git excludes file: core.excludesFile, or git's default."""
    import subprocess
    from pathlib import Path

    configured = ""
    with suppress(OSError, subprocess.SubprocessError):
        # Ask outside of any repository, because repositories may override it.
        command = ["git", "-C", Path.cwd().anchor, "config", "--includes", "--type=path"]
        command += ["--get", "core.excludesFile"]
        environment = {name: value for name, value in os.environ.items() if name != "GIT_DIR"}
        completed = subprocess.run(  # noqa: S603
            command, capture_output=True, timeout=5, check=False, env=environment
        )
        configured = os.fsdecode(completed.stdout).strip()
    base = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
    path = Path(configured) if configured else Path(base) / "git" / "ignore"
    return str(path.absolute()) if path.is_file() else None


def default_model(name: str, variable: str, otherwise: str) -> Setting[str]:
    """A model that no flag names: from the environment, a file, or built in.

    Args:
        name: the setting's: `model` or `cross-encoder`.
        variable: the environment variable.
        otherwise: the built-in default.
    """
    from bienc_cli.environment import defaults
    from bienc_cli.settings import Origin, Setting

    if model := os.environ.get(variable):
        return Setting(model, Origin.ENVIRONMENT, variable)
    return defaults.in_use().of(name) or Setting(otherwise, Origin.DEFAULT)


def is_offline() -> bool:
    """Whether the environment forbids network access."""
    return os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}


def go_offline_if(requested: bool) -> bool:
    """Whether network access is forbidden; call this before importing the libraries.

    They read HF_HUB_OFFLINE once, at import; nothing else would keep them from connecting.
    """
    offline = requested or is_offline()
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    return offline


def token_typed(token: str | None) -> str | None:
    """A token for HTTP, unless it came from the environment, which applies to all commands."""
    return token if token != os.environ.get("BIENC_TOKEN") else None
