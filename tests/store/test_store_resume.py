"""What an interrupted run had encoded is kept until its texts are committed, within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from bienc_cli.store import Root, check, open_reader, open_writer, reclaim
from stores import CHUNKING, build, encode, identity, numbered, put_file


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
    assert missing(directory, keys, numbered(20, "other")) == []
    with open_writer(directory, key_dir=keys) as writer:
        writer.begin(identity(), CHUNKING)
        put_file(
            writer, writer.put_root(Root(directory.parent / "other")), "b.md", numbered(20, "other")
        )
        writer.commit()
    with open_reader(directory, key_dir=keys) as index:
        assert index.info.vectors == 25
        assert len(index.search(encode(["other number 3 of some words"])[0], 30)) == 25
    assert check(directory, key_dir=keys).problems == ()


def test_what_is_kept_is_bounded(
    directory: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(directory, keys, numbered(20, "other"))
    monkeypatch.setattr(reclaim, "_MOST_AHEAD_BYTES", 8 * (identity().dim * 4 + 24))
    build(directory, keys, {"a.md": numbered(5)})
    assert len(missing(directory, keys, numbered(20, "other"))) == 12


def test_compacting_keeps_what_is_encoded_and_not_committed(directory: Path, keys: Path) -> None:
    build(directory, keys, {"a.md": numbered(5)})
    interrupted(directory, keys, numbered(20, "other"))
    with open_writer(directory, key_dir=keys) as writer:
        writer.commit(compact=True)
    assert missing(directory, keys, numbered(20, "other")) == []


def test_encoded_again_and_again_it_is_kept_once(directory: Path, keys: Path) -> None:
    build(directory, keys, {"a.md": numbered(5)})
    for _ in range(3):
        interrupted(directory, keys, numbered(20, "other"))
    assert (directory / "vectors-1.f32").stat().st_size == 64 + 25 * (identity().dim * 4 + 24)


def test_a_text_that_was_let_go_and_comes_back_is_not_encoded(directory: Path, keys: Path) -> None:
    build(directory, keys, {"a.md": numbered(50), "b.md": ["a pear"]})
    build(directory, keys, {"a.md": numbered(50)})
    assert missing(directory, keys, ["a pear"]) == []


def test_nothing_of_what_was_let_go_is_left_by_compacting(directory: Path, keys: Path) -> None:
    build(directory, keys, {"a.md": numbered(50), "b.md": ["a pear"]})
    build(directory, keys, {"a.md": numbered(50)}, compact=True)
    build(directory, keys, {"a.md": [*numbered(49), "a plum"]}, compact=True)
    assert missing(directory, keys, ["a pear", numbered(50)[-1]]) == ["a pear", numbered(50)[-1]]
    vector = encode(["a pear"])[0].tobytes()
    assert not any(vector in path.read_bytes() for path in directory.iterdir())
