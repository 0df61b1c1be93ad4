"""What the environment says; read here and nowhere below.

BIENC_INDEX          the index directory, instead of the nearest `.bienc` upwards
BIENC_MODEL          bi-encoder for new indexes
BIENC_CROSS_ENCODER  cross-encoder
BIENC_CACHE          where converted models and keys lie
HF_HUB_OFFLINE=1     as --offline
BIENC_DEBUG=1        tracebacks
"""

from __future__ import annotations

import os
from pathlib import Path

from bienc_cli.errors import IndexNotFound

INDEX_NAME = ".bienc"


def cache_directory() -> Path:
    """Where converted models lie: BIENC_CACHE, else `bienc` in the user's cache directory."""
    named = os.environ.get("BIENC_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(base).absolute() / "bienc"


def key_directory() -> Path:
    """Where this user's key for graph files lies; never inside an index."""
    return cache_directory() / "keys"


def model_from_environment() -> str | None:
    """The bi-encoder for new indexes."""
    return os.environ.get("BIENC_MODEL") or None


def cross_encoder_from_environment() -> str | None:
    """The cross-encoder."""
    return os.environ.get("BIENC_CROSS_ENCODER") or None


def go_offline_if(asked: bool) -> bool:
    """Whether nothing may be looked up; must be called before the libraries are imported.

    They read HF_HUB_OFFLINE once, at import; nothing else would keep them from a connection.
    """
    offline = asked or os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    return offline


def existing_index(named: Path | None) -> Path:
    """The index to read: as named, or the nearest one upwards.

    Raises:
        IndexNotFound: there is none.
    """
    if named is not None:
        return named.expanduser().absolute()
    found = _upwards()
    if found is None:
        raise IndexNotFound(
            f"There is no index in {Path.cwd()} or above it.", "make one: bienc index PATH"
        )
    return found


def index_to_write(named: Path | None) -> Path:
    """The index to make or refresh: as named, or the nearest one upwards, or one right here."""
    if named is not None:
        return named.expanduser().absolute()
    return _upwards() or Path.cwd() / INDEX_NAME


def _upwards() -> Path | None:
    from bienc_cli.store import find_index

    return find_index(Path.cwd())
