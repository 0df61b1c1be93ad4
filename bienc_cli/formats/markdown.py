"""Markdown: the raw source, with the block structure of CommonMark and tables."""

from __future__ import annotations

import bisect
import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from bienc_cli.formats import front_matter
from bienc_cli.formats.decoding import read_text
from bienc_cli.formats.escapes import with_references_to_words
from bienc_cli.formats.lines import line_starts, spans_to_blocks
from bienc_cli.formats.titles import title_of
from bienc_cli.types import Block, Document, Heading

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from markdown_it.utils import EnvType

_ATTRIBUTES = re.compile(
    r"\s*\{(?::?[ ]*(?:[#.][\w.:-]+|[\w-]+=[^{}\s]*)(?:\s[^{}]*)?|/\*[^{}]*\*/)\}\s*\Z"
)
"""Attributes after the words of a heading, as in Pandoc, Kramdown, MyST and MDX."""

_NOTE_MARK = re.compile(r"\[\^[^\[\]\s]+\]")
"""A reference to a footnote."""

_IN_HTML = re.compile(
    r"<h(?P<level>[1-6])(?:\s[^<>]*)?>(?P<title>.{1,1000}?)</h(?P=level)\s*>",
    re.DOTALL | re.IGNORECASE,
)
_ENCLOSED = re.compile(
    r"<(?P<closed>/?)(?P<name>(?i:details|aside|blockquote)|[A-Z][\w.]*)(?=[\s/>])"
    r"""(?P<said>(?:"[^"]*"|'[^']*'|\{[^{}]*\}|[^<>"'{}])*)>"""
    r"|^[ \t]*(?P<fence>:{3,})[ \t]*(?P<begun>[^\s:][^\n]*)?$"
    r"|\{(?:\{[<%]|%-?)[ \t]*(?P<ending>end|/[ \t]*)?(?P<tab>tab|expand|details|accordion)(?=\s)"
    r"(?P<named>[^{}\n]*?)(?:[>%]\}|-?%)\}",
    re.MULTILINE,
)
"""Start and end of what ends the headings inside it: HTML elements, MDX components, divisions
fenced by colons, as in Pandoc, Docusaurus and MyST, and tabs of GitBook and Hugo."""

_LABEL = re.compile(r"""(?<!\S)(?:label|title)\s*=\s*\{?\s*(?:"([^"]+)"|'([^']+)')""")

_TAB_LABEL = re.compile(
    r"""(?:(?<!\S)(?:title|name|header|label|summary)\s*=\s*|^\s*)(?:"([^"]+)"|'([^']+)')"""
)

_HIGHLIGHTED = re.compile(r"\{(?:%-?|\{[<%])[ \t]*(?P<ends>end|/[ \t]*)?(?:highlight|comment)\b")
"""Tags of site generators around code, and around what they leave out."""

_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]+)\]\](?!\()")
"""A link of Obsidian and wikis, which shows the words after the bar."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_PICTURE = re.compile(r"""<img\s[^<>]*?\balt\s*=\s*(?:"([^"]*)"|'([^']*)')[^<>]*>""", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")

_MARKUP = re.compile(r"[*_`\[\]<>&\\!]")
_LONGEST_HEADING = 1000
"""In characters; a longer heading is left as it is, because parsing brackets takes quadratic
time."""


def read(path: Path, doc_id: str) -> Iterator[Document]:
    """Read a Markdown file; see `table.ReadFunction`."""
    text = with_references_to_words(read_text(path))
    yield document_of(text, doc_id, has_indented_code=path.suffix.lower() != ".mdx")


def document_of(text: str, doc_id: str, *, has_indented_code: bool = True) -> Document:
    """Read Markdown from text, such as a cell of a notebook.

    Args:
        text: the source.
        doc_id: id of the document.
        has_indented_code: lines indented by four are code; not so in MDX.
    """
    front, body_start = front_matter.split(text)
    title = front_matter.title(front) if front else front_matter.leading_title(text)
    blocks = [Block(0, len(text[:body_start].rstrip()))] if body_start else []
    headings: list[Heading] = []
    enclosed = _Enclosed()
    body = text[body_start:]
    starts = [body_start + start for start in line_starts(body)]
    references: EnvType = {}
    tokens = _parser(has_indented_code).parse(body, references)
    for index, token in enumerate(tokens):
        # Level 0 only: a heading inside a quotation or a list is not part of the outline.
        if token.map is None or token.level > 0 or token.type == "inline":
            continue
        start, end = _span(text, starts, token.map)
        if start == end:
            continue
        in_html: list[Heading] = []
        if token.type in ("html_block", "paragraph_open"):
            # The parser takes a tag with braces or several lines for a paragraph, not HTML.
            in_html = list(enclosed.process(text, start, end))
        if token.type == "html_block":
            in_html = sorted([*in_html, *_headings_in_html(text, start, end)], key=_start_of)
        headings += in_html
        cuts = [heading.start for heading in in_html if heading.start > start]
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
    return Document(
        doc_id,
        text,
        "markdown",
        title=title or title_of(headings),
        headings=tuple(enclosed.ended(headings)),
        blocks=tuple(blocks),
    )


