"""Markdown: the raw source, with the block structure that CommonMark and tables give it."""

from __future__ import annotations

import bisect
import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bienc_cli.formats import front_matter
from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.escapes import with_references_to_words
from bienc_cli.formats.lines import line_starts, spans_to_blocks
from bienc_cli.types import Block, Document, Heading

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_ATTRIBUTES = re.compile(
    r"\s*\{(?::?[ ]*(?:[#.][\w.:-]+|[\w-]+=[^{}\s]*)(?:\s[^{}]*)?|/\*[^{}]*\*/)\}\s*\Z"
)
"""What Pandoc, Kramdown, MyST and MDX say of a heading behind its words."""

_NOTE_MARK = re.compile(r"\[\^[^\[\]\s]+\]")
"""Where a footnote is called."""

_IN_HTML = re.compile(
    r"<h(?P<level>[1-6])(?:\s[^<>]*)?>(?P<title>.{1,1000}?)</h(?P=level)\s*>",
    re.DOTALL | re.IGNORECASE,
)
_ENCLOSED = re.compile(
    r"<(?P<closed>/?)(?P<name>(?i:details|aside|blockquote)|[A-Z][\w.]*)(?=[\s/>])"
    r"""(?P<said>(?:"[^"]*"|'[^']*'|\{[^{}]*\}|[^<>"'{}])*)>"""
    r"|^[ \t]*(?P<fence>:{3,})[ \t]*(?P<begun>[^\s:][^\n]*)?$",
    re.MULTILINE,
)
"""What a heading in it heads nothing behind: elements of HTML, components of MDX, and divisions
between colons, as Pandoc, Docusaurus and MyST have them."""

_LABEL = re.compile(r"""(?<!\S)(?:label|title)\s*=\s*\{?\s*(?:"([^"]+)"|'([^']+)')""")

_HIGHLIGHTED = re.compile(r"\{(?:%-?|\{[<%])[ \t]*(?P<ends>end|/[ \t]*)?(?:highlight|comment)\b")
"""What generators of sites write around code, and around what they leave out."""

_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]+)\]\](?!\()")
"""A link as Obsidian and wikis write it; shown are the words behind the bar."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_PICTURE = re.compile(r"""<img\s[^<>]*?\balt\s*=\s*(?:"([^"]*)"|'([^']*)')[^<>]*>""", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")

_MARKUP = re.compile(r"[*_`\[\]<>&\\!]")
_LONGEST_HEADING = 1000
"""Characters beyond which it is left as it is: brackets cost the square of their number."""


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a Markdown file; see `table.ReadFunction`."""
    text = with_references_to_words(read_text(path))
    yield document_of(text, doc_id, has_indented_code=path.suffix.lower() != ".mdx")


def document_of(text: str, doc_id: str, *, has_indented_code: bool = True) -> Document:
    """Read Markdown that may be part of another file: of a notebook.

    Args:
        text: the source.
        doc_id: of the document.
        has_indented_code: lines that are set in by four are code; MDX has none.
    """
    front, body_start = front_matter.split(text)
    title = front_matter.title(front) if front else front_matter.leading_title(text)
    blocks = [Block(0, len(text[:body_start].rstrip()))] if body_start else []
    headings: list[Heading] = []
    enclosed = _Enclosed()
    body = text[body_start:]
    starts = [body_start + start for start in line_starts(body)]
    references: dict[str, Any] = {}
    tokens = _parser(has_indented_code).parse(body, references)
    for index, token in enumerate(tokens):
        # Level 0 only: a heading inside a quotation or a list is no part of the outline.
        if token.map is None or token.level > 0 or token.type == "inline":
            continue
        start, end = _span(text, starts, token.map)
        if start == end:
            continue
        found: list[Heading] = []
        if token.type in ("html_block", "paragraph_open"):
            # A tag of several lines or with braces is no HTML, and stands in a paragraph.
            found = list(enclosed.meet(text, start, end))
        if token.type == "html_block":
            found = sorted([*found, *_headings_in_html(text, start, end)], key=_start_of)
        headings += found
        cuts = [heading.start for heading in found if heading.start > start]
        is_table = token.type == "table_open"
        header = _columns(tokens, index, references) if is_table else ""
        spans = spans_to_blocks(text, [start, *cuts], end)
        blocks += (replace(span, header=header) for span in spans) if header else spans
        if token.type == "heading_open":
            heading = _plain(tokens[index + 1], references)
            if heading:
                enclosed.level = int(token.tag[1])
                headings.append(Heading(start, enclosed.level, heading))
    headings = list(_outside_of_code(text, headings))
    if title is None and headings and headings[0].level == 1:
        title = headings[0].title
    return Document(
        doc_id,
        text,
        "markdown",
        title=title,
        headings=tuple(enclosed.ended(headings)),
        blocks=tuple(blocks),
    )


def _outside_of_code(text: str, headings: Sequence[Heading]) -> Iterator[Heading]:
    """The headings that are none of code which a site's generator sets."""
    # Where code begins or ends that has both.
    bounds: list[int] = []
    begin = -1
    for tag in _HIGHLIGHTED.finditer(text):
        if not tag["ends"]:
            begin = tag.start() if begin < 0 else begin
        elif begin >= 0:
            bounds += (begin, tag.start())
            begin = -1
    for heading in headings:
        if bisect.bisect(bounds, heading.start) % 2 == 0:
            yield heading


