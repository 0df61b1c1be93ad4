"""What is worth doing before a command line is understood."""

from __future__ import annotations

from collections.abc import Sequence

_DECISIVE = frozenset(
    "--no-rerank --strategy --cross-encoder --runtime --device --threads --help -h".split()
)
"""Options of `query` that say which cross-encoder is needed and how, if any."""


def begin(arguments: Sequence[str]) -> None:
    """Begin loading the model that a `query` is as good as sure to want.

    The libraries that understand command lines take as long to import as the model to load, and
    the model takes another core.
    """
    if arguments[:1] == ["query"] and _DECISIVE.isdisjoint(
        word.partition("=")[0] for word in arguments
    ):
        from bienc_cli.cli.loading import begin_ahead

        begin_ahead(
            offline="--offline" in arguments,
            quiet=not {"-q", "--quiet"}.isdisjoint(arguments),
        )
