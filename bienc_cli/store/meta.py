"""The `meta` table of an index and its `roots`.

One checksum covers both. Root paths are stored relative to the folder that contains the index, so
that both can move together.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bienc_cli.errors import IndexDamaged, UsageError
from bienc_cli.store.catalog import MAKE_AGAIN, catalog_path
from bienc_cli.store.facts import IndexInfo, Mount, Root, VectorRows
from bienc_cli.store.graph_file import GraphFile
from bienc_cli.store.rows import checksum_of, damaged, inside_root
from bienc_cli.store.seal import Key
from bienc_cli.types import (
    FUSION,
    BlendWeights,
    ChunkingParameters,
    EncoderIdentity,
    TunedBlend,
)

_MOST_LOOKED_FOR = 200
"""Files looked for to decide whether an index was moved."""


def read_meta(connection: sqlite3.Connection) -> dict[str, Any]:
    """All of `meta`, parsed; empty for a new catalog.

    Raises:
        IndexDamaged: a value does not parse.
    """
    try:
        return {
            key: json.loads(value)
            for key, value in connection.execute("SELECT key, value FROM meta ORDER BY key")
        }
    except (ValueError, TypeError) as error:
        raise IndexDamaged(f"What the index says of itself is damaged: {error}.", MAKE_AGAIN) from (
            error
        )


def write_meta(connection: sqlite3.Connection, values: dict[str, Any]) -> None:
    """Replace all of `meta`."""
    connection.execute("DELETE FROM meta")
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?)",
        [(key, json.dumps(value, sort_keys=True)) for key, value in values.items()],
    )


def meta_checksum(connection: sqlite3.Connection, meta: Mapping[str, Any]) -> int:
    """The checksum of the roots and all of `meta` except the checksum itself."""
    roots = connection.execute("SELECT id, path, kind, settings FROM roots ORDER BY id").fetchall()
    covered = {key: value for key, value in meta.items() if key != "checksum"}
    return checksum_of(json.dumps(covered, sort_keys=True), repr(roots))


def vector_rows(meta: Mapping[str, Any]) -> VectorRows:
    """The record of the generation's vector file."""
    return VectorRows(**meta["vectors"])


def graph_file(meta: Mapping[str, Any]) -> GraphFile | None:
    """The record of the generation's graph, if it has one."""
    recorded = meta.get("graph")
    return GraphFile(**recorded) if recorded else None


def tuned_blend(recorded: Mapping[str, Any] | None) -> TunedBlend | None:
    """The recorded weights, if there are any that this version can use."""
    if recorded is None or recorded.get("fusion") != FUSION:
        return None
    return TunedBlend(
        BlendWeights(**recorded["weights"]),
        BlendWeights(**recorded["light_weights"]),
        int(recorded["queries"]),
    )


def model_to_seal(encoder: Mapping[str, Any]) -> str:
    """The text that a seal on the index's model covers."""
    return f"model\n{encoder['name']}\n{encoder['fingerprint']}"


def index_info(
    connection: sqlite3.Connection, meta: Mapping[str, Any], directory: Path, key: Key | None = None
) -> IndexInfo:
    """Summarise `meta` and the roots; `key` is this user's.

    Raises:
        IndexDamaged: a value is not what was written, or a required one is missing.
    """
    if meta.get("checksum") != meta_checksum(connection, meta):
        raise damaged("what it says of itself")
    home = home_of(connection, meta, directory)
    try:
        counts = meta["counts"]
        graph = graph_file(meta)
        return IndexInfo(
            directory=directory,
            format_version=int(connection.execute("PRAGMA user_version").fetchone()[0]),
            generation=meta["generation"],
            created=meta["created"],
            updated=meta["updated"],
            encoder=EncoderIdentity(**meta["encoder"]),
            chunking=ChunkingParameters(**meta["chunking"]),
            roots=tuple(
                root_from_row(path, settings, home)
                for path, settings in connection.execute(
                    "SELECT path, settings FROM roots ORDER BY id"
                )
            ),
            files=counts["files"],
            documents=counts["documents"],
            passages=counts["passages"],
            vectors=counts["vectors"],
            skipped=counts["skipped"],
            formats=tuple((name, count) for name, count in meta["formats"]),
            languages=tuple((code, count) for code, count in meta.get("languages", ())),
            sizes=_sizes(directory, vector_rows(meta), graph),
            blend=tuned_blend(meta.get("blend")),
            names_model_of_ours=key is not None
            and key.holds(model_to_seal(meta["encoder"]), str(meta.get("model_seal", ""))),
        )
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise IndexDamaged(
            f"The index in {directory} lacks what every index records ({error}).", MAKE_AGAIN
        ) from error


