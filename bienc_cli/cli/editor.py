"""Opens a hit in the user's editor, at its line."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path, PurePath

from bienc_cli.cli.options import refuse_without_effect
from bienc_cli.errors import UsageError
from bienc_cli.render.hits import line_of
from bienc_cli.search.result import Hit

_WITH_COLON = {"hx", "helix", "subl", "sublime_text", "zed", "atom", "lapce"}
_GOTO = {"code", "codium", "code-insiders", "cursor", "windsurf"}
_WITH_PLUS = {"vi", "vim", "nvim", "gvim", "view", "nano", "emacs", "emacsclient", "kak", "micro"}
_WITH_PLUS |= {"joe", "jed", "ne", "gedit", "kate", "mg"}


def chosen_editor() -> str:
    """The user's editor: VISUAL, else EDITOR.

    Raises:
        UsageError: neither is set.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise UsageError("Neither $VISUAL nor $EDITOR names an editor.", "export EDITOR=vim")
    return editor


def editor_for(rank: int, shown: int, *, from_stdin: bool) -> str:
    """The editor for `--open RANK`; see `chosen_editor`.

    Raises:
        UsageError: several queries are asked, or that rank is not shown.
    """
    if from_stdin or rank > shown:
        refuse_without_effect(
            {f"--open {rank}": rank},
            "several queries are asked" if from_stdin else f"-k {shown} shows fewer",
            "give one query, and a rank that is shown",
        )
    return chosen_editor()


def command(editor: str, path: Path, line: int | None) -> list[str]:
    """The command that opens a file at a line, in each editor's own syntax.

    An unknown editor opens the file at its start.

    Args:
        editor: the value of $VISUAL or $EDITOR, with options.
        path: of the file.
        line: None if there is none.

    Raises:
        UsageError: the editor cannot be parsed as a command.
    """
    try:
        words = shlex.split(editor)
    except ValueError:
        words = []
    if not words:
        raise UsageError(f"$VISUAL or $EDITOR is no command: '{editor}'.", "export EDITOR=vim")
    name = PurePath(words[0]).name
    if line is None:
        return [*words, str(path)]
    if name in _WITH_PLUS:
        return [*words, f"+{line}", str(path)]
    if name in _GOTO:
        return [*words, "--goto", f"{path}:{line}"]
    return [*words, f"{path}:{line}" if name in _WITH_COLON else str(path)]


def run(words: Sequence[str]) -> None:
    """Run an editor and wait for it to exit.

    Raises:
        UsageError: there is no such program, or it does not start, or fails.
    """
    try:
        completed = subprocess.run(list(words), check=False)  # noqa: S603  (the user's choice)
    except OSError as error:
        raise UsageError(
            f"The editor '{words[0]}' does not start: {error.strerror}.",
            "export EDITOR=vim, or another that is here",
        ) from error
    if completed.returncode:
        # A negative code is the signal that ended it.
        exited = completed.returncode > 0
        code = abs(completed.returncode)
        ending = f"ended with exit code {code}" if exited else f"was ended by signal {code}"
        raise UsageError(
            f"The editor '{words[0]}' {ending}.", f"try it by itself: {shlex.join(words)}"
        )


def open_hit(editor: str, hit: Hit) -> None:
    """Open a hit's file in an editor, at its line if it has one.

    Raises:
        UsageError: it is not on this machine, or not a file that an editor can open.
    """
    stamp, kind = hit.passage.file, hit.passage.passage.place.kind
    if stamp is None:
        raise UsageError(f"{hit.passage.path} is not on this machine.", "open it where it is")
    if kind in ("page", "slide", "row"):
        raise UsageError(
            f"Hit {hit.rank} is a {kind} of {hit.passage.path}, which no editor opens.",
            f"xdg-open '{stamp.path}'",
        )
    run(command(editor, stamp.path, line_of(hit)))
