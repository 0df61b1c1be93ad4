"""Renders one hit in a table, on a line and in JSON; shared by `query` and `compare`."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bienc_cli.citations import citation
from bienc_cli.render.json_fields import rounded, writable
from bienc_cli.render.printable import one_line, visible
from bienc_cli.search.result import Hit, ModelUse, SearchResult
from bienc_cli.search.sentences import body_start
from bienc_cli.store import StoredPassage
from bienc_cli.types import Place

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

_SNIPPET = 240
"""Characters of a snippet: about three lines beside the scores at 80 columns."""

_WORD = re.compile(r"\w+")
# Words of a question that say nothing about its subject.
_UNREMARKABLE = frozenset(
    """a an and are as at be been by can could did do does for from get had has have how i if in
    into is it its may me my of on or our shall should so than that the their there these they
    this to was we were what when where which who whom whose why will with would you your""".split()
)


def location(stored: StoredPassage) -> str:
    """Where the passage is: the citation of its file, followed by the id of a record."""
    passage, suffix = stored.passage, _id_suffix(stored)
    if suffix is not None and "/" in suffix:
        return citation(f"{stored.path}{suffix}", passage.place)
    cited = citation(stored.path, passage.place)
    is_redundant = suffix in ("", f"#{passage.place.first}")
    return cited if is_redundant else f"{cited} ({passage.doc_id})"


def short_location(stored: StoredPassage) -> str:
    """Like `location`, but by the document's id: shorter, and as in judgments."""
    passage, suffix = stored.passage, _id_suffix(stored)
    if passage.place.kind != "line" or suffix == "" or "/" in (suffix or ""):
        return citation(passage.doc_id, passage.place)
    # The line number is the collection's, not the record's.
    is_redundant = suffix == f"#{passage.place.first}"
    return passage.doc_id if is_redundant else f"{passage.doc_id} (line {passage.place.first})"


def _id_suffix(stored: StoredPassage) -> str | None:
    """What a document's id adds to its file's.

    Nothing for the file itself, `#17` for a record without an id, `/report.pdf` for a file inside
    the file; None for a record with its own id.
    """
    doc_id, name = stored.passage.doc_id, PurePath(stored.path).name
    for match in re.finditer(re.escape(name), doc_id):
        if stored.path.endswith(doc_id[: match.end()]):
            return doc_id[match.end() :]
    return None


def heading(stored: StoredPassage) -> str:
    """The passage's title and headings, without repetitions."""
    return " > ".join(_trail(stored))


def heading_beside_place(stored: StoredPassage) -> str:
    """`heading` without the heading or sheet that the citation names already."""
    return " > ".join(trail_beside_place(stored))


def trail_beside_place(stored: StoredPassage) -> list[str]:
    """The parts of `heading_beside_place`."""
    return [part for part in _trail(stored) if part != stored.passage.place.name]


def _trail(stored: StoredPassage) -> list[str]:
    title = [stored.title] if stored.title else []
    return _without_repetition([*title, *stored.passage.heading], len(title))


def place_and_heading(stored: StoredPassage, where: str, link: str = "") -> list[RenderableType]:
    """The citation, in a style that may link to it, and the headings below."""
    from bienc_cli.render.columns import AT_BLANKS, Words

    trail = heading_beside_place(stored)
    parts: list[RenderableType] = [Words(one_line(where), f"bold blue{link}")]
    return [*parts, Words(one_line(trail), "magenta", ends=AT_BLANKS)] if trail else parts


def _without_repetition(parts: Sequence[str], titles: int) -> list[str]:
    """A trail without parts that are repeated further in, or by the title.

    Titles of web pages often consist of the first headings, the site's name and the page's.
    """
    kept: list[tuple[str, list[str]]] = []
    for part in parts:
        words = _WORD.findall(part.casefold()) or [part]
        if any(words == kept_words for _, kept_words in kept):
            continue
        if kept:
            outer = kept[-1][1]
            of_title = len(kept) == titles == 1
            if of_title and words in (outer[: len(words)], outer[-len(words) :]):
                continue
            if outer == words[: len(outer)] or (of_title and outer == words[-len(outer) :]):
                kept.pop()
        kept.append((part, words))
    return [part for part, _ in kept]


def movement(hit: Hit) -> Text:
    """How far reranking moved a hit: `↑3`, `↓1`, `=`; empty if it was not reranked."""
    from rich.text import Text

    if hit.relevance is None:
        return Text("")
    if hit.rose > 0:
        return Text(f"↑{hit.rose}", style="green")
    if hit.rose < 0:
        return Text(f"↓{-hit.rose}", style="red")
    return Text("=", style="dim")


def doubt(result: SearchResult) -> str:
    """A warning above hits of which none seems to answer; empty otherwise, and if unknown."""
    return "nothing here seems to answer; these are the nearest" if result.answered is False else ""


def relevance(hit: Hit) -> str:
    """The sigmoid to three decimal places, or nothing."""
    return f"{hit.relevance.probability:.3f}" if hit.relevance else ""


def similarity(hit: Hit) -> str:
    """The cosine to three decimal places, or nothing."""
    value = hit.candidate.similarity if hit.candidate else None
    return f"{value:.3f}" if value is not None else ""


def bm25(hit: Hit) -> str:
    """The BM25 score to one decimal place, or nothing."""
    value = hit.candidate.bm25 if hit.candidate else None
    return f"{value:.1f}" if value is not None else ""


