"""What is worth doing before a command line is understood."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bienc_cli.strategy import SHORT_NAMES, Strategy

_DECISIVE = frozenset("--runtime --device --threads --help -h".split())
"""Options of `query` that say how models are run, if at all."""


def begin(arguments: Sequence[str]) -> None:
    """Begin loading the models that a `query` is as good as sure to want.

    The libraries that understand command lines take as long to import as a model to load, and
    the model takes another core.
    """
    words = [part for word in arguments for part in word.split("=", 1)]
    if words[:1] != ["query"] or not _DECISIVE.isdisjoint(words):
        return
    meant = _strategies(words)
    cross_encoder = any(one.needs_cross_encoder for one in meant) and "--cross-encoder" not in words
    # Of several indexes, and of one that is renewed first, the model is known later.
    named = [after for word, after in pairwise(words) if word == "--index"]
    unsure = len(named) > 1 or not {"--model", "--refresh"}.isdisjoint(words)
    bi_encoder = any(one.needs_bi_encoder for one in meant) and not unsure
    if not (cross_encoder or bi_encoder):
        return
    from bienc_cli.cli.loading import begin_ahead

    begin_ahead(
        cross_encoder=cross_encoder,
        indexes=(named or None) if bi_encoder else (),
        offline="--offline" in words,
        quiet=not {"-q", "--quiet"}.isdisjoint(words),
    )


def _strategies(words: Sequence[str]) -> list[Strategy]:
    """The one that is meant; none where that is not plain."""
    if "--strategy" not in words:
        return [Strategy.LIGHT_BLEND if "--no-rerank" in words else Strategy.BLEND]
    if "--no-rerank" in words:
        return []
    named = words[words.index("--strategy") + 1 :][:1]
    meant = [SHORT_NAMES.get(name, name) for name in named]
    return [one for one in Strategy if [one.value] == meant]
