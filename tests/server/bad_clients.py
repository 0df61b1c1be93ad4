"""What bad clients send, and how: any value, spoilt bytes, half a request, a slow reader."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable

AT_ONCE = 50
SECRET = "nobody-may-read-this"
MOST_GROWTH = 64 << 20

TEXTS = [
    "pear",
    "",
    " ",
    "\0",
    "\ud800",
    "é" * 3000,
    "../../../etc/passwd",
    "/etc/passwd",
    "-",
    "--index",
    "~root",
    "a" * 20_000,
    "\x1b]0;x\x07",
    "\u202e",
    "'; DROP TABLE passages; --",
]


def value(dice: random.Random, depth: int = 0) -> object:
    kinds: list[Callable[[], object]] = [
        lambda: None,
        lambda: dice.choice([True, False]),
        lambda: dice.choice([0, -1, 1, 10**30, 2**63, 1e308, -0.0]),
        lambda: dice.choice(TEXTS),
    ]
    if depth < 3:
        kinds.append(lambda: [value(dice, depth + 1) for _ in range(dice.randrange(4))])
        kinds.append(lambda: {dice.choice(TEXTS): value(dice, depth + 1) for _ in range(3)})
    return dice.choice(kinds)()


def spoilt(dice: random.Random, sent: bytes) -> bytes:
    """Cut, repeated, or with some bytes changed."""
    if dice.random() < 0.8:
        return sent
    changed = bytearray(sent)
    for _ in range(dice.randrange(1, 20)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed[: dice.randrange(len(changed) + 1)]) * dice.choice([1, 1, 2])


def received(connection: socket.socket) -> bytes:
    found = b""
    while more := connection.recv(1 << 16):
        found += more
    return found


def talk(dice: random.Random, connection: socket.socket, sent: bytes) -> bytes:
    """Send it in one of the ways of bad clients; what came back."""
    connection.settimeout(20)
    manner = dice.random()
    try:
        if manner < 0.1:
            # Half, and away.
            connection.sendall(sent[: len(sent) // 2])
            return b""
        if manner < 0.15:
            # Half, and then nothing, but listening.
            connection.sendall(sent[: len(sent) // 2])
            return received(connection)
        connection.sendall(sent)
        if manner < 0.25:
            return b""
        if manner < 0.4:
            connection.shutdown(socket.SHUT_WR)
        if manner < 0.5:
            # A slow reader, which then has enough.
            return connection.recv(1)
        return received(connection)
    except OSError:
        return b""


def settled(count: Callable[[], int], most: int) -> bool:
    """Whether it comes down to that; connections end behind the last answer."""
    return any(count() <= most or time.sleep(0.05) for _ in range(600))
