"""The settings of a root as a row of `roots` keeps them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bienc_cli.store.covered import Mount, Root
from bienc_cli.store.home import inside_root, root_path_from_storage


def root_settings(root: Root) -> str:
    """The `settings` of a row of `roots`."""
    values = asdict(root)
    del values["path"]
    for name in (
        *("ocr", "ocr_languages", "language", "removed", "excludes_file"),
        *("device", "inode", "mounts"),
    ):
        # As indexes have it that were made before there was such a thing.
        if not values[name]:
            del values[name]
    return json.dumps(values, sort_keys=True)


def root_from_row(path: str, settings: str, home: Path) -> Root:
    """A row of `roots`."""
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
    """The language that the texts under a root are said to be in, by its `settings`."""
    language: str | None = json.loads(settings).get("language")
    return language


def _mount(recorded: str | dict[str, Any]) -> Mount:
    # Earlier indexes have only where it was.
    return Mount(recorded) if isinstance(recorded, str) else Mount(**recorded)


def told_of_root(root: Root) -> str:
    """What a seal on a root covers: all that a person decided about it."""
    return f"{root.path}\n{root_settings(replace(root, device=None, inode=None, mounts=()))}"
