"""The fonts of a page, made such that pypdf reads what is drawn with them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bienc_cli.formats.leftwards import LEFTWARDS, drawn

if TYPE_CHECKING:
    from pypdf import PageObject

_TWO_BYTES = re.compile(rb"begincodespacerange\s*(?:<[0-9a-fA-F]{4}>\s*<[0-9a-fA-F]{4}>\s*)+end")

_WIDEST_SPACE = 300
"""In thousandths of an em."""

_MOST_FORMS = 1000

_SHELTER = 0xF0000
_SHELTERED = re.compile("[\U000f0590-\U000f08ff\U000ffb1d-\U000ffefc]")

_BEGIN, _END = b"beginbf", b"endbf"
_MAYBE_LEFTWARDS = re.compile(rb"(?:0[5-8]|[fF][bBdDeE])[0-9a-fA-F]{2}\s*[0-9a-fA-F]*\s*>")
_TOKEN = re.compile(rb"<([0-9a-fA-F\s]*)>|[\[\]]")
_MOST_DIGITS = 128
"""What a character stands for, in a table: 32 characters at most."""


def prepared_fonts(page: PageObject) -> set[str]:
    """Correct the fonts of a page that pypdf misreads.

    - pypdf takes two-byte fonts with an embedded encoding for one-byte fonts, so their encoding is
      replaced by a predefined one; the characters come from the `ToUnicode` table anyway.
    - In other fonts, see `_narrow_space`.
    - Letters of scripts written from right to left are sheltered; see `sheltered`.

    Returns:
        The names of the fonts with two bytes per character.
    """
    from pypdf.generic import NameObject, StreamObject

    wide: set[str] = set()
    # A damaged font must not make the page unreadable; pypdf handles it again.
    with contextlib.suppress(Exception):
        for name, font in _fonts(page):
            _shelter_letters(font)
            if font.get("/Subtype") != "/Type0":
                _narrow_space(font)
                continue
            wide.add(name)
            encoding = font.get("/Encoding")
            if (
                "/ToUnicode" in font
                and isinstance(encoding and encoding.get_object(), StreamObject)
                and _TWO_BYTES.search(encoding.get_object().get_data())
            ):
                font[NameObject("/Encoding")] = NameObject("/Identity-H")
    return wide


def named_fonts(page: PageObject) -> dict[str, Any]:
    """The font dictionaries of a page and of the forms drawn on it, as far as they are readable."""
    fonts: dict[str, Any] = {}
    with contextlib.suppress(Exception):
        for name, font in _fonts(page):
            fonts[name] = font
    return fonts


def _narrow_space(font: Any) -> None:
    """Limit the width of the character with the code of the space in a font without a space.

    pypdf takes half that width for the gap between words.
    """
    from pypdf.generic import NumberObject

    encoding = font.get("/Encoding")
    encoding = encoding and encoding.get_object()
    if not isinstance(encoding, dict) or "/space" in encoding.get("/Differences", "/space"):
        return
    widths, index = font["/Widths"].get_object(), 32 - int(font["/FirstChar"])
    if 0 <= index < len(widths) and widths[index] > _WIDEST_SPACE:
        widths[index] = NumberObject(_WIDEST_SPACE)


def _fonts(page: PageObject) -> Iterator[tuple[str, Any]]:
    """Names and fonts of a page and of the forms drawn on it."""
    pending: list[Any] = [page]
    seen: set[int] = set()
    while pending and len(seen) < _MOST_FORMS:
        holder = pending.pop().get_object()
        if id(holder) in seen or not (resources := holder.get("/Resources")):
            continue
        seen.add(id(holder))
        resources = resources.get_object()
        fonts = resources.get("/Font")
        for name, font in (fonts.get_object() if fonts else {}).items():
            yield name, font.get_object()
        forms = resources.get("/XObject")
        pending += (forms.get_object() if forms else {}).values()


def sheltered(text: str) -> str:
    """The text in drawing order, with letters of right-to-left scripts as private characters.

    pypdf reverses runs of such letters, but neither `ActualText` nor the spaces it inserts between
    them, which scrambles the line.
    """
    return LEFTWARDS.sub(lambda letter: chr(_SHELTER + ord(letter.group())), drawn(text))


def is_sheltered(text: str) -> bool:
    """Whether some of its letters are sheltered."""
    return _SHELTERED.search(text) is not None


def unsheltered(text: str) -> str:
    """The text with its own letters."""
    return _SHELTERED.sub(lambda letter: chr(ord(letter.group()) - _SHELTER), text)


def _shelter_letters(font: Any) -> None:
    from pypdf.generic import DecodedStreamObject, NameObject, StreamObject

    table = font.get("/ToUnicode")
    table = table and table.get_object()
    if not isinstance(table, StreamObject):
        return
    content = table.get_data()
    if not _MAYBE_LEFTWARDS.search(content):
        return
    *sections, rest = content.split(_END)
    changed = _END.join([*map(_sheltered_section, sections), rest])
    if changed != content:
        stream = DecodedStreamObject()
        stream.set_data(changed)
        font[NameObject("/ToUnicode")] = stream


def _sheltered_section(content: bytes) -> bytes:
    """What a table says up to the end of a section, which is the last thing in it."""
    before, begin, section = content.rpartition(_BEGIN)
    codes = 1 if section.startswith(b"char") else 2
    position = 0
    in_list = False

    def written(token: re.Match[bytes]) -> bytes:
        nonlocal position, in_list
        if token[1] is None:
            in_list = token.group() == b"["
            position = 0
            return token.group()
        position = codes + 1 if in_list else position + 1
        if position <= codes or len(token[1]) > _MOST_DIGITS:
            return token.group()
        position = 0
        return _sheltered_hex(token.group())

    return before + begin + (_TOKEN.sub(written, section) if begin else section)


def _sheltered_hex(token: bytes) -> bytes:
    try:
        text = bytes.fromhex(token[1:-1].decode()).decode("utf-16-be")
    except ValueError:
        return token
    return b"<%s>" % sheltered(text).encode("utf-16-be").hex().encode()
