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

    UnreadableFile                  a reader's verdict on one file; the file is
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
    """Something the user can cause and mend.

    Attributes:
        message: one sentence, naming the value at fault.
        hint: what to do about it, where possible a command to type.
        typed: both for who types commands, whatever was made of them for others.
    """

    exit_code: ClassVar[int] = EXIT_USAGE
    code: ClassVar[str] = "error"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.typed = (message, hint)


class UsageError(BiencError):
    """The command cannot be carried out as it was given."""

    code = "usage"


class PathNotFound(UsageError):
    """A path that was named does not exist."""

    code = "path_not_found"

    @classmethod
    def at(cls, path: Path, shown: object = None) -> Self:
        """The error of a path that nothing is at, with what is called nearly so beside it.

        Args:
            path: as it was named, or from the root.
            shown: how to call it; the path itself if None.
        """
        from difflib import get_close_matches
        from pathlib import Path

        shown = Path(str(path if shown is None else shown))
        try:
            near = get_close_matches(path.name, [one.name for one in path.parent.iterdir()], 1)
        except OSError:
            near = []
        return cls(
            f"There is no '{shown}' here.",
            f"did you mean {shown.with_name(near[0])}?" if near else "check the path",
        )


class StorageError(UsageError):
    """The index directory cannot be written: disk full, read-only, no permission."""

    code = "storage"


class OutputRefused(UsageError):
    """Standard output cannot be written: the disk that it goes to is full, or it is closed."""

    code = "output"


class ClusterUnavailable(UsageError):
    """A compute cluster cannot be reached, or lost its workers."""

    code = "cluster_unavailable"


class IndexNotFound(BiencError):
    """There is no index here."""

    exit_code = 3
    code = "index_not_found"


class IndexMismatch(BiencError):
    """The index was made by another model, other settings or another format."""

    exit_code = 3
    code = "index_mismatch"


class IndexDamaged(BiencError):
    """The index does not hold together and cannot be answered from."""

    exit_code = 4
    code = "index_damaged"


class ModelUnavailable(BiencError):
    """A model's weights are not here and cannot be had."""

    exit_code = 5
    code = "model_unavailable"


class IndexBusy(BiencError):
    """Another process is writing to the index."""

    exit_code = 6
    code = "index_busy"


class InternalError(BiencError):
    """A fault of the program itself, told as what it is."""

    code = "internal"


class UnreadableFile(Exception):
    """A file that its reader refuses, with the reason a person is shown.

    Attributes:
        reason: a short clause without the path, e.g. ``"encrypted, needs a password"``.
        code: one word for machines, e.g. ``"encrypted"``.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
