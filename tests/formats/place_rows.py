"""Files of real structure, and how to open each at a place by other means than its reader."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bienc_cli.types import Place
from reader_samples import pdf_bytes


@dataclass(frozen=True)
class Row:
    """A format, a file of it, and how to open that at a place.

    `opened` gives the words that a person sees there; `kinds` are the places that it must have;
    `suffix` is that of the file where it is not the format's first.
    """

    format: str
    content: bytes
    opened: Callable[[Path, Place], Sequence[str]]
    kinds: frozenset[str] = frozenset({"line"})
    suffix: str = ""


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def lines_of(path: Path) -> list[str]:
    """As editors count them: a line feed, a carriage return, or both are one line's end."""
    with path.open(encoding="utf-8", newline=None) as file:
        return file.read().split("\n")


def in_lines(path: Path, place: Place) -> list[str]:
    lines = lines_of(path)[place.first - 1 : place.last]
    assert lines[0].strip(), "the first line that is cited is empty"
    assert lines[-1].strip(), "the last line that is cited is empty"
    return words("\n".join(lines))


def in_record(path: Path, place: Place) -> list[str]:
    assert place.first == place.last
    record = json.loads(path.read_text(encoding="utf-8").split("\n")[place.first - 1])
    return words("\n".join(f"{name} {value}" for name, value in record.items()))


def on_page(path: Path, place: Place) -> list[str]:
    import pypdfium2

    assert place.first == place.last
    with pypdfium2.PdfDocument(path) as pdf:
        return words(pdf[place.first - 1].get_textpage().get_text_bounded())


def sentences(count: int, subject: str) -> str:
    """Words that stand nowhere else in the file."""
    return " ".join(f"{subject}{n} runs over the {subject}hill{n}." for n in range(count))


# Breaks that split a line for Python and for nobody who opens the file.
ODD = f"form\ffeed and tab\vstop {sentences(3, 'odd')} next\x85line and sepa\u2028rator\u2029here"

MARKDOWN = f"""\
---
title: A guide
tags: [pears]
---
# Guide

{sentences(9, "guide")}

## Set up

1. {sentences(4, "first")}
2. {sentences(4, "second")}

   {sentences(4, "nested")}

```sh
bienc index docs   {sentences(2, "code")}


bienc query pears  {sentences(6, "more")}
```

| a | b |
|---|---|
| {sentences(2, "cell")} | {sentences(2, "other")} |

Use
---

> {sentences(5, "quote")}

{ODD}

<div>
{sentences(5, "html")}
</div>

{sentences(12, "end")}
"""

RST = f"""\
=====
Guide
=====

.. contents::

{sentences(9, "guide")}

Set up
------

* {sentences(5, "first")}
* {sentences(5, "second")}

.. code-block:: python

   x = 1  # {sentences(4, "code")}

{ODD}

Use
---

{sentences(12, "end")}
"""

PYTHON = f'''\
#!/usr/bin/env python3
"""{sentences(4, "module")}

{sentences(5, "about")}
"""

import os


@decorated
class Pear:
    """{sentences(4, "pear")}"""

    def ripen(self, days: int) -> str:
        # {sentences(4, "ripen")}
        return """
{sentences(4, "inner")}

        """

    def rot(self) -> None:
        {"; ".join(f"rot{n} = {n}" for n in range(20))}


def harvest(trees):
    """{ODD}"""
    return {{
        "key": "{sentences(8, "value")}",
    }}
'''

CSV = "\n".join(
    [
        "name,notes",
        f'one,"{sentences(3, "one")}\n{sentences(3, "two")}"',
        "",
        *(f'row{n},"{sentences(2, f"r{n}x")}"' for n in range(8)),
        f'odd,"{ODD}"',
        f"end,{sentences(4, 'end')}",
    ]
)

JSON = json.dumps(
    {
        "title": "Pears",
        "list": [{"name": f"n{n}", "note": sentences(3, f"j{n}x")} for n in range(6)],
        "deep": {"a": {"b": [1, 2, sentences(4, "deep")]}},
    },
    indent=2,
)

JSONL = "\n".join(
    [
        json.dumps({"_id": "d1", "title": "T", "text": f"{sentences(9, 'a')}\n\n{ODD}"}),
        "",
        json.dumps({"text": f"\n\n  {sentences(9, 'b')}"}),
        json.dumps({"name": "c", "note": sentences(9, "c")}),
    ]
)

PAGES = (
    "\n".join(sentences(9, "one").split(". ")),
    "",
    "\n".join(sentences(12, "three").split(". ")),
)

ROWS = [
    Row("text", f"{sentences(8, 'a')}\n\n\n  {ODD}\n\n{sentences(30, 'b')}\n".encode(), in_lines),
    Row("markdown", MARKDOWN.encode(), in_lines),
    Row("rst", RST.encode(), in_lines),
    Row("code", PYTHON.encode(), in_lines),
    Row("csv", CSV.encode(), in_lines),
    Row("json", JSON.encode(), in_lines),
    Row("jsonl", JSONL.encode(), in_record),
    Row("pdf", pdf_bytes(*PAGES, title="Pears"), on_page, frozenset({"page"})),
]
