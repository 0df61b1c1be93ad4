"""BM25 over the words of passages."""

from __future__ import annotations

from pathlib import Path

from stores import build

from bienc_cli.store import open_reader

FILES = {
    "fruit.md": ["figs and pears", "a pear is no fig, and a fig no pear", "plums only"],
    "tools.md": ["sawing wood with saws", "the saw, the saw, the saw", "naïve_pears café"],
}
QUERIES = ["figs", "Pears or the sawing of wood?", "absent", "", "pear pears", "cafe naive_pears"]


def test_scores_of_chosen_passages_are_those_of_the_ranking(tmp_path: Path) -> None:
    build(tmp_path / ".bienc", tmp_path / "keys", FILES)
    with open_reader(tmp_path / ".bienc", key_dir=tmp_path / "keys") as index:
        for query in QUERIES:
            ranked = dict(index.bm25(query, 99))
            asked = [6, 1, 3, 2, 5, 4, 1, 99]
            assert index.bm25_of(query, asked) == [ranked.get(one, 0.0) for one in asked]
        assert any(index.bm25_of(QUERIES[1], range(1, 7)))
        assert index.bm25_of("figs", []) == []
