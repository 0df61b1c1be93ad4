"""Every error a user can cause, one tree, each with its exit code.

    BiencError                    exit  code in JSON
    ├── UsageError                  2   usage
    │   ├── PathNotFound            2   path_not_found
    │   ├── StorageError            2   storage
    │   ├── OutputRefused           2   output
    │   └── ClusterUnavailable      2   cluster_unavailable
    ├── IndexNotFound               3   index_not_found
    ├── IndexMismatch               3   index_mismatch
    ├── IndexDamaged                4   index_damaged
    ├── ModelUnavailable            5   model_unavailable
    ├── IndexBusy                   6   index_busy
    └── InternalError               2   internal

    UnreadableFile                  a reader's refusal of one file; the file is
                                    skipped with its reason, the run goes on

An error is a sentence that names the value, and a hint: what to type next.
The boundary that prints them is `bienc_cli.cli.main`; nothing below it prints.
"""

from __future__ import annotations

TYPE_CHECKING = False  # As in `bienc_cli.server.client`: every `bienc query` imports this.
if TYPE_CHECKING:
    from pathlib import Path
    from typing import ClassVar, Self

EXIT_OK = 0
EXIT_NO_RESULT = 1
EXIT_USAGE = 2
EXIT_SKIPPED_FILES = 7
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class BiencError(Exception):
    """An error that the user can cause and fix.

    Attributes:
        message: one sentence, naming the offending value.
        hint: what to do about it, if possible a command to type.
        typed: message and hint as worded for the command line, however they were reworded.
    """

    exit_code: ClassVar[int] = EXIT_USAGE
    code: ClassVar[str] = "error"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.typed = (message, hint)


class UsageError(BiencError):
    """The command cannot be executed as given."""

    code = "usage"


class PathNotFound(UsageError):
    """A named path does not exist."""

    code = "path_not_found"

    @classmethod
    def at(cls, path: Path, shown: object = None) -> Self:
        """The error for a missing path, suggesting a similarly named one beside it.

        Args:
            path: as given, or absolute.
            shown: how to display it; by default the path itself.
        """
        from difflib import get_close_matches
        from pathlib import Path

        shown = Path(str(path if shown is None else shown))
        try:
            close_matches = get_close_matches(
                path.name, [sibling.name for sibling in path.parent.iterdir()], 1
            )
        except OSError:
            close_matches = []
        return cls(
            f"There is no '{shown}' here.",
            f"did you mean {shown.with_name(close_matches[0])}?"
            if close_matches
            else "check the path",
        )


class StorageError(UsageError):
    """The index directory cannot be written: disk full, read-only, no permission."""

    code = "storage"


class OutputRefused(UsageError):
    """Standard output cannot be written: its disk is full, or it is closed."""

    code = "output"


class ClusterUnavailable(UsageError):
    """A compute cluster cannot be reached, or has lost its workers."""

    code = "cluster_unavailable"


class IndexNotFound(BiencError):
    """There is no index here."""

    exit_code = 3
    code = "index_not_found"


class IndexMismatch(BiencError):
    """The index was made with another model, other settings or another format."""

    exit_code = 3
    code = "index_mismatch"


class IndexDamaged(BiencError):
    """The index is damaged and cannot answer."""

    exit_code = 4
    code = "index_damaged"


class ModelUnavailable(BiencError):
    """A model's weights are neither here nor obtainable."""

    exit_code = 5
    code = "model_unavailable"


class IndexBusy(BiencError):
    """Another process is writing to the index."""

    exit_code = 6
    code = "index_busy"


class InternalError(BiencError):
    """A fault of this program, reported as such."""

    code = "internal"


class UnreadableFile(Exception):
    """A file that its reader refuses, with the reason to display.

    Attributes:
        reason: a short clause without the path, e.g. ``"encrypted, needs a password"``.
        code: one word for machines, e.g. ``"encrypted"``.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
