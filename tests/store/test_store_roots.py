"""Roots as an index records them, which may be a stranger's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bienc_cli.errors import IndexDamaged
from bienc_cli.store import Root, records


def test_a_root_comes_back_as_it_was(tmp_path: Path) -> None:
    root = Root(
        tmp_path / "docs",
        include=("*.md",),
        exclude=("x/",),
        max_bytes=5,
        hidden=True,
        pdf_engine="pdfium",
        files=("a.md", "b/c.md"),
        removed=("d", "e/f.md"),
    )
    stored = records.root_path_for_storage(root.path, tmp_path / ".bienc")
    settings = records.root_settings(root)
    assert records.root_from_row(stored, settings, tmp_path / ".bienc") == root


def test_settings_from_before_anything_could_be_removed(tmp_path: Path) -> None:
    settings = records.root_settings(Root(tmp_path / "docs"))
    assert "removed" not in json.loads(settings)
    assert records.root_from_row("docs", settings, tmp_path / ".bienc").removed == ()


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b", ".", ""])
def test_a_list_does_not_lead_out_of_its_root(tmp_path: Path, name: str) -> None:
    settings = json.dumps(json.loads(records.root_settings(Root(tmp_path))) | {"files": [name]})
    with pytest.raises(IndexDamaged, match="path"):
        records.root_from_row("docs", settings, tmp_path / ".bienc")
    assert records.inside_root("...") == "..."