def snippet(query: str, hit: Hit, length: int = _SNIPPET) -> Text:
    """The hit's best sentence and what follows it, with the query's words highlighted.

    It starts with the sentence. What follows fills the remaining room up to a word's end, and `…`
    shows that the passage continues.
    """
    from rich.text import Text

    text = hit.passage.passage.text
    # The heading is already shown, so skip the passage's own heading line.
    text_start = body_start(hit.passage)
    start, end = (hit.best.start, hit.best.end) if hit.best else (text_start, len(text))
    lead, rest = _folded(text[start:end]), _folded(text[end:]).rstrip()
    room = max(length - len(lead), 0)
    following = rest[:room] if len(rest) <= room else rest[: max(rest.rfind(" ", 0, room + 1), 0)]
    if len(lead) > length:
        lead = lead[: max(lead.rfind(" ", 0, length + 1), 0) or length]
        following = ""
    highlighted = Text(lead)
    highlighted.append(following.rstrip(), style="dim")
    complete = len(lead) + len(following.rstrip()) >= len(_folded(text[start:]).rstrip())
    highlighted.append("" if complete else " …", style="dim")
    light(query, highlighted)
    return highlighted


def beginning(stored: StoredPassage, length: int) -> str:
    """The start of a passage on one line, without the heading shown above it."""
    text = one_line(stored.passage.text[body_start(stored) :])
    return text if len(text) <= length else f"{text[: text.rfind(' ', 0, length)]} …"


def light(query: str, text: Text) -> None:
    """Highlight the query's words, and words starting like them, in place."""
    stems = {
        word[: max(4, len(word) - 2)].lower()
        for word in _WORD.findall(query)
        if word.lower() not in _UNREMARKABLE
    }
    for match in _WORD.finditer(text.plain):
        word = match.group().lower()
        if any(word.startswith(stem) and len(word) <= len(stem) + 4 for stem in stems):
            text.stylize("bold yellow", match.start(), match.end())


def _folded(text: str) -> str:
    return visible(re.sub(r"\s+", " ", text))


def hit_as_json(hit: Hit) -> dict[str, Any]:
    """Everything about a hit."""
    stored, candidate = hit.passage, hit.candidate
    return {
        "rank": hit.rank,
        "candidate_rank": candidate.rank if candidate else None,
        "similarity": rounded(candidate.similarity) if candidate else None,
        "similarity_rank": candidate.similarity_rank if candidate else None,
        "bm25": rounded(candidate.bm25) if candidate else None,
        "bm25_rank": candidate.bm25_rank if candidate else None,
        "exact_names": candidate.exact if candidate else 0,
        "relevance": rounded(hit.relevance.probability) if hit.relevance else None,
        "relevance_logit": rounded(hit.relevance.logit) if hit.relevance else None,
        "relevance_rank": hit.relevance_rank,
        "truncated": hit.truncated,
        **passage_as_json(stored),
    }


def passage_as_json(stored: StoredPassage) -> dict[str, Any]:
    """A passage of the index: its place and its text."""
    passage = stored.passage
    return {
        "document_id": writable(passage.doc_id),
        "passage_id": stored.passage_id,
        "path": writable(stored.path),
        "format": stored.format,
        "title": stored.title,
        "heading": list(passage.heading),
        "place": place_as_json(passage.place),
        **numbers_as_json(passage.place),
        "citation": writable(location(stored)),
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
    }


def numbers_as_json(place: Place) -> dict[str, int | None]:
    """Lines and page of a place under their own names, for programs that know only these.

    Null if the place is of another kind: never a number that only looks like a line.
    """
    is_line, is_page = place.kind == "line", place.kind == "page"
    return {
        "page": place.first if is_page else None,
        "line_start": place.first if is_line else None,
        "line_end": place.last if is_line else None,
    }


def place_as_json(place: Place) -> dict[str, Any]:
    """The place of a passage in its file; null for what such a place does not have."""
    return {
        "kind": place.kind,
        "first": place.first,
        "last": place.last,
        "name": place.name or None,
        "recognised": place.recognised,
    }


def sentence(hit: Hit) -> str:
    """The hit's best sentence, or else its whole text, on one line."""
    text = hit.passage.passage.text
    return one_line(text[hit.best.start : hit.best.end] if hit.best else text)


def hit_as_line(hit: Hit) -> list[str]:
    """Fields of a hit for `plain`: rank, relevance, similarity, place, heading, text."""
    return [
        str(hit.rank),
        relevance(hit),
        similarity(hit),
        one_line(location(hit.passage)),
        one_line(heading(hit.passage)),
        sentence(hit),
    ]


def runtimes(models: Sequence[ModelUse]) -> str:
    """How models run, in one phrase: `openvino cpu bf16`, `openvino cpu bf16 + int8`."""
    first, *others = dict.fromkeys(use.runtime for use in models)
    shared = first.rpartition(" ")[0] + " "
    return " + ".join([first, *(other.removeprefix(shared) for other in others)])


def link_to(hit: Hit, form: str | None) -> str:
    """A rich style that links to a hit's file, or to its line; empty for no link.

    Args:
        hit: no link if its file is elsewhere.
        form: template with `{host}`, `{path}` and `{line}`; None for no links.
    """
    stamp = hit.passage.file
    if form is None or stamp is None:
        return ""
    path = quote(str(stamp.path).encode("utf-8", "surrogateescape"))
    return " link " + form.format(host=socket.gethostname(), path=path, line=line_of(hit) or 1)


def line_of(hit: Hit) -> int | None:
    """The line of the hit's sentence, or of its passage; None if its file has no lines."""
    place, passage = hit.passage.passage.place, hit.passage.passage
    if place.kind != "line" or place.first is None:
        return None
    own_lines = place.last is not None and place.last - place.first == passage.text.count("\n")
    # In markup, the lines of the text are not those of the file.
    if hit.best is None or not own_lines:
        return place.first
    return place.first + passage.text.count("\n", 0, hit.best.start)
