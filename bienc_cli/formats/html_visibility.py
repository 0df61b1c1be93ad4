"""Which parts of an HTML page are text to a reader.

Scripts, styles, controls and navigation are not, nor what tools add to a page: numbers of lines
beside code, links to a heading beside it, names of icons, a formula a second time. What is hidden
is, where a click or a script would show it: a panel of tabs, a folded answer, the whole body until
a script has run; only notes such as "Copied!" and dialogs that a script fills in stay out.
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
"""Elements whose footers say who wrote or said them."""

_CONTENTS = (
    "[id=toc i], [class~=toc i], [class~=toc-macro], [class~=table-of-contents i], "
    "[id=table-of-contents i], .contents.topic"
)
_MOST_WORDS_BESIDE = 5
"""Of a table of contents, beside its links: "Table of contents", "hide"."""

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
"""What those call what a click unfolds who write pages."""

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
"""Elements around a footer that are looked at."""

_MOST_ASIDES = 100
"""Footers, notices and lists of contents of a page that are looked into: they may nest."""

_LONGEST_NOTICE = 250
"""Words."""

_INTRUSIVE = re.compile(r"cookie|consent|gdpr|pop-?up", re.IGNORECASE)
"""What lies over a page for a while."""

_ICON = re.compile(r"(?:^|\s)(?:google-)?material-(?:icons|symbols)")
"""Fonts that draw a picture for a name."""

_LINE_NUMBER = re.compile(
    r"(?:^|[\s_-])(?:line[_-]?(?:nos?|nums?|numbers?|nodiv)|gutter|lnt?|lnums?|blob-num|crayon-nums?)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_FORMULA_AROUND = frozenset({"span", "mjx-container"})
_FEWEST_WORDS = 8
"""Words from which something hidden is content, whoever shows it."""

_AROUND = 3
"""Elements around one that are looked at, itself among them."""

_MOST_OPTIONS = 30
"""Of a list to choose from; a longer one is of countries or languages, and no part of the page."""

_FEWEST_WORDS_OF_BUTTON = 3
"""A button with fewer names a command: "Copy", "Log in"."""

_ABOUT_SCRIPTS = re.compile(r"java\s?script", re.IGNORECASE)
_LONGEST_PLEA = 300
"""Characters of what a page says to a browser without scripts, at most."""


class Visibility:
    """Tells what is seen of one page.

    Args:
        tree: the page.
        source: what it was parsed from.
        everything: take navigation and what is hidden for text too.
        as_mail: what is hidden, nothing shows.
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
                found = tree.css(selector)[:_MOST_ASIDES]
                self._skipped |= {node.mem_id for node in found if is_aside(node)}
            self._skipped |= {node.mem_id for node in tree.css(_SIGNPOSTS) if _is_signpost(node)}

    def is_seen(self, node: LexborNode) -> bool:
        """Whether a node is read, and what is in it looked at."""
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
        """Whether it is what programs show of a mail in their list, and nowhere in it."""
        attributes = node.attributes
        if _NO_HEIGHT.search(attributes.get("style") or ""):
            return True
        named = f"{attributes.get('id')} {attributes.get('class')}"
        return self._hides_preview and _PREVIEW.search(named) is not None

    def _is_second_formula(self, node: LexborNode) -> bool:
        """Whether it is a formula for the eye, beside the same one for machines."""
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
        names = {found[1] for found in _REFERENCE.finditer(self._source)}
        for call in _CALL.finditer(self._source):
            names |= {name[1] or name[2] for name in _NAME.finditer(call[1] or call[2])}
        return names


def around(nodes: list[LexborNode]) -> set[int]:
    """The nodes that hold one of these; each is visited once, however deep the nesting."""
    found: set[int] = set()
    for node in nodes:
        above = node.parent
        while above is not None and above.mem_id not in found:
            found.add(above.mem_id)
            above = above.parent
    return found


def _is_hidden(node: LexborNode, tag: str) -> bool:
    if tag in ("html", "body"):
        # Until a script has run; a page that stayed like that would show nothing.
        return False
    attributes = node.attributes
    if "hidden" in attributes:
        return (attributes["hidden"] or "").lower() != "until-found"
    return tag == "dialog" or bool(_INVISIBLE.search(attributes.get("style") or ""))


def _follows_opener(node: LexborNode) -> bool:
    """Whether the element in front is what one clicks on, a question or a tab."""
    before = node.prev
    while before is not None and not before.is_element_node:
        before = before.prev
    return before is not None and (
        before.css_first(_OPENERS) is not None or before.text().rstrip().endswith("?")
    )


def is_called_folded(node: LexborNode) -> bool:
    """Whether it is called what those call what unfolds who write pages."""
    return _FOLDED.search(node.attributes.get("class") or "") is not None


def _is_folded(node: LexborNode) -> bool:
    """Whether it is in what is folded, as tools make it or people call it."""
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
            said = MARK.sub("", node.text())
            return not said.strip() or "".join(said.split()).isdecimal()
    return False


def _is_signpost(link: LexborNode) -> bool:
    """Whether a link within the page is a sign beside a heading, or leads to the text proper."""
    said = MARK.sub("", link.text()).strip()
    if not any(map(str.isalnum, said)):
        return bool(said) and link.css_first("img") is None
    attributes = link.attributes
    named = _SKIPS.search(attributes.get("class") or "") or _SKIPS.match(said)
    return named is not None and (attributes.get("href") or "").startswith("#")


def _says_something(button: LexborNode) -> bool:
    attributes = button.attributes
    if attributes.get("role") == "tab" or any(name in attributes for name in _OPENS):
        return True
    outer = button.parent
    for _ in range(_AROUND):
        if outer is not None and outer.tag in _HEADINGS:
            return True
        outer = outer.parent if outer is not None else None
    said = len(button.text(separator=" ").split()) >= _FEWEST_WORDS_OF_BUTTON
    return said or button.css_first("h1, h2, h3, h4, h5, h6") is not None


def is_of_page(footer: LexborNode) -> bool:
    """Whether a footer is the page's own, and not one of an article or a quotation in it."""
    around = footer.parent
    for _ in range(_FURTHEST):
        if around is None:
            return True
        if around.tag in _WITH_FOOTERS:
            return False
        around = around.parent
    return False


def _says_little(footer: LexborNode) -> bool:
    """Whether there is little but links and who made the page."""
    return is_of_page(footer) and _words_beside_links(footer) < _FEWEST_WORDS


def _is_notice(node: LexborNode) -> bool:
    """Whether it asks what a page may remember."""
    named = f"{node.attributes.get('id') or ''} {node.attributes.get('class') or ''}"
    if node.tag in ("html", "body", "main") or _NOTICE.search(named) is None:
        return False
    words = node.text(separator=" ").casefold().split()
    return len(words) <= _LONGEST_NOTICE and any("cookie" in word for word in words)


def _is_contents(node: LexborNode) -> bool:
    """Whether it lists what the page says elsewhere."""
    addresses = [link.attributes.get("href") or "" for link in node.css("a[href]")]
    within = all(address.startswith("#") for address in addresses)
    return bool(addresses) and within and _words_beside_links(node) <= _MOST_WORDS_BESIDE


def _words_beside_links(node: LexborNode) -> int:
    linked = sum(len(link.text(separator=" ").split()) for link in node.css("a"))
    return len(node.text(separator=" ").split()) - linked


def _pleads_for_scripts(noscript: LexborNode) -> bool:
    text = noscript.text()
    return len(text) <= _LONGEST_PLEA and _ABOUT_SCRIPTS.search(text) is not None
