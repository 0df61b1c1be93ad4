"""Rewords errors for callers with arguments instead of a command line: scripts, HTTP, agents.

Hints name what to type. A whole command means the same to everybody; a flag becomes the name of the
argument.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from bienc_cli.errors import BiencError

_COMMAND = re.compile(r"(`bienc [^`]*`|\bbienc [a-z]+ .*|\bbienc [a-z]+$)", re.DOTALL)
_VALUE = (
    r"(?!(?:and|if|is|or|says|that|to|works)\b)"
    r"(?:'[^']*'|-?[\d.]*\d|[A-Z]+\b|[\w*-]+(?:[+,/*][\w*-]+)+"
    # A word is a value unless the sentence continues with it.
    r"|[a-z][\w-]*(?=[,.;)]|$| --))"
)
_FLAG = re.compile(rf"(?<![\w-])--([a-z][a-z-]*)(?:[ =]({_VALUE}))?")

_NAMES = {
    "between": "path",
    "classify": "classify=True",
    "exact": "exact=True",
    "exhaustive": "exhaustive=True",
    "no-rerank": "rerank=False",
    "with": "against",
}
"""Flags whose arguments have other names, or that stand for a value."""


def in_arguments(sentence: str) -> str:
    """Reword flags in a sentence as arguments: `--min-shared 0.5` becomes `min_shared=0.5`.

    Whole commands are left alone.
    """
    parts = _COMMAND.split(sentence)
    # Every second part is a command.
    return "".join(
        part if index % 2 else _FLAG.sub(_argument, part) for index, part in enumerate(parts)
    )


def _argument(flag: re.Match[str]) -> str:
    name = _NAMES.get(flag[1], flag[1].replace("-", "_"))
    value = flag[2]
    if value is None or "=" in name:
        return name
    is_number = re.fullmatch(r"-?[\d.]+", value)
    return f"{name}={value if is_number else repr(value.strip(chr(39)))}"


@contextmanager
def errors_in_arguments() -> Iterator[None]:
    """Reword errors raised in the body; also a decorator."""
    try:
        yield
    except BiencError as error:
        error.message = in_arguments(error.message)
        error.args = (error.message,)
        error.hint = None if error.hint is None else in_arguments(error.hint)
        raise
