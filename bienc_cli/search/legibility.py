"""What a cross-encoder cannot read, so that its opinion is noise: it is left out there."""

from __future__ import annotations

from collections.abc import Sequence

from bienc_cli.languages import reads_as_english
from bienc_cli.search.result import Hit
from bienc_cli.types import CrossEncoderIdentity


def illegible(identity: CrossEncoderIdentity, hits: Sequence[Hit]) -> set[int]:
    """The passages that it cannot read, by id."""
    if not identity.english_only:
        return set()
    return {
        hit.passage.passage_id
        for hit in hits
        if not reads_as_english(hit.passage.passage.embedded_text)
    }


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