class _Enclosed:
    """Where what is enclosed by elements begins and ends.

    Attributes:
        level: of the heading in force so far.
    """

    def __init__(self) -> None:
        self.level = 0
        # Of each that is open its name, where it began, and the level around it.
        self._open: list[tuple[str, int, int]] = []
        self._names: Counter[str] = Counter()
        self._ends: dict[int, int] = {}
        self._labelled: set[int] = set()

    def meet(self, text: str, start: int, end: int) -> Iterator[Heading]:
        """Take notice of the tags in [start, end), behind all before; what labels say, heads."""
        for tag in _ENCLOSED.finditer(text, start, end):
            name = (tag["name"] or tag["fence"][:3]).lower()
            if tag["closed"] or (tag["fence"] and not tag["begun"]):
                self._close(name, tag.end())
            elif tag["fence"]:
                self._push(name, tag.start())
            elif not tag["said"].endswith("/") and _begins_a_line(text, tag.start()):
                self._push(name, tag.start())
                label = _LABEL.search(tag["said"]) if tag["name"] != name else None
                if label is not None:
                    self.level += 1
                    self._labelled.add(tag.start())
                    yield Heading(tag.start(), self.level, label[1] or label[2])

    def _push(self, name: str, start: int) -> None:
        self._open.append((name, start, self.level))
        self._names[name] += 1

    def _close(self, name: str, end: int) -> None:
        # What is closed and was never opened closes nothing else.
        while self._names[name]:
            opened, start, self.level = self._open.pop()
            self._names[opened] -= 1
            if opened == name:
                self._ends[start] = end
                break

    def ended(self, headings: Sequence[Heading]) -> Iterator[Heading]:
        """The headings, each of which ends where the innermost element around it does.

        It is below the heading that the element stands under. Labels of what is never closed are
        none.
        """
        starts = sorted(self._ends, reverse=True)
        # Where each ends, innermost last, and the level of the heading that it stands under.
        around: list[tuple[int, int]] = []
        level = 0
        for heading in headings:
            while around and around[-1][0] <= heading.start:
                level = around.pop()[1]
            while starts and starts[-1] <= heading.start:
                end = self._ends[starts.pop()]
                if end > heading.start:
                    around.append((end, level))
            if around:
                end, outside = around[-1]
                heading = replace(heading, level=max(heading.level, outside + 1), end=end)
            elif heading.start in self._labelled:
                continue
            level = heading.level
            yield heading


def _start_of(heading: Heading) -> int:
    return heading.start


def _begins_a_line(text: str, place: int) -> bool:
    """Whether nothing but tags stands in front on its line, so that it is none of a sentence."""
    while place and text[place - 1] in " \t":
        place -= 1
    return not place or text[place - 1] in "\n>"


@lru_cache(maxsize=2)
def _parser(has_indented_code: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    # Inline mark-up is parsed in headings alone (`_plain`); it takes most of the time.
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser if has_indented_code else parser.disable("code")


@lru_cache(maxsize=1)
def _inline_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def _span(text: str, starts: Sequence[int], lines: Sequence[int]) -> tuple[int, int]:
    """Offsets of a token's lines [first, end), without the white space at their end."""
    last = len(starts) - 1
    start, end = starts[min(lines[0], last)], starts[min(lines[1], last)]
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _columns(tokens: Sequence[Token], table: int, references: dict[str, Any]) -> str:
    """What heads the columns of a table."""
    names: list[str] = []
    for index in range(table, len(tokens)):
        if tokens[index].type == "thead_close":
            break
        if tokens[index].type == "inline":
            names.append(_plain(tokens[index], references))
    return ", ".join(filter(None, names))


def _headings_in_html(text: str, start: int, end: int) -> Iterator[Heading]:
    """Headings written as HTML, as the centred title of many a page is."""
    source = _COMMENT.sub(lambda comment: " " * len(comment[0]), text[start:end])
    for found in _IN_HTML.finditer(source):
        words = _TAG.sub(" ", found["title"])
        if not words.strip():
            words = " ".join(one[1] or one[2] or "" for one in _PICTURE.finditer(found["title"]))
        if title := " ".join(html.unescape(words).split()):
            yield Heading(start + found.start(), int(found["level"]), title)


def _plain(inline: Token, references: dict[str, Any]) -> str:
    """A heading as read, without mark-up.

    Args:
        inline: what it says.
        references: what the parser found of links, whose addresses stand elsewhere.
    """
    if len(inline.content) > _LONGEST_HEADING:
        return " ".join(inline.content.split())
    content = _ATTRIBUTES.sub("", inline.content) or inline.content
    content = _NOTE_MARK.sub("", _WIKI_LINK.sub(r"\1", content))
    if _MARKUP.search(content) is None:
        return " ".join(content.split())
    tokens = _inline_parser().parseInline(content, references)[0].children or []
    words = (
        token.content if token.content and token.type != "html_inline" else " "
        for token in tokens
        if token.nesting == 0
    )
    return " ".join("".join(words).split())
