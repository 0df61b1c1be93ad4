from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.search import SearchOptions, search
from bienc_cli.search.result import Span
from bienc_cli.search.sentences import likeliest, split
from bienc_cli.store import IndexReader
from fakes import FakeBiEncoder


def test_the_best_sentence_is_the_most_similar_one(
    reader: IndexReader, bi_encoder: FakeBiEncoder
) -> None:
    options = SearchOptions(k=10, best_sentence=True)
    result = search(reader, "Pears bruise easily", bi_encoder, options=options)
    (pear,) = [hit for hit in result.hits if hit.passage.passage.doc_id == "pear.txt"]
    assert pear.best is not None
    text = pear.passage.passage.text
    assert text[pear.best.start : pear.best.end] == "Pears bruise easily."


def test_a_single_sentence_is_the_best_one_and_not_encoded(
    reader: IndexReader, bi_encoder: FakeBiEncoder
) -> None:
    options = SearchOptions(k=10, best_sentence=True)
    result = search(reader, "cherry stones", bi_encoder, options=options)
    said = {hit.passage.passage.doc_id: hit for hit in result.hits}
    cherry = said["deep/cherry.txt"]
    assert cherry.best == Span(0, len(cherry.passage.passage.text))
    assert "Cherry stones are small and hard." not in bi_encoder.passages_encoded
    assert "Pears bruise easily." in bi_encoder.passages_encoded


def test_sentences_with_the_query_s_rare_words_are_likeliest() -> None:
    sentences = [
        "Pears are sold by weight, as most fruit is.",
        "Yes.",
        "Pears bruise easily.",
        "Nothing here says anything about it, at some length.",
        "Pears are packed in straw.",
    ]
    three = likeliest("do pears bruise", [sentences, ["Pears."], []], 3, 0.0)
    assert three == [[0, 2, 4], [0], []]
    assert likeliest("do pears bruise", [sentences], 1) == [[2]]
    assert likeliest("where is Ghent", [sentences], 2, 0.0) == [[0, 3]]


@given(st.text(), st.lists(st.lists(st.text(max_size=20), max_size=5), max_size=4))
def test_the_likeliest_are_some_of_each_in_order(query: str, hits: list[list[str]]) -> None:
    for its, likely in zip(hits, likeliest(query, hits, 2), strict=True):
        assert likely == sorted(set(likely) & set(range(len(its))))
        assert min(1, len(its)) <= len(likely) <= 2


def test_sentences_with_few_of_the_words_of_the_best_one_are_not_encoded() -> None:
    sentences = ["Pears are sold.", "Pears bruise easily.", "Pears of autumn.", "They bruise."]
    assert likeliest("do pears bruise", [sentences], least=0.5) == [[1, 3]]
    assert likeliest("do pears bruise", [sentences], least=0.0) == [[0, 1, 2, 3]]
    # Where none has any, all are as likely.
    assert likeliest("where is Ghent", [sentences]) == [[0, 1, 2, 3]]


def test_a_numeral_goes_with_what_it_numbers() -> None:
    text = "First do this.\n1. Dissolve the powder. 2. Pour it in.\n\nThe answer is\n\n42."
    assert [text[span.start : span.end] for span in split(text)] == [
        "First do this.",
        "1. Dissolve the powder.",
        "2. Pour it in.",
        "The answer is",
        "42.",
    ]


@given(st.text())
def test_sentences_are_spans_of_the_text(text: str) -> None:
    spans = split(text)
    assert spans
    for span in spans:
        assert 0 <= span.start <= span.end <= len(text)
    for before, after in zip(spans, spans[1:], strict=False):
        assert before.end <= after.start
