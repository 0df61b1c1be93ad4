"""Front matter: YAML or TOML between two fences at the top of a Markdown file."""

from __future__ import annotations

import itertools
import json
import re

_FRONT_MATTER = re.compile(
    r"\A(?P<fence>---|\+\+\+)[ \t]*\n(?P<body>.*?\n)?(?:(?P=fence)|\.\.\.)[ \t]*(?:\n|\Z)",
    re.DOTALL,
)
_PAIR = re.compile(r"""(?:[\w$.-][\w $.()/-]*|"[^"\n]*"|'[^'\n]*')[ \t]*(?P<mark>:(?=\s|\Z)|=)""")
_GOES_ON = re.compile(r"\s|-(?:\s|\Z)|[\]})]|\[[^\n]*\]\s*\Z")
"""Lines that continue the pair above: indented, an item, a closing bracket, a TOML table."""

_TITLE = re.compile(r"^title[ \t]*[:=][ \t]*(?P<value>.*)$", re.MULTILINE | re.IGNORECASE)
_LEADING_TITLE = re.compile(r"(?:%|Title:)[ \t]+(?P<title>\S[^\n]*(?:\n[ \t]+\S[^\n]*)*)(?=\n|\Z)")
"""The title line of Pandoc, MultiMarkdown and Pelican, which use no fences."""

_QUOTED = re.compile(r'"(?P<double>(?:[^"\\]|\\.)*)"' + r"|'(?P<single>(?:[^']|'')*)'")
_FOLDED = re.compile(r"[>|][-+\d]*[ \t]*(?:#.*)?\Z")
_COMMENT = re.compile(r"(?:\A|[ \t])#.*")


def split(text: str) -> tuple[str | None, int]:
    """The front matter without its fences, and where the body begins; None and 0 if there is none.

    Two horizontal rules with prose or headings between them are not front matter.
    """
    front_matter = _FRONT_MATTER.match(text)
    if front_matter is None:
        return None, 0
    body = front_matter["body"] or ""
    return (body, front_matter.end()) if _is_mapping(body, front_matter["fence"]) else (None, 0)


def _is_mapping(body: str, fence: str) -> bool:
    mark = ":" if fence == "---" else "="
    pairs = 0
    lines = body.rstrip("\n").split("\n") if body.strip() else []
    for line, following in itertools.zip_longest(lines, lines[1:], fillvalue="-"):
        pair = _PAIR.match(line)
        if pair is not None and pair["mark"] == mark:
            pairs += 1
        elif line.startswith("#"):
            # A comment is right above what it is about; a heading has a blank line below it.
            if not following.strip():
                return False
        elif line.strip() and not (pairs and _GOES_ON.match(line)) and not line.startswith("["):
            return False
    return pairs > 0 or not lines


def title(front_matter: str) -> str | None:
    """The value of `title` without quotation marks, escapes and comments; None if there is none."""
    title_line = _TITLE.search(front_matter)
    if title_line is None:
        return None
    value = title_line["value"].strip()
    quoted = _QUOTED.match(value)
    if quoted is not None:
        value = _unquoted(quoted)
    else:
        folded = _FOLDED.match(value)
        first = [] if folded else [_COMMENT.sub("", value)]
        value = " ".join([*first, *_indented(front_matter[title_line.end() :])])
    return " ".join(value.split()) or None


def leading_title(text: str) -> str | None:
    """The title in the first line of a text without front matter; None if there is none."""
    title_line = _LEADING_TITLE.match(text)
    return None if title_line is None else " ".join(title_line["title"].split())


def _unquoted(quoted: re.Match[str]) -> str:
    if quoted["double"] is None:
        return str(quoted["single"]).replace("''", "'")
    try:
        return str(json.loads(quoted.group()))
    except ValueError:
        # YAML knows more escapes than JSON; all but this one are rare in titles.
        return str(quoted["double"]).replace(r"\"", '"')


def _indented(rest: str) -> list[str]:
    """The lines that continue a value."""
    lines: list[str] = []
    for line in rest.split("\n")[1:]:
        if line.strip() and not line[0].isspace():
            break
        lines.append(line.strip())
    return lines
