"""What the environment says; read here and nowhere below.

BIENC_INDEX          the index directory or address, instead of the nearest `.bienc` upwards
BIENC_MODEL          bi-encoder for new indexes
BIENC_CROSS_ENCODER  cross-encoder
BIENC_CACHE          where converted models and keys lie
BIENC_MILVUS_TOKEN   what a Milvus server asks for: user:password, or an API key
BIENC_MILVUS_CA      its certificate authority, a PEM file, where the system does not know it
BIENC_MILVUS_CERT    this client's certificate, where the server asks for one (mutual TLS)
BIENC_MILVUS_KEY     the key of that certificate
XDG_CONFIG_HOME      where git keeps its `ignore`, the user's rules for all folders
HF_HUB_OFFLINE=1     as --offline
BIENC_DEBUG=1        tracebacks
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.errors import IndexNotFound

if TYPE_CHECKING:
    from bienc_cli.store import IndexPlace, IndexReader


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


def excludes_file() -> Path | None:
    """The user's ignore file for all folders: git's `core.excludesFile`, else its default.

    None where git is told to have none.
    """
    import shutil
    import subprocess

    git = shutil.which("git")
    if git is not None:
        # Not from here: a configuration that lies in other people's folders is not the user's.
        command = [git, "config", "--type=path", "--get", "core.excludesFile"]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            said = subprocess.run(  # noqa: S603  (a fixed command)
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=2,
                check=False,
            )
            if said.returncode == 0:
                named = os.fsdecode(said.stdout.removesuffix(b"\n"))
                return Path(named) if named else None
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path("~/.config").expanduser()) / "git" / "ignore"


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


def index_to_read(named: str | IndexPlace | None) -> IndexPlace:
    """The index as named, or the nearest one upwards.

    Raises:
        IndexNotFound: there is none upwards.
        UsageError: the address is malformed.
    """
    from bienc_cli.store import find_index

    here = Path.cwd()
    place = _place(named) if named is not None else find_index(here)
    if place is None:
        raise IndexNotFound(
            f"There is no index in {here} or above it.", "make one: bienc index PATH"
        )
    return place


def open_index(named: str | IndexPlace | None) -> IndexReader:
    """The index to read, opened; paths are shown from here.

    Raises:
        IndexNotFound: there is none.
        IndexMismatch, IndexDamaged: it cannot be read.
        StorageError: its server does not answer.
    """
    from bienc_cli.store import open_reader

    return open_reader(index_to_read(named), key_dir=key_directory(), shown_from=Path.cwd())


def index_to_write(named: str | IndexPlace | None) -> IndexPlace:
    """The index to make or refresh: as named, or the nearest one upwards, or one right here.

    Raises:
        UsageError: the address is malformed.
    """
    from bienc_cli.store import INDEX_NAME, find_index

    if named is not None:
        return _place(named)
    return find_index(Path.cwd()) or Path.cwd() / INDEX_NAME


def _place(named: str | IndexPlace) -> IndexPlace:
    """An index as it was named: by an address, by a directory, or by having been found."""
    from bienc_cli.store import Access
    from bienc_cli.store.milvus import address

    if isinstance(named, address.MilvusAddress):
        return named
    if isinstance(named, str) and address.is_address(named):
        access = Access(
            os.environ.get("BIENC_MILVUS_TOKEN", ""),
            _file("BIENC_MILVUS_CA"),
            _file("BIENC_MILVUS_CERT"),
            _file("BIENC_MILVUS_KEY"),
        )
        return address.parse(named, Path.cwd(), access)
    return Path(named).expanduser().absolute()


def _file(variable: str) -> Path | None:
    named = os.environ.get(variable)
    return Path(named).expanduser().absolute() if named else None
