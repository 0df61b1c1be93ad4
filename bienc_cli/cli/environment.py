"""What the environment says; read here and nowhere below."""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from bienc_cli.cli import caller, defaults, process
from bienc_cli.errors import IndexNotFound, PathNotFound, UsageError
from bienc_cli.settings import Origin, Setting

if TYPE_CHECKING:
    from bienc_cli.store import IndexPlace, IndexReader

VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "BIENC_INDEX": "The index directory or address, instead of the nearest .bienc upwards.",
        "BIENC_MODEL": "Bi-encoder for new indexes.",
        "BIENC_CROSS_ENCODER": "Cross-encoder.",
        "BIENC_CACHE": "Where converted models lie.  [default: ~/.cache/bienc]",
        "BIENC_DATA": "Where your key lies.  [default: ~/.local/share/bienc]",
        "BIENC_SAFE": "Other users' indexes that count when found upwards, as in PATH; * for all.",
        "BIENC_SERVER": "auto: have query start a server; off: use none.",
        "BIENC_TOKEN": "What a server asks for over HTTP.",
        "BIENC_MILVUS_TOKEN": "What a Milvus server asks for: user:password, or an API key.",
        "BIENC_MILVUS_CA": "Its certificate authority, a PEM file, where the system does not know "
        "it.",
        "BIENC_MILVUS_CERT": "This client's certificate, where the server asks for one.",
        "BIENC_MILVUS_KEY": "The key of that certificate.",
        "HF_HUB_OFFLINE": "1: as --offline.",
        "VISUAL": "What query --open opens files in; else EDITOR.",
        "BIENC_DEBUG": "1: tracebacks.",
    }
)
"""What is read, and what it is for, as `bienc --help` says it."""


_MOST_SAID = 100
"""Characters of a name that an error repeats."""


def cache_directory() -> Path:
    """As `process.cache_path`."""
    return Path(process.cache_path())


def key_directory() -> Path:
    """Where this user's key lies; never inside an index, nor where it is deleted at will.

    It is BIENC_DATA, else `bienc` in the user's data directory. A key that lies in the cache, as
    it did once, is taken along.
    """
    named = os.environ.get("BIENC_DATA")
    if named:
        directory = Path(named).expanduser().absolute()
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path("~/.local/share").expanduser()
        directory = Path(base).absolute() / "bienc"
    from bienc_cli.store.seal import adopt_key

    adopt_key(cache_directory() / "keys", directory)
    return directory


def safe_indexes() -> tuple[str, ...]:
    """Indexes that count when they are found upwards, whoever owns them."""
    return tuple(filter(None, os.environ.get("BIENC_SAFE", "").split(os.pathsep)))


def is_ours(place: IndexPlace) -> bool:
    """Whether an index is a directory of this user's own, whose rights are this user's to set."""
    from bienc_cli.store.privacy import is_own

    return isinstance(place, Path) and is_own(place)


def can_be_written(place: IndexPlace) -> bool:
    """Whether this user may change an index; of one on a server, nobody knows before trying."""
    return not isinstance(place, Path) or os.access(place, os.W_OK)


def excludes_file() -> str | None:
    """What this user has git ignore in every repository: core.excludesFile, or git's default."""
    # Not at the top: no other command asks another program.
    import subprocess

    named = ""
    with suppress(OSError, subprocess.SubprocessError):
        # Outside of any repository: those above a folder have a say of their own.
        asked = ["git", "-C", Path.cwd().anchor, "config", "--includes", "--type=path"]
        asked += ["--get", "core.excludesFile"]
        outside = {name: value for name, value in os.environ.items() if name != "GIT_DIR"}
        done = subprocess.run(  # noqa: S603
            asked, capture_output=True, timeout=5, check=False, env=outside
        )
        named = os.fsdecode(done.stdout).strip()
    base = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
    path = Path(named) if named else Path(base) / "git" / "ignore"
    return str(path.absolute()) if path.is_file() else None


def default_model(name: str, variable: str, otherwise: str) -> Setting[str]:
    """A model that no flag names: the environment's, a file's, or the one that is built in.

    Args:
        name: of the setting: `model` or `cross-encoder`.
        variable: of the environment.
        otherwise: what is built in.
    """
    if named := os.environ.get(variable):
        return Setting(named, Origin.ENVIRONMENT, variable)
    return defaults.in_use().of(name) or Setting(otherwise, Origin.DEFAULT)


def is_offline() -> bool:
    """Whether the environment says that nothing may be looked up."""
    return os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}


def go_offline_if(asked: bool) -> bool:
    """Whether nothing may be looked up; must be called before the libraries are imported.

    They read HF_HUB_OFFLINE once, at import; nothing else would keep them from a connection.
    """
    offline = asked or is_offline()
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    return offline


def token_typed(token: str | None) -> str | None:
    """A token for HTTP, unless it is the environment's, which holds for all commands."""
    return token if token != os.environ.get("BIENC_TOKEN") else None


def editor() -> str:
    """What the user opens files in: VISUAL, else EDITOR.

    Raises:
        UsageError: neither says.
    """
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not chosen:
        raise UsageError("Neither $VISUAL nor $EDITOR names an editor.", "export EDITOR=vim")
    return chosen


