"""Addresses of indexes: `milvus+http://HOST:PORT/COLLECTION` or `milvus+file:PATH.db`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bienc_cli.errors import UsageError

if TYPE_CHECKING:
    from bienc_cli.store import CheckReport, IndexReader, IndexWriter, RepairReport

PREFIX = "milvus+"
DEFAULT_COLLECTION = "bienc"
"""Used if the address of a file names none."""

_FILE = "milvus+file:"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_EXAMPLE = "--index milvus+http://localhost:19530/documents, or milvus+file:documents.db"


@dataclass(frozen=True, slots=True)
class Access:
    """A server's credentials; never displayed or stored.

    Attributes:
        token: `user:password`, or an API key.
        ca_file: certificate authority of the server, PEM; None for the system's.
        certificate_file: this client's certificate, PEM, if the server requires one.
        key_file: its key, PEM.
    """

    token: str = field(default="", repr=False)
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class MilvusAddress:
    """A collection in Milvus.

    Attributes:
        uri: `http://HOST:PORT`, `https://HOST:PORT`, or an absolute path that ends in `.db`.
        collection: of the passages; the name of a second one, for everything else, is derived from
            it.
    """

    uri: str
    collection: str
    access: Access = field(default_factory=Access, repr=False, compare=False)

    @property
    def file(self) -> Path | None:
        """The folder of Milvus Lite; None for a server."""
        return None if "://" in self.uri else Path(self.uri)

    @property
    def records(self) -> str:
        """The collection of everything but the passages."""
        return f"{self.collection}_records"

    def open_reader(self, shown_from: Path | None) -> IndexReader:
        """Open the current generation for reading; see `reader.open_reader`."""
        from bienc_cli.milvus.reader import open_reader

        return open_reader(self, shown_from=shown_from)

    def open_writer(
        self, *, create: bool, wait: float, on_wait: Callable[[str], None]
    ) -> IndexWriter:
        """Open it for writing."""
        from bienc_cli.milvus.writer import MilvusWriter

        return MilvusWriter(self, create=create, wait=wait, on_wait=on_wait)

    def check(self, on_stage: Callable[[str], None]) -> CheckReport:
        """Verify everything; see `checking.check`."""
        from bienc_cli.milvus.checking import check

        return check(self, on_stage=on_stage)

    def repair(self, wait: float, on_stage: Callable[[str], None]) -> RepairReport:
        """Mend what can be mended; see `checking.repair`."""
        from bienc_cli.milvus.checking import repair

        return repair(self, wait=wait, on_stage=on_stage)

    def __str__(self) -> str:
        """The address as it is typed."""
        if self.file is None:
            return f"{PREFIX}{self.uri}/{self.collection}"
        fragment = "" if self.collection == DEFAULT_COLLECTION else f"#{self.collection}"
        return f"{_FILE}{self.uri}{fragment}"


def access_from(variables: Mapping[str, str]) -> Access:
    """A server's credentials from environment variables."""

    def file(variable: str) -> Path | None:
        path = variables.get(variable)
        return Path(path).expanduser().absolute() if path else None

    return Access(
        variables.get("BIENC_MILVUS_TOKEN", ""),
        file("BIENC_MILVUS_CA"),
        file("BIENC_MILVUS_CERT"),
        file("BIENC_MILVUS_KEY"),
    )


def place(text: str, base: Path, variables: Mapping[str, str]) -> MilvusAddress:
    """The index at an address; see `parse` and `access_from`."""
    return parse(text, base, access_from(variables))


def parse(text: str, base: Path, access: Access | None = None) -> MilvusAddress:
    """Parse an address as typed.

    Args:
        text: starts with `milvus+`.
        base: an absolute path; relative paths of a file are below it.
        access: the server's credentials.

    Raises:
        UsageError: it is malformed, or contains something it must not.
    """
    access = access or Access()
    if text.startswith(_FILE):
        path, _, name = text.removeprefix(_FILE).partition("#")
        # As in a URL: file:///absolute/path.
        path = re.sub(r"^//(?=/)", "", path)
        if not path.endswith(".db") or path.startswith("//"):
            raise UsageError(f"{text} is no address: Milvus Lite keeps PATH.db.", _EXAMPLE)
        file = (base / Path(path).expanduser()).absolute()
        return MilvusAddress(str(file), _checked(name or DEFAULT_COLLECTION, text), access)
    try:
        parts = urlsplit(text.removeprefix(PREFIX))
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.username or parts.password or "@" in parts.netloc:
        raise UsageError(
            "A user and a password do not belong in the address of an index.",
            "leave them out and set BIENC_MILVUS_TOKEN=user:password",
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"{text} is no address of an index.", _EXAMPLE)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = host if port is None else f"{host}:{port}"
    return MilvusAddress(
        f"{parts.scheme}://{netloc}", _checked(parts.path.strip("/"), text), access
    )


def _checked(name: str, text: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{text} names no collection: letters, digits and _ make a name, not '{name}'.",
            _EXAMPLE,
        )
    return name
