"""Reads single keys from a terminal, without losing any typed in between."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bienc_cli.cli import process

if sys.platform == "win32":
    import msvcrt
else:
    import termios

_LOCAL = 3
"""Index of the local modes in the terminal attributes."""
_ESCAPE, _INTERRUPT, _END = "\x1b", "\x03", "\x04"
_REST_SECONDS = 0.05
"""For the rest of an escape sequence: an arrow key sends several characters."""

if sys.platform == "win32":

    @contextmanager
    def unseen() -> Iterator[None]:
        """Windows shows no keys but while a line is asked for."""
        yield

    def read_key() -> str:
        """The next key, in small letters.

        Raises:
            KeyboardInterrupt: it was Ctrl-C.
        """
        key = msvcrt.getwch()
        if key in ("\x00", "\xe0"):
            # Arrow and function keys send two characters.
            msvcrt.getwch()
            return _ESCAPE
        if key == _INTERRUPT:
            raise KeyboardInterrupt
        return key.lower()

else:

    @contextmanager
    def unseen() -> Iterator[None]:
        """Keys that are typed meanwhile do not show; nothing happens where there is no terminal."""
        try:
            descriptor = sys.stdin.fileno()
            saved_attributes = termios.tcgetattr(descriptor)
        except (OSError, ValueError, termios.error):
            yield
            return

        def restore() -> None:
            with suppress(termios.error):
                termios.tcsetattr(descriptor, termios.TCSADRAIN, saved_attributes)

        with process.undone(restore):
            _turn_off(descriptor, termios.ECHO)
            try:
                yield
            finally:
                restore()

    def read_key() -> str:
        """The next key, in small letters; `q` where the terminal has gone away.

        Raises:
            KeyboardInterrupt: it was Ctrl-C.
        """
        descriptor = sys.stdin.fileno()
        saved_attributes = termios.tcgetattr(descriptor)
        _turn_off(descriptor, termios.ICANON | termios.ECHO | termios.ISIG)
        try:
            key = _character(descriptor)
            if key == _ESCAPE:
                while select.select([descriptor], [], [], _REST_SECONDS)[0]:
                    os.read(descriptor, 1)
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, saved_attributes)
        if key == _INTERRUPT:
            raise KeyboardInterrupt
        return "q" if key in ("", _END) else key.lower()

    def _character(descriptor: int) -> str:
        """One character of UTF-8, whose first byte says how many follow."""
        first_byte = os.read(descriptor, 1)
        if not first_byte or first_byte[0] < 0xC0:
            return first_byte.decode("utf-8", "replace")
        following = 1 + (first_byte[0] >= 0xE0) + (first_byte[0] >= 0xF0)
        return (first_byte + os.read(descriptor, following)).decode("utf-8", "replace")

    def _turn_off(descriptor: int, modes: int) -> None:
        """Not by `tty.setraw`, which throws away what has been typed."""
        attributes = termios.tcgetattr(descriptor)
        attributes[_LOCAL] &= ~modes
        termios.tcsetattr(descriptor, termios.TCSADRAIN, attributes)