def _sizes(directory: Path, vectors: VectorRows, graph: GraphFile | None) -> dict[str, int]:
    try:
        of_vectors = (directory / vectors.name).stat().st_size
    except FileNotFoundError:
        # A commit may just have removed it; whoever opens it will find out.
        of_vectors = 0
    return {
        "catalog": catalog_path(directory).stat().st_size,
        "vectors": of_vectors,
        "graph": graph.size if graph else 0,
    }


# ------------------------------------------------------------------- roots


def root_path_for_storage(path: Path, directory: Path) -> str:
    """A root's path, relative to the folder of the index if inside it, so both can move."""
    home = directory.parent
    if path.is_relative_to(home):
        return path.relative_to(home).as_posix()
    return str(path)


def root_path_from_storage(stored: str, home: Path) -> Path:
    """The absolute path of a root, given the index's `home_of`."""
    return Path(os.path.normpath(home / stored))


def home_of(connection: sqlite3.Connection, meta: Mapping[str, Any], directory: Path) -> Path:
    """The folder that an index's relative roots are relative to.

    This is the folder that contains the index, also if both were moved or copied together. If the
    index was moved alone, it is the folder it was in when last written, because its documents are
    there.
    """
    return moved_from(connection, meta, directory) or directory.parent


def moved_from(
    connection: sqlite3.Connection, meta: Mapping[str, Any], directory: Path
) -> Path | None:
    """The folder an index was moved out of, leaving its documents behind; None if it was not."""
    here = directory.parent
    recorded = meta.get("home")
    if not isinstance(recorded, str) or recorded == os.path.realpath(here):
        return None
    present_here = list(_known_paths(connection, here))
    # Require most files: many folders have a `README.md`.
    if (
        not present_here
        or 2 * sum(present_here) >= len(present_here)
        or _holds_nothing_else(connection, here)
    ):
        return None
    # If the files are in neither place, nothing tells what was moved.
    present_there = list(_known_paths(connection, Path(recorded)))
    return Path(recorded) if sum(present_there) > sum(present_here) else None


def _holds_nothing_else(connection: sqlite3.Connection, home: Path) -> bool:
    """Whether a home has files under its relative roots, all of them known to the index.

    Such a home is a copy from which most files were deleted.
    """
    seen = False
    roots = connection.execute(
        "SELECT id, path FROM roots WHERE path NOT LIKE '/%' AND kind <> 'file'"
    ).fetchall()
    for root_id, stored in roots:
        sizes = dict(
            connection.execute("SELECT path, size FROM files WHERE root_id = ?", (root_id,))
        )
        folders = {inside_root(path).partition("/")[0] for path in sizes if "/" in path}
        try:
            for entry in root_path_from_storage(stored, home).iterdir():
                if entry.name.startswith("."):
                    continue
                is_known = entry.is_dir() and entry.name in folders
                if not is_known and sizes.get(entry.name) != entry.stat().st_size:
                    return False
                seen = True
        except OSError:
            continue
    return seen


def _known_paths(connection: sqlite3.Connection, home: Path) -> Iterator[bool]:
    """For a sample of files under relative roots, whether each exists under this home."""
    rows = connection.execute(
        "SELECT roots.path, roots.kind, files.path FROM files "
        "JOIN roots ON roots.id = files.root_id WHERE roots.path NOT LIKE '/%' LIMIT ?",
        (_MOST_LOOKED_FOR,),
    ).fetchall()
    for stored, kind, path in rows:
        root = root_path_from_storage(stored, home)
        yield os.path.lexists(root if kind == "file" else root / inside_root(path))


