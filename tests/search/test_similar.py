"""What is similar, against every pair of passages compared one by one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bienc_cli.errors import IndexMismatch, UsageError
from bienc_cli.search.similar import Similar, SimilarOptions, similar
from bienc_cli.search.subject import MOST_PASSAGES, foreign_subject, indexed_subject
from bienc_cli.store import Filter, IndexReader, graph, nearest
from bienc_cli.store.nearest import NearestPassages
from bienc_cli.types import Document
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder

WORDS = "apple pear plum cherry quince fig lemon lime melon grape".split()


def sections(*texts: str) -> str:
    return "".join(f"## Part {number}\n\n{text}\n\n" for number, text in enumerate(texts))


@pytest.fixture(scope="module")
def orchard(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Thirty documents of one to five passages of random words."""
    random = np.random.default_rng(7)
    folder = Folder(tmp_path_factory.mktemp("orchard"))
    folder.write(
        {
            f"part{number % 3}/{number:02}.md": sections(
                *(" ".join(random.choice(WORDS, 6)) + f" {number}" for _ in range(1 + number % 5))
            )
            for number in range(30)
        }
    )
    folder.index()
    return folder


def all_documents(index: IndexReader) -> dict[str, tuple[list[int], np.ndarray]]:
    found: dict[str, list[int]] = {}
    for stored in index.iter_passages():
        found.setdefault(stored.passage.doc_id, []).append(stored.passage_id)
    return {
        doc_id: (ids, index.vectors_of(ids).astype(np.float64)) for doc_id, ids in found.items()
    }


@pytest.mark.parametrize("number", range(30))
def test_documents_are_those_of_comparing_every_passage(orchard: Folder, number: int) -> None:
    name = f"part{number % 3}/{number:02}.md"
    with orchard.open() as index:
        subject = indexed_subject(index, [name])
        assert subject is not None
        result = similar(index, subject, SimilarOptions(k=5))
        documents = all_documents(index)
    own = documents.pop(name)[1]
    exact = {
        doc_id: float((own @ vectors.T).max(axis=1).mean())
        for doc_id, (_, vectors) in documents.items()
    }
    best = sorted(exact.values(), reverse=True)[:5]
    assert [hit.similarity for hit in result.hits] == pytest.approx(best, abs=1e-6)
    for hit in result.hits:
        assert hit.similarity == pytest.approx(exact[hit.passage.passage.doc_id], abs=1e-6)
        assert 0 <= hit.matched <= len(subject.passages)
    assert [hit.rank for hit in result.hits] == [1, 2, 3, 4, 5]


