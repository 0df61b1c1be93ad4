"""Pairs of passages, against every passage compared with every other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from bienc_cli.errors import UsageError
from bienc_cli.search import neighbours
from bienc_cli.search.clusters import clusters_of
from bienc_cli.search.pair_log import FoundPair, PairLog
from bienc_cli.search.pairs import Pair, PairsOptions, find_pairs, search_key
from bienc_cli.search.text_overlap import Kind
from bienc_cli.store import Filter, IndexReader
from fakes import FakeClassifier, FakeCrossEncoder
from folders import Folder

WORDS = "apple pear plum cherry quince fig lemon lime melon grape".split()
LEAST = 0.8


@pytest.fixture(scope="module")
def orchard(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Two hundred short texts of ten words, in two folders, some of them twice."""
    random = np.random.default_rng(3)
    folder = Folder(tmp_path_factory.mktemp("orchard"))
    texts = [" ".join(random.choice(WORDS, 6)) for _ in range(150)]
    texts += [texts[int(place)] for place in random.integers(0, 150, 50)]
    folder.write({f"{'old' if n % 2 else 'new'}/{n:03}.txt": text for n, text in enumerate(texts)})
    folder.index()
    return folder


@pytest.fixture
def index(orchard: Folder) -> Iterator[IndexReader]:
    with orchard.open() as reader:
        yield reader


def expected(index: IndexReader, between: str = "", with_: str = "") -> set[tuple[str, str]]:
    """By comparing all: pairs of documents, of the same text only with the first that has it."""
    stored = list(index.iter_passages())
    vectors = index.vectors_of([one.passage_id for one in stored]).astype(np.float64)
    cosines = vectors @ vectors.T
    firsts: dict[str, int] = {}
    for row, one in enumerate(stored):
        if one.passage.doc_id.startswith(between):
            firsts.setdefault(one.passage.text, row)
    found = set()
    for a, b in combinations(range(len(stored)), 2):
        for first, second in ((a, b), (b, a)) if between else ((a, b),):
            texts = stored[first].passage, stored[second].passage
            if not (texts[0].doc_id.startswith(between) and texts[1].doc_id.startswith(with_)):
                continue
            same = texts[0].text == texts[1].text
            kept = firsts[texts[0].text] == first
            alike = cosines[first, second] >= LEAST and firsts[texts[0].text] == first
            other = between or firsts[texts[1].text] == second
            if (same and kept) or (not same and alike and other):
                found.add((texts[0].doc_id, texts[1].doc_id))
    return found


def named(pairs: list[Pair]) -> set[tuple[str, str]]:
    return {(pair.first.passage.doc_id, pair.second.passage.doc_id) for pair in pairs}


@pytest.mark.parametrize("all_pairs", [True, False])
def test_pairs_are_those_of_comparing_everything(index: IndexReader, all_pairs: bool) -> None:
    options = PairsOptions(min_similarity=LEAST, all_pairs=all_pairs)
    pairs = list(find_pairs(index, options))
    assert named(pairs) == expected(index)
    assert len(pairs) == len(named(pairs)) > 50
    for pair in pairs:
        exact = index.similarities(
            index.vectors_of([pair.first.passage_id])[0], [pair.second.passage_id]
        )
        assert pair.similarity == pytest.approx(exact[0], abs=1e-6)
        assert pair.first.passage_id < pair.second.passage_id
        same = pair.first.passage.text == pair.second.passage.text
        assert (pair.kind is Kind.SAME) == same
    assert any(pair.kind is Kind.SAME for pair in pairs)


@pytest.mark.parametrize("all_pairs", [True, False])
def test_pairs_between_two_folders_have_one_of_each(index: IndexReader, all_pairs: bool) -> None:
    options = PairsOptions(
        min_similarity=LEAST,
        between=Filter(paths=("old/",)),
        against=Filter(paths=("new/",)),
        all_pairs=all_pairs,
    )
    found = named(list(find_pairs(index, options)))
    assert found
    assert all(a.startswith("old/") and b.startswith("new/") for a, b in found)
    wanted = expected(index, "old/", "new/")
    text = texts(index)
    # Of texts that are there twice either may stand for both.
    assert {frozenset((text[a], text[b])) for a, b in found} == {
        frozenset((text[a], text[b])) for a, b in wanted
    }


def texts(index: IndexReader) -> dict[str, str]:
    return {one.passage.doc_id: one.passage.text for one in index.iter_passages()}


def test_only_the_same_text_is_exact(index: IndexReader) -> None:
    pairs = list(find_pairs(index, PairsOptions(exact=True)))
    assert pairs
    assert {pair.kind for pair in pairs} == {Kind.SAME}
    text = texts(index)
    assert named(pairs) == {(a, b) for a, b in expected(index) if text[a] == text[b]}


def test_many_copies_of_one_text_hide_no_variant(folder: Folder) -> None:
    """More neighbours than are asked for at first, of the same vector."""
    folder.write({f"{n:03}.txt": "apple pear plum cherry" for n in range(90)})
    folder.write({"variant.txt": "apple pear plum cherry quince", "other.txt": "melon"})
    folder.index()
    for all_pairs in (True, False):
        with folder.open() as index:
            pairs = list(find_pairs(index, PairsOptions(min_similarity=0.7, all_pairs=all_pairs)))
        assert len(pairs) == 90
        assert [pair for pair in pairs if "variant.txt" in named([pair]).pop()]
        (cluster,) = clusters_of(pairs)
        assert len(cluster.others) == 90
        assert cluster.representative.passage.doc_id == "000.txt"


