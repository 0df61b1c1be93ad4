"""Judgments: which documents, pages or lines answer a query, and how well.

A judgment names a document, a document and a page, or `path:first-last`, lines of it. All
judgments of one file are of one kind, the *unit* that is measured; a unit's place in a
ranking is that of its best passage.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.text_files import read_lines
from bienc_cli.search.pipeline import is_encodable
from bienc_cli.store import StoredPassage

_LINES = re.compile(r"(.+):(\d+)-(\d+)$")
_PAGE = re.compile(r"(.+)#page=(\d+)$")
_HEADER = {"query-id", "query_id", "qid"}
_HIGHEST_GRADE = 2**31 - 1
"""What pytrec_eval takes."""


class Unit(StrEnum):
    """What a judgment is about."""

    DOCUMENT = "document"
    PAGE = "page"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Place:
    """What was judged: a document, or a part of one. Pages and lines are 1-based."""

    document: str
    page: int | None = None
    lines: tuple[int, int] | None = None

    @property
    def unit(self) -> Unit:
        """Which kind of place it is."""
        if self.lines:
            return Unit.LINES
        return Unit.DOCUMENT if self.page is None else Unit.PAGE

    def __str__(self) -> str:
        if self.lines:
            return f"{self.document}:{self.lines[0]}-{self.lines[1]}"
        return self.document if self.page is None else f"{self.document}#page={self.page}"


@dataclass(frozen=True, slots=True)
class Qrels:
    """Judgments by query.

    Attributes:
        unit: what every one of them is about.
        by_query: query id to the places judged; 0 is not relevant, more is better.
    """

    unit: Unit
    by_query: Mapping[str, Mapping[Place, int]]


def read_qrels(path: Path) -> Qrels:
    """Read judgments.

    The format shows in the content: BEIR's tab-separated values with a header (`query-id`,
    `corpus-id`, `score`, perhaps `page`), TREC's four columns (`query 0 document grade`), or
    JSON lines (`query_id`, `doc_id`, `relevance`, perhaps `page` or `lines`, a pair).

    Args:
        path: a file in UTF-8.

    Raises:
        UsageError: it cannot be read, a line is of another form, or units are mixed.
    """
    lines = read_lines(path)
    by_query: dict[str, dict[Place, int]] = {}
    for query_id, place, grade in _judgments(path, lines) if lines else ():
        by_query.setdefault(query_id, {})[place] = grade
    if not by_query:
        raise UsageError(f"There is no judgment in '{path}'.")
    units = {place.unit for places in by_query.values() for place in places}
    if len(units) > 1:
        raise UsageError(
            f"'{path}' judges {' and '.join(sorted(units))}; one file judges one kind of place.",
            "split it, and compare with one file at a time",
        )
    return Qrels(units.pop(), by_query)


def _judgments(path: Path, lines: list[tuple[int, str]]) -> Iterator[tuple[str, Place, int]]:
    header = [name.strip() for name in lines[0][1].split("\t")]
    if header[0].lower() in _HEADER:
        names = [name.lower().replace("_", "-") for name in header]
        for number, line in lines[1:]:
            row = dict(zip(names, line.split("\t"), strict=False))
            document = row.get("corpus-id", row.get("doc-id"))
            yield _judgment(
                path, number, row.get(names[0]), document, row.get("score"), row.get("page")
            )
        return
    for number, line in lines:
        if line.lstrip().startswith("{"):
            yield _from_json(path, number, line)
            continue
        if len(line.split()) < 4:
            raise _malformed(path, number)
        # A document id may hold blanks: it is what stands between the second and the last.
        query_id, _, rest = line.split(maxsplit=2)
        document, grade = rest.rsplit(maxsplit=1)
        yield _judgment(path, number, query_id, document, grade, None)


def _from_json(path: Path, number: int, line: str) -> tuple[str, Place, int]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"Line {number} of '{path}' is not valid JSON: {error}.") from error
    document = record.get("doc_id", record.get("corpus_id"))
    lines = record.get("lines")
    if isinstance(lines, list) and len(lines) == 2 and isinstance(document, str):
        document = f"{document}:{lines[0]}-{lines[1]}"
    return _judgment(
        path,
        number,
        record.get("query_id", record.get("_id")),
        document,
        record.get("relevance", record.get("score", 1)),
        record.get("page"),
    )


def _judgment(
    path: Path, number: int, query_id: object, document: object, grade: object, page: object
) -> tuple[str, Place, int]:
    if query_id is None or document in (None, "") or grade is None:
        raise _malformed(path, number)
    if not is_encodable(f"{query_id}{document}"):
        raise _malformed(path, number)
    try:
        value = int(str(grade))
        place = place_of(str(document), page)
    except ValueError:
        raise _malformed(path, number) from None
    if abs(value) > _HIGHEST_GRADE:
        raise _malformed(path, number)
    return str(query_id), place, value


def place_of(text: str, page: object = None) -> Place:
    """The place that `DOCUMENT`, `DOCUMENT#page=N` or `DOCUMENT:FIRST-LAST` names.

    Raises:
        ValueError: `page` is no number.
    """
    if page not in (None, ""):
        return Place(text, page=int(str(page)))
    if found := _LINES.match(text):
        return Place(found[1], lines=(int(found[2]), int(found[3])))
    if found := _PAGE.match(text):
        return Place(found[1], page=int(found[2]))
    return Place(text)


def _malformed(path: Path, number: int) -> UsageError:
    return UsageError(
        f"Line {number} of '{path}' is not a judgment.",
        "give lines like: query-id<TAB>corpus-id<TAB>score, below a header with these names",
    )


@dataclass(frozen=True, slots=True)
class JudgedIndex:
    """Judgments as the index knows their places.

    Attributes:
        unit: what is ranked and measured.
        by_query: query id to the items judged, those that the index lacks included: they are
            relevant and cannot be found.
        missing: documents that are judged and not in the index.
    """

    unit: Unit
    by_query: Mapping[str, Mapping[str, int]]
    missing: tuple[str, ...]
    _names: Mapping[str, str] = field(repr=False)
    _lines: Mapping[str, tuple[Place, ...]] = field(repr=False)

    def item_named(self, text: str) -> str:
        """The item that another system's ranking names, as it is called here."""
        place = place_of(text)
        return str(replace(place, document=self._names.get(place.document, place.document)))

    def items_of(self, stored: StoredPassage) -> tuple[str, ...]:
        """The items a passage stands for: its document, its page, or the lines it touches."""
        passage = stored.passage
        by_path = self._names.get(stored.path, passage.doc_id)
        document = self._names.get(passage.doc_id, by_path)
        if self.unit is Unit.DOCUMENT:
            return (document,)
        if self.unit is Unit.PAGE:
            return (str(Place(document, page=passage.page)),)
        touched = tuple(
            str(place)
            for place in self._lines.get(document, ())
            if place.lines
            and place.lines[0] <= passage.line_end
            and passage.line_start <= place.lines[1]
        )
        # What nobody judged still takes its place in the ranking.
        own = Place(document, lines=(passage.line_start, passage.line_end))
        return touched or (f"{own} (passage)",)


