"""Errors for whoever has arguments and no command line: scripts, notebooks, HTTP, agents.

Hints name what to type. A command is one for everybody; a flag of it is an argument's name here.
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
    # A word is a value where no sentence goes on with it.
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
"""Flags whose arguments are called otherwise, or that stand for a value."""


def in_arguments(sentence: str) -> str:
    """A sentence whose flags are arguments: `--min-shared 0.5` becomes `min_shared=0.5`.

    Whole commands stay what they are.
    """
    parts = _COMMAND.split(sentence)
    # Every other one is a command.
    return "".join(
        part if odd % 2 else _FLAG.sub(_argument, part) for odd, part in enumerate(parts)
    )


def _argument(flag: re.Match[str]) -> str:
    name = _NAMES.get(flag[1], flag[1].replace("-", "_"))
    value = flag[2]
    if value is None or "=" in name:
        return name
    number = re.fullmatch(r"-?[\d.]+", value)
    return f"{name}={value if number else repr(value.strip(chr(39)))}"


@contextmanager
def errors_in_arguments() -> Iterator[None]:
    """Have what is raised meanwhile speak of arguments; also a decorator."""
    try:
        yield
    except BiencError as error:
        error.message = in_arguments(error.message)
        error.args = (error.message,)
        error.hint = None if error.hint is None else in_arguments(error.hint)
        raise
