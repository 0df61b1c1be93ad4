"""How numbers, names and texts are written in HTML; every one of them escaped."""

from __future__ import annotations

import json
import math
from importlib.resources import files
from typing import TYPE_CHECKING

from rich.text import Text

from bienc_cli.render import hits as hit_
from bienc_cli.render.printable import duration, one_line
from bienc_cli.search.result import Hit

if TYPE_CHECKING:
    from markupsafe import Markup

_NOTHING = "–"


def resource(name: str) -> str:
    """A file that ships beside the templates."""
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def number(value: float | None, form: str = ".4f") -> Markup | str:
    """The number of the JSON, shown in a shorter form; a dash where there is none."""
    exact = hit_.rounded(value)
    if exact is None or math.isnan(exact):
        return _NOTHING
    # Adding 0.0 takes the sign off a zero.
    return _data(exact, format(exact + 0.0, form).replace("-", "−"))


def took(seconds: float | None) -> Markup | str:
    """A time in the unit that suits it; its value in seconds, as in the JSON."""
    exact = hit_.rounded(seconds)
    return (
        _NOTHING
        if exact is None
        else _data(exact, duration(exact).replace(" ", "\N{NO-BREAK SPACE}"))
    )


def probability(value: float | None) -> Markup | str:
    """A p-value to three places."""
    exact = hit_.rounded(value)
    if exact is None:
        return _NOTHING
    return _data(exact, "<0.001" if exact < 0.001 else f"{exact:.3f}")


def _data(exact: float, shown: str) -> Markup:
    from markupsafe import Markup

    return Markup('<data value="{}">{}</data>').format(json.dumps(exact), shown)


def axis_time(seconds: float, short: bool = False) -> str:
    """A round time beside an axis: `5 ms`, `2 s`; on a narrow one `5`, where all are in ms."""
    if short:
        return f"{seconds * 1000:g}"
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"


def name(text: str) -> Markup:
    """A system's name, which may be broken at its joints."""
    from markupsafe import Markup, escape

    return escape(one_line(text)).replace("+", Markup("+<wbr>")).replace("@", Markup("<wbr>@"))


def scores(hit: Hit) -> str:
    """What is known of the hit, each by its name."""
    known = (
        ("relevance", hit_.relevance(hit)),
        ("similarity", hit_.similarity(hit)),
        ("BM25", hit_.bm25(hit)),
    )
    return " · ".join(f"{label}\N{NO-BREAK SPACE}{value}" for label, value in known if value)


def snippet(hit: Hit, query: str, length: int) -> Markup:
    """A part of the passage on one line, the query's words marked."""
    from markupsafe import Markup, escape

    text = Text(hit_.snippet("", hit, length).plain)
    hit_.light(query, text)
    plain, parts, end = text.plain, [], 0
    for span in text.spans:
        parts += [escape(plain[end : span.start]), Markup("<mark>")]
        parts += [escape(plain[span.start : span.end]), Markup("</mark>")]
        end = span.end
    return Markup("").join([*parts, escape(plain[end:])])
