"""Shell completion of option values, as far as it is possible without opening an index.

File names are left to the shell, which completes them wherever nothing is offered.
"""

from __future__ import annotations

from collections.abc import Iterable

Offers = list[tuple[str, str]]
"""Values that can be typed, with a short explanation where it helps."""


def strategies(incomplete: str) -> Offers:
    """Values of `--strategy`."""
    from bienc_cli.strategy import SHORT_NAMES, Strategy

    short = [(name, strategy.value) for name, strategy in SHORT_NAMES.items()]
    return _starting_with(incomplete, [*((strategy.value, "") for strategy in Strategy), *short])


def strategy_list(incomplete: str) -> Offers:
    """Values of `--strategies`: the last of a comma-separated list."""
    before, comma, last = incomplete.rpartition(",")
    taken = set(before.split(","))
    return [
        (f"{before}{comma}{name}", explanation)
        for name, explanation in strategies(last)
        if name not in taken
    ]


def formats(incomplete: str) -> Offers:
    """Values of `--type`."""
    from bienc_cli.formats.table import FORMATS

    return _starting_with(incomplete, ((name, "") for name in sorted(FORMATS)))


def bi_encoders(incomplete: str) -> Offers:
    """Values of `--model`."""
    return _models(incomplete, "bi-encoder")


def cross_encoders(incomplete: str) -> Offers:
    """Values of `--cross-encoder`."""
    return _models(incomplete, "cross-encoder")


def languages(incomplete: str) -> Offers:
    """Values of `--language`."""
    from bienc_cli.languages import NAMES

    return _starting_with(incomplete, [("auto", "by each text"), *NAMES.items()])


def runtimes(incomplete: str) -> Offers:
    """Values of `--runtime`."""
    from bienc_cli.models import RUNTIMES

    return _starting_with(incomplete, ((name, "") for name in RUNTIMES))


def devices(incomplete: str) -> Offers:
    """Values of `--device`."""
    return _starting_with(incomplete, _without_explanation("auto cpu cuda mps"))


def pdf_engines(incomplete: str) -> Offers:
    """Values of `--pdf-engine`."""
    return _starting_with(incomplete, _without_explanation("pypdf pdfium"))


def strategies_without_words(incomplete: str) -> Offers:
    """Values of `--strategy` where the query is vectors."""
    return _starting_with(
        incomplete, _without_explanation("bi bi-encoder bi+ce bi-encoder+cross-encoder")
    )


def _models(incomplete: str, role: str) -> Offers:
    from bienc_cli.models import KNOWN_MODELS

    return _starting_with(
        incomplete, ((model.alias, model.hub_id) for model in KNOWN_MODELS if model.role == role)
    )


def _without_explanation(values: str) -> Offers:
    return [(value, "") for value in values.split()]


def _starting_with(incomplete: str, offers: Iterable[tuple[str, str]]) -> Offers:
    return [(value, explanation) for value, explanation in offers if value.startswith(incomplete)]