def judged_in(qrels: Qrels, documents: Iterable[tuple[str, str]]) -> JudgedIndex:
    """Find the judged documents in an index, by id or by the path that is shown.

    Args:
        qrels: as read.
        documents: (document id, path) of all that the index holds.
    """
    names = _names(documents)
    missing: set[str] = set()
    by_query: dict[str, dict[str, int]] = {}
    lines: dict[str, dict[Place, None]] = {}
    for query_id, places in qrels.by_query.items():
        items = by_query.setdefault(query_id, {})
        for place, grade in places.items():
            known = names.get(place.document)
            if known is None:
                missing.add(place.document)
            here = Place(known or place.document, place.page, place.lines)
            items[str(here)] = max(grade, items.get(str(here), grade))
            if here.lines:
                lines.setdefault(here.document, {})[here] = None
    return JudgedIndex(
        unit=qrels.unit,
        by_query=by_query,
        missing=tuple(sorted(missing)),
        _names=names,
        _lines={document: tuple(places) for document, places in lines.items()},
    )


def _names(documents: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Every name that means exactly one document, to the one name it goes by."""
    by_id: dict[str, list[str]] = {}
    by_path: dict[str, list[str]] = {}
    for doc_id, path in documents:
        by_id.setdefault(doc_id, []).append(path)
        by_path.setdefault(path, []).append(doc_id)
    names = {
        path: (ids[0] if len(by_id[ids[0]]) == 1 else path)
        for path, ids in by_path.items()
        if len(ids) == 1
    }
    names.update({doc_id: doc_id for doc_id, paths in by_id.items() if len(paths) == 1})
    return names


def best_first(items: Sequence[tuple[str, ...]]) -> list[str]:
    """Items in the order in which the first passage of each comes."""
    return list(dict.fromkeys(item for some in items for item in some))
