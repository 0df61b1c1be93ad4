"""What is worth doing before a command line is understood."""

from __future__ import annotations

from collections.abc import Sequence

from bienc_cli.strategy import SHORT_NAMES, Strategy

_DECISIVE = frozenset("--no-rerank --cross-encoder --runtime --device --threads --help -h".split())
"""Options of `query` that say which cross-encoder is needed and how, if any."""


def begin(arguments: Sequence[str]) -> None:
    """Begin loading the model that a `query` is as good as sure to want.

    The libraries that understand command lines take as long to import as the model to load, and
    the model takes another core.
    """
    words = [part for word in arguments for part in word.split("=", 1)]
    if words[:1] != ["query"] or not _DECISIVE.isdisjoint(words) or not _reranks(words):
        return
    from bienc_cli.cli.loading import begin_ahead

    begin_ahead(offline="--offline" in words, quiet=not {"-q", "--quiet"}.isdisjoint(words))


def _reranks(words: Sequence[str]) -> bool:
    if "--strategy" not in words:
        return True
    named = words[words.index("--strategy") + 1 :][:1]
    meant = [SHORT_NAMES.get(name, name) for name in named]
    return any(one.needs_cross_encoder for one in Strategy if [one.value] == meant)
