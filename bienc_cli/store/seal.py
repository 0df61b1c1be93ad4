"""The key by which a user recognises graph files of their own making.

It lies outside every index, readable by its owner only. An index that was copied from
somewhere has no valid seal here: its graph is loaded only where it is proven (`graph_proof.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
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
        """Keyed BLAKE2b of `text`, hex; for what is short."""
        return hashlib.blake2b(
            text.encode(), key=self.secret, digest_size=32, person=b"bienc seal"
        ).hexdigest()

    def holds(self, text: str, seal: str) -> bool:
        """Whether `seal` was made of `text` with this key."""
        return hmac.compare_digest(self.seal(text).encode(), seal.encode())

    def checksum(self, chunks: Iterable[bytes], nonce: str) -> str:
        """Poly1305 (RFC 8439) of a file, hex: as hard to forge as to hit by accident.

        A plain fast hash would tell damage, not forgery; a plain cryptographic one costs
        as much time as loading the graph. This does both at several GB/s.

        Args:
            chunks: the file's bytes, in order.
            nonce: never used for another file; the one-time key is derived from it.
        """
        from cryptography.hazmat.primitives.poly1305 import Poly1305

        once = hashlib.blake2b(
            nonce.encode(), key=self.secret, digest_size=32, person=b"bienc file"
        ).digest()
        authenticator = Poly1305(once)
        for chunk in chunks:
            authenticator.update(chunk)
        return authenticator.finalize().hex()


def new_nonce() -> str:
    """For one file's checksum."""
    return secrets.token_hex(16)


def load_key(directory: Path) -> Key | None:
    """The user's key; None where there is none yet, or none that can be read."""
    try:
        secret = (directory / _NAME).read_bytes()
    except OSError:
        return None
    return Key(secret) if len(secret) == _LENGTH else None


def adopt_key(old: Path, directory: Path) -> None:
    """Copy the key from where earlier versions kept it, if there is none yet.

    Where that cannot be done, the graphs that it sealed are not used, and nothing else.
    """
    if (directory / _NAME).exists():
        return
    found = load_key(old)
    if found is not None:
        with suppress(OSError):
            _keep(found, directory)


def ensure_key(directory: Path) -> Key:
    """The user's key, made if there is none.

    Where it cannot be kept (a read-only home), a key for this process alone is returned:
    graphs sealed by it are rebuilt by the next process, which costs time and nothing else.
    """
    found = load_key(directory)
    if found is not None:
        return found
    key = Key(secrets.token_bytes(_LENGTH))
    try:
        return _keep(key, directory)
    except OSError:
        return key


def _keep(key: Key, directory: Path) -> Key:
    """Write a key, readable by its owner only; the key that counts, which may be another's.

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
        # link() fails where another process was first; its key is then the key.
        os.link(temporary, path)
    except FileExistsError:
        found = load_key(directory)
        if found is not None:
            return found
        # Cut short or emptied: no graph was sealed by it that could still be checked.
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return key
