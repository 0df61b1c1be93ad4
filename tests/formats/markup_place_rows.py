"""Files of markup whose text is not the file's own, and of grammars of their own."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from bienc_cli.types import Place
from place_rows import ODD, Row, in_lines, sentences, words

TABLE_ROWS = "".join(f"<tr><td>r{n}<td>\n{sentences(2, f'r{n}x')}</tr>\n" for n in range(6))

HTML = f"""\
<!doctype html>
<html>
<head>
<title>Pears</title>
<style>
{"".join(f".pear{n} {{ color: red }}{chr(10)}" for n in range(60))}</style>
<script>
var pears = "{sentences(9, "script")}";
</script>
</head>
<body>
<nav><ul><li>{sentences(4, "nav")}</li></ul></nav>

<h1 class="big">The
  guide</h1>
<p>{sentences(4, "guide")}
and {sentences(4, "over")}<br>{sentences(4, "lines")}</p>

<h2>Set up</h2>
<ul>
  <li>{sentences(4, "first")}
  <li>{sentences(4, "second")}
    <ul>

      <li>{sentences(4, "inner")}</li>
    </ul>
</ul>
<table>
{TABLE_ROWS}</table>
<!-- {sentences(2, "comment")}

-->
<pre>
  {sentences(3, "pre")}

  {sentences(3, "formatted")}
</pre>
<div><div><h3>Use</h3><div>{sentences(9, "deep")}</div></div></div>
<p>Fran&ccedil;ois &amp; {sentences(9, "end")}
</body>
</html>
"""

ASCIIDOC = f"""\
= Pears
:toc:

{sentences(9, "guide")}

== Set up

* {sentences(4, "first")}
* {sentences(4, "second")}

[source,sh]
----
bienc index  # {sentences(4, "code")}
----

{ODD}

== Use

{sentences(12, "end")}
"""

ORG = f"""\
#+TITLE: Pears

{sentences(9, "guide")}

* Set up
:PROPERTIES:
:ID: x
:END:

- {sentences(4, "first")}
- {sentences(4, "second")}

#+BEGIN_SRC sh
bienc index  # {sentences(4, "code")}
#+END_SRC

** Use

{ODD}

{sentences(12, "end")}
"""

LATEX = f"""\
\\documentclass{{article}}
\\title{{Pears}}
\\begin{{document}}
\\maketitle

{sentences(9, "guide")}

\\section{{Set up}}
\\begin{{itemize}}
\\item {sentences(4, "first")}
\\item {sentences(4, "second")}
\\end{{itemize}}

\\subsection{{Use}}

{ODD}

{sentences(12, "end")}
\\end{{document}}
"""

ONE_LINE = json.dumps(
    {"title": "Pears", "list": [{"note": sentences(3, f"j{n}x")} for n in range(9)]}
)


MAN = f"""\
.\\" Copyright of somebody
.TH PEARS 1 "May 2024"
.SH NAME
pears \\- {sentences(4, "name")}

.SH "SET UP"

{sentences(9, "first")}

.SS Use

{ODD}

{sentences(12, "end")}
"""


def event(name: str) -> str:
    said = sentences(9, name)
    folded = "\n ".join(said[at : at + 60] for at in range(0, len(said), 60))
    return f"BEGIN:VEVENT\nUID:{name}\nSUMMARY:Of {name}\nDESCRIPTION:{folded}\nEND:VEVENT\n"


CALENDAR = f"BEGIN:VCALENDAR\n{event('pears')}{event('plums')}{event('figs')}END:VCALENDAR\n"


def card(name: str) -> str:
    return f"BEGIN:VCARD\nVERSION:4.0\nFN:{name} Pear\nNOTE:{sentences(9, name)}\nEND:VCARD\n"


CARDS = "".join(map(card, ("Ann", "Ben", "Cleo")))


def cues(name: str) -> str:
    return "".join(
        f"{number}\n00:00:{number:02},000 --> 00:00:{number:02},900\n{sentence}.\n\n"
        for number, sentence in enumerate(sentences(40, name).split(". "), 1)
    )


DRAWING = "\n".join(
    [
        '<?xml version="1.0"?>',
        '<svg xmlns="http://www.w3.org/2000/svg">',
        "<title>Pears</title>",
        *(
            f'<g><path d="M0 0"/>\n<text x="1">{sentences(4, name)}</text></g>\n'
            for name in ("root", "stem", "leaf", "blossom", "fruit", "core")
        ),
        "</svg>",
    ]
)


def in_calendar(path: Path, place: Place) -> list[str]:
    lines = path.read_text(encoding="utf-8").split("\n")[place.first - 1 :]
    opened = "\n".join(lines).replace("\n ", "").split("\n")
    shown = opened[: 1 + sum(not line.startswith(" ") for line in lines[1 : place.last])]
    return words("\n".join(shown).replace("DESCRIPTION", "Description").replace("NOTE", "Note"))


def in_subtitles(path: Path, place: Place) -> list[str]:
    lines = path.read_text(encoding="utf-8").split("\n")[place.first - 1 : place.last]
    return words("\n".join(line for line in lines if "-->" not in line and not line.isdecimal()))


def in_html(path: Path, place: Place) -> list[str]:
    lines = path.read_text(encoding="utf-8").split("\n")[place.first - 1 : place.last]
    assert lines[0].strip()
    return words(html.unescape(re.sub("<[^>]*>", " ", "\n".join(lines))))


MARKUP_ROWS = [
    Row("html", HTML.encode(), in_html),
    Row("svg", DRAWING.encode(), in_html),
    Row("asciidoc", ASCIIDOC.encode(), in_lines),
    Row("org", ORG.encode(), in_lines),
    Row("latex", LATEX.encode(), in_lines),
    Row("man", MAN.encode(), in_lines),
    Row("calendar", CALENDAR.encode(), in_calendar),
    Row("calendar", CARDS.encode(), in_calendar, suffix=".vcf"),
    Row("subtitles", cues("pears").encode(), in_subtitles),
    Row("json", ONE_LINE.encode(), in_lines),
]
