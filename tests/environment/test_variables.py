"""The environment is read in one place, and everything else is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bienc_cli
from bienc_cli.environment import variables
from bienc_cli.errors import UsageError

HOUSE = Path(bienc_cli.__file__).parent
MAY_READ = ("cli", "environment", "__main__.py")

NOT_SETTINGS = {
    "store/privacy.py": "who called sudo is an owner, too",
    "formats/ocr.py": "handed on to Tesseract",
    "milvus/connection.py": "told to a library",
    "ray/cluster.py": "told to a library",
}


def test_only_the_commands_and_this_room_read_the_environment() -> None:
    found = {
        path.relative_to(HOUSE).as_posix()
        for path in HOUSE.rglob("*.py")
        if path.relative_to(HOUSE).parts[0] not in MAY_READ
        and re.search(r"\bos\.environ|\bgetenv", path.read_text(encoding="utf-8"))
    }
    assert found == NOT_SETTINGS.keys()


def test_where_there_is_no_home_the_cache_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BIENC_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(UsageError) as refused:
        variables.cache_path()
    assert refused.value.hint == "export BIENC_CACHE=/a/directory/of/yours"
    monkeypatch.setenv("BIENC_CACHE", "mine")
    assert variables.cache_path() == str(Path.cwd() / "mine")