def _outside_of_code(text: str, headings: Sequence[Heading]) -> Iterator[Heading]:
    """The headings outside code blocks of a site generator."""
    # Starts and ends of complete code blocks, alternating.
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
    """Tracks elements that enclose headings.

    Attributes:
        level: of the heading in force so far.
    """

    def __init__(self) -> None:
        self.level = 0
        # For each open element, its name, its start, and the level around it.
        self._open: list[tuple[str, int, int]] = []
        self._names: Counter[str] = Counter()
        self._ends: dict[int, int] = {}
        self._labelled: set[int] = set()

    def process(self, text: str, start: int, end: int) -> Iterator[Heading]:
        """Process the tags in [start, end), which follow all tags so far; labels are headings."""
        for tag in _ENCLOSED.finditer(text, start, end):
            name = (tag["name"] or tag["tab"] or tag["fence"][:3]).lower()
            if tag["closed"] or tag["ending"] or (tag["fence"] and not tag["begun"]):
                self._close(name, tag.end())
            elif tag["fence"]:
                self._push(name, tag.start())
            elif not (tag["said"] or tag["named"] or "").endswith("/") and _begins_a_line(
                text, tag.start()
            ):
                self._push(name, tag.start())
                if tag["tab"]:
                    label = _TAB_LABEL.search(tag["named"])
                else:
                    label = _LABEL.search(tag["said"]) if tag["name"] != name else None
                if label is not None:
                    self.level += 1
                    self._labelled.add(tag.start())
                    yield Heading(tag.start(), self.level, label[1] or label[2])

    def _push(self, name: str, start: int) -> None:
        self._open.append((name, start, self.level))
        self._names[name] += 1

    def _close(self, name: str, end: int) -> None:
        # An end tag without a start tag closes nothing.
        while self._names[name]:
            opened, start, self.level = self._open.pop()
            self._names[opened] -= 1
            if opened == name:
                self._ends[start] = end
                break

    def ended(self, headings: Sequence[Heading]) -> Iterator[Heading]:
        """The headings, each ending with the innermost element around it.

        Such a heading is below the one that the element is under. Labels of elements that are never
        closed are left out.
        """
        starts = sorted(self._ends, reverse=True)
        # End of each open element, innermost last, and the level of the heading it is under.
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
    """Whether only tags precede it on its line, so that it is not part of a sentence."""
    while place and text[place - 1] in " \t":
        place -= 1
    return not place or text[place - 1] in "\n>"


@lru_cache(maxsize=2)
def _parser(has_indented_code: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    # Inline mark-up is only parsed in headings (`_plain`), because that takes most of the time.
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser if has_indented_code else parser.disable("code")


@lru_cache(maxsize=1)
def _inline_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def _span(text: str, starts: Sequence[int], lines: Sequence[int]) -> tuple[int, int]:
    """Offsets of a token's lines [first, end), without trailing white space."""
    last = len(starts) - 1
    start, end = starts[min(lines[0], last)], starts[min(lines[1], last)]
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _columns(tokens: Sequence[Token], table: int, references: EnvType) -> str:
    """The column names of a table."""
    names: list[str] = []
    for index in range(table, len(tokens)):
        if tokens[index].type == "thead_close":
            break
        if tokens[index].type == "inline":
            names.append(_plain(tokens[index], references))
    return ", ".join(filter(None, names))


def _headings_in_html(text: str, start: int, end: int) -> Iterator[Heading]:
    """Headings written as HTML, as centred titles often are."""
    source = _COMMENT.sub(lambda comment: " " * len(comment[0]), text[start:end])
    for heading in _IN_HTML.finditer(source):
        words = _TAG.sub(" ", heading["title"])
        if not words.strip():
            pictures = _PICTURE.finditer(heading["title"])
            words = " ".join(picture[1] or picture[2] or "" for picture in pictures)
        if title := " ".join(html.unescape(words).split()):
            yield Heading(start + heading.start(), int(heading["level"]), title)


def _plain(inline: Token, references: EnvType) -> str:
    """A heading without mark-up.

    Args:
        inline: its content.
        references: the parser's link definitions.
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