@dataclass(frozen=True, slots=True)
class _Naming:
    """How the files of one root are displayed from one folder: relative to it, else absolute.

    Precomputed strings per root: for an index of many files, path objects take longer than reading
    the rows.

    Attributes:
        root: the root itself, which may be a file.
        below: prefix for the path of a file under the root.
        within: the path of the folder under the root, if it is inside; removed from files below it.
    """

    root: str
    below: str
    within: str | None

    @classmethod
    def of(cls, root: Path, shown_from: Path) -> _Naming:
        shown = str(root.relative_to(shown_from) if root.is_relative_to(shown_from) else root)
        below = "" if root == shown_from else shown.rstrip("/") + "/"
        is_within = root in shown_from.parents
        within = f"{shown_from.relative_to(root).as_posix()}/" if is_within else None
        return cls(shown, below, within)

    def name(self, kind: str, path: str) -> str:
        """The displayed path. A root that is a single file has its own name as its only path."""
        if kind == "file":
            return self.root
        path = inside_root(path)
        if self.within and path.startswith(self.within):
            name = path.removeprefix(self.within)
        else:
            name = self.below + path
        return name if os.sep == "/" else name.replace("/", os.sep)


class ShownPaths:
    """The displayed paths of an index's files.

    Args:
        home: base of relative roots; see `home_of`.
        shown_from: paths below it are displayed relative to it.
    """

    def __init__(self, home: Path, shown_from: Path) -> None:
        self._home = home
        self._shown_from = shown_from
        self._namings: dict[str, tuple[_Naming, ...]] = {}

    def of(self, root: str, kind: str, path: str) -> str:
        """The displayed path."""
        return self._naming(root)[0].name(kind, path)

    def names(self, root: str, kind: str, path: str) -> tuple[str, ...]:
        """The displayed path and, if the root is reached through links, the resolved one."""
        return tuple(naming.name(kind, path) for naming in self._naming(root))

    def _naming(self, root: str) -> tuple[_Naming, ...]:
        if root not in self._namings:
            full = self.full(root)
            namings = [_Naming.of(full, self._shown_from)]
            real = Path(os.path.realpath(full))
            if real != full:
                namings.append(_Naming.of(real, Path(os.path.realpath(self._shown_from))))
            self._namings[root] = tuple(namings)
        return self._namings[root]

    def full(self, root: str) -> Path:
        """The absolute path of a root, as recorded."""
        return root_path_from_storage(root, self._home)


def root_settings(root: Root) -> str:
    """The `settings` column of a root."""
    values = asdict(root)
    del values["path"]
    for name in (
        *("ocr", "ocr_languages", "language", "removed", "excludes_file"),
        *("device", "inode", "mounts"),
    ):
        # Defaults are omitted, as in indexes older than these settings.
        if not values[name]:
            del values[name]
    return json.dumps(values, sort_keys=True)


def root_from_row(path: str, settings: str, home: Path) -> Root:
    """Parse a row of `roots`."""
    values = json.loads(settings)
    files = values["files"]
    return Root(
        path=root_path_from_storage(path, home),
        include=tuple(values["include"]),
        exclude=tuple(values["exclude"]),
        max_bytes=values["max_bytes"],
        hidden=values["hidden"],
        pdf_engine=values["pdf_engine"],
        ocr=values.get("ocr", False),
        ocr_languages=tuple(values.get("ocr_languages", ())),
        language=values.get("language"),
        files=None if files is None else tuple(map(inside_root, files)),
        removed=tuple(values.get("removed", ())),
        excludes_file=values.get("excludes_file"),
        device=values.get("device"),
        inode=values.get("inode"),
        mounts=tuple(map(_mount, values.get("mounts", ()))),
    )


def language_in(settings: str) -> str | None:
    """The declared language in a root's `settings`."""
    language: str | None = json.loads(settings).get("language")
    return language


def _mount(recorded: str | dict[str, Any]) -> Mount:
    # Earlier indexes only recorded the path.
    return Mount(recorded) if isinstance(recorded, str) else Mount(**recorded)


def root_to_seal(root: Root) -> str:
    """The text that a seal on a root covers: everything about it that a person decided."""
    return f"{root.path}\n{root_settings(replace(root, device=None, inode=None, mounts=()))}"