def test_neighbours_in_one_document_are_no_pair(folder: Folder) -> None:
    """They repeat some words, and are about the same thing."""
    text = " ".join(f"apple pear plum w{n}" for n in range(60))
    folder.write({"long.txt": text, "twice.md": "# A\n\none two\n\n# B\n\none two\n"})
    folder.index()
    with folder.open() as index:
        assert index.count() > 4
        pairs = list(find_pairs(index, PairsOptions(min_similarity=0.3)))
    assert all(pair.shared >= 0.5 for pair in pairs)
    for pair in pairs:
        assert pair.first.passage.end <= pair.second.passage.start


def test_a_classifier_reads_each_pair_both_ways_and_a_label_selects(folder: Folder) -> None:
    folder.write(
        {
            "a.txt": "Visitors may park here.",
            "b.txt": "Visitors may not park here.",
            "c.txt": "Visitors may park.",
            "d.txt": "Visitors may park here.",
        }
    )
    folder.index()
    classifier = FakeClassifier()
    with folder.open() as index:
        options = PairsOptions(min_similarity=0.5)
        pairs = {
            (pair.first.passage.doc_id, pair.second.passage.doc_id): pair
            for pair in find_pairs(index, options, classifier)
        }
        contradicting = list(
            find_pairs(index, PairsOptions(min_similarity=0.5, label="Contradiction"), classifier)
        )
    best = {
        name: (said.best.label, max(said.backward, key=lambda one: one.logit).label)
        for name, pair in pairs.items()
        if (said := pair.classification)
    }
    assert best[("a.txt", "b.txt")] == ("contradiction", "contradiction")
    assert best[("a.txt", "c.txt")] == ("entailment", "neutral")
    assert pairs[("a.txt", "d.txt")].classification is None
    assert named(contradicting) == {("a.txt", "b.txt"), ("b.txt", "c.txt")}


def test_a_label_needs_a_classifier_that_has_it(index: IndexReader) -> None:
    with pytest.raises(UsageError, match="Nothing gives the label no"):
        next(find_pairs(index, PairsOptions(label="no")))
    with pytest.raises(UsageError, match="has no label 'no'"):
        next(find_pairs(index, PairsOptions(label="no"), FakeClassifier()))
    with pytest.raises(UsageError, match="has one label, which is relevance"):
        list(find_pairs(index, PairsOptions(min_similarity=0.5), FakeCrossEncoder()))


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_only_a_share_is_a_share(share: float) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        PairsOptions(min_shared=share)


def test_an_interrupted_search_goes_on_where_it_was(
    index: IndexReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "PORTION", 16)
    monkeypatch.setattr("bienc_cli.search.pairs.PORTION", 16)
    options = PairsOptions(min_similarity=LEAST)
    key = search_key(index, options, FakeClassifier())
    whole = list(find_pairs(index, options, FakeClassifier()))

    class Interrupting(FakeClassifier):
        def score_pairs(self, pairs):  # type: ignore[no-untyped-def]
            if self.calls == 3:
                raise KeyboardInterrupt
            return super().score_pairs(pairs)

    with PairLog(tmp_path, key) as log, pytest.raises(KeyboardInterrupt):
        list(find_pairs(index, options, Interrupting(), log))
    (file,) = tmp_path.iterdir()
    with file.open("a") as stream:
        stream.write("[[1, 2, 0.9")  # what was being written
    classifier = FakeClassifier()
    with PairLog(tmp_path, key) as log:
        assert len(log.portions) == 3
        resumed = list(find_pairs(index, options, classifier, log))
        log.finish()
    assert resumed == whole
    assert 0 < classifier.calls < 10
    assert list(tmp_path.iterdir()) == []


def test_a_search_of_something_else_begins_anew(index: IndexReader, tmp_path: Path) -> None:
    options = PairsOptions()
    keys = {
        search_key(index, options, None),
        search_key(index, PairsOptions(min_similarity=0.8), None),
        search_key(index, PairsOptions(between=Filter(paths=("a",))), None),
        search_key(index, options, FakeClassifier()),
        search_key(index, options, FakeClassifier(name="other")),
    }
    assert len(keys) == 5
    with PairLog(tmp_path, "one") as log:
        log.add([FoundPair(1, 2, 0.5, (0.25, 0.5), (1.0,), True)])
    with PairLog(tmp_path, "one") as log:
        assert log.portions == [[FoundPair(1, 2, 0.5, (0.25, 0.5), (1.0,), True)]]
    with PairLog(tmp_path, "two") as log:
        assert log.portions == []
    # One in which nothing was found out is not kept.
    assert len(list(tmp_path.iterdir())) == 1


def test_without_a_place_for_its_log_a_search_goes_on_all_the_same(
    index: IndexReader, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no directory")
    for directory in (None, tmp_path / "file" / "logs"):
        with PairLog(directory, "key") as log:
            assert list(find_pairs(index, PairsOptions(), log=log))
            log.finish()


def test_progress_ends_at_all(index: IndexReader) -> None:
    told: list[tuple[int, int]] = []
    list(find_pairs(index, on_progress=lambda done, total: told.append((done, total))))
    assert told[-1][0] == told[-1][1] > 100
