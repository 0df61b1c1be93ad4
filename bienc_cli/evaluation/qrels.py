"""Relevance judgments: which documents, or places in them, answer a query, and how well.

An *item* is what is judged and ranked: a document, or a page, lines, slide, ... of one. All
judgments in a file have the same *unit*, which is what is measured; an item ranks where its best
passage ranks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import cast

from bienc_cli.citations import NUMBER, citation, cited
from bienc_cli.errors import UsageError
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.text_files import first_given, parse_json, read_lines
from bienc_cli.search.request import is_encodable
from bienc_cli.store import StoredPassage
from bienc_cli.types import Place, PlaceKind

_FRAGMENT = re.compile(r"(?s)(.+?)#(page|slide|row|cell|heading)=(.+)")
_NUMBERS = re.compile(rf"(?:(.+)!)?({NUMBER})(?:-({NUMBER}))?")
_WHOLE_NUMBER = re.compile(r"([+-]?[0-9]{1,18})(?:\.0*)?")
_HEADER = {"query-id", "query_id", "qid"}
_HIGHEST_GRADE = 2**31 - 1
"""The highest that pytrec_eval accepts."""


class Unit(StrEnum):
    """The kind of item that judgments are about."""

    DOCUMENT = "document"
    PAGE = "page"
    LINES = "lines"
    SLIDE = "slide"
    ROW = "row"
    CELL = "cell"
    HEADING = "heading"


_UNITS: Mapping[PlaceKind, Unit] = {
    "file": Unit.DOCUMENT,
    "page": Unit.PAGE,
    "line": Unit.LINES,
    "slide": Unit.SLIDE,
    "row": Unit.ROW,
    "cell": Unit.CELL,
    "heading": Unit.HEADING,
}

_UNDIVIDED = (Unit.PAGE, Unit.SLIDE, Unit.HEADING)
"""Units that contain whole passages, so that a passage names one even without a judgment."""


_WHOLE = Place("file")


@dataclass(frozen=True, slots=True)
class Item:
    """What is judged and ranked: a place in a document, by default all of it."""

    document: str
    place: Place = _WHOLE

    @property
    def unit(self) -> Unit:
        """The kind of item."""
        return _UNITS[self.place.kind]

    @property
    def cited(self) -> str:
        """The citation: `r.pdf p.3`."""
        return citation(self.document, self.place, whole=True)

    def holds(self, place: Place) -> bool:
        """Whether a passage at this place of the document is in the item or overlaps it."""
        judged = self.place
        if judged.kind == "file":
            return True
        if judged.kind != place.kind or (judged.name or place.name) != place.name:
            return False
        if judged.first is None or judged.last is None or place.first is None or place.last is None:
            return True
        return judged.first <= place.last and place.first <= judged.last

    def __str__(self) -> str:
        """`a.md:13-20`, `r.pdf#page=3`: adds no blanks, because TREC files have columns."""
        place = self.place
        if place.kind in ("file", "line"):
            return self.cited
        if place.kind == "heading":
            return f"{self.document}#heading={place.name}"
        sheet = f"{place.name}!" if place.name else ""
        last = "" if place.last == place.first else f"-{place.last}"
        return f"{self.document}#{place.kind}={sheet}{place.first}{last}"


@dataclass(frozen=True, slots=True)
class Qrels:
    """Judgments by query.

    Attributes:
        unit: what all of them are about.
        by_query: query id to item to grade; 0 is not relevant, higher is better.
    """

    unit: Unit
    by_query: Mapping[str, Mapping[Item, int]]


def read_qrels(path: Path) -> Qrels:
    """Read judgments.

    The format is detected: BEIR's tab-separated values with a header (`query-id`, `corpus-id`,
    `score`, perhaps `page`), TREC's four columns (`query 0 document grade`), or JSON lines
    (`query_id`, `doc_id`, `relevance`, perhaps `page`, `heading`, or `lines`, a pair).

    Args:
        path: a UTF-8 file.

    Raises:
        UsageError: it cannot be read, a line is malformed, or units are mixed.
    """
    lines = read_lines(path)
    by_query: dict[str, dict[Item, int]] = {}
    for query_id, item, grade in _judgments(path, lines) if lines else ():
        by_query.setdefault(query_id, {})[item] = grade
    if not by_query:
        raise UsageError(f"There is no judgment in '{path}'.")
    units = {item.unit for items in by_query.values() for item in items}
    if len(units) > 1:
        raise UsageError(
            f"'{path}' judges {' and '.join(sorted(units))}; one file judges one kind of place.",
            "split it, and compare with one file at a time",
        )
    return Qrels(units.pop(), by_query)


def _judgments(path: Path, lines: list[tuple[int, str]]) -> Iterator[tuple[str, Item, int]]:
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
        # A document id may contain blanks: it is everything between the second and the last column.
        query_id, _, rest = line.split(maxsplit=2)
        document, grade = rest.rsplit(maxsplit=1)
        yield _judgment(path, number, query_id, document, grade, None)


def _from_json(path: Path, number: int, line: str) -> tuple[str, Item, int]:
    record = parse_json(line, f"Line {number} of '{path}'")
    document = first_given(record, "doc_id", "corpus_id")
    lines = record.get("lines")
    if isinstance(lines, list) and len(lines) == 2 and isinstance(document, str):
        document = f"{document}:{lines[0]}-{lines[1]}"
    if isinstance(heading := record.get("heading"), str) and heading:
        document = f"{document}#heading={heading}"
    return _judgment(
        path,
        number,
        first_given(record, "query_id", "_id"),
        document,
        record.get("relevance", record.get("score", 1)),
        record.get("page"),
    )


def _judgment(
    path: Path, number: int, query_id: object, document: object, grade: object, page: object
) -> tuple[str, Item, int]:
    if query_id is None or document in (None, "") or grade in (None, ""):
        raise _malformed(path, number)
    if not is_encodable(f"{query_id}{document}"):
        raise _malformed(path, number)
    try:
        item = item_of(str(document), page)
        float(str(grade))
    except ValueError:
        raise _malformed(path, number) from None
    return str(query_id), item, _grade(path, number, str(grade).strip())


def _grade(path: Path, number: int, text: str) -> int:
    # Parsed exactly, so that no grade with many digits is rounded to another.
    match = _WHOLE_NUMBER.fullmatch(text)
    value = int(match[1]) if match is not None else None
    if value is None or abs(value) > _HIGHEST_GRADE:
        raise UsageError(
            f"Line {number} of '{path}' has the grade '{text}', which is not a whole number.",
            "grade with 0 for not relevant, and 1, 2, 3 for relevant and better",
        )
    return value


def item_of(text: str, page: object = None) -> Item:
    """Parse the item that a judgment or a run names.

    A document, `DOCUMENT:FIRST-LAST`, `DOCUMENT#page=N` (likewise `slide`, `row`, `cell`,
    `heading`), or a citation: `DOCUMENT p.N`, `DOCUMENT slide N`, ...

    Raises:
        ValueError: `page` is not a number.
    """
    if page not in (None, ""):
        number = int(str(page))
        return Item(text, Place("page", number, number))
    if fragment := _FRAGMENT.fullmatch(text):
        document, kind, value = fragment[1], cast(PlaceKind, fragment[2]), fragment[3]
        if kind == "heading":
            return Item(document, Place(kind, name=value))
        if numbers := _NUMBERS.fullmatch(value):
            name, first, last = numbers.groups(default="")
            return Item(document, Place(kind, int(first), int(last or first), name))
    elif cited_item := cited(text):
        return Item(*cited_item)
    return Item(text)


def _malformed(path: Path, number: int) -> UsageError:
    return UsageError(
        f"Line {number} of '{path}' is not a judgment.",
        "give lines like: query-id<TAB>corpus-id<TAB>score, below a header with these names",
    )


@dataclass(frozen=True, slots=True)
class JudgedIndex:
    """Judgments matched with the documents of an index.

    Attributes:
        unit: what is ranked and measured.
        by_query: query id to item to grade, including items missing from the index: they are
            relevant but cannot be found.
        missing: judged documents that are not in the index.
        ambiguous: judged ids shared by several documents of the index; they count as not found too.
    """

    unit: Unit
    by_query: Mapping[str, Mapping[str, int]]
    missing: tuple[str, ...]
    ambiguous: tuple[str, ...]
    _names: Mapping[str, str] = field(repr=False)
    _judged: Mapping[str, tuple[Item, ...]] = field(repr=False)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the names, as sentences."""
        if not self.ambiguous:
            return ()
        named = ", ".join(self.ambiguous[:3]) + (", ..." if len(self.ambiguous) > 3 else "")
        return (
            f"{len(self.ambiguous):,} judged names are of several documents each, and count as not "
            f"found; judge them by their paths: {named}",
        )

    def item_named(self, text: str) -> str:
        """Translate an item in another system's ranking to its name here."""
        item = item_of(text)
        return str(replace(item, document=self._names.get(item.document, item.document)))

    def knows(self, text: str) -> bool:
        """Whether an item named by another system belongs to a document of this index."""
        return item_of(text).document in self._names

    def items_of(self, stored: StoredPassage) -> tuple[str, ...]:
        """The items a passage counts as: its document, or the judged items that it overlaps."""
        passage = stored.passage
        by_path = self._names.get(stored.path, passage.doc_id)
        document = self._names.get(passage.doc_id, by_path)
        if self.unit is Unit.DOCUMENT:
            return (document,)
        judged_items = self._judged.get(document, ())
        overlapping = tuple(str(item) for item in judged_items if item.holds(passage.place))
        # An unjudged item still takes up a rank.
        own_item = Item(document, passage.place)
        undivided = own_item.unit is self.unit and self.unit in _UNDIVIDED
        return overlapping or (str(own_item) if undivided else f"{own_item} (passage)",)

    def items_for(self, query: Query, stored: StoredPassage) -> tuple[str, ...]:
        """`items_of`, but none if the passage's document is the query itself.

        In some collections (ArguAna) the queries are documents. BEIR's own evaluation disregards
        those that bear the query's id; here they must also say the same, since unrelated ids
        happen to be equal where both are numbers.
        """
        passage = stored.passage
        if passage.doc_id == query.query_id and _within(passage.text, query.text):
            return ()
        return self.items_of(stored)


