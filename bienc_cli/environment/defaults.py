"""`bienc.toml`: defaults of options, in the folder and in the user's configuration.

The folder's file is the nearest one upwards that this user owns. It may be part of somebody else's
repository, so it can name models only by alias: nothing is looked up on its word.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bienc_cli.environment import caller
from bienc_cli.errors import UsageError
from bienc_cli.settings import Origin, Setting

NAME = "bienc.toml"

_ALL = ""
KEYS: Mapping[str, Mapping[str, type]] = MappingProxyType(
    {
        _ALL: {
            "model": str,
            "cross-encoder": str,
            "runtime": str,
            "device": str,
            "threads": int,
            "offline": bool,
            "format": str,
        },
        "query": {
            "k": int,
            "strategy": str,
            "candidates": int,
            "rerank": bool,
            "rerank-budget": float,
            "min-relevance": float,
            "full": bool,
            "context": int,
        },
        "compare": {"k": int, "strategies": list},
        "judge": {"strategies": list, "depth": int},
    }
)
"""The settings for all commands and, by table, for single ones, with their types."""

_TYPE_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
_TYPE_NAMES[list] = "a list of texts"

_OVERRULES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "--strategy": ("rerank", "candidates", "rerank-budget", "min-relevance"),
        "--no-rerank": ("strategy", "candidates", "rerank-budget", "min-relevance"),
        "-k": ("candidates",),
        "--budget-tokens": ("k",),
    }
)
"""For a typed option, the settings in files that might contradict it."""

_MODELS = ("model", "cross-encoder")
_NO_DEFAULTS = frozenset({"--help", "-h", "help", "--version", "-V"})


@dataclass(frozen=True, slots=True)
class Defaults:
    """The settings in the files, by table ("" for all commands) and name."""

    settings: Mapping[tuple[str, str], Setting[Any]]

    def of(self, name: str, table: str = _ALL) -> Setting[Any] | None:
        """A setting, if a file has it."""
        return self.settings.get((table, name))

    def for_parser(
        self, arguments: Sequence[str], commands: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """The parser's defaults by command and parameter; typed options override them."""
        typed = {word.partition("=")[0] for word in arguments}
        overruled = {name for flag in typed & _OVERRULES.keys() for name in _OVERRULES[flag]}
        return {
            command: {
                parameter_of(name): setting.value
                for (table, name), setting in self.settings.items()
                # These two have environment variables, which take precedence.
                if table in (_ALL, command) and name not in (*_MODELS, *overruled)
            }
            for command in commands
        }

    def as_words(self, arguments: Sequence[str]) -> list[str]:
        """The settings that decide which cross-encoder a query needs, as if typed."""
        words: list[str] = []
        for table, name in (
            ("query", "strategy"),
            (_ALL, "cross-encoder"),
            (_ALL, "runtime"),
            (_ALL, "device"),
            (_ALL, "threads"),
            (_ALL, "offline"),
        ):
            setting, flag = self.of(name, table), f"--{name}"
            if setting is not None and flag not in arguments and setting.value is not False:
                words += [flag] if setting.value is True else [flag, str(setting.value)]
        if (rerank := self.of("rerank", "query")) is not None and not rerank.value:
            words.append("--no-rerank")
        return words


def parameter_of(name: str) -> str:
    """The command parameter that a setting is the default of."""
    return "format_" if name == "format" else name.replace("-", "_")


_IN_USE = Defaults({})
_OF_CLIENT: ContextVar[Defaults | None] = ContextVar("defaults", default=None)


def in_use() -> Defaults:
    """The settings read for the running command."""
    return _OF_CLIENT.get() or _IN_USE


def use(arguments: Sequence[str]) -> Defaults:
    """Read the settings that apply here; none for a command line that asks for help.

    Raises:
        UsageError: a file is malformed.
    """
    global _IN_USE
    settings: dict[tuple[str, str], Setting[Any]] = {}
    if _NO_DEFAULTS.isdisjoint(arguments):
        for source, path in files(caller.here()):
            settings.update(_read(path, source))
    if caller.warm() is not None:
        # Other clients are answered at the same time.
        _OF_CLIENT.set(Defaults(settings))
        return Defaults(settings)
    _IN_USE = Defaults(settings)
    return _IN_USE


def files(here: Path) -> Iterator[tuple[Origin, Path]]:
    """The existing files: the user's, then the folder's."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
    user_file = Path(base) / "bienc" / NAME
    if user_file.is_file():
        yield Origin.USER, user_file
    for folder in (here, *here.parents):
        path = folder / NAME
        if path.is_file():
            from bienc_cli.store.privacy import is_own

            if is_own(path):
                yield Origin.FOLDER, path
                return


def _read(path: Path, source: Origin) -> Iterator[tuple[tuple[str, str], Setting[Any]]]:
    import tomllib

    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", "mend it, or move it away") from error
    for name, value in content.items():
        if isinstance(value, dict):
            if name not in KEYS or name == _ALL:
                raise _unknown(path, f"[{name}]", [f"[{table}]" for table in KEYS if table])
            for key, key_value in value.items():
                yield (name, key), Setting(_fit(path, source, name, key, key_value), source, path)
        else:
            yield (_ALL, name), Setting(_fit(path, source, _ALL, name, value), source, path)


def _fit(path: Path, source: Origin, table: str, name: str, value: Any) -> Any:
    """A value converted for its option.

    Raises:
        UsageError: the setting is unknown, or the value is invalid.
    """
    types = KEYS[table]
    if name not in types:
        raise _unknown(path, f"'{name}'", list(types))
    kind = types[name]
    # True is an int to Python.
    fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        fits = True
    if kind is list and fits:
        fits = all(isinstance(item, str) for item in value)
    if not fits:
        raise UsageError(f"{path}: {name} is {_TYPE_NAMES[kind]}, not {value!r}.", f"change {path}")
    try:
        return _checked(source, name, value)
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", error.hint or f"change {path}") from error


def _checked(source: Origin, name: str, value: Any) -> Any:
    from bienc_cli.models import RUNTIMES
    from bienc_cli.models.registry import known_model
    from bienc_cli.render.view import OutputFormat
    from bienc_cli.strategy import strategies_named, strategy_named

    if name in _MODELS and source is Origin.FOLDER and known_model(value) is None:
        raise UsageError(
            f"a folder's file names models by their short names only, not '{value}'.",
            f"put it into your own, ~/.config/bienc/{NAME}, or give --{name} {value}",
        )
    if name == "strategy":
        return strategy_named(value).value
    if name == "strategies":
        return ",".join(strategies_named(value))
    allowed = {"runtime": RUNTIMES, "format": tuple(map(str, OutputFormat))}.get(name, (value,))
    if value not in allowed:
        raise UsageError(f"there is no {name} '{value}'.", f"give one of: {', '.join(allowed)}")
    return value


def _unknown(path: Path, setting_name: str, known: Sequence[str]) -> UsageError:
    close_matches = get_close_matches(setting_name.strip("'"), known, 1)
    hint = f"do you mean {close_matches[0]}?" if close_matches else f"there are: {', '.join(known)}"
    return UsageError(f"{path}: there is no setting {setting_name}.", hint)
