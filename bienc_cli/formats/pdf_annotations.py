"""Filled-in form fields and annotations of a PDF's pages, with pypdf."""

from __future__ import annotations

import contextlib
import html
import itertools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypdf import PageObject

_MOST = 10_000
"""Limit on annotations of a page."""

_DEEPEST_FIELD = 16

_PASSWORD_FIELD = 1 << 13
_DROPS_DOWN = 1 << 17
_HIDDEN = 1 << 1
"""Bits in the flags of fields and annotations (ISO 32000, 12.7.4.3 and 12.5.3)."""

_MOST_OPTIONS = 30
"""A longer list box scrolls, and most of it is out of sight."""

_NO_NOTES = frozenset({"/Link", "/Popup", "/Widget"})
_DRAWN = frozenset({"/FreeText", "/Stamp"})
"""Annotations that show words on the page, and not an icon for them."""

_TAG = re.compile(r"<[^<>]*>")


def fields_and_notes(page: PageObject) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The filled-in fields of a page, as `label: value`, and its notes, without damaged ones."""
    fields: list[str] = []
    notes: list[str] = []
    with contextlib.suppress(Exception):
        for entry in itertools.islice(_entry(page, "/Annots") or (), _MOST):
            with contextlib.suppress(Exception):
                annotation = entry.get_object()
                if int(_entry(annotation, "/F") or 0) & _HIDDEN:
                    continue
                kind = _entry(annotation, "/Subtype")
                if kind == "/Widget":
                    fields += _field(page, annotation)
                elif kind not in _NO_NOTES:
                    notes += _note(page, annotation)
    return tuple(fields), tuple(notes)


def _entry(dictionary: Any, key: str) -> Any:
    """The object itself, not a reference to it, which `get` may return."""
    return dictionary[key] if key in dictionary else None  # noqa: SIM401  (not the same here)


def _drawn(page: PageObject, annotation: Any, rich: str) -> str:
    """Words that are only in the rich text under the key `rich`, which is XHTML, or are drawn."""
    # What is drawn may be damaged; the rest of the annotation is not.
    with contextlib.suppress(Exception):
        if source := _entry(annotation, rich):
            return html.unescape(_TAG.sub(" ", _one(source))).strip()
        form = _entry(_entry(annotation, "/AP"), "/N")
        if hasattr(form, "get_data"):
            return page.extract_xform_text(form).strip()
    return ""


def _note(page: PageObject, annotation: Any) -> Iterator[str]:
    contents = str(_entry(annotation, "/Contents") or "").strip()
    if not contents and _entry(annotation, "/Subtype") in _DRAWN:
        contents = _drawn(page, annotation, "/RC")
    if contents:
        author = str(_entry(annotation, "/T") or "").strip()
        # Viewers show the author of a note, except for free text, which is part of the page.
        named = author and _entry(annotation, "/Subtype") != "/FreeText"
        yield f"{author}: {contents}" if named else contents


def _field(page: PageObject, widget: Any) -> Iterator[str]:
    # The parts of a field inherit entries that they lack.
    chain = [widget]
    while (parent := _entry(chain[-1], "/Parent")) is not None and len(chain) < _DEEPEST_FIELD:
        chain.append(parent)

    def inherited(key: str) -> Any:
        return next((part[key] for part in chain if key in part), None)

    kind = inherited("/FT")
    if kind == "/Sig" or (kind == "/Tx" and int(inherited("/Ff") or 0) & _PASSWORD_FIELD):
        return
    value = inherited("/V")
    if kind == "/Btn":
        # A button is on if it shows a state other than `Off`.
        value = _entry(widget, "/AS") or value
        caption = str(_entry(_entry(widget, "/MK") or {}, "/CA") or "").strip()
        # A check box has a single sign, of a font of signs.
        yield from filter(lambda words: len(words) > 1, [caption])
        if value in {None, "/Off"}:
            return
    values = [_one(each) for each in (value if isinstance(value, list) else [value]) if each]
    label = inherited("/TU") or inherited("/T")
    if kind == "/Tx" and not values:
        values = [_drawn(page, widget, "/RV")]
    options = list(itertools.islice(inherited("/Opt") or (), _MOST))
    if kind == "/Btn":
        shown = {str(index): _one(option) for index, option in enumerate(options)}
    else:
        shown = dict(map(_option, options))
    yield from labelled(str(label or ""), ", ".join(shown.get(choice, choice) for choice in values))
    if kind == "/Ch" and not int(inherited("/Ff") or 0) & _DROPS_DOWN:
        yield from filter(None, [", ".join(shown.values()) if len(shown) <= _MOST_OPTIONS else ""])


def _option(option: Any) -> tuple[str, str]:
    """The value of a choice in the file, and its displayed text."""
    parts = option.get_object()
    return (_one(parts[0]), _one(parts[1])) if isinstance(parts, list) else (_one(parts),) * 2


def _one(value: Any) -> str:
    text = value.get_object()
    if hasattr(text, "get_data"):
        return str(text.get_data().decode("utf-8", "replace"))
    return str(text).removeprefix("/")


def labelled(label: str, value: str) -> Iterator[str]:
    """A field's value after its label, unless the label is an internal name."""
    label, value = " ".join(label.split()), value.strip()
    if value:
        plain = len(label) > 1 and "[" not in label
        yield f"{label.rstrip(':')}: {value}" if plain else value