def judged_in(qrels: Qrels, documents: Iterable[tuple[str, str]]) -> JudgedIndex:
    """Find the judged documents in an index, by id or displayed path.

    Args:
        qrels: as read.
        documents: (document id, path) of everything the index holds.
    """
    known_documents = list(documents)
    names = _names(known_documents)
    shared_ids = {doc_id for doc_id, _ in known_documents} - names.keys()
    missing: set[str] = set()
    ambiguous: set[str] = set()
    by_query: dict[str, dict[str, int]] = {}
    judged: dict[str, dict[Item, None]] = {}
    for query_id, items in qrels.by_query.items():
        grades = by_query.setdefault(query_id, {})
        for item, grade in items.items():
            name = names.get(item.document)
            if name is None:
                (ambiguous if item.document in shared_ids else missing).add(item.document)
            local_item = replace(item, document=name or item.document)
            grades[str(local_item)] = max(grade, grades.get(str(local_item), grade))
            judged.setdefault(local_item.document, {})[local_item] = None
    return JudgedIndex(
        unit=qrels.unit,
        by_query=by_query,
        missing=tuple(sorted(missing)),
        ambiguous=tuple(sorted(ambiguous)),
        _names=names,
        _judged={document: tuple(items) for document, items in judged.items()},
    )


def _names(documents: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Map every unambiguous name of a document to its canonical one."""
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


def _within(part: str, whole: str) -> bool:
    return " ".join(part.split()) in " ".join(whole.split())


def best_first(items: Sequence[tuple[str, ...]]) -> list[str]:
    """Items in the order of each one's first passage."""
    return list(dict.fromkeys(item for passage_items in items for item in passage_items))
