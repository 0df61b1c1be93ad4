"""A warm process that answers over a socket private to the user, and over HTTP on the loopback.

Every `bienc query` imports `client`, so that module imports almost nothing.
"""

from __future__ import annotations


class Declined(Exception):
    """A request that the client has to carry out itself; says why."""
