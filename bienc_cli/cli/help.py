"""The contents of `--help` as data: displayed here, and turned into a manual page by `manual`."""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from typer.core import TyperGroup

from bienc_cli.cli.examples import EXAMPLES, Example
from bienc_cli.environment.variables import VARIABLES

if TYPE_CHECKING:
    from rich.text import Text

_LAST = ("Models", "Index", "Output")
"""Groups that every command has, shown after its own."""

_COMMANDS = "Commands"
_NAMES_WIDTH = 24
_MOST_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class HelpEntry:
    """An argument, option, command or variable, and its purpose."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Entries shown together."""

    title: str
    entries: tuple[HelpEntry, ...]


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """Everything to say about a command.

    Attributes:
        usage: the command line, without options.
        paragraphs: the first one says in a sentence what it does.
    """

    usage: str
    paragraphs: tuple[str, ...]
    groups: tuple[Group, ...]
    examples: tuple[Example, ...]


def page_of(command: Any, context: Any) -> CommandHelp:
    """The help of a command, or of the table of commands.

    Args:
        command: Typer's.
        context: Typer's, of the parsed command line.
    """
    parameters = command.get_params(context)
    arguments = [parameter for parameter in parameters if parameter.param_type_name == "argument"]
    options = [
        parameter
        for parameter in parameters
        if parameter.param_type_name == "option" and not parameter.hidden
    ]
    groups = []
    if isinstance(command, TyperGroup):
        commands = [
            HelpEntry(name, _paragraphs(subcommand)[0])
            for name, subcommand in command.commands.items()
        ]
        groups.append(Group(_COMMANDS, tuple(commands)))
    if arguments:
        groups.append(
            Group(
                "Arguments",
                tuple(HelpEntry(_usage(argument), _help_text(argument)) for argument in arguments),
            )
        )
    options_by_group: dict[str, list[Any]] = {}
    for option in options:
        options_by_group.setdefault(_group_of(option), []).append(option)
    for title in sorted(
        options_by_group,
        key=lambda group_title: _LAST.index(group_title) if group_title in _LAST else -1,
    ):
        entries = tuple(
            HelpEntry(_names(grouped_option), _help_text(grouped_option))
            for grouped_option in options_by_group[title]
        )
        groups.append(Group(title, entries))
    if isinstance(command, TyperGroup):
        groups.append(
            Group("Environment", tuple(HelpEntry(*variable) for variable in VARIABLES.items()))
        )
    operands = (
        "COMMAND ..." if isinstance(command, TyperGroup) else " ".join(map(_usage, arguments))
    )
    return CommandHelp(
        " ".join([context.command_path, "[OPTIONS]", operands]).strip(),
        _paragraphs(command),
        tuple(groups),
        EXAMPLES.get(context.info_name, ()),
    )


def brief(page: CommandHelp) -> CommandHelp:
    """The part that fits on 24 lines of 80 columns: the commands, and where to find more."""
    commands = tuple(group for group in page.groups if group.title == _COMMANDS)
    first, second, _ = page.examples
    more = (
        f"Begin with {first.line}, then {second.line}. All options: bienc --help; of a command: "
        "bienc help COMMAND."
    )
    return replace(page, paragraphs=(page.paragraphs[0], more), groups=commands, examples=())


def _paragraphs(command: Any) -> tuple[str, ...]:
    text = _plain(inspect.cleandoc(command.help or ""))
    return tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _group_of(option: Any) -> str:
    return option.rich_help_panel or (_LAST[-1] if option.name == "help" else "Options")


def _usage(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    if name.endswith("...") or name.startswith("["):
        return str(name)
    name += "..." if argument.nargs != 1 else ""
    return name if argument.required else f"[{name}]"


def _names(option: Any) -> str:
    """`-k N`, `-f, --format table|json`, `--rerank, --no-rerank`."""
    # Typer keeps the names of --help in an unordered set.
    names = ", ".join([*sorted(option.opts, key=len), *option.secondary_opts])
    return names if option.is_flag else f"{names} {_value(option)}"


def _value(option: Any) -> str:
    choices = option.type_descriptor.choices
    return option.metavar or "|".join(str(choice.value) for choice in choices)


def _help_text(parameter: Any) -> str:
    text = _plain(parameter.help or "")
    default = parameter.default
    # If the default is a rule instead of a value, the help text says it.
    shows_default = parameter.show_default and default not in (None, False, (), "")
    if not shows_default or callable(default) or getattr(parameter, "is_flag", False):
        return text
    return f"{text}  [default: {default.value if isinstance(default, Enum) else default}]"


def _plain(markup: str) -> str:
    from rich.text import Text

    return Text.from_markup(markup).plain


def lines(page: CommandHelp, width: int) -> Iterator[Text]:
    """The help laid out for a screen width; no word is broken."""
    from rich.text import Text

    yield Text.assemble(("Usage:", "bold"), f" {page.usage}")
    for paragraph in page.paragraphs:
        yield Text()
        yield from map(Text, textwrap.wrap(paragraph, width, break_on_hyphens=False))
    for group in page.groups:
        yield Text()
        yield Text(f"{group.title}:", "bold")
        longest = max(len(entry.name) for entry in group.entries)
        column = min(longest if group.title == _COMMANDS else _NAMES_WIDTH, width // 3)
        for entry in group.entries:
            yield from _entry_lines(entry, column, width)
    if page.examples:
        yield Text()
        yield Text("Examples:", "bold")
    for example in page.examples:
        for line in textwrap.wrap(f"# {example.text}", width - 2, break_on_hyphens=False):
            yield Text(f"  {line}", "dim")
        yield Text(f"  {example.line}")


def _entry_lines(entry: HelpEntry, column: int, width: int) -> Iterator[Text]:
    from rich.text import Text

    indent = " " * (column + 4)
    text_lines = textwrap.wrap(
        entry.text, width - len(indent), break_long_words=False, break_on_hyphens=False
    )
    if len(entry.name) > column or not text_lines:
        yield Text.assemble("  ", (entry.name, "bold cyan"))
    else:
        padding = " " * (column - len(entry.name) + 2)
        yield Text.assemble("  ", (entry.name, "bold cyan"), padding, text_lines.pop(0))
    yield from (Text(f"{indent}{line}") for line in text_lines)


def show(page: CommandHelp) -> None:
    """Print the help."""
    from rich.text import Text

    from bienc_cli.cli.output import Output
    from bienc_cli.render.view import OutputFormat

    width = min(max(shutil.get_terminal_size((80, 24)).columns, 40), _MOST_COLUMNS)
    Output(OutputFormat.table).print_rich(Text("\n").join(lines(page, width)))
