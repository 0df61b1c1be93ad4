"""What a model cannot read, or not well.

Where its opinion is noise it is left out. Code, logs and tables it reads as if they were prose, and
ranks them by the words that they share with the query: there it counts for less.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from bienc_cli.languages import has_english_words, reads_as_english
from bienc_cli.models import reads_english_only
from bienc_cli.search.result import Hit
from bienc_cli.store import IndexInfo
from bienc_cli.types import BlendWeights, CrossEncoderIdentity

_SOME, _MOST = 0.1, 0.5
"""Shares of passages in other languages than English: past the first, one may be what a query in
another language asks for."""

BM25_ALONE = BlendWeights(similarity=1e-6, bm25=1.0)
"""Similarity orders only what BM25 has alike, such as all that has no word of the query."""

SIMILARITY_ALONE = BlendWeights(similarity=1.0, bm25=1e-6)
"""The other way round."""

_NO_SYMBOLS = str.maketrans("", "", "(){}[]=_;<>\"'\\/*&|+#")
_SYMBOLS_OF_CODE = 0.1
"""The share of them above which nothing is more like code."""


def illegible(identity: CrossEncoderIdentity, hits: Sequence[Hit]) -> set[int]:
    """The passages that it cannot read, by id."""
    if not identity.english_only:
        return set()
    return {
        hit.passage.passage_id
        for hit in hits
        if not reads_as_english(hit.passage.passage.embedded_text)
    }


def similarity_is_noise(info: IndexInfo, query: str) -> bool:
    """Whether the bi-encoder of an index cannot read a query, nor what may answer it.

    A word or two may be in any language; they are taken for what most of the index is in.
    A question in another language on texts in English it still understands by names.
    """
    if not reads_english_only(info.encoder.name):
        return False
    share = _share_of_others(info)
    if reads_as_english(query):
        return share > _MOST and not has_english_words(query)
    return share > _SOME


def similarity_is_a_guess(info: IndexInfo, query: str) -> bool:
    """Whether the bi-encoder of an index cannot read a query, or most of the index."""
    return reads_english_only(info.encoder.name) and (
        _share_of_others(info) > _MOST or not reads_as_english(query)
    )


def words_are_noise(info: IndexInfo, query: str) -> bool:
    """Whether the words of a query are of another language than those of an index.

    Told where one of the two is plainly English and the other is not, and of a bi-encoder that may
    read both. What words they share are names, which it reads too, and chance.
    """
    if reads_english_only(info.encoder.name):
        return False
    share = _share_of_others(info)
    if reads_as_english(query):
        return share > 1 - _SOME and has_english_words(query)
    return share < _SOME


def _share_of_others(info: IndexInfo) -> float:
    return sum(number for _, number in info.languages) / max(1, info.passages)


def codelike(texts: Sequence[str]) -> float:
    """How far texts are code, logs or tables rather than prose: 0 to 1, in the mean.

    By the share of their characters that are brackets, quotes, operators and the like: 0.006 in
    abstracts, 0.03 in docstrings, 0.09 in functions.
    """
    if not texts:
        return 0.0
    symbols = [len(text) - len(text.translate(_NO_SYMBOLS)) for text in texts]
    return fmean(
        min(1.0, count / max(1, len(text)) / _SYMBOLS_OF_CODE)
        for count, text in zip(symbols, texts, strict=True)
    )


def is_at_a_loss(
    identity: CrossEncoderIdentity, query: str, hits: Sequence[Hit] | None = None
) -> bool:
    """Whether it cannot read a query, or not even half of what is proposed for it.

    Args:
        identity: of the cross-encoder.
        query: what is asked.
        hits: what is proposed; None where that is not known yet.
    """
    if not identity.english_only:
        return False
    if not reads_as_english(query):
        return True
    return hits is not None and 2 * len(illegible(identity, hits)) > len(hits)
