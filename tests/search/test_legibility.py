"""A cross-encoder that reads English only has no say where there is none."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.qrels import Qrels, Unit, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import EvaluationOptions
from bienc_cli.render.search import SearchView
from bienc_cli.search import SearchOptions, SearchResult, search
from bienc_cli.search.legibility import codelike
from bienc_cli.strategy import Strategy
from bienc_cli.types import CrossEncoderIdentity
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder

GERMAN = {
    "apfel.txt": "Der Apfelbaum blüht im Frühling, und die Äpfel reifen im Herbst.\n",
    "birne.txt": "Die Birne hält sich wochenlang, wenn der Keller kühl ist.\n",
    "kirsche.txt": "Die Steine der Kirsche sind klein und hart.\n",
}


PEAR = {"a.txt": "The pear keeps for weeks in a cellar.\n"}


class ReadsEnglish(FakeCrossEncoder):
    @property
    def identity(self) -> CrossEncoderIdentity:
        return replace(super().identity, english_only=True)


def table_of(result: SearchResult) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(SearchView(result).as_table())
    return console.file.getvalue()


def of(result: SearchResult) -> list[int]:
    return [hit.passage.passage_id for hit in result.hits]


@pytest.mark.parametrize(
    ("strategy", "without"),
    [
        (Strategy.BLEND, Strategy.LIGHT_BLEND),
        (Strategy.BM25_RERANKED, Strategy.BM25),
        (Strategy.BI_ENCODER_RERANKED, Strategy.BI_ENCODER),
        (Strategy.HYBRID_RERANKED, Strategy.HYBRID),
    ],
)
@pytest.mark.parametrize(
    ("files", "query"),
    [
        (GERMAN, "Wie hält sich die Birne im Keller?"),
        (GERMAN, "Birne Keller"),
        (
            {"a.txt": "The pear keeps for weeks in a cellar.\n"},
            "Wie hält sich die Birne, the pear?",
        ),
    ],
)
def test_it_is_left_out(
    folder: Folder, strategy: Strategy, without: Strategy, files: dict[str, str], query: str
) -> None:
    folder.write(dict(files))
    folder.index()
    reader_of_english = ReadsEnglish()
    with folder.open() as reader:
        asked = SearchOptions(strategy=strategy)
        result = search(reader, query, FakeBiEncoder(), reader_of_english, asked)
        plain = search(reader, query, FakeBiEncoder(), options=SearchOptions(strategy=without))
    assert of(result) == of(plain)
    assert (result.strategy, result.cross_encoder) == (strategy, None)
    assert result.left_out == reader_of_english.identity
    assert result.signals == plain.signals
    assert "relevance" not in result.signals
    assert reader_of_english.pairs_scored == []


ENGLISH = {"a.txt": "The pear keeps for weeks in a cellar.\n", "b.txt": "Die, said the apple.\n"}


@pytest.mark.parametrize(
    ("files", "query", "noise"),
    [
        (GERMAN, "what is a pear in the Keller", True),
        (ENGLISH, "Wie hält sich die pear?", True),
        (GERMAN, "Wie hält sich die Birne?", False),
        # Names of what may be in any language.
        (GERMAN, "Birne Keller", False),
        (ENGLISH, "what is a pear in the cellar", False),
        (GERMAN | ENGLISH, "what is a pear in the cellar", False),
        (GERMAN | ENGLISH, "Wie hält sich die Birne?", False),
    ],
)
@pytest.mark.parametrize("strategy", [Strategy.BLEND, Strategy.LIGHT_BLEND])
def test_words_of_another_language_have_no_say(
    folder: Folder, files: dict[str, str], query: str, noise: bool, strategy: Strategy
) -> None:
    folder.write(dict(files))
    folder.index()
    asked = SearchOptions(strategy=strategy, k=3)
    with folder.open() as reader:
        result = search(reader, query, folder.encoder, ReadsEnglish(), asked)
        (vector,) = folder.encoder.encode_queries([query])
        by_similarity = [one for one, _ in reader.search(vector, 3)]
    assert result.words_left_out == noise
    assert ("in another language than the query" in table_of(result)) == noise
    if noise:
        assert result.signals == ("similarity",)
        assert of(result)[: len(by_similarity)] == by_similarity


@pytest.mark.parametrize(
    ("files", "query", "noise", "told"),
    [
        (GERMAN, "Wie hält sich die Birne?", True, True),
        # In any language, as most of what there is.
        (GERMAN, "Birne Keller", True, True),
        (GERMAN, "what is a pear in the cellar", False, True),
        (PEAR, "Wie hält sich die Birne?", False, True),
        (PEAR, "Birne Keller", False, False),
    ],
)
@pytest.mark.parametrize("strategy", [Strategy.BLEND, Strategy.LIGHT_BLEND])
def test_a_bi_encoder_that_reads_english_only_has_no_say_either(
    folder: Folder, files: dict[str, str], query: str, noise: bool, told: bool, strategy: Strategy
) -> None:
    folder.write(dict(files))
    folder.encoder = FakeBiEncoder(name="granite-30m")
    folder.index()
    asked = SearchOptions(strategy=strategy, k=3)
    with folder.open() as reader:
        result = search(reader, query, folder.encoder, ReadsEnglish(), asked)
        by_words = [one for one, _ in reader.bm25(query, 3)]
    assert result.similarity_left_out == noise
    assert ("granite-30m read" in table_of(result)) == told
    if noise:
        assert result.signals == ("bm25",)
        # All that has no word of it follows.
        assert of(result)[: len(by_words)] == by_words
        assert len(result.hits) == len(files)


def test_one_of_unknown_languages_reads_everything(folder: Folder) -> None:
    folder.write(dict(GERMAN))
    folder.index()
    with folder.open() as reader:
        result = search(reader, "Wie ist die Birne?", FakeBiEncoder(), FakeCrossEncoder())
    assert result.left_out is None
    assert result.signals == ("similarity", "bm25", "relevance")


def test_of_mixed_candidates_it_reads_what_it_can(folder: Folder) -> None:
    english = {f"{n}.txt": f"A pear of kind {n} keeps in the cellar.\n" for n in range(4)}
    folder.write({**english, "birne.txt": GERMAN["birne.txt"]})
    folder.index()
    reader_of_english = ReadsEnglish()
    with folder.open() as reader:
        result = search(reader, "pear in the Keller", FakeBiEncoder(), reader_of_english)
    unread = [hit for hit in result.hits if hit.relevance is None]
    assert [hit.passage.passage.doc_id for hit in unread] == ["birne.txt"]
    assert all("Birne" not in passage for _, passage in reader_of_english.pairs_scored)
    assert (result.reranked, len(result.hits)) == (4, 5)
    assert [hit.rank for hit in result.hits] == [1, 2, 3, 4, 5]
    # Neither first nor last for what nobody has said of it.
    assert unread[0].relevance_rank is None


def test_a_threshold_on_what_nobody_says_is_told(folder: Folder) -> None:
    folder.write(dict(GERMAN))
    folder.index()
    options = SearchOptions(min_relevance=0.5)
    with folder.open() as reader:
        result = search(reader, "Wie ist die Birne?", FakeBiEncoder(), ReadsEnglish(), options)
    assert len(result.hits) == 3
    assert "reads English only" in result.warnings[0]


@pytest.mark.parametrize("name", ["fake", "granite-30m"])
def test_an_evaluation_leaves_them_out_as_a_search_does(folder: Folder, name: str) -> None:
    folder.encoder = FakeBiEncoder(name=name)
    folder.write({**GERMAN, "pear.txt": "A pear keeps in the cellar.\n"})
    folder.index()
    queries = [Query("1", "Wie hält sich die Birne?"), Query("2", "how does a pear keep")]
    with folder.open() as reader:
        compared = evaluate(
            reader,
            queries,
            judged_in(Qrels(Unit.DOCUMENT, {}), reader.documents()),
            folder.encoder,
            ReadsEnglish(),
            EvaluationOptions(strategies=(Strategy.BLEND,)),
        )
        for query in queries:
            found = search(reader, query.text, folder.encoder, ReadsEnglish())
            shown = compared.systems[0].hits[query.query_id]
            assert [hit.passage.passage_id for hit in shown] == of(found)


def test_how_like_code_a_text_is() -> None:
    prose = "The pear keeps for weeks, in a cellar that is cool; the apple (so he says) doesn't."
    code = "def f(x):\n    return {'a': x[0], 'b': (x[1] + 1) / len(x)}\n"
    log = '[2024-01-31 12:00:01] {id=4} GET /a_b/c?d=e&f=g "200" <10.0.0.1> (0.2s)\n'
    assert codelike([prose]) < 0.5
    assert codelike([code]) == codelike([log]) == codelike([code, log]) == 1
    assert codelike([prose, prose, code]) == (2 * codelike([prose]) + 1) / 3
    assert codelike([]) == codelike(["only words"]) == 0
