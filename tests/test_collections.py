"""The main job on real collections with the real models, through the command line."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from console_blocks import ROOT
from schema_check import checked

DATA = ROOT.parent / "shared" / "data"

pytestmark = [pytest.mark.models, pytest.mark.data]


def bienc(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bienc_cli", *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def scifact(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The test queries of SciFact over the documents they are judged on and 400 more.

    The whole, eight times as long to encode, is measured for docs/evaluation.md.
    """
    whole = DATA / "scifact"
    if not whole.is_dir():
        pytest.skip("the collection is not here")
    home = tmp_path_factory.mktemp("scifact")
    collection = home / "collection"
    (collection / "qrels").mkdir(parents=True)
    judgments = (whole / "qrels" / "test.tsv").read_text()
    (collection / "qrels" / "test.tsv").write_text(judgments)
    (collection / "queries.jsonl").write_bytes((whole / "queries.jsonl").read_bytes())
    judged = {line.split("\t")[1] for line in judgments.splitlines()[1:]}
    records = (whole / "corpus.jsonl").read_text().splitlines()
    others = (record for record in records if json.loads(record)["_id"] not in judged)
    kept = [record for record in records if json.loads(record)["_id"] in judged]
    kept += itertools.islice(others, 400)
    (collection / "corpus.jsonl").write_text("\n".join(kept))
    index = home / "index"
    out = bienc("index", str(collection / "corpus.jsonl"), "--index", str(index), "-f", "plain")
    assert f"documents\t{len(kept)}\nnew\t{len(kept)}\n" in out
    return collection, index


def test_scifact_reaches_its_measured_quality(scifact: tuple[Path, Path]) -> None:
    collection, index = scifact
    (document,) = checked(
        bienc(
            *("compare", "--beir", str(collection), "--index", str(index), "--format", "json"),
            *("--strategies", "bi-encoder,bm25,light-blend", "--measures", "nDCG@10"),
            *("--fail-under", "nDCG@10=0.83"),
        )
    )
    assert document["judged_queries"] == 300
    assert document["missing_documents"] == []
    means = {one["name"]: one["means"]["nDCG@10"]["value"] for one in document["systems"]}
    assert means["bi-encoder"] >= 0.86, means
    assert means["light-blend"] >= 0.88, means


def test_a_second_run_over_scifact_encodes_nothing(scifact: tuple[Path, Path]) -> None:
    _, index = scifact
    out = bienc("index", "--index", str(index), "-f", "plain")
    assert "new\t0\nchanged\t0\nunchanged\t" in out
    assert "encoded\t0" in out


def test_hits_in_real_pdfs_carry_the_page_of_the_viewer(tmp_path: Path) -> None:
    import pypdf

    pdfs = DATA / "financebench" / "pdfs"
    if not pdfs.is_dir():
        pytest.skip("the collection is not here")
    report = pdfs / "ULTABEAUTY_2023Q4_EARNINGS.pdf"
    bienc("index", str(report), "--index", str(tmp_path / "index"))
    (answer,) = checked(
        bienc(
            *("query", "quarterly net sales and comparable sales increase"),
            *("--index", str(tmp_path / "index"), "-k", "100", "-f", "json", "--no-rerank"),
        )
    )
    pages = [_letters(page.extract_text()) for page in pypdf.PdfReader(report).pages]
    assert {hit["place"]["kind"] for hit in answer["hits"]} == {"page"}
    assert len({hit["place"]["first"] for hit in answer["hits"]}) > 3
    for hit in answer["hits"]:
        # Hyphens at line ends are joined, so a whole passage need not stand there literally.
        words = [_letters(word) for word in hit["text"].split() if len(word) > 3]
        there = sum(word in pages[hit["place"]["first"] - 1] for word in words)
        assert there >= 0.95 * len(words)


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text).lower()
