"""Everything the commands do goes through the library: what they import from below are nouns."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path

import pytest

import bienc_cli.cli
from bienc_cli.cli.app import COMMANDS

BELOW = ("search", "evaluation", "indexing", "store", "formats", "chunking", "models", "wings")

HOUSE = Path(bienc_cli.cli.__file__).parent
HELPERS = ["editor", "opening"]


def imported(module: Path) -> Iterator[tuple[str, str]]:
    """Module and name of everything that is imported when the code runs."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    for branch in ast.walk(tree):
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING":
            branch.body = []
    for found in ast.walk(tree):
        if isinstance(found, ast.ImportFrom) and found.module:
            yield from ((found.module, one.name) for one in found.names)
        elif isinstance(found, ast.Import):
            yield from ((one.name, "") for one in found.names)


def is_a_noun(module: str, name: str) -> bool:
    """Whether it is a constant, a value with fields, or one of several names: it does no work."""
    thing = getattr(importlib.import_module(module), name) if name else None
    if thing is None or inspect.isroutine(thing) or inspect.ismodule(thing):
        return False
    if inspect.isclass(thing):
        return issubclass(thing, Enum) or (
            is_dataclass(thing) and thing.__dataclass_params__.frozen  # type: ignore[attr-defined]
        )
    return True


@pytest.mark.parametrize("module", [*COMMANDS, *HELPERS])
def test_a_command_does_no_work_below_the_front_door(module: str) -> None:
    below = {
        f"{where}.{name}"
        for where, name in imported(HOUSE / f"{module}.py")
        if where.startswith("bienc_cli.")
        and where.split(".")[1] in BELOW
        and not is_a_noun(where, name)
    }
    assert below == set()


def test_the_check_tells_work_from_nouns() -> None:
    assert is_a_noun("bienc_cli.strategy", "Strategy")
    assert is_a_noun("bienc_cli.search", "DEFAULT_K")
    assert is_a_noun("bienc_cli.search", "SearchOptions")
    assert not is_a_noun("bienc_cli.search", "search")
    assert not is_a_noun("bienc_cli.evaluation.judging", "Judging")
    assert not is_a_noun("bienc_cli.search", "")
    found = imported(HOUSE.parent / "environment" / "index_places.py")
    below = [name for where, name in found if where == "bienc_cli.store"]
    assert "find_index" in below
    assert "IndexReader" not in below
