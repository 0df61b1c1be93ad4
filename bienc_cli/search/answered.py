"""Decides whether anything that a search proposed seems to answer the query."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bienc_cli.search.exact_names import has_keywords
from bienc_cli.search.result import Hit
from bienc_cli.stages import Stopwatch
from bienc_cli.store import Filter, Searchable
from bienc_cli.types import BiEncoder

ANSWERS_FROM = 0.05
"""Relevance from which a passage is an answer. Half the answers in other words than their questions
do not reach it, so that alone it says nothing against them: see docs/evaluation.md."""

UNRELATED_QUESTIONS = (
    "who painted the ceiling of the Sistine Chapel",
    "how do I teach a puppy to sit",
    "what is the boiling point of nitrogen",
    "which team won the cricket world cup",
    "how to knit a scarf for beginners",
    "when did the Roman Empire fall",
    "best guitar chords for a love song",
    "how many moons does Saturn have",
    "what causes earthquakes in Japan",
    "how do I get rid of ants in the kitchen",
    "why do cats purr at night",
    "how does photosynthesis work",
    "who wrote Don Quixote",
    "how do I change a flat tyre",
    "symptoms of the flu in children",
    "what is compound interest",
)
"""Questions of many fields, of which hardly any folder answers more than a few."""

MOST_PASSAGES = 100_000
"""Passages beyond which unrelated questions are not asked. So many queries make a new process load
the graph: of 58,000 passages in 0.2 s, of a million in seconds, while somebody waits."""


def seems_answered(
    index: Searchable,
    query: str,
    vector: NDArray[np.float32] | None,
    hits: Sequence[Hit],
    bi_encoder: BiEncoder | None,
    where: Filter,
    watch: Stopwatch,
    *,
    words_alone: bool = False,
) -> bool | None:
    """Whether some candidate seems to answer.

    One does that is relevant, or contains a rare name of the query, or all of a few keywords. None
    does if both models say so: nothing is relevant, and the nearest passage is no nearer than
    unrelated questions come to the same passages.

    Args:
        index: what was searched.
        query: cleaned.
        vector: of the query, shape (dim,); None where the strategy compares no vectors.
        hits: all candidates, reranked or not.
        bi_encoder: the model of `vector`.
        where: the filter of the search.
        watch: times the comparison with unrelated questions, if there is one.
        words_alone: no model can read the query and its possible answers.

    Returns:
        None if unknown, as in an index of more than `MOST_PASSAGES`. By words alone, the answer is
        known only if no passage has any word of the query.
    """
    if any(_is_answer(hit) for hit in hits):
        return True
    if words_alone and hits:
        return None if any(hit.candidate and hit.candidate.bm25 for hit in hits) else False
    if not hits or any(hit.relevance is None for hit in hits):
        return None
    if has_keywords(index, query, hits, where):
        return True
    if bi_encoder is None or vector is None or index.info.passages > MOST_PASSAGES:
        return None
    with watch.stage("encode query"):
        vectors = bi_encoder.encode_queries(UNRELATED_QUESTIONS)
    with watch.stage("search"):
        unrelated = highest_similarities(index, vectors, where)
        similarities = highest_similarities(index, vector[np.newaxis], where)
    # An approximate search behind a filter may come back empty.
    if not unrelated or not similarities:
        return None
    return None if stands_out(similarities[0], unrelated) else False


def _is_answer(hit: Hit) -> bool:
    relevant = hit.relevance is not None and hit.relevance.probability >= ANSWERS_FROM
    return relevant or (hit.candidate is not None and hit.candidate.exact > 0)


def highest_similarities(
    index: Searchable, vectors: NDArray[np.float32], where: Filter
) -> list[float]:
    """The similarity of the nearest passage found for each vector of shape (n, dim)."""
    nearest = [index.search(vector, 1, where) for vector in vectors]
    return [similarity for found in nearest for _, similarity in found]


def stands_out(similarity: float, unrelated: Sequence[float]) -> bool:
    """Whether a similarity is above the unrelated ones by more than their standard deviation.

    Cosines have another scale for each model, and the nearest of many passages is nearer than that
    of a few. Both hold for the unrelated questions, too.
    """
    # A slow import that few queries need.
    from statistics import fmean, pstdev

    return similarity > fmean(unrelated) + pstdev(unrelated)
