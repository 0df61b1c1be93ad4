"""What an interrupted run had encoded is kept until its texts are committed, within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from stores import CHUNKING, build, identity, numbered, put_file

from bienc_cli.store import Root, open_writer, resume


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / ".bienc"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def interrupted(directory: Path, keys: Path, texts: list[str]) -> None:
    """A run over another root that encodes and does not commit."""
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        put_file(writer, writer.put_root(Root(directory.parent / "other")), "b.md", texts)


def missing(directory: Path, keys: Path, texts: list[str]) -> list[str]:
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        return writer.without_vector(texts)


def test_a_run_over_another_root_keeps_what_is_not_committed(directory: Path, keys: Path) -> None:
    interrupted(directory, keys, numbered(20, "other"))
    build(directory, keys, {"a.md": numbered(5)})
    assert (directory / "resume.sqlite").exists()
    assert missing(directory, keys, numbered(20, "other")) == []
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        put_file(
            writer, writer.put_root(Root(directory.parent / "other")), "b.md", numbered(20, "other")
        )
        writer.commit()
    assert not (directory / "resume.sqlite").exists()


def test_what_is_kept_is_bounded(
    directory: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(directory, keys, numbered(20, "other"))
    monkeypatch.setattr(resume, "_MOST_BYTES", 8 * identity().dim * 4)
    build(directory, keys, {"a.md": numbered(5)})
    assert len(missing(directory, keys, numbered(20, "other"))) == 12


def test_compacting_keeps_what_is_encoded_and_not_committed(directory: Path, keys: Path) -> None:
    build(directory, keys, {"a.md": numbered(5)})
    interrupted(directory, keys, numbered(20, "other"))
    with open_writer(directory, key_dir=keys) as writer:
        writer.commit(compact=True)
    assert missing(directory, keys, numbered(20, "other")) == []
