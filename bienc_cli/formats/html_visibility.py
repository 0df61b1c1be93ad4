"""Decides which parts of an HTML page are text to a visitor.

Not text: scripts, styles, controls, navigation, and what tools add to a page: line numbers beside
code, links beside headings, names of icons, the second copy of a formula. Hidden parts are text
where a click or a script would show them: tab panels, folded answers, the whole body until a
script has run; but not notes such as "Copied!" and dialogs that a script fills in.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from bienc_cli.formats.html_source import MARK

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNSEEN = frozenset(
    (
        "script style head title iframe object embed applet canvas audio video datalist annotation "
        "annotation-xml rp -comment"
    ).split()
)
_NAVIGATION = (
    "nav, [role=navigation], [role=search], .breadcrumb, .breadcrumbs, #breadcrumbs, "
    "[aria-label=breadcrumb i], .mw-editsection, #mw-navigation, .viewcode-link, .viewcode-back"
)
_SIGNPOSTS = "a[href*='#']"
_SKIPS = re.compile(r"skip|jump", re.IGNORECASE)
_IMPRINT = "footer, [role=contentinfo]"
_WITH_FOOTERS = frozenset("article blockquote figure".split())
"""Elements whose footers name their author."""

_CONTENTS = (
    "[id=toc i], [class~=toc i], [class~=toc-macro], [class~=table-of-contents i], "
    "[id=table-of-contents i], .contents.topic"
)
_MOST_WORDS_BESIDE = 5
"""In a table of contents, besides its links: "Table of contents", "hide"."""

_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_NO_HEIGHT = re.compile(r"(?<![\w-])(?:max-height|opacity)\s*:\s*0(?![.\d]*[1-9])", re.IGNORECASE)
_PREVIEW = re.compile(r"pre-?header|preview-?text", re.IGNORECASE)
_HIDES_PREVIEW = re.compile(
    rf"[.#][\w-]{{0,30}}(?:{_PREVIEW.pattern})[^{{}}]{{0,200}}"
    r"\{[^{}]{0,2000}?display\s*:\s*none",
    re.IGNORECASE,
)
_MESSAGES = frozenset("alert alertdialog dialog status menu listbox tooltip".split())
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6 dt summary legend".split())
_OPENERS = (
    "button, summary, [onclick], [role=button], [role=tab], [aria-expanded], a[href='#'], "
    "a[href^='javascript:'], [class*=question i], [class*=toggle i], "
    f"{', '.join(sorted(_HEADINGS))}"
)
_OPENS = ("aria-controls", "aria-expanded", "data-toggle", "data-bs-toggle", "data-target")
_REFERENCE = re.compile(
    r"""\b(?:aria-controls|href|data-(?:bs-)?target|for|popovertarget|commandfor)"""
    r"""\s*=\s*["']?#?([\w:.-]+)""",
    re.IGNORECASE,
)
_CALL = re.compile(r"""\bonclick\s*=\s*(?:"([^"]{1,999})"|'([^']{1,999})')""", re.IGNORECASE)
_NAME = re.compile(r"""['"]#?([\w:.-]+)['"]|&(?:quot|#39|apos);#?([\w:.-]+)&""")
_FOLDED = re.compile(
    r"answer|faq|accordion|collaps|expand|spoiler|toggle|tab[_-]?(?:pane|content|panel|body)"
    r"|(?<![a-z])tab(?![a-z])",
    re.IGNORECASE,
)
"""Class names that authors give to what a click unfolds."""

_NOTICES = (
    "[id*=cookie i], [class*=cookie i], [id*=consent i], [class*=consent i], [id*=gdpr i], "
    "[class*=gdpr i], [class~=cc-window]"
)
_NOTICE = re.compile(
    r"(?:cookie|consent|gdpr)s?[-_]?(?:banner|notice|notification|bar|pop-?up|message|law|overlay"
    r"|modal|alert|info|dialog|disclaimer|wall|wrapper|container|consent|policy-?banner)"
    r"|(?:banner|notice|pop-?up|modal|overlay)[-_]?(?:cookie|consent|gdpr)"
    r"|(?<![\w-])(?:cookies?|cookie-?bot\w*|cybotcookie\w*|onetrust[\w-]*|cc-window)(?![\w-])",
    re.IGNORECASE,
)
_FURTHEST = 50
"""Ancestors of a footer that are examined."""

_MOST_ASIDES = 100
"""Footers, notices and lists of contents of a page that are examined: they may nest."""

_LONGEST_NOTICE = 250
"""In words."""

_INTRUSIVE = re.compile(r"cookie|consent|gdpr|pop-?up", re.IGNORECASE)
"""Names of what temporarily covers a page."""

