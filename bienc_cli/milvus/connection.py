"""The only module that talks to Milvus: connects, calls, and translates errors."""

from __future__ import annotations

import importlib
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bienc_cli.errors import BiencError, IndexBusy, StorageError, UsageError
from bienc_cli.extras import install_command
from bienc_cli.milvus import lite
from bienc_cli.milvus.address import MilvusAddress

if TYPE_CHECKING:
    from pymilvus import MilvusClient

MilvusRow = dict[str, Any]

CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 30.0
"""Time limit of one request including retries, which pymilvus makes until then."""

BUILD_SECONDS = 3600.0
"""Time limit of operations proportional to the index: loading and flushing."""

_INTERVAL = 0.2

_MOST_QUOTED = 300
"""Characters of a library's message that an error repeats."""

PAGE = 1000
MOST_ROWS = 16_000
"""Milvus refuses to return more than 16,384 rows of one search or query."""

_DENIED = (
    "authenticat",
    "auth check",
    "permission",
    "privilege",
    "invalid token",
    "not authorized",
)
_LOST = (
    "UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "illegal connection params",
    "Retry timeout",
    "Retry run",
)

_users: Counter[str] = Counter()
_users_lock = threading.Lock()


class Connection:
    """A connection to a server, or to an embedded one that it starts.

    One call at a time: Milvus Lite cannot handle two writers, and the lease is renewed by a
    separate thread.

    Attributes:
        lost: the last call timed out; another one would take as long.

    Raises:
        UsageError: pymilvus, or Milvus Lite for a file, is not installed.
        IndexBusy: another process has the file open.
        StorageError: the server cannot be reached, or refuses.
    """

    def __init__(self, address: MilvusAddress) -> None:
        self.address = address
        self.lost = False
        self._lock = threading.RLock()
        self._open = False
        self._client: MilvusClient = self._connect()
        self._open = True
        with _users_lock:
            _users[address.uri] += 1

    def _connect(self) -> MilvusClient:
        address = self.address
        pymilvus = _library(address)
        options: dict[str, Any] = {"timeout": CONNECT_SECONDS}
        if address.file is None:
            options |= {"token": address.access.token, **_tls(address)}
        else:
            lite.check_folder(address.file)
            # By default, a proxy is used even for 127.0.0.1.
            options["grpc_options"] = {"grpc.enable_http_proxy": 0}
        try:
            # Dedicated, because closing a shared one would affect its other users.
            client: MilvusClient = pymilvus.MilvusClient(address.uri, dedicated=True, **options)
        except Exception as error:
            if address.file is not None and lite.is_locked(address.file):
                raise IndexBusy(
                    f"{address.file} is open in another process, and Milvus Lite lets in one.",
                    "try again when it has finished, or run a Milvus server for several",
                ) from error
            raise explained(error, address) from error
        return client

    def _call(
        self, name: str, *arguments: Any, seconds: float | None = None, **options: Any
    ) -> Any:
        with self._lock:
            try:
                answer = getattr(self._client, name)(
                    *arguments, timeout=seconds or REQUEST_SECONDS, **options
                )
            except Exception as error:
                self.lost = is_lost(error)
                raise explained(error, self.address) from error
            self.lost = False
            return answer

    # --------------------------------------------------------- collections

    def version(self) -> str:
        """The server's, as it says it."""
        return str(self._call("get_server_version"))

    def exists(self, collection: str) -> bool:
        """Whether there is such a collection."""
        return bool(self._call("has_collection", collection))

    def create(self, collection: str, schema: Any, indexes: Any) -> None:
        """Create a collection with its indexes, and load it."""
        self._call("create_collection", collection, schema=schema, consistency_level="Strong")
        self._index(collection, indexes)

    def _index(self, collection: str, indexes: Any) -> None:
        # Loading waits for the indexes; waiting for each separately would take half a second each.
        self._call("create_index", collection, indexes, sync=False)
        self.load(collection)

    def load(self, collection: str) -> None:
        """Load a collection into the server's memory; immediate if it is loaded already."""
        try:
            self._call("load_collection", collection, seconds=BUILD_SECONDS)
        except StorageError:
            file = self.address.file
            if file is None or _users[self.address.uri] > 1:
                raise
            with self._lock:
                self._client.close()
                lite.stop(file)
                lite.remove_derived(file)
                self._client = self._connect()
            self._call("load_collection", collection, seconds=BUILD_SECONDS)

    def drop(self, collection: str) -> None:
        """Delete a collection."""
        self._call("drop_collection", collection)

    def rebuild_index(self, collection: str, field: str, indexes: Any) -> None:
        """Rebuild an index from its field."""
        self._call("release_collection", collection)
        self._call("drop_index", collection, field)
        self._index(collection, indexes)

    def flush(self, collection: str) -> None:
        """Seal everything written on the server's disk."""
        self._call("flush", collection, seconds=BUILD_SECONDS)

    def compact(self, collection: str) -> None:
        """Ask the server to reclaim deleted rows; it does so in its own time."""
        self._call("compact", collection)

    # ---------------------------------------------------------------- rows

    def upsert(self, collection: str, rows: Sequence[MilvusRow]) -> None:
        """Write rows, replacing those with the same keys; idempotent."""
        self._call("upsert", collection, list(rows))

    def delete(self, collection: str, condition: str) -> None:
        """Delete the rows that meet a condition."""
        self._call("delete", collection, filter=condition)

    def rows(
        self, collection: str, condition: str, fields: Sequence[str], limit: int = MOST_ROWS
    ) -> list[MilvusRow]:
        """Rows that meet a condition, `limit` at most, in any order."""
        answer = self._call(
            "query", collection, filter=condition, output_fields=list(fields), limit=limit
        )
        return [dict(row) for row in answer]

    def pages(
        self, collection: str, condition: str, fields: Sequence[str], size: int = PAGE
    ) -> Iterator[list[MilvusRow]]:
        """All rows that meet a condition, ascending by key."""
        iterator = self._call(
            "query_iterator",
            collection,
            batch_size=size,
            filter=condition,
            output_fields=list(fields),
        )
        try:
            while page := self._next(iterator):
                yield [dict(row) for row in page]
        finally:
            iterator.close()

    def _next(self, iterator: Any) -> Any:
        with self._lock:
            try:
                return iterator.next()
            except Exception as error:
                raise explained(error, self.address) from error

    def count(self, collection: str, condition: str) -> int:
        """How many rows a condition holds for."""
        (row,) = self._call("query", collection, filter=condition, output_fields=["count(*)"])
        return int(row["count(*)"])

    def search(
        self,
        collection: str,
        field: str,
        data: Sequence[Any],
        limit: int,
        condition: str,
        parameters: Mapping[str, Any],
        fields: Sequence[str],
    ) -> list[list[MilvusRow]]:
        """The best rows for each of some queries."""
        answer = self._call(
            "search",
            collection,
            data=list(data),
            anns_field=field,
            limit=limit,
            filter=condition,
            search_params=dict(parameters),
            output_fields=list(fields),
        )
        return [
            [{"id": hit["id"], "distance": hit["distance"], **hit["entity"]} for hit in hits]
            for hits in answer
        ]

    def close(self) -> None:
        """Hang up, and stop the embedded server when nobody in this process uses it."""
        if not self._open:
            return
        self._open = False
        with self._lock:
            self._client.close()
        with _users_lock:
            _users[self.address.uri] -= 1
            is_last = not _users[self.address.uri]
        if is_last and self.address.file is not None:
            # Otherwise, other processes could not open it as long as this one lives.
            lite.stop(self.address.file)


