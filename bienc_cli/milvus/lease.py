"""The writer lease, stored in the index itself and renewed while the writer lives.

Milvus has no compare-and-set, so a lease is taken in three steps: look, write one's own, and check
after a moment that it is still there. Whoever finds another's withdraws. A writer whose lease was
taken over (because it was suspended for longer than the lease lasts) notices before its next
upload, and what it has uploaded never counts: the attempt that took over declares it void.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from bienc_cli.errors import BiencError, IndexBusy
from bienc_cli.milvus.connection import Connection
from bienc_cli.milvus.schema import among, record_row
from bienc_cli.store.lock import described_holder

LEASE_SECONDS = 60.0
SETTLING_SECONDS = 0.3
"""After this, no writer that saw the lease free is still about to write its own."""

_INTERVAL = 0.5
_ID = "lease"


@dataclass(frozen=True, slots=True)
class Terms:
    """The contents of the lease's row.

    Attributes:
        attempt: the writer's number; never reused.
        token: identifies the writer.
        expires: seconds since the epoch; 0 if the lease was released.
        open_attempts: attempts, including this one, that may have left rows without committing.
    """

    attempt: int
    token: str
    pid: int
    host: str
    since: float
    expires: float
    open_attempts: tuple[int, ...]


class Lease:
    """Holds an index's lease from construction until `release`.

    Args:
        connection: to the server; shared with the writer.
        committed: the attempt that is visible now; 0 for none.
        wait: seconds to wait for another writer.
        on_wait: called once with a description of the holder.

    Raises:
        IndexBusy: another writer holds it, and still does after `wait`.
        StorageError: the server does not answer.
    """

    def __init__(
        self,
        connection: Connection,
        committed: int,
        wait: float = 0.0,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._connection = connection
        self._committed = committed
        self._terms = self._take(wait, on_wait)
        self._stop = threading.Event()
        self._renewal = threading.Thread(target=self._renew, name="bienc-lease", daemon=True)
        self._renewal.start()

    @property
    def attempt(self) -> int:
        """This writer's number."""
        return self._terms.attempt

    @property
    def open_attempts(self) -> frozenset[int]:
        """Attempts before this one that may have left rows, and may not have committed."""
        return frozenset(self._terms.open_attempts) - {self.attempt}

    def check(self) -> None:
        """Make sure that it is still held.

        Raises:
            IndexBusy: another writer has taken over.
        """
        current = self._read()
        if current is None or current.token != self._terms.token:
            raise IndexBusy(
                f"Another process has taken over the index in {self._connection.address}"
                + (f": {_holder(current)}." if current else "."),
                "run the same command again: what is encoded is kept",
            )

    def release(self, open_attempts: Iterable[int]) -> None:
        """Give it back.

        Args:
            open_attempts: those, this one included, whose rows wait to be taken up or deleted.
        """
        self._stop.set()
        self._renewal.join()
        if self._connection.lost:
            # It expires by itself, and there is no need to wait for that here.
            return
        with suppress(BiencError):
            current = self._read()
            if current is not None and current.token == self._terms.token:
                remaining = tuple(sorted(open_attempts))
                self._write(replace(self._terms, expires=0.0, open_attempts=remaining))

    # --------------------------------------------------------------- taking

    def _take(self, wait: float, on_wait: Callable[[str], None]) -> Terms:
        deadline = time.monotonic() + wait
        has_reported = False
        while True:
            current = self._read()
            if current is None or not _is_held(current):
                terms = _next_terms(current, self._committed)
                self._write(terms)
                if self._connection.address.file is None:
                    time.sleep(SETTLING_SECONDS)
                current = self._read()
                if current is not None and current.token == terms.token:
                    return terms
            holder = _holder(current) if current else "another process"
            if time.monotonic() >= deadline:
                raise IndexBusy(
                    f"The index in {self._connection.address} is being written by {holder}.",
                    "try again when it has finished",
                )
            if not has_reported:
                on_wait(holder)
                has_reported = True
            time.sleep(_INTERVAL)

    def _renew(self) -> None:
        while not self._stop.wait(LEASE_SECONDS / 3):
            # If the server does not answer, the writer will find out by itself.
            with suppress(BiencError):
                current = self._read()
                if current is None or current.token != self._terms.token:
                    return
                self._write(replace(self._terms, expires=time.time() + LEASE_SECONDS))

    def _read(self) -> Terms | None:
        rows = self._connection.rows(self._connection.address.records, among("id", [_ID]), ["body"])
        try:
            body = json.loads(rows[0]["body"])
            return Terms(**{**body, "open_attempts": tuple(body["open_attempts"])})
        except (IndexError, KeyError, TypeError, ValueError):
            return None

    def _write(self, terms: Terms) -> None:
        row = record_row(_ID, json.dumps(asdict(terms)), kind=_ID, born=terms.attempt)
        self._connection.upsert(self._connection.address.records, [row])


def _next_terms(previous: Terms | None, committed: int) -> Terms:
    now = time.time()
    attempt = max(previous.attempt if previous else 0, committed) + 1
    return Terms(
        attempt,
        secrets.token_hex(16),
        os.getpid(),
        socket.gethostname(),
        now,
        now + LEASE_SECONDS,
        (*(previous.open_attempts if previous else ()), attempt),
    )


def _is_held(terms: Terms) -> bool:
    """Whether its holder may still be working."""
    if terms.expires <= time.time():
        return False
    if terms.host != socket.gethostname():
        return True
    try:
        os.kill(terms.pid, 0)
    except ProcessLookupError:
        # Its process died on this machine, so there is no need to wait for the lease to expire.
        return False
    except PermissionError:
        return True
    return True


def _holder(terms: Terms) -> str:
    return described_holder(terms.pid, terms.host, terms.since)
