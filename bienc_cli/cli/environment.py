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
from typing import TYPE_CHECKING

from bienc_cli.errors import IndexNotFound

if TYPE_CHECKING:
    from bienc_cli.store import IndexReader


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


def index_to_read(named: Path | None) -> Path:
    """The index as named, or the nearest one upwards.

    Raises:
        IndexNotFound: there is none upwards.
    """
    from bienc_cli.store import find_index

    here = Path.cwd()
    directory = named.expanduser().absolute() if named is not None else find_index(here)
    if directory is None:
        raise IndexNotFound(
            f"There is no index in {here} or above it.", "make one: bienc index PATH"
        )
    return directory


def open_index(named: Path | None) -> IndexReader:
    """The index to read, opened; paths are shown from here.

    Raises:
        IndexNotFound: there is none.
        IndexMismatch, IndexDamaged: it cannot be read.
    """
    from bienc_cli.store import open_reader

    return open_reader(index_to_read(named), key_dir=key_directory(), shown_from=Path.cwd())


def index_to_write(named: Path | None) -> Path:
    """The index to make or refresh: as named, or the nearest one upwards, or one right here."""
    from bienc_cli.store import INDEX_NAME, find_index

    if named is not None:
        return named.expanduser().absolute()
    return find_index(Path.cwd()) or Path.cwd() / INDEX_NAME
