"""git's patterns, as `wildmatch.c` reads them: bytes, component by component.

A pattern becomes a sequence of components, so that matching costs no more than pattern times
path, whatever an ignore file in somebody's folder says. Where git's own answer depends on chance
(`a**/b`), two asterisks are one.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

Component = re.Pattern[bytes] | None
"""Matches one name of a path in full; None stands for any number of names."""

_ANY_NAME = re.compile(rb"[^/]+", re.DOTALL)
_SLASH = ord("/")

_CLASSES = {
    b"alnum": string.ascii_letters + string.digits,
    b"alpha": string.ascii_letters,
    b"blank": " \t",
    b"cntrl": "".join(map(chr, (*range(32), 127))),
    b"digit": string.digits,
    b"graph": string.ascii_letters + string.digits + string.punctuation,
    b"lower": string.ascii_lowercase,
    b"print": string.ascii_letters + string.digits + string.punctuation + " ",
    b"punct": string.punctuation,
    b"space": string.whitespace,
    b"upper": string.ascii_uppercase,
    b"xdigit": string.hexdigits,
}


class MalformedPattern(ValueError):
    """A pattern that matches nothing: an open bracket, an unknown class, a backslash at its end."""


@dataclass(frozen=True, slots=True)
class Wildcards:
    """A translated pattern."""

    components: tuple[Component, ...]

    def match(self, path: Sequence[bytes]) -> bool:
        """Whether the pattern matches all of a path, given as its names."""
        at, name = 0, 0
        # Where to go on if the names behind the last "any number" do not fit.
        again, taken = -1, 0
        while name < len(path):
            component = self.components[at] if at < len(self.components) else _NOTHING
            if component is None:
                again, taken = at + 1, name
                at += 1
            elif component.fullmatch(path[name]):
                at, name = at + 1, name + 1
            elif again >= 0:
                taken += 1
                at, name = again, taken
            else:
                return False
        return all(component is None for component in self.components[at:])


_NOTHING = re.compile(rb"(?!)")


def translate(pattern: bytes, *, ignore_case: bool = False) -> Wildcards:
    """Translate a pattern without the marks of its ends: no `!` before it, no slash around it.

    Raises:
        MalformedPattern: it matches nothing.
    """
    components: list[Component] = []
    # The pieces of the component at hand: one expression for all between two asterisks.
    pieces = [b""]
    position = 0
    while position < len(pattern):
        char = pattern[position : position + 1]
        if char == b"*":
            run = position
            while pattern[position : position + 1] == b"*":
                position += 1
            alone = (run == 0 or pattern[run - 1] == _SLASH) and pattern[
                position : position + 2
            ].startswith((b"/", b"\\/"))
            at_end = position == len(pattern) and (run == 0 or pattern[run - 1] == _SLASH)
            if position - run < 2 or not (alone or at_end):
                pieces.append(b"")
                continue
            if at_end or pattern[position] != _SLASH:
                # One name at least: only `**/` may stand for none.
                components.append(_ANY_NAME)
            components.append(None)
            if at_end:
                return Wildcards(tuple(components))
            position += 1 + (pattern[position] != _SLASH)
        elif char == b"/" or pattern[position : position + 2] == b"\\/":
            components.append(_component(pieces, ignore_case=ignore_case))
            pieces = [b""]
            position += len(char) + (char == b"\\")
        elif char == b"[":
            allowed, position = _bracket(pattern, position)
            pieces[-1] += allowed
        elif char == b"?":
            pieces[-1] += rb"[^/]"
            position += 1
        else:
            position += char == b"\\"
            if position == len(pattern):
                raise MalformedPattern("a backslash at its end")
            pieces[-1] += re.escape(pattern[position : position + 1])
            position += 1
    components.append(_component(pieces, ignore_case=ignore_case))
    return Wildcards(tuple(components))


def _component(pieces: Sequence[bytes], *, ignore_case: bool) -> re.Pattern[bytes]:
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    if len(pieces) == 1:
        return re.compile(pieces[0], flags)
    first, *middle, last = pieces
    # What stands between two asterisks is best found as early as it can be: nothing to go back to.
    found = b"".join(b"(?>.*?" + piece + b")" for piece in middle if piece)
    return re.compile(first + found + b".*" + last, flags)


def _bracket(pattern: bytes, position: int) -> tuple[bytes, int]:
    """An expression for what a bracket allows, and the position behind it."""
    position += 1
    negated = pattern[position : position + 1] in (b"!", b"^")
    position += negated
    allowed: set[int] = set()
    before: int | None = None
    first = True
    while first or pattern[position : position + 1] != b"]":
        first = False
        char = _char(pattern, position)
        following = pattern[position + 1 : position + 2]
        if char == ord("\\"):
            position += 1
            before = _char(pattern, position)
            allowed.add(before)
        elif char == ord("-") and before is not None and following not in (b"", b"]"):
            position += 1
            if pattern[position] == ord("\\"):
                position += 1
            allowed.update(range(before, _char(pattern, position) + 1))
            before = None
        elif char == ord("[") and following == b":":
            closing = pattern.find(b"]", position + 2)
            if closing < 0:
                raise MalformedPattern("an open bracket")
            if closing < position + 3 or pattern[closing - 1] != ord(":"):
                before = char
                allowed.add(char)
            else:
                name = pattern[position + 2 : closing - 1]
                if name not in _CLASSES:
                    raise MalformedPattern("an unknown class of characters")
                allowed.update(_CLASSES[name].encode())
                position, before = closing, None
        else:
            before = char
            allowed.add(char)
        position += 1
    accepted = (set(range(1, 256)) - allowed if negated else allowed) - {_SLASH}
    if not accepted:
        raise MalformedPattern("a bracket that allows nothing")
    return b"[" + b"".join(rb"\x%02x" % byte for byte in sorted(accepted)) + b"]", position + 1


def _char(pattern: bytes, position: int) -> int:
    if position >= len(pattern):
        raise MalformedPattern("an open bracket")
    return pattern[position]
