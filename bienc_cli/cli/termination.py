"""SIGTERM as an exception, and what is said when a command ends by it or by Ctrl-C."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress

from bienc_cli.errors import EXIT_INTERRUPTED, EXIT_TERMINATED

TYPE_CHECKING = False  # As in `bienc_cli.server.client`.
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


class Terminated(BaseException):
    """SIGTERM, as an exception, so that an index being written is left whole."""


class Termination:
    """Has SIGTERM raise `Terminated` meanwhile.

    Attributes:
        asked: it has; also where a library made something else of the exception.
    """

    def __init__(self) -> None:
        self.asked = False
        self._previous: Callable[[int, FrameType | None], object] | int | None = None

    def __enter__(self) -> None:
        # Not the main thread: its owner decides about signals.
        with suppress(ValueError):
            self._previous = signal.signal(signal.SIGTERM, self._raise)

    def __exit__(self, *_: object) -> None:
        with suppress(ValueError, TypeError):
            signal.signal(signal.SIGTERM, self._previous)

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        raise Terminated

    def exit_code(self) -> int:
        """Of a command that was ended, by SIGTERM or else by Ctrl-C; says so on stderr."""
        with suppress(OSError):
            sys.stderr.write(f"\nbienc: {'terminated' if self.asked else 'interrupted'}\n")
        return EXIT_TERMINATED if self.asked else EXIT_INTERRUPTED
