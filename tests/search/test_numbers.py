"""Numbers that a query names decide among candidates that are otherwise much alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.search import Hit, SearchOptions, search
from bienc_cli.search.fusion import DEFAULT_BLEND, POOLING, pooled
from bienc_cli.search.numbers import numbers_in, shares_of_numbers
from bienc_cli.search.reranking import ordered, relevance_of
from bienc_cli.search.sentences import likeliest
from bienc_cli.store import IndexReader
from fakes import FakeBiEncoder, FakeCrossEncoder


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("curl exit code 28", {"28"}),
        (
            "Article 17(3), version 2.4.1; at 14:07, $1,299.00.",
            {"17", "3", "2.4.1", "14:07", "14", "07", "1299.00"},
        ),
        ("28\nOperation timeout", {"28"}),
        ("on 2024-03-01", {"2024-03-01", "2024", "03", "01"}),
        ("B12, sha256, x86_64 and 3rd", set()),
        ("٢٨ دقيقة", {"28"}),
        ("no number", set()),
    ],
)
def test_numbers_that_stand_by_themselves(text: str, numbers: set[str]) -> None:
    assert numbers_in(text) == numbers


def test_shares_of_the_numbers_asked_for() -> None:
    texts = ["23 and 24", "code 24", "code 240", ""]
    assert shares_of_numbers("rsync exit code 23 or 24", texts) == [1.0, 0.5, 0.0, 0.0]
    assert shares_of_numbers("rsync exit code", texts) == [0.0] * 4


SCORES = st.lists(
    st.tuples(*[st.floats(-20, 20, allow_nan=False)] * 3, st.floats(0, 1)), min_size=1, max_size=20
).map(lambda rows: np.round(np.array(rows), 3).T)


@given(SCORES)
def test_a_number_adds_to_a_pool_what_is_said_of_it(scores: np.ndarray) -> None:
    *signals, shares = scores
    without = pooled(DEFAULT_BLEND, *signals)
    assert pooled(DEFAULT_BLEND, *signals, 0.0, shares) == pytest.approx(
        without + POOLING.numbers * shares
    )


@pytest.fixture
def alike(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> list[Hit]:
    """Rows of a list, as the models see them: the second one a little less similar."""
    (hit,) = search(reader, "pears", bi_encoder, cross_encoder, SearchOptions(k=1)).hits
    assert hit.candidate is not None
    hits = []
    for row, similarity in zip((26, 28, 40, 41, 42), (0.81, 0.80, 0.7, 0.69, 0.68), strict=True):
        passage = replace(hit.passage.passage, text=f"{row}\nAn error.")
        stored = replace(hit.passage, passage_id=row, passage=passage)
        candidate = replace(hit.candidate, similarity=similarity, bm25=9.0)
        hits.append(Hit(1, stored, candidate, relevance=relevance_of(4.0)))
    return hits


def test_the_row_with_the_number_comes_first(alike: list[Hit]) -> None:
    def first(query: str, hits: list[Hit]) -> str:
        return ordered(hits, DEFAULT_BLEND, query)[0].passage.passage.text[:2]

    assert first("exit code", alike) == "26"
    assert first("exit code 28", alike) == "28"
    # It is a part of the evidence.
    irrelevant = replace(alike[1], relevance=relevance_of(-9.0))
    assert first("exit code 28", [alike[0], irrelevant, *alike[2:]]) == "26"


def test_a_sentence_with_the_number_is_shown() -> None:
    days = [
        "On 2024-01-03 the committee met.",
        "On 2024-03-01 it met.",
        "In 2024 the committee met.",
    ]
    assert likeliest("committee on 2024-03-01", [days]) == [[1]]
    assert likeliest("committee in 2024", [days], least=0.0) == [[0, 1, 2]]
    rows = ["28\nOperation timeout.", "An application told curl to abort.", "Curl had no code."]
    assert likeliest("curl exit code 28", [rows]) == [[0]]
    assert likeliest("curl exit code", [rows], least=0.0) == [[0, 1, 2]]
    assert likeliest("curl exit code 99", [rows], least=0.0) == [[0, 1, 2]]
