"""Decides which queries and texts a model cannot read, or reads badly.

Where a model's opinion is noise, it is ignored. A cross-encoder reads code, logs and tables as if
they were prose and ranks them by shared words, so its opinion counts less there.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from bienc_cli.languages import has_english_words, reads_as_english
from bienc_cli.models import reads_english_only
from bienc_cli.search.result import Hit
from bienc_cli.store import IndexInfo
from bienc_cli.types import BlendWeights, CrossEncoderIdentity

_SOME, _MOST = 0.1, 0.5
"""Fractions of passages that are not in English: above the first, one may be what a query in
another language asks for; above the second, most of the index is foreign."""

BM25_ALONE = BlendWeights(similarity=1e-6, bm25=1.0)
"""Similarity only breaks ties of BM25, such as among the passages without any word of the query."""

SIMILARITY_ALONE = BlendWeights(similarity=1.0, bm25=1e-6)
"""BM25 only breaks ties of similarity."""

_NO_SYMBOLS = str.maketrans("", "", "(){}[]=_;<>\"'\\/*&|+#")
_SYMBOLS_OF_CODE = 0.1
"""Fraction of these symbols from which a text counts fully as code."""


def illegible(identity: CrossEncoderIdentity, hits: Sequence[Hit]) -> set[int]:
    """The ids of the passages that the cross-encoder cannot read."""
    if not identity.english_only:
        return set()
    return {
        hit.passage.passage_id
        for hit in hits
        if not reads_as_english(hit.passage.passage.embedded_text)
    }


def similarity_is_noise(info: IndexInfo, query: str) -> bool:
    """Whether an index's bi-encoder can read neither the query nor its likely answers.

    A word or two may be in any language; they are assumed to be in the index's main one. A question
    in another language about English texts is still understood by its names.
    """
    if not reads_english_only(info.encoder.name):
        return False
    share = _share_of_others(info)
    if reads_as_english(query):
        return share > _MOST and not has_english_words(query)
    return share > _SOME


def similarity_is_a_guess(info: IndexInfo, query: str) -> bool:
    """Whether an index's bi-encoder cannot read the query, or most of the index."""
    return reads_english_only(info.encoder.name) and (
        _share_of_others(info) > _MOST or not reads_as_english(query)
    )


def words_are_noise(info: IndexInfo, query: str) -> bool:
    """Whether a query is in another language than the index, so that BM25 is noise.

    Only decided where one of the two is plainly English and the other is not, and where the
    bi-encoder may read both. Words that both share are names, which the bi-encoder reads too, or
    chance.
    """
    if reads_english_only(info.encoder.name):
        return False
    share = _share_of_others(info)
    if reads_as_english(query):
        return share > 1 - _SOME and has_english_words(query)
    return share < _SOME


def _share_of_others(info: IndexInfo) -> float:
    return sum(passages for _, passages in info.languages) / max(1, info.passages)


def codelike(texts: Sequence[str]) -> float:
    """How much texts resemble code, logs or tables rather than prose: mean over texts, 0 to 1.

    Measured by the fraction of brackets, quotes, operators and similar symbols: 0.006 in abstracts,
    0.03 in docstrings, 0.09 in functions.
    """
    if not texts:
        return 0.0
    symbols = [len(text) - len(text.translate(_NO_SYMBOLS)) for text in texts]
    shares = (
        min(1.0, count / max(1, len(text)) / _SYMBOLS_OF_CODE)
        for count, text in zip(symbols, texts, strict=True)
    )
    return fsum(shares) / len(texts)


def cannot_read(
    identity: CrossEncoderIdentity, query: str, hits: Sequence[Hit] | None = None
) -> bool:
    """Whether a cross-encoder cannot read the query, or more than half of the candidates.

    Args:
        identity: of the cross-encoder.
        query: the query's text.
        hits: the candidates; None before they are known.
    """
    if not identity.english_only:
        return False
    if not reads_as_english(query):
        return True
    return hits is not None and 2 * len(illegible(identity, hits)) > len(hits)
