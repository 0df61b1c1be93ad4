"""Whether anything that was found seems to answer, or is only the nearest there is."""

from __future__ import annotations

from collections.abc import Sequence

from bienc_cli.search.legibility import codelike
from bienc_cli.search.reranking import text_to_read
from bienc_cli.search.result import Hit

ANSWERS_FROM = 0.05
"""One question in twenty that has an answer in prose has no passage of this relevance; measured,
see docs/evaluation.md."""

_CODE = 0.5
"""From here on a low relevance says nothing: in code one answer in four has it."""


def seems_answered(hits: Sequence[Hit]) -> bool | None:
    """Whether a passage has at least the relevance of an answer, or a rare name of the query.

    Nearness and shared words do not tell: the nearest passages of a nonsense query are as near as
    some answers, on a scale that each model and collection has for itself.

    Args:
        hits: what was proposed, read or not.

    Returns:
        None where nobody knows: nothing of what was read does, and not all was read, or it is
        code.
    """
    for hit in hits:
        if hit.relevance is not None and hit.relevance.probability >= ANSWERS_FROM:
            return True
        if hit.candidate is not None and hit.candidate.exact:
            return True
    if not hits or any(hit.relevance is None for hit in hits):
        return None
    return None if codelike([text_to_read(hit.passage) for hit in hits]) >= _CODE else False
