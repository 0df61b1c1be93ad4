"""Explains what is wrong with a command line: what was typed, what is allowed, and what to type.

It rewords the messages of the parser and its validator.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from bienc_cli.cli.examples import EXAMPLES
from bienc_cli.errors import UsageError

_FOREIGN_COMMANDS = {
    "version": "bienc --version",
    "watch": "bienc index --watch",
    "add": "bienc index PATH",
    "update": "bienc index",
    "refresh": "bienc index",
    "search": "bienc query TEXT",
    "find": "bienc query TEXT",
    "ask": "bienc query TEXT",
    "evaluate": "bienc compare --queries FILE --qrels FILE",
    "measure": "bienc compare --queries FILE --qrels FILE",
    "status": "bienc info",
    "list": "bienc info",
    "verify": "bienc check",
    "repair": "bienc check --repair",
    "delete": "bienc remove PATH",
    "forget": "bienc remove PATH",
    "rm": "bienc remove PATH",
}
"""What other programs call the commands of this one."""

_LIKELY = {"-k": 10, "--candidates": 50, "--min-relevance": 0.5, "--rerank-budget": 300}
"""Plausible values for options without a default, where the minimum is not helpful."""

_FOREIGN_OPTIONS = {
    **dict.fromkeys(("-n", "--k", "--top", "--top-k", "--limit", "--num", "--count"), "-k 10"),
    **dict.fromkeys(("--json", "-o", "--output"), "--format json"),
    **dict.fromkeys(("-t", "--filetype"), "--type markdown"),
    "--csv": "--format csv",
    "--fix": "--repair",
    "--port": "--http 127.0.0.1:8000",
}
"""What other programs call the options of this one, and what to type here."""

_QUOTED = re.compile(r"'([^']*)'")
_TOO_MANY = re.compile(r"Got unexpected extra argument\S* \((.*)\)", re.DOTALL)


def put_into_words(error: Any, arguments: Sequence[str], commands: Sequence[str]) -> UsageError:
    """An error of the parser, as a sentence and a hint.

    Args:
        error: one of Typer's exceptions.
        arguments: the command line.
        commands: the names of all commands.
    """
    return UsageError(*_message_and_hint(error, arguments, commands))


def _message_and_hint(
    error: Any, arguments: Sequence[str], commands: Sequence[str]
) -> tuple[str, str]:
    context = getattr(error, "ctx", None)
    typed_command = next((f"bienc {word}" for word in arguments if word in commands), "bienc")
    command = getattr(context, "command_path", typed_command)
    kind = type(error).__name__
    text: str = error.format_message()
    if kind == "NoSuchOption":
        return _unknown_option(error, command, context, arguments)
    if text.startswith("No such command"):
        return _unknown_command(_QUOTED.findall(text)[0], arguments, commands)
    if kind == "MissingParameter" and context is not None:
        parameter_name = (_QUOTED.findall(text) or ["something"])[0].partition("|")[0]
        return f"{command} wants {parameter_name}.", EXAMPLES[context.info_name][0].line
    if surplus := _TOO_MANY.match(text):
        return f"{command} takes no '{surplus[1]}'.", _whole_line(context, command)
    if kind == "BadOptionUsage":
        flag = str(error.option_name)
        if "does not take a value" in text:
            return f"{flag} takes no value.", f"{command} {flag}"
        return f"{flag} wants a value.", f"{command} --help says which"
    if kind == "BadParameter" and getattr(error, "param", None) is not None:
        return _unfit_value(error, _whole_line(context, command))
    return text, f"{command} --help"


def _whole_line(context: Any, command: str) -> str:
    """A command with its required arguments."""
    parameters = context.command.params if context is not None else ()
    required = [
        str(parameter.metavar or parameter.name).upper().partition("|")[0]
        for parameter in parameters
        if parameter.param_type_name == "argument" and parameter.required
    ]
    return " ".join([command, *required])


def _unknown_option(
    error: Any, command: str, context: Any, arguments: Sequence[str]
) -> tuple[str, str]:
    parameters = context.command.params if context is not None else ()
    known = [
        name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)
    ]
    # For letters after a single dash, the parser names only the first.
    flag = next(
        (
            argument
            for argument in arguments
            if argument.partition("=")[0].startswith(error.option_name)
        ),
        error.option_name,
    ).partition("=")[0]
    # Without the dashes, which would make all of them similar.
    long_names = [name[2:] for name in known if name.startswith("--")]
    as_text = _as_text(flag, command, arguments)
    # A possible query word must be very similar to an option to be considered one.
    close_matches = get_close_matches(flag.lstrip("-"), long_names, 1, 0.8 if as_text else 0.6)
    substitute = _FOREIGN_OPTIONS.get(flag, "")
    if substitute and substitute.split()[0] in known:
        hint = f"{_whole_line(context, command)} {substitute}, or {command} --help"
    elif close_matches:
        hint = f"{_whole_line(context, command)} --{close_matches[0]}, or {command} --help"
    elif command == "bienc" and flag == "-v":
        hint = "bienc --version"
    else:
        hint = as_text or f"{command} --help"
    return f"{command} has no option {flag}.", hint


def _as_text(flag: str, command: str, arguments: Sequence[str]) -> str | None:
    """How to type a query in which a word starts with a minus; None for anything else."""
    words = list(arguments[1:])
    if command != "bienc query" or flag.startswith("--") or len(flag) < len("-to"):
        return None
    if [word for word in words if word.startswith("-")] != [flag]:
        return None
    return f"{command} {'-- ' if words[0] == flag else ''}{shlex.quote(' '.join(words))}"


def _unknown_command(
    typed: str, arguments: Sequence[str], commands: Sequence[str]
) -> tuple[str, str]:
    close_matches = get_close_matches(typed.lower(), [*commands, *_FOREIGN_COMMANDS], 1)
    message = f"There is no command '{typed}'."
    if close_matches:
        rest = arguments[arguments.index(typed) + 1 :] if typed in arguments else ()
        substitute = _FOREIGN_COMMANDS.get(close_matches[0], f"bienc {close_matches[0]}")
        if rest and (close_matches[0] in commands or substitute.endswith((" TEXT", " PATH"))):
            substitute = (
                f"{substitute.removesuffix(' TEXT').removesuffix(' PATH')} {shlex.join(rest)}"
            )
        return message, substitute
    text = " ".join(arguments)
    # Several words are a question; a single one may be anything.
    is_question = " " in text and not any(argument.startswith("-") for argument in arguments)
    return message, f"bienc query {shlex.quote(text)}" if is_question else "bienc --help lists them"


def _unfit_value(error: Any, command: str) -> tuple[str, str]:
    """A value that the validator refused."""
    flag = max(error.param.opts, key=len)
    problem = _first_problem(error)
    allowed, example = _allowed(problem, error.param.default or _LIKELY.get(flag))
    if allowed is None:
        why = str(error.message).removeprefix("Value error, ")
        return f"{flag} cannot be '{problem.get('input', '')}': {why}.", f"{command} {flag} VALUE"
    return f"{flag} takes {allowed}, not '{problem['input']}'.", f"{command} {flag} {example}"


def _first_problem(error: Any) -> Mapping[str, Any]:
    list_problems = getattr(error.__cause__, "errors", None)
    first: Mapping[str, Any] = list_problems(include_url=False)[0] if list_problems else {}
    return first


def _allowed(problem: Mapping[str, Any], default: object) -> tuple[str | None, object]:
    """The allowed values, and one of them."""
    kind = str(problem.get("type", ""))
    minimum = problem.get("ctx", {}).get("ge", 1)
    number = f"{default if isinstance(default, int | float) and default else max(minimum, 1):g}"
    if kind.startswith("int_"):
        return "a whole number", number
    if kind.startswith("float_") or kind == "finite_number":
        return "a number", number
    if kind == "greater_than_equal":
        return f"{minimum:g} or more", number
    choices = _QUOTED.findall(str(problem.get("msg", "")))[1:]
    if kind in ("value_error", "enum") and len(choices) > 1:
        return f"{', '.join(choices[:-1])} or {choices[-1]}", choices[0]
    return None, None
