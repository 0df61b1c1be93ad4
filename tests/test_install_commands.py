"""What is missing is installed from where the program came from, not by a name alone."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from bienc_cli import extras

ROOT = Path(__file__).parents[1]


def test_from_a_checkout_it_is_the_checkout() -> None:
    assert extras.install_command("ocr") == f"pip install '{ROOT}[ocr]'"


@pytest.mark.parametrize(
    ("recorded", "source"),
    [
        ({"url": "file://{place}", "dir_info": {}}, "{place}[ocr]"),
        ({"url": "file:///nowhere/now", "dir_info": {}}, "bienc-cli[ocr]"),
        (
            {"url": "https://host/bienc", "vcs_info": {"vcs": "git", "commit_id": "1"}},
            "bienc-cli[ocr] @ git+https://host/bienc",
        ),
        ({}, "bienc-cli[ocr]"),
        (None, "bienc-cli[ocr]"),
    ],
)
def test_installed_it_is_what_the_installer_recorded(
    recorded: dict[str, object] | None,
    source: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = tmp_path / "a b"
    place.mkdir()
    (place / "pyproject.toml").touch()
    monkeypatch.setattr(extras, "_PACKAGE", tmp_path / "site-packages/bienc_cli")
    held = None if recorded is None else json.dumps(recorded)
    quoted = str(place).replace(" ", "%20")
    monkeypatch.setattr(
        metadata,
        "distribution",
        lambda _: SimpleNamespace(read_text=lambda _: held and held.replace("{place}", quoted)),
    )
    expected = source.replace("{place}", str(place))
    assert extras.install_command("ocr") == f"pip install '{expected}'"


def test_every_extra_that_is_named_is_one_and_none_is_named_otherwise() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for path in (ROOT / "bienc_cli").rglob("*.py"):
        held = path.read_text(encoding="utf-8")
        assert set(re.findall(r"install_command\(['\"](\w+)", held)) <= set(declared)
        assert "bienc-cli[" not in held or path.name == "extras.py"