def link_form() -> str | None:
    """How a terminal is told what a citation opens; None for one that shows no links.

    `{path}` and `{line}` stand for what they say. Few terminals take a line with a file.
    """
    environ = caller.environ()
    terminal, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if terminal in ("", "dumb", "linux") or terminal.startswith("screen"):
        return None
    if program == "vscode":
        return "vscode://file{path}:{line}"
    return "file://{host}{path}#{line}" if "kitty" in terminal else "file://{host}{path}"


def index_to_read(named: str | IndexPlace | None) -> IndexPlace:
    """The index as named, or the nearest one upwards.

    Raises:
        IndexNotFound: there is none upwards.
        UsageError: the address is malformed.
    """
    from bienc_cli.store import find_index

    here = caller.here()
    place = _place(named) if named is not None else find_index(here, safe_indexes())
    if place is None:
        raise _not_found(here)
    return place


def _not_found(here: Path) -> IndexNotFound:
    from bienc_cli.store import find_foreign_index

    foreign = find_foreign_index(here, safe_indexes())
    if foreign is not None:
        return IndexNotFound(
            f"There is no index of yours in {here} or above it; {foreign} belongs to another user.",
            f"if you trust it: --index {foreign}, or BIENC_SAFE={foreign}",
        )
    return IndexNotFound(
        f"There is no index in {here} or above it.", "make one of this folder: bienc index"
    )


def open_index(named: str | IndexPlace | None) -> IndexReader:
    """The index to read, opened; paths are shown from here.

    Raises:
        IndexNotFound: there is none.
        IndexMismatch, IndexDamaged: it cannot be read.
        StorageError: its server does not answer.
    """
    from bienc_cli.store import open_reader

    place, here = index_to_read(named), caller.here()
    return open_reader(place, key_dir=key_directory(), shown_from=here)


def indexes_to_read(named: Sequence[str] | None) -> list[IndexPlace]:
    """The indexes as named, each once, whatever links lead there; else what `index_to_read` finds.

    Raises:
        IndexNotFound: none is named, and there is none upwards.
        UsageError: an address is malformed.
    """
    names: Sequence[str | None] = named or [os.environ.get("BIENC_INDEX") or None]
    places: dict[str, IndexPlace] = {}
    for name in names:
        place = index_to_read(name)
        places.setdefault(os.path.realpath(place) if isinstance(place, Path) else str(place), place)
    return list(places.values())


def index_to_write(named: str | IndexPlace | None) -> IndexPlace:
    """The index to make or refresh: as named, or the nearest one upwards, or one right here.

    Raises:
        UsageError: the address is malformed.
    """
    from bienc_cli.store import INDEX_NAME, find_index

    if named is not None:
        return _place(named)
    return find_index(Path.cwd(), safe_indexes()) or Path.cwd() / INDEX_NAME


def _place(named: str | IndexPlace) -> IndexPlace:
    """An index as it was named: by an address, by a directory, or by having been found."""
    from bienc_cli.wings import remote_place

    if not isinstance(named, str | Path):
        return named
    place = remote_place(named, caller.here(), os.environ) if isinstance(named, str) else None
    if place is not None:
        return place
    directory = caller.here() / Path(possible(named)).expanduser()
    if directory.name != os.pardir:
        # Where it lies decides which folders are beside it; it may be a link to elsewhere itself.
        directory = Path(os.path.realpath(directory.parent), directory.name)
    _refuse_folder_of_documents(directory)
    return directory


def possible(path: str | Path) -> str:
    """A path as text, if anything can be called so.

    Raises:
        PathNotFound: it has a NUL, half a character, or is too long for a system to look for.
    """
    named = str(path)
    try:
        os.lstat(named)
    except ValueError:
        impossible = True
    except OSError as error:
        impossible = error.errno == errno.ENAMETOOLONG
    else:
        impossible = False
    if impossible:
        raise PathNotFound(f"No file can be called {named[:_MOST_SAID]!a}.", "check the path")
    return named


_OF_AN_INDEX = (".gitignore", "catalog.", "graph-", "lock", "resume.", "vectors-")


def _refuse_folder_of_documents(directory: Path) -> None:
    """An index in a folder of other files would scatter its own among them.

    Raises:
        IndexNotFound: it is such a folder.
    """
    from bienc_cli.store import INDEX_NAME, holds_index

    if directory.name == INDEX_NAME or not directory.is_dir() or holds_index(directory):
        return
    inside = directory / INDEX_NAME
    shown = shlex.quote(str(inside))
    if holds_index(inside):
        raise IndexNotFound(f"{directory} holds an index, and is none itself.", f"--index {shown}")
    with suppress(OSError):
        # Not the remains of an index that was begun and never finished.
        others = [one for one in directory.iterdir() if not one.name.startswith(_OF_AN_INDEX)]
        if not others:
            return
        raise IndexNotFound(
            f"There is no index in {directory}, and other files are.",
            f"make one inside: bienc index PATH --index {shown}",
        )
