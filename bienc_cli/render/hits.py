"""How one hit looks, in a table, on a line and in JSON; shared by `query` and `compare`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rich.text import Text

from bienc_cli.citations import citation
from bienc_cli.render.text import one_line, visible
from bienc_cli.search.result import Hit
from bienc_cli.search.sentences import body_start
from bienc_cli.stages import StageTime
from bienc_cli.store import IndexInfo, StoredPassage
from bienc_cli.types import BlendWeights, CrossEncoderIdentity, EncoderIdentity, Passage, Place

_SNIPPET = 240
"""Characters of a snippet: about three lines beside the scores at 80 columns."""

_WORD = re.compile(r"\w+")
# Words of a question that say nothing about what it asks for.
_UNREMARKABLE = frozenset(
    """a an and are as at be been by can could did do does for from get had has have how i if in
    into is it its may me my of on or our shall should so than that the their there these they
    this to was we were what when where which who whom whose why will with would you your""".split()
)


def location(stored: StoredPassage) -> str:
    """Where the passage is to be found: its file's citation, behind it the id of a record."""
    passage = stored.passage
    shown = citation(stored.path, passage.place)
    return shown if _is_file(stored) or _says_line(passage) else f"{shown} ({passage.doc_id})"


def short_location(stored: StoredPassage) -> str:
    """`location`, by the document's id: shorter, and as judgments name it."""
    passage = stored.passage
    if passage.place.kind != "line" or _is_file(stored):
        return citation(passage.doc_id, passage.place)
    # The line is of the collection, not of the record.
    shown = passage.doc_id
    return shown if _says_line(passage) else f"{shown} (line {passage.place.first})"


def _is_file(stored: StoredPassage) -> bool:
    return stored.path.endswith(stored.passage.doc_id)


def _says_line(passage: Passage) -> bool:
    """Whether it is of a record without an id, which is called `records.jsonl#LINE`."""
    return passage.doc_id.endswith(f"#{passage.place.first}")


def heading(stored: StoredPassage) -> str:
    """What the passage is about, as its document says: title or id of a record, then headings."""
    parts = list(stored.passage.heading)
    if stored.title and stored.title not in parts:
        parts.insert(0, stored.title)
    return " > ".join(parts)


def movement(hit: Hit) -> Text:
    """How far reranking moved a hit: `↑3`, `↓1`, `=`; empty where nothing was reranked."""
    if hit.relevance is None:
        return Text("")
    if hit.rose > 0:
        return Text(f"↑{hit.rose}", style="green")
    if hit.rose < 0:
        return Text(f"↓{-hit.rose}", style="red")
    return Text("=", style="dim")


def relevance(hit: Hit) -> str:
    """The sigmoid to three places, or nothing."""
    return f"{hit.relevance.probability:.3f}" if hit.relevance else ""


def similarity(hit: Hit) -> str:
    """The cosine to three places, or nothing."""
    known = hit.candidate.similarity if hit.candidate else None
    return f"{known:.3f}" if known is not None else ""


def bm25(hit: Hit) -> str:
    """The BM25 score to one place, or nothing."""
    known = hit.candidate.bm25 if hit.candidate else None
    return f"{known:.1f}" if known is not None else ""


