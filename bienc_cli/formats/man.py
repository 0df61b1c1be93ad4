r"""Manual pages: the lines of the source as printed, with their sections.

Every line stays, so lines keep their numbers. Requests become what they print, and `\fBname\fR`
becomes `name`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from bienc_cli.formats.cleaning import clean
from bienc_cli.formats.decoding import read_text, require_text
from bienc_cli.formats.lines import section_blocks
from bienc_cli.types import Document, Heading

_REQUEST = re.compile(r"[.'][ \t]*(\w+)[ \t]*(.*)\Z")
_ARGUMENT = re.compile(r'"((?:[^"]|"")*)"?|((?:[^ \t"\\]|\\.|"|\\\Z)+)')
_SECTIONS = {"SH": 1, "Sh": 1, "SS": 2, "Ss": 2}
_ALTERNATING = frozenset("BI BR IB IR RB RI".split())
"""Macros that alternate fonts: their arguments are printed without spaces."""

_PRINT_NOTHING = frozenset(
    (
        "PP P LP TP TQ RS RE HP PD nf fi sp br ad na hy nh in ti ta ne ft ps ll EX EE TS TE EQ EN "
        "if ie el ds nr so de am rm tr cs fam hw als mso pc ss vs UE ME YS AT UC "
        "Pp Bl El Bd Ed Rs Re Dd Os IX ftr fzoom fspecial fcolor gcolor rn nx ex open write writem "
        "ec cc c2 lc tc ul cu bd cp chop substring length shift while return do mk rt vpt wh ch it"
    ).split()
)
_TAB = re.compile(r"\btab\s*\(\s*(.)\s*\)")
_RULE = re.compile(r"[_=]|T\{|T\}")
"""A table cell that is a ruled line, or that only starts or ends a multi-line cell."""

_FIRST_ONLY = frozenset({"IP"})
_SKIPPED_TO_DOTS = frozenset("de ig am".split())

_IN_LINES = frozenset(
    # Macros of mdoc that may be arguments of others.
    (
        "Ad An Ao Ap Aq Ar Bc Bo Bq Brc Bro Brq Cd Cm Dc Do Dq Dv Em Er Ev Fa Fc Fl Fn Fo Ft Ic In "
        "Li Lk Ms Mt Nd Nm No Ns Oc Oo Op Pa Pc Pf Po Pq Ql Qc Qo Qq Sc So Sq St Sx Sy Tn Va Vt Xc "
        "Xo Xr It Ux Bx Nx Fx Ox"
    ).split()
)
_ESCAPE = re.compile(
    # Fonts, sizes, colours, registers and movements print nothing.
    r"\\(?:f(?:\[[^\]\n]*\]|\(..|.)|s(?:\[[^\]\n]*\]|[-+]?\d{1,2})|[mMFn](?:\[[^\]\n]*\]|\(..|.)"
    r"|[hvwlLobDZ]'[^'\n]*'"
    r"|(?P<string>\*)(?:\[(?P<a>[^\]\n]*)\]|\((?P<b>..)|(?P<c>.))"
    r"|\[(?P<d>[^\]\n]*)\]|\((?P<e>..)|(?P<sign>.)|\Z)"
)
_SIGNS = {
    **dict.fromkeys("&/,)|^%:cdur{}", ""),
    **dict.fromkeys(" ~0", " "),
    **{"e": "\\", "E": "\\", "t": "\t"},
}
_NAMED = {
    **{"em": "—", "en": "–", "hy": "-", "bu": "•", "co": "©", "rg": "®", "tm": "™", "rs": "\\"},
    **{"lq": "“", "rq": "”", "oq": "‘", "cq": "’", "dq": '"', "aq": "'", "ha": "^", "ti": "~"},
    **{"ga": "`", "aa": "´", "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "/o": "ø"},
    **{"/O": "Ø", "oA": "Å", "oa": "å", "->": "→", "<-": "←", "mu": "×", "+-": "±", "de": "°"},
    **{"sc": "§", "Eu": "€", "ul": "_", "ba": "|", "or": "|", "sl": "/", "at": "@", "sh": "#"},
    **{"Fo": "«", "Fc": "»", "lB": "[", "rB": "]", "lC": "{", "rC": "}", "Do": "$", "Tm": "™"},
    **{"<=": "≤", ">=": "≥", "!=": "≠", "mi": "-", "pl": "+", "eq": "=", "R": "®"},
}
_ACCENTS = dict(zip(":'`^~,vo", "\u0308\u0301\u0300\u0302\u0303\u0327\u030c\u030a", strict=True))


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a manual page; see `table.ReadFunction`."""
    title = program = ""
    lines: list[str] = []
    headings: list[Heading] = []
    length = 0
    skipping = False
    table: _Table | None = None
    for line in read_text(path).split("\n"):
        name, arguments = _parsed(line)
        if skipping or name in _SKIPPED_TO_DOTS:
            skipping = not line.startswith("..")
            shown = ""
        elif name is None:
            shown = _printed(line if table is None else table.row(line))
        else:
            shown = _of_request(name, arguments)
        if name == "Nm":
            # The first use names the program; later uses have no argument.
            program = program or shown
            shown = shown or program
        if name in ("TS", "TE"):
            table = _Table() if name == "TS" else None
        if name in ("TH", "Dt") and arguments and not title:
            title, section = map(_printed, [*arguments, ""][:2])
            title += f"({section})" if section else ""
        shown = clean(shown)
        if name in _SECTIONS and shown.strip():
            headings.append(Heading(length, _SECTIONS[name], shown.strip()))
        lines.append(shown)
        length += len(shown) + 1
    text = require_text("\n".join(lines))
    yield Document(
        doc_id,
        text,
        "man",
        title=title or None,
        headings=tuple(headings),
        blocks=section_blocks(text, headings),
    )


