"""What is left behind is bounded, and what nobody touched is not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bienc_cli.store import check, open_writer
from bienc_cli.store.graph import VerifiedFile
from stores import CHUNKING, build, identity, numbered

TEXTS = 10


@pytest.mark.parametrize(("left", "file"), [(8, "vectors-1.f32"), (7, "vectors-2.f32")])
def test_a_file_of_which_a_fifth_is_unused_is_written_anew(
    directory: Path, keys: Path, left: int, file: str
) -> None:
    build(directory, keys, {"a.md": numbered(TEXTS)})
    build(directory, keys, {"a.md": numbered(left)})
    assert [path.name for path in directory.glob("vectors-*")] == [file]
    assert check(directory, key_dir=keys).problems == ()


def test_a_graph_that_nobody_touched_is_not_read_where_nothing_changes(
    directory: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(directory, keys, {"a.md": numbered(TEXTS)})
    read: list[str] = []
    verify = VerifiedFile.verify
    monkeypatch.setattr(
        VerifiedFile, "verify", lambda self, used: (read.append(self.file.name), verify(self, used))
    )

    def unchanged() -> None:
        with open_writer(directory, key_dir=keys) as writer:
            writer.begin(identity(), CHUNKING)
            assert not writer.commit().committed

    unchanged()
    assert read == []
    (graph,) = directory.glob("graph-*")
    os.utime(graph)
    unchanged()
    assert read == [graph.name]