def snippet(query: str, hit: Hit, length: int = _SNIPPET) -> Text:
    """The hit's best sentence with what is around it, the query's words lit.

    The sentence stands whole where it fits; text before and behind fills the room that is
    left, and `…` marks what is missing on either side.
    """
    text = hit.passage.passage.text
    # The heading is shown already, so the passage's own heading line is left out.
    first = body_start(hit.passage)
    start, end = (hit.best.start, hit.best.end) if hit.best else (first, len(text))
    if end > start + length:
        end = text.rfind(" ", start, start + length)
        end = end if end > start else start + length
    spare = length - (end - start)
    before = max(first, start - spare // 3)
    behind = min(len(text), end + spare - (start - before))
    if before > first:
        before = text.find(" ", before, start) + 1 or start
    if behind < len(text):
        cut = text.rfind(" ", end, behind)
        behind = cut if cut > end else end
    shown = Text()
    shown.append("… " if text[first:before].strip() else "", style="dim")
    shown.append(_folded(text[before:start]), style="dim")
    shown.append(_folded(text[start:end]))
    shown.append(_folded(text[end:behind]), style="dim")
    shown.append(" …" if text[behind:].strip() else "", style="dim")
    light(query, shown)
    return shown


def light(query: str, text: Text) -> None:
    """Mark the query's words, and words that begin like them, in place."""
    stems = {
        word[: max(4, len(word) - 2)].lower()
        for word in _WORD.findall(query)
        if word.lower() not in _UNREMARKABLE
    }
    for found in _WORD.finditer(text.plain):
        word = found.group().lower()
        if any(word.startswith(stem) and len(word) <= len(stem) + 4 for stem in stems):
            text.stylize("bold yellow", found.start(), found.end())


def _folded(text: str) -> str:
    return visible(re.sub(r"\s+", " ", text))


def hit_as_json(hit: Hit) -> dict[str, Any]:
    """Everything that is known about a hit."""
    stored, passage = hit.passage, hit.passage.passage
    candidate = hit.candidate
    return {
        "rank": hit.rank,
        "candidate_rank": candidate.rank if candidate else None,
        "similarity": rounded(candidate.similarity) if candidate else None,
        "similarity_rank": candidate.similarity_rank if candidate else None,
        "bm25": rounded(candidate.bm25) if candidate else None,
        "bm25_rank": candidate.bm25_rank if candidate else None,
        "relevance": rounded(hit.relevance.probability) if hit.relevance else None,
        "relevance_logit": rounded(hit.relevance.logit) if hit.relevance else None,
        "relevance_rank": hit.relevance_rank,
        "truncated": hit.truncated,
        "document_id": writable(passage.doc_id),
        "passage_id": stored.passage_id,
        "path": writable(stored.path),
        "format": stored.format,
        "title": stored.title,
        "heading": list(passage.heading),
        "place": place_as_json(passage.place),
        "citation": writable(location(stored)),
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
    }


def place_as_json(place: Place) -> dict[str, Any]:
    """Where a passage stands in its file; null is what such a place does not have."""
    return {
        "kind": place.kind,
        "first": place.first,
        "last": place.last,
        "name": place.name or None,
        "recognised": place.recognised,
    }


def hit_as_line(hit: Hit) -> list[str]:
    """Fields of a hit for `plain`: rank, relevance, similarity, place, heading, text."""
    text = hit.passage.passage.text
    if hit.best:
        text = text[hit.best.start : hit.best.end]
    return [
        str(hit.rank),
        relevance(hit),
        similarity(hit),
        one_line(location(hit.passage)),
        one_line(heading(hit.passage)),
        one_line(text),
    ]


def index_as_json(info: IndexInfo) -> dict[str, Any]:
    """Which index answered."""
    return {
        "directory": writable(str(info.directory)),
        "generation": info.generation,
        "documents": info.documents,
        "passages": info.passages,
    }


def model_as_json(identity: EncoderIdentity | CrossEncoderIdentity, runtime: str) -> dict[str, str]:
    """Which model answered, and how it ran."""
    return {"name": identity.name, "fingerprint": identity.fingerprint, "runtime": runtime}


def stages_as_json(stages: Iterable[StageTime]) -> dict[str, float | None]:
    """Seconds by stage."""
    return {stage.name.replace(" ", "_"): rounded(stage.seconds) for stage in stages}


def weights_as_json(weights: BlendWeights) -> dict[str, float]:
    """Weights of a blend, beside 1 for relevance."""
    return {"similarity": weights.similarity, "bm25": weights.bm25}


def rounded(value: float | None) -> float | None:
    """Six significant places behind the point: what the models' arithmetic is worth."""
    return None if value is None else round(float(value), 6)


def writable(text: str) -> str:
    """A name that any JSON reader takes: undecodable bytes of a file name as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