class _Table:
    """An open table: first the layout of its columns, then its rows."""

    def __init__(self) -> None:
        self._laid_out = False
        self._tab = "\t"

    def row(self, line: str) -> str:
        """The text that a line of it prints."""
        if not self._laid_out:
            if tab := _TAB.search(line):
                self._tab = tab[1]
            self._laid_out = line.rstrip().endswith(".")
            return ""
        cells = (cell.strip() for cell in line.split(self._tab))
        return " | ".join("" if _RULE.fullmatch(cell) else cell for cell in cells).strip(" |")


def _parsed(line: str) -> tuple[str | None, list[str]]:
    """A request's name and arguments; the name is None for a line of text, "" for a comment."""
    if line.startswith(('.\\"', "'\\\"", '\\"', "'''", ".\\")):
        return "", []
    request = _REQUEST.match(line)
    if request is None:
        return ("", []) if line in (".", "'", "..") else (None, [])
    rest = re.split(r'\\"', request[2], maxsplit=1)[0]
    return request[1], [match[1] or match[2] or "" for match in _ARGUMENT.finditer(rest)]


def _of_request(name: str, arguments: list[str]) -> str:
    if not name or name in _PRINT_NOTHING:
        return ""
    shown = [_printed(argument) for argument in arguments]
    if name in _ALTERNATING:
        return "".join(shown)
    if name in _FIRST_ONLY:
        return shown[0] if shown else ""
    return _of_mdoc([name, *shown]) if name in _IN_LINES else " ".join(shown)


def _of_mdoc(parts: list[str]) -> str:
    pieces: list[str] = []
    for name, following in zip(parts, [*parts[1:], ""], strict=True):
        if name == "Fl":
            pieces.append("-" if following not in _IN_LINES else "")
        elif name not in _IN_LINES:
            joined = pieces and pieces[-1] == "-"
            pieces[-1:] = [f"-{name}"] if joined else [*pieces[-1:], name]
    return " ".join(filter(None, pieces))


def _printed(text: str) -> str:
    return _ESCAPE.sub(_character, text.split('\\"', 1)[0]) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    name = escape["a"] or escape["b"] or escape["c"] or escape["d"] or escape["e"]
    if name is None:
        sign = escape["sign"]
        return "" if sign is None else _SIGNS.get(sign, sign)
    if name in _NAMED:
        return _NAMED[name]
    if escape["string"]:
        return ""
    if code := re.fullmatch(r"u([0-9A-Fa-f]{4,5})", name):
        return chr(int(code[1], 16))
    if len(name) == 2 and name[0] in _ACCENTS and name[1].isalpha():
        return unicodedata.normalize("NFC", name[1] + _ACCENTS[name[0]])
    return ""