def connected(
    address: MilvusAddress, deadline: float, on_wait: Callable[[str], None]
) -> Connection:
    """Connect, waiting while another process has the file of Milvus Lite open.

    Args:
        address: of the index.
        deadline: on the monotonic clock.
        on_wait: called once when it starts waiting.

    Raises:
        IndexBusy: the other process still has it open.
    """
    has_reported = False
    while True:
        try:
            return Connection(address)
        except IndexBusy:
            if time.monotonic() >= deadline:
                raise
        if not has_reported:
            on_wait("another process")
            has_reported = True
        time.sleep(_INTERVAL)


def _library(address: MilvusAddress) -> Any:
    # gRPC reads this once, when loaded. Its fork support, which none of our child processes needs,
    # can block the fork itself, and prints a line on stderr for each.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    modules = ["pymilvus", *(["milvus_lite"] if address.file is not None else [])]
    try:
        pymilvus, *_ = [importlib.import_module(name) for name in modules]
    except ImportError as error:
        raise UsageError(
            f"An index in Milvus needs a package that is not installed: {error.name}.",
            install_command("milvus"),
        ) from error
    # They log every error with its traceback; here it becomes one sentence.
    for name in (*modules, "pymilvus.milvus_client", "grpc._server"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return pymilvus


def _tls(address: MilvusAddress) -> dict[str, Any]:
    if not address.uri.startswith("https://"):
        return {}
    access = address.access
    client_identity = (access.certificate_file, access.key_file)
    if any(client_identity):
        files = {
            "ca_pem_path": access.ca_file,
            "client_pem_path": access.certificate_file,
            "client_key_path": access.key_file,
        }
        if not all(files.values()):
            raise UsageError(
                "A client certificate comes with its key and the server's authority.",
                "set BIENC_MILVUS_CERT, BIENC_MILVUS_KEY and BIENC_MILVUS_CA together",
            )
    else:
        files = {"server_pem_path": access.ca_file}
    for path in files.values():
        if path is not None and not path.is_file():
            raise UsageError(f"There is no certificate {path}.", "check the BIENC_MILVUS_* paths")
    return {"secure": True, **{name: str(path) for name, path in files.items() if path}}


def explained(error: Exception, address: MilvusAddress) -> BiencError:
    """The error for an exception of the library."""
    if isinstance(error, BiencError):
        return error
    message = _message_with_cause(error)
    if address.file is None and any(word in message.lower() for word in _DENIED):
        token = address.access.token
        return StorageError(
            f"The Milvus server of {address} refuses "
            + ("the token." if token else "to answer without a token."),
            f"set BIENC_MILVUS_TOKEN to {'one' if token else 'a token'} that it accepts, "
            "user:password or an API key",
        )
    if "certificate_verify_failed" in message.lower():
        return StorageError(
            f"The certificate of the Milvus server of {address} is not one to be trusted.",
            "name its authority: BIENC_MILVUS_CA=FILE.pem",
        )
    if is_lost(error):
        return StorageError(
            f"The Milvus server of {address} does not answer.",
            "check the address and that it runs; then run the same command again: "
            "what was committed is whole, and what is encoded is kept",
        )
    return StorageError(f"Milvus refuses, at {address}: {_short(message)}")


def is_lost(error: Exception) -> bool:
    """Whether the server has not answered, as far as the library can tell."""
    message = _message_with_cause(error)
    return any(word in message for word in _LOST)


def _message_with_cause(error: Exception) -> str:
    cause = error.__cause__
    # Some errors of pymilvus are their own cause.
    return _message(error) if cause in (None, error) else f"{_message(error)} {_message(cause)}"


def _message(error: BaseException | None) -> str:
    """The message of an exception of pymilvus or gRPC, with its status, on one line."""
    code, details = getattr(error, "code", ""), getattr(error, "details", "")
    parts = (
        code() if callable(code) else code,
        details() if callable(details) else getattr(error, "message", "") or error,
    )
    return " ".join(" ".join(map(str, parts)).split())


def _short(message: str) -> str:
    return message if len(message) <= _MOST_QUOTED else f"{message[:_MOST_QUOTED]}..."
