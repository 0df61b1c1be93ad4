"""The key by which a user recognises graph files of their own.

It is stored outside every index, readable only by its owner. An index copied from elsewhere has no
valid seal here: its graph is only loaded after being proven (`graph_proof.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_NAME = "graph.key"
_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Key:
    """A secret; `repr` does not show it."""

    secret: bytes

    def __repr__(self) -> str:
        return "Key(...)"

    def seal(self, text: str) -> str:
        """Keyed BLAKE2b of a short text, hex."""
        return hashlib.blake2b(
            text.encode(), key=self.secret, digest_size=32, person=b"bienc seal"
        ).hexdigest()

    def holds(self, text: str, seal: str) -> bool:
        """Whether `seal` was made from `text` with this key."""
        return hmac.compare_digest(self.seal(text).encode(), seal.encode())

    def checksum(self, chunks: Iterable[bytes], nonce: str) -> str:
        """Poly1305 (RFC 8439) of a file, hex: as hard to forge as to hit by accident.

        A fast plain hash would detect damage but not forgery; a plain cryptographic hash takes as
        long as loading the graph. This detects both at several GB/s.

        Args:
            chunks: the file's bytes, in order.
            nonce: never reused for another file; the one-time key is derived from it.
        """
        from cryptography.hazmat.primitives.poly1305 import Poly1305

        one_time_key = hashlib.blake2b(
            nonce.encode(), key=self.secret, digest_size=32, person=b"bienc file"
        ).digest()
        authenticator = Poly1305(one_time_key)
        for chunk in chunks:
            authenticator.update(chunk)
        return authenticator.finalize().hex()


def new_nonce() -> str:
    """A nonce for one file's checksum."""
    return os.urandom(16).hex()


def load_key(directory: Path) -> Key | None:
    """The user's key; None if there is none yet, or it is unreadable."""
    try:
        secret = (directory / _NAME).read_bytes()
    except OSError:
        return None
    return Key(secret) if len(secret) == _LENGTH else None


def adopt_key(old: Path, directory: Path) -> None:
    """Copy the key from where earlier versions kept it, unless there is one already.

    If copying fails, the graphs sealed by it are not used; nothing else depends on it.
    """
    if (directory / _NAME).exists():
        return
    key = load_key(old)
    if key is not None:
        with suppress(OSError):
            _keep(key, directory)


def ensure_key(directory: Path) -> Key:
    """The user's key, created if there is none.

    If it cannot be stored (a read-only home), this returns a key for this process alone: graphs
    sealed by it are rebuilt by the next process, which only costs time.
    """
    existing = load_key(directory)
    if existing is not None:
        return existing
    key = Key(os.urandom(_LENGTH))
    try:
        return _keep(key, directory)
    except OSError:
        return key


def _keep(key: Key, directory: Path) -> Key:
    """Store a key, readable only by its owner; returns the key in force, perhaps another process's.

    Raises:
        OSError: it cannot be written.
    """
    path = directory / _NAME
    temporary = directory / f"{_NAME}.{os.getpid()}"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.secret)
    try:
        # link() fails if another process was first; its key is then the one in force.
        os.link(temporary, path)
    except FileExistsError:
        existing = load_key(directory)
        if existing is not None:
            return existing
        # Truncated or empty: no graph sealed by it can be verified any more.
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return key