_ICON = re.compile(r"(?:^|\s)(?:google-)?material-(?:icons|symbols)")
"""Classes of fonts that replace a name by a picture."""

_LINE_NUMBER = re.compile(
    r"(?:^|[\s_-])(?:line[_-]?(?:nos?|nums?|numbers?|nodiv)|gutter|lnt?|lnums?|blob-num|crayon-nums?)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_FORMULA_AROUND = frozenset({"span", "mjx-container"})
_FEWEST_WORDS = 8
"""Words from which a hidden part is content, whatever shows it."""

_AROUND = 3
"""Number of elements examined from a node outwards, itself included."""

_MOST_OPTIONS = 30
"""A longer selection list is one of countries or languages, not part of the page's text."""

_FEWEST_WORDS_OF_BUTTON = 3
"""A button with fewer words is a command: "Copy", "Log in"."""

_ABOUT_SCRIPTS = re.compile(r"java\s?script", re.IGNORECASE)
_LONGEST_PLEA = 300
"""In characters: a longer text in `noscript` is more than a plea to switch scripts on."""


class Visibility:
    """Decides what is visible of one page.

    Args:
        tree: the parsed page.
        source: what it was parsed from.
        everything: navigation and hidden parts are text too.
        as_mail: nothing can show hidden parts.
    """

    def __init__(
        self,
        tree: LexborHTMLParser,
        source: str,
        *,
        everything: bool = False,
        as_mail: bool = False,
    ) -> None:
        self.everything = everything
        self._as_mail = as_mail
        sheets = tree.css("style") if as_mail else ()
        self._hides_preview = any(_HIDES_PREVIEW.search(sheet.text()) for sheet in sheets)
        self._source = source
        self._formulas = around(tree.css("math"))
        self._skipped = set() if everything else {node.mem_id for node in tree.css(_NAVIGATION)}
        if not everything:
            asides = [(_IMPRINT, _says_little), (_CONTENTS, _is_contents)]
            if "cookie" in source.casefold():
                asides.append((_NOTICES, _is_notice))
            for selector, is_aside in asides:
                nodes = tree.css(selector)[:_MOST_ASIDES]
                self._skipped |= {node.mem_id for node in nodes if is_aside(node)}
            self._skipped |= {node.mem_id for node in tree.css(_SIGNPOSTS) if _is_signpost(node)}

    def is_seen(self, node: LexborNode) -> bool:
        """Whether to read a node and its children."""
        tag = node.tag or ""
        if node.is_text_node:
            return True
        if tag == "title" and node.parent is not None and node.parent.tag in ("svg", "g"):
            return True
        if tag in _UNSEEN or node.mem_id in self._skipped:
            return False
        if tag == "select":
            return len(node.css("option")) <= _MOST_OPTIONS
        if tag == "button":
            return _says_something(node)
        if tag == "noscript":
            return not _pleads_for_scripts(node)
        if _is_added_by_tool(node) or self._is_second_formula(node):
            return False
        if self._as_mail:
            return not (_is_hidden(node, tag) or self._is_preview(node))
        return self.everything or not _is_hidden(node, tag) or self._can_be_shown(node)

    def _can_be_shown(self, node: LexborNode) -> bool:
        attributes = node.attributes
        if attributes.get("role") in _MESSAGES or "aria-modal" in attributes:
            return False
        if _INTRUSIVE.search(f"{attributes.get('id')} {attributes.get('class')}"):
            return False
        if attributes.get("role") == "tabpanel" or "aria-labelledby" in attributes:
            return True
        if attributes.get("id") in self._referenced or _follows_opener(node) or _is_folded(node):
            return True
        return len(node.text(separator=" ").split()) >= _FEWEST_WORDS

    def _is_preview(self, node: LexborNode) -> bool:
        """Whether it is a mail's preview line, which programs show only in the list of mails."""
        attributes = node.attributes
        if _NO_HEIGHT.search(attributes.get("style") or ""):
            return True
        named = f"{attributes.get('id')} {attributes.get('class')}"
        return self._hides_preview and _PREVIEW.search(named) is not None

    def _is_second_formula(self, node: LexborNode) -> bool:
        """Whether it is the visual copy of a formula beside one in MathML."""
        outer = node.parent
        return (
            node.attributes.get("aria-hidden") == "true"
            and outer is not None
            and outer.tag in _FORMULA_AROUND
            and outer.mem_id in self._formulas
            and node.mem_id not in self._formulas
        )

    @cached_property
    def _referenced(self) -> set[str]:
        names = {reference[1] for reference in _REFERENCE.finditer(self._source)}
        for call in _CALL.finditer(self._source):
            names |= {name[1] or name[2] for name in _NAME.finditer(call[1] or call[2])}
        return names


def around(nodes: list[LexborNode]) -> set[int]:
    """The ids of all ancestors of the nodes; each is visited once, however deep the nesting."""
    ancestors: set[int] = set()
    for node in nodes:
        above = node.parent
        while above is not None and above.mem_id not in ancestors:
            ancestors.add(above.mem_id)
            above = above.parent
    return ancestors


def _is_hidden(node: LexborNode, tag: str) -> bool:
    if tag in ("html", "body"):
        # Only until a script has run: otherwise the page would show nothing.
        return False
    attributes = node.attributes
    if "hidden" in attributes:
        return (attributes["hidden"] or "").lower() != "until-found"
    return tag == "dialog" or bool(_INVISIBLE.search(attributes.get("style") or ""))


def _follows_opener(node: LexborNode) -> bool:
    """Whether the preceding element opens this one: a button, a question or a tab."""
    sibling = node.prev
    while sibling is not None and not sibling.is_element_node:
        sibling = sibling.prev
    return sibling is not None and (
        sibling.css_first(_OPENERS) is not None or sibling.text().rstrip().endswith("?")
    )


def is_called_folded(node: LexborNode) -> bool:
    """Whether its class is one that authors give to what unfolds."""
    return _FOLDED.search(node.attributes.get("class") or "") is not None


def _is_folded(node: LexborNode) -> bool:
    """Whether it or an element closely around it unfolds, by its tag or its class."""
    outer: LexborNode | None = node
    for _ in range(_AROUND):
        if outer is None:
            return False
        if outer.tag == "details" or is_called_folded(outer):
            return True
        outer = outer.parent
    return False


def _is_added_by_tool(node: LexborNode) -> bool:
    attributes = node.attributes
    if classes := attributes.get("class"):
        if _ICON.search(classes):
            return True
        if _LINE_NUMBER.search(classes):
            text = MARK.sub("", node.text())
            return not text.strip() or "".join(text.split()).isdecimal()
    return False


def _is_signpost(link: LexborNode) -> bool:
    """Whether a link within the page is a symbol beside a heading, or skips to the content."""
    text = MARK.sub("", link.text()).strip()
    if not any(map(str.isalnum, text)):
        return bool(text) and link.css_first("img") is None
    attributes = link.attributes
    skips = _SKIPS.search(attributes.get("class") or "") or _SKIPS.match(text)
    return skips is not None and (attributes.get("href") or "").startswith("#")


def _says_something(button: LexborNode) -> bool:
    attributes = button.attributes
    if attributes.get("role") == "tab" or any(name in attributes for name in _OPENS):
        return True
    outer = button.parent
    for _ in range(_AROUND):
        if outer is not None and outer.tag in _HEADINGS:
            return True
        outer = outer.parent if outer is not None else None
    is_long = len(button.text(separator=" ").split()) >= _FEWEST_WORDS_OF_BUTTON
    return is_long or button.css_first("h1, h2, h3, h4, h5, h6") is not None


def is_of_page(footer: LexborNode) -> bool:
    """Whether a footer is the page's own, not that of an article or a quotation in it."""
    outer = footer.parent
    for _ in range(_FURTHEST):
        if outer is None:
            return True
        if outer.tag in _WITH_FOOTERS:
            return False
        outer = outer.parent
    return False


def _says_little(footer: LexborNode) -> bool:
    """Whether it contains little but links and the name of the page's owner."""
    return is_of_page(footer) and _words_beside_links(footer) < _FEWEST_WORDS


def _is_notice(node: LexborNode) -> bool:
    """Whether it is a cookie notice."""
    named = f"{node.attributes.get('id') or ''} {node.attributes.get('class') or ''}"
    if node.tag in ("html", "body", "main") or _NOTICE.search(named) is None:
        return False
    words = node.text(separator=" ").casefold().split()
    return len(words) <= _LONGEST_NOTICE and any("cookie" in word for word in words)


def _is_contents(node: LexborNode) -> bool:
    """Whether it is a table of contents of this page."""
    addresses = [link.attributes.get("href") or "" for link in node.css("a[href]")]
    within = all(address.startswith("#") for address in addresses)
    return bool(addresses) and within and _words_beside_links(node) <= _MOST_WORDS_BESIDE


def _words_beside_links(node: LexborNode) -> int:
    linked = sum(len(link.text(separator=" ").split()) for link in node.css("a"))
    return len(node.text(separator=" ").split()) - linked


def _pleads_for_scripts(noscript: LexborNode) -> bool:
    text = noscript.text()
    return len(text) <= _LONGEST_PLEA and _ABOUT_SCRIPTS.search(text) is not None
