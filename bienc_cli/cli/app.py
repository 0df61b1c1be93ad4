"""The table of commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from bienc_cli import __version__
from bienc_cli.cli.output import Output
from bienc_cli.render.view import OutputFormat

COMMANDS = (
    *("index", "query", "similar", "pairs", "compare", "judge", "tune"),
    *("score", "classify", "serve", "mcp", "info", "models", "check", "remove"),
)
"""In the order of the help."""

_COMMANDS_ONLY = "bienc.commands-only"
_SHORT_NUMBER = re.compile("[0-9]{1,9}")


class _Conversion:
    """Converts a parameter's value: plain values directly, others through Typer.

    Typer's conversion imports pydantic, which takes a tenth of the time of a cold query.
    """

    def __init__(self, typer_conversion: Callable[[], Any]) -> None:
        self._typer_conversion = typer_conversion

    def __call__(self) -> _Conversion:
        """Itself: it takes the place of Typer's factory."""
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The converted value, or an error that explains what is wrong."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        annotation = param.type_descriptor.annotation
        if annotation is str and isinstance(value, str):
            return value
        if annotation == list[str] and isinstance(value, (list, tuple)):
            return list(value)
        if isinstance(annotation, type) and issubclass(annotation, Enum):
            for choice in annotation:
                if value in (choice, choice.value):
                    return choice
        if annotation is int and _SHORT_NUMBER.fullmatch(str(value)):
            range_ = param.type_descriptor.parameter_info
            if range_.max is None and (range_.min is None or range_.min <= int(value)):
                return int(value)
        return self._typer_conversion().coerce(value, param=param, ctx=ctx)


def _with_conversions(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if not isinstance(parameter.get_runtime_param, _Conversion):
            parameter.get_runtime_param = _Conversion(parameter.get_runtime_param)
    return parameters


class HelpfulCommand(TyperCommand):
    """A command whose help is a `CommandHelp`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Typer's parameters, each with a `_Conversion`."""
        return _with_conversions(super().get_params(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's signature
        """Print the page."""
        from bienc_cli.cli.help import page_of, show

        show(page_of(self, ctx))


class HelpfulGroup(TyperGroup):
    """The table of commands, whose help is a `CommandHelp`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Typer's parameters, each with a `_Conversion`."""
        return _with_conversions(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Like Typer's; without any argument, only the commands are shown."""
        ctx.meta[_COMMANDS_ONLY] = not args
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's signature
        """Print the page."""
        from bienc_cli.cli.help import brief, page_of, show

        page = page_of(self, ctx)
        show(brief(page) if ctx.meta.get(_COMMANDS_ONLY) else page)


def _print_version(requested: bool) -> None:
    if requested:
        Output(OutputFormat.plain).print_lines([f"bienc {__version__}"])
        raise typer.Exit


def _bienc(
    _version: Annotated[
        bool,
        typer.Option(
            "-V",
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Search document folders by meaning, locally.

    A bi-encoder finds candidates in an on-disk index, a cross-encoder reads them together
    with the query and puts them in order; `compare` shows what each gives and what it costs.
    """


def command_line(names: Sequence[str] = COMMANDS) -> Any:
    """Build Typer's command line; for all commands, it takes longer than a warm query.

    Args:
        names: of the commands, each a function in a module of that name.
    """
    app = typer.Typer(
        name="bienc",
        cls=HelpfulGroup,
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_bienc)
    for name in names:
        app.command(cls=HelpfulCommand)(getattr(import_module(f"bienc_cli.cli.{name}"), name))
    return get_command(app)
