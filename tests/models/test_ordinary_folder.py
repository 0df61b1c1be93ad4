"""A folder as people have them, asked in other words than its files use."""

from __future__ import annotations

from pathlib import Path

import pytest

from bienc_cli.indexing.indexer import index_paths
from bienc_cli.models import load_bi_encoder, load_cross_encoder
from bienc_cli.search import SearchOptions, search
from bienc_cli.store import open_reader

pytestmark = pytest.mark.models

ORDINARY = Path(__file__).parents[2] / "benchmarks" / "ordinary"
QUESTIONS = [
    line.split("\t")
    for line in (ORDINARY / "questions.tsv").read_text(encoding="utf-8").splitlines()
]
ELSEWHERE = ["what is the capital of Peru", "how do I train a dog", "who painted the Mona Lisa"]


def test_right_files_come_first_and_doubt_is_rare(model_cache: Path, tmp_path: Path) -> None:
    granite = load_bi_encoder("granite-30m", cache_dir=model_cache, offline=True)
    index_paths(
        [ORDINARY / "files"],
        directory=tmp_path / "index",
        load_encoder=lambda _: granite,
        key_dir=tmp_path / "keys",
    )
    cross_encoder = load_cross_encoder("ms-marco-minilm-l12", cache_dir=model_cache, offline=True)
    wrong, doubted = [], []
    with open_reader(tmp_path / "index", key_dir=tmp_path / "keys") as index:
        for question, name in QUESTIONS[::4]:
            result = search(index, question, granite, cross_encoder, SearchOptions(k=1))
            if Path(result.hits[0].passage.passage.doc_id).name != name:
                wrong.append(question)
            if result.answered is False:
                doubted.append(question)
        unanswered = [
            search(index, question, granite, cross_encoder).answered for question in ELSEWHERE
        ]
    assert len(wrong) <= 1, wrong
    assert len(doubted) <= 2, doubted
    assert unanswered == [False] * len(ELSEWHERE)