@pytest.fixture(scope="module")
def with_graph(orchard: Folder, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The same documents; there is a graph of them."""
    folder = Folder(tmp_path_factory.mktemp("graph"))
    shutil.copytree(orchard.root, folder.root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "FEWEST", 1)
        folder.index()
    return folder


@pytest.mark.parametrize("unit", Similar)
def test_by_the_graph_it_is_the_same(
    orchard: Folder, with_graph: Folder, monkeypatch: pytest.MonkeyPatch, unit: Similar
) -> None:
    def found(index: IndexReader, name: str) -> list[tuple[str, int, float]]:
        subject = indexed_subject(index, [name])
        assert subject is not None
        hits = similar(index, subject, SimilarOptions(unit=unit, k=5)).hits
        return [
            (one.passage.path, one.passage.passage.start, round(one.similarity, 5)) for one in hits
        ]

    # Fewer than there are: else all would have to be compared anyhow.
    monkeypatch.setattr("bienc_cli.search.similar._DEPTH", 20)
    names = [f"part{number % 3}/{number:02}.md" for number in range(30)]
    with orchard.open() as index:
        exact = [found(index, name) for name in names]

    def no_scan(*_: object) -> NoReturn:
        raise AssertionError("every vector was compared")

    monkeypatch.setattr(nearest, "SCAN_LIMIT", 60)
    monkeypatch.setattr(NearestPassages, "_by_scan", no_scan)
    with with_graph.open() as index:
        assert [found(index, name) for name in names] == exact


def test_passages_are_those_of_comparing_every_passage(orchard: Folder) -> None:
    with orchard.open() as index:
        subject = indexed_subject(index, ["part1/04.md"])
        assert subject is not None
        options = SimilarOptions(unit=Similar.PASSAGE, k=8)
        result = similar(index, subject, options)
        parts = list(index.iter_vectors())
    ids = np.concatenate([part for part, _ in parts])
    cosines = np.concatenate([vectors for _, vectors in parts]) @ subject.vectors.T
    exact = {
        int(one): float(row.max())
        for one, row in zip(ids, cosines, strict=True)
        if int(one) not in subject.passage_ids
    }
    order = sorted(exact, key=lambda one: (-round(exact[one], 6), one))[:8]
    assert [hit.passage.passage_id for hit in result.hits] == order
    for hit in result.hits:
        row = subject.vectors[hit.like].astype(np.float64)
        (own,) = (
            cosines[ids == hit.passage.passage_id]
            @ np.eye(len(cosines[0]))[hit.like : hit.like + 1].T
        )
        assert hit.similarity == hit.best == pytest.approx(float(own[0]), abs=1e-6)
        assert row.shape == (32,)


def test_the_subject_itself_is_never_found(orchard: Folder) -> None:
    with orchard.open() as index:
        subject = indexed_subject(index, ["part1/04.md:3"])
        assert subject is not None
        assert len(subject.passages) == 1 < len(subject.document_passage_ids)
        for unit in Similar:
            hits = similar(index, subject, SimilarOptions(unit, k=100)).hits
            assert subject.passage_ids.isdisjoint(hit.passage.passage_id for hit in hits)
            # The rest of its document is another passage, and no other document.
            rest = {
                hit.passage.passage.doc_id for hit in hits if hit.passage.path.endswith("04.md")
            }
            assert rest == ({"part1/04.md"} if unit is Similar.PASSAGE else set())


def test_filters_hold_before_the_ranking_is_cut(orchard: Folder) -> None:
    where = Filter(paths=("part2/",))
    with orchard.open() as index:
        subject = indexed_subject(index, ["part0/00.md"])
        assert subject is not None
        for unit in Similar:
            result = similar(index, subject, SimilarOptions(unit, k=10, where=where))
            assert len(result.hits) == 10
            assert all(hit.passage.path.startswith("docs/part2/") for hit in result.hits)


@pytest.mark.parametrize(
    ("named", "passages"),
    [
        ("docs/a.md", 3),
        ("a.md", 3),
        ("docs/a.md:3", 1),
        ("docs/a.md:3-7", 2),
        ("docs/c.jsonl:2", 1),
        ("docs/c.jsonl:2 (r2)", 1),
        ("r2", 1),
        ("docs/odd [name]*.md", 1),
        ("docs/with:colon:1.md", 1),
    ],
)
def test_a_subject_is_named_as_results_name_it(folder: Folder, named: str, passages: int) -> None:
    folder.write(
        {
            "a.md": sections("one", "two", "three"),
            "odd [name]*.md": "strange",
            "odd n.md": "what the name would match if it were a pattern",
            "with:colon:1.md": "colons",
            "c.jsonl": '{"_id": "r1", "text": "first"}\n{"_id": "r2", "text": "second"}\n',
        }
    )
    folder.index()
    with folder.open() as index:
        subject = indexed_subject(index, [named])
        assert subject is not None
        assert len(subject.passages) == subject.total == len(subject.passage_ids) == passages
        np.testing.assert_array_equal(
            subject.vectors, index.vectors_of(sorted(subject.passage_ids))
        )


def test_what_the_index_does_not_know_is_none(orchard: Folder) -> None:
    with orchard.open() as index:
        assert indexed_subject(index, ["part9/04.md", "nowhere"]) is None


@pytest.mark.parametrize(
    ("named", "message"),
    [("c.jsonl", "holds 2 documents"), ("a.md:900", "no passage at docs/a.md:900")],
)
def test_what_names_no_one_passage_or_document_is_refused(
    folder: Folder, named: str, message: str
) -> None:
    folder.write(
        {"a.md": "one", "c.jsonl": '{"_id": "r1", "text": "x"}\n{"_id": "r2", "text": "y"}\n'}
    )
    folder.index()
    with folder.open() as index, pytest.raises(UsageError, match=message):
        indexed_subject(index, [f"docs/{named}", named])


def test_a_text_from_outside_is_cut_and_encoded_as_the_index_does(orchard: Folder) -> None:
    with orchard.open() as index:
        inside = indexed_subject(index, ["part0/03.md"])
        assert inside is not None
        text = (orchard.root / "part0/03.md").read_text()
        (document,) = _read(orchard.root / "part0/03.md")
        assert document.text == text
        outside = foreign_subject(index, "03.md", [document], orchard.encoder)
        np.testing.assert_allclose(outside.vectors, inside.vectors, atol=1e-6)
        found = similar(index, outside, SimilarOptions(k=1))
        assert found.hits[0].similarity == pytest.approx(1.0, abs=1e-6)
        assert found.hits[0].passage.passage.doc_id == "part0/03.md"
        with pytest.raises(UsageError, match="no text in nothing"):
            foreign_subject(index, "nothing", [], orchard.encoder)
        with pytest.raises(IndexMismatch):
            foreign_subject(index, "03.md", [document], FakeBiEncoder(name="other"))


def _read(path: Path) -> list[Document]:
    from bienc_cli.formats.reading import read_documents

    return [one for one in read_documents(path, f"part0/{path.name}") if isinstance(one, Document)]


def test_a_cross_encoder_orders_the_candidates(orchard: Folder) -> None:
    cross_encoder = FakeCrossEncoder()
    with orchard.open() as index:
        subject = indexed_subject(index, ["part1/04.md"])
        assert subject is not None
        options = SimilarOptions(k=3, candidates=7)
        plain = similar(index, subject, SimilarOptions(k=7))
        result = similar(index, subject, options, cross_encoder)
    assert result.reranked == 7
    assert cross_encoder.pairs_scored == [
        (subject.passages[hit.like].embedded_text, hit.passage.passage.embedded_text)
        for hit in plain.hits
    ]
    logits = [hit.relevance.logit for hit in result.hits if hit.relevance]
    assert len(logits) == 3
    assert logits == sorted(logits, reverse=True)


def test_many_passages_of_its_own_hide_no_other_document(folder: Folder) -> None:
    """The nearest hundred of each passage are of the document itself."""
    folder.write(
        {
            "long.md": sections(*(f"apple pear plum {number}" for number in range(150))),
            "other.md": "apple pear and a plum\n",
            "far.md": "nothing in common\n",
        }
    )
    folder.index()
    with folder.open() as index:
        subject = indexed_subject(index, ["long.md"])
        assert subject is not None
        result = similar(index, subject, SimilarOptions(k=2))
    assert (subject.total, len(subject.passages)) == (150, MOST_PASSAGES)
    assert [hit.passage.passage.doc_id for hit in result.hits] == ["other.md", "far.md"]
    assert result.warnings == (
        f"of the 150 passages of long.md {MOST_PASSAGES} were compared, evenly spread",
    )


def test_a_threshold_that_nothing_reaches_is_said(orchard: Folder) -> None:
    with orchard.open() as index:
        subject = indexed_subject(index, ["part1/04.md"])
        assert subject is not None
        result = similar(index, subject, SimilarOptions(min_similarity=1.0))
    assert result.hits == ()
    assert result.warnings[0].startswith("nothing is as similar as --min-similarity 1;")


@given(least=st.floats(allow_nan=True))
@settings(max_examples=30)
def test_only_a_cosine_is_a_threshold(least: float) -> None:
    if -1 <= least <= 1:
        assert SimilarOptions(min_similarity=least).min_similarity == least
    else:
        with pytest.raises(UsageError, match="does not exist"):
            SimilarOptions(min_similarity=least)
