"""Several indexes searched as one: what one index of all their files would answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bienc_cli.errors import IndexMismatch
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.search import Hit, SearchOptions, search
from bienc_cli.search.excerpts import with_lines_around
from bienc_cli.search.joined import Joined, joined
from bienc_cli.store import Filter, IndexReader, open_reader
from bienc_cli.strategy import Strategy
from fakes import FakeBiEncoder, FakeCrossEncoder

ORCHARD = {
    "apple.txt": "Apples ripen in autumn.\n",
    "pear.txt": "A pear keeps for weeks in a cool cellar.\n",
    "grape.txt": "Grapes are pressed in autumn, address 10.0.0.1.\n",
}
KITCHEN = {
    "jam.txt": "Boil apples with sugar.\n\nFill the jam into jars.\n",
    "cellar.txt": "The cellar is cool.\n",
    "tart.txt": "A pear tart is eaten in autumn.\n",
    "pie.txt": "A pie of apples, baked.\n",
}
QUERIES = ("apples in autumn", "pear cellar", "jam jars", "autumn -pear", '"in autumn" grapes')


def index_of(home: Path, *folders: str, encoder: FakeBiEncoder | None = None) -> IndexReader:
    directory = home / f"index-{'-'.join(folders)}"
    index_paths(
        [home / one for one in folders],
        directory=directory,
        load_encoder=lambda _: encoder or FakeBiEncoder(),
        key_dir=home / "keys",
    )
    return open_reader(directory, key_dir=home / "keys", shown_from=home)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for name, texts in (("orchard", ORCHARD), ("kitchen", KITCHEN)):
        (tmp_path / name).mkdir()
        for file, text in texts.items():
            (tmp_path / name / file).write_text(text)
    return tmp_path


@pytest.fixture
def both(folders: Path) -> Iterator[Joined]:
    with Joined([index_of(folders, "orchard"), index_of(folders, "kitchen")]) as joined:
        yield joined


@pytest.fixture
def whole(folders: Path) -> Iterator[IndexReader]:
    with index_of(folders, "orchard", "kitchen") as reader:
        yield reader


def told(hit: Hit) -> tuple[str, str, float | None]:
    return hit.passage.path, hit.passage.passage.text, hit.relevance and hit.relevance.logit


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(
    "strategy", [Strategy.BI_ENCODER, Strategy.BI_ENCODER_RERANKED, Strategy.CROSS_ENCODER]
)
def test_scores_of_one_model_give_the_ranking_of_one_index(
    both: Joined, whole: IndexReader, query: str, strategy: Strategy
) -> None:
    options = SearchOptions(strategy=strategy, k=5, candidates=5)
    models = FakeBiEncoder(), FakeCrossEncoder()
    apart, together = (search(index, query, *models, options) for index in (both, whole))
    # Equal scores are ordered by ids, which are other ones.
    assert sorted(map(told, apart.hits)) == sorted(map(told, together.hits))
    logits = [hit.relevance.logit for hit in apart.hits if hit.relevance]
    assert logits == sorted(logits, reverse=True)
    assert apart.index.passages == together.index.passages


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("query", [*QUERIES, "where is 10.0.0.1", "xylophone"])
def test_every_strategy_finds_in_both_and_says_where(
    both: Joined, folders: Path, query: str, strategy: Strategy
) -> None:
    options = SearchOptions(strategy=strategy, k=7, candidates=7)
    result = search(both, query, FakeBiEncoder(), FakeCrossEncoder(), options)
    assert len({hit.passage.passage_id for hit in result.hits}) == len(result.hits)
    for hit in result.hits:
        found_in, own = result.origin(hit)
        reader = next(one for one in both.readers if one.info.directory == found_in.directory)
        (stored,) = reader.passages([own])
        assert (stored.path, stored.passage) == (hit.passage.path, hit.passage.passage)
        assert (folders / stored.path).is_file()
    around = with_lines_around(both, [hit.passage for hit in result.hits], 1)
    assert all(hit.passage.passage.text in around[hit.passage.passage_id] for hit in result.hits)


def test_a_filter_counts_in_each(both: Joined) -> None:
    where = Filter(paths=("kitchen/",))
    options = SearchOptions(strategy=Strategy.LIGHT_BLEND, where=where)
    result = search(both, "apples", FakeBiEncoder(), options=options)
    assert {hit.passage.path for hit in result.hits} <= {f"kitchen/{name}" for name in KITCHEN}
    assert both.count(where) == sum(one.count(where) for one in both.readers) == len(result.hits)


def test_a_word_that_one_of_them_has_is_not_misspelt(both: Joined) -> None:
    each = [reader.spellings("cellar") for reader in both.readers]
    assert each == [{}, {}]
    orchard, kitchen = (reader.spellings("sugars grape") for reader in both.readers)
    assert both.spellings("sugars grape").keys() == orchard.keys() & kitchen.keys()
    assert both.spellings("autum").keys() == {"autum"}
    assert both.spellings("autum")["autum"] == both.readers[0].spellings("autum")["autum"]


def test_two_models_are_compared_by_words_and_relevance_alone(folders: Path) -> None:
    other = FakeBiEncoder(name="other", dim=16)
    with Joined([index_of(folders, "orchard"), index_of(folders, "kitchen", encoder=other)]) as two:
        with pytest.raises(IndexMismatch, match=r"fake.*other") as refused:
            search(two, "apples", FakeBiEncoder(), options=SearchOptions(strategy=Strategy.HYBRID))
        assert "--strategy bm25+cross-encoder" in (refused.value.hint or "")
        options = SearchOptions(strategy=Strategy.BM25_RERANKED)
        result = search(two, "apples in autumn", None, FakeCrossEncoder(), options)
        assert {result.origin(hit)[0].directory for hit in result.hits} == {
            info.directory for info in two.infos
        }


def test_one_index_is_left_as_it_is(whole: IndexReader) -> None:
    assert joined([whole]) is whole


@pytest.fixture
def overlapping(folders: Path, whole: IndexReader) -> Iterator[Joined]:
    with index_of(folders, "orchard") as part:
        yield Joined([part, whole])


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("query", [*QUERIES, "where is 10.0.0.1", "apples -sugar"])
def test_what_both_hold_is_one_hit(
    overlapping: Joined, whole: IndexReader, query: str, strategy: Strategy
) -> None:
    options = SearchOptions(strategy=strategy, k=5, candidates=5)
    models = FakeBiEncoder(), FakeCrossEncoder()
    apart, together = (search(index, query, *models, options) for index in (overlapping, whole))
    shown = [(hit.passage.path, hit.passage.passage.start) for hit in apart.hits]
    assert len(set(shown)) == len(shown)
    assert len(shown) == len(together.hits)
    if strategy is Strategy.CROSS_ENCODER:
        assert apart.reranked == together.reranked
    if not strategy.needs_bm25:
        assert sorted(map(told, apart.hits)) == sorted(map(told, together.hits))


def test_what_speaks_for_a_passage_depends_on_no_earlier_query(overlapping: Joined) -> None:
    options = SearchOptions(strategy=Strategy.BM25, k=7)

    def ids(query: str, index: Joined) -> list[int]:
        found = search(index, query, None, options=options)
        return [hit.passage.passage_id for hit in found.hits]

    alone = {query: ids(query, Joined(overlapping.readers)) for query in QUERIES}
    assert {query: ids(query, overlapping) for query in reversed(QUERIES)} == alone


def test_two_versions_of_a_file_are_two_hits(folders: Path) -> None:
    with index_of(folders, "orchard") as old:
        (folders / "orchard" / "apple.txt").write_text("Apples ripen late in autumn.\n")
        with index_of(folders, "orchard", "kitchen") as new:
            found = search(Joined([old, new]), "apples", FakeBiEncoder())
    texts = [hit.passage.passage.text for hit in found.hits if "orchard/apple" in hit.passage.path]
    assert sorted(texts) == ["Apples ripen in autumn.", "Apples ripen late in autumn."]
