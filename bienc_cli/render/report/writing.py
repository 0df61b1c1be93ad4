"""Formats numbers, names and texts as HTML; all of it escaped."""

from __future__ import annotations

import json
import math
from importlib.resources import files
from typing import TYPE_CHECKING

from rich.text import Text

from bienc_cli.render import hits
from bienc_cli.render.json_fields import rounded
from bienc_cli.render.printable import duration, one_line
from bienc_cli.search.result import Hit

if TYPE_CHECKING:
    from markupsafe import Markup

_NOTHING = "–"


def resource(name: str) -> str:
    """A file shipped beside the templates."""
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def number(value: float | None, form: str = ".4f") -> Markup | str:
    """A number of the JSON in a shorter form; a dash if there is none."""
    exact = rounded(value)
    if exact is None or math.isnan(exact):
        return _NOTHING
    # Adding 0.0 removes the sign of a zero.
    return _data(exact, format(exact + 0.0, form).replace("-", "−"))


def took(seconds: float | None) -> Markup | str:
    """A time in a suitable unit; its value is in seconds, as in the JSON."""
    exact = rounded(seconds)
    return (
        _NOTHING
        if exact is None
        else _data(exact, duration(exact).replace(" ", "\N{NO-BREAK SPACE}"))
    )


def probability(value: float | None) -> Markup | str:
    """A p-value to three decimal places."""
    exact = rounded(value)
    if exact is None:
        return _NOTHING
    return _data(exact, "<0.001" if exact < 0.001 else f"{exact:.3f}")


def _data(exact: float, text: str) -> Markup:
    from markupsafe import Markup

    return Markup('<data value="{}">{}</data>').format(json.dumps(exact), text)


def axis_time(seconds: float, short: bool = False) -> str:
    """A round time beside an axis: `5 ms`, `2 s`; on a narrow axis in ms just `5`."""
    if short:
        return f"{seconds * 1000:g}"
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"


def name(text: str) -> Markup:
    """A system's name, breakable at its joints."""
    from markupsafe import Markup, escape

    return escape(one_line(text)).replace("+", Markup("+<wbr>")).replace("@", Markup("<wbr>@"))


def scores(hit: Hit) -> str:
    """The known scores of the hit, each with its name."""
    labelled = (
        ("relevance", hits.relevance(hit)),
        ("similarity", hits.similarity(hit)),
        ("BM25", hits.bm25(hit)),
    )
    return " · ".join(f"{label}\N{NO-BREAK SPACE}{value}" for label, value in labelled if value)


def snippet(hit: Hit, query: str, length: int) -> Markup:
    """Part of the passage on one line, with the query's words highlighted."""
    from markupsafe import Markup, escape

    text = Text(hits.snippet("", hit, length).plain)
    hits.light(query, text)
    plain, parts, end = text.plain, [], 0
    for span in text.spans:
        parts += [escape(plain[end : span.start]), Markup("<mark>")]
        parts += [escape(plain[span.start : span.end]), Markup("</mark>")]
        end = span.end
    return Markup("").join([*parts, escape(plain[end:])])
