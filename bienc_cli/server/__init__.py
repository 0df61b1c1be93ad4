"""A warm process that answers: over a socket of this user's alone, and over HTTP on the loopback.

`client` is what every `bienc query` imports, and so imports next to nothing.
"""

from __future__ import annotations


class Declined(Exception):
    """A request that is for the client itself to carry out; says why."""
