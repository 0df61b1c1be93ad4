"""The two collections of an index, and the conditions for querying rows.

The collection of passages has one row per passage, with its vector, its words and the filtered
fields; the other, `records`, has everything else. Milvus has no transactions over several rows, so
rows are immutable except for two: `head`, whose replacement is the commit, and `lease`, which
excludes a second writer. A row is *born* in the attempt that wrote it; the head determines which
attempts and files count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from bienc_cli.patterns import PathFilter
from bienc_cli.store.bm25 import K1, B
from bienc_cli.store.facts import Filter

FORMAT_VERSION = 2
"""Increased whenever an older program would misread what is written."""

VECTOR = "vector"
WORDS_VECTOR = "words_vector"

M = 16
EF_CONSTRUCTION = 200
LEAST_EF = 512
"""Candidates kept by a search: with this many, the top 10 of a small collection is exact."""

MOST_STRING_BYTES = 65_000
"""Per string; Milvus allows 65,535."""

FULL_TEXT_SINCE = (2, 5)
"""The version of Milvus that introduced functions such as BM25."""

PASSAGE_FIELDS = (
    *("id", "born", "file_id", "document_id", "ordinal", "start", "end"),
    *("place", "first", "last", "name", "recognised", "heading", "context", "text"),
    *("doc_id", "path", "title", "format", "text_key", "long"),
)
"""All fields except the vector and the words."""

RECORD_FIELDS = ("id", "kind", "key", "piece", "born", "root_id", "file_id", "body")

NO_PASSAGE = "id in []"
"""The condition that no passage meets; recognised instead of sent."""

Placed = tuple[int, tuple[str, ...]]
"""A file's id, and the paths it may be named by: under its root, and as displayed."""


def has_full_text(version: str) -> bool:
    """Whether a server of this version searches words; Milvus Lite reports `milvus_lite-...`."""
    match = re.search(r"(\d+)\.(\d+)", version)
    return match is None or tuple(map(int, match.groups())) >= FULL_TEXT_SINCE


def passages(dim: int, *, full_text: bool) -> tuple[Any, Any]:
    """Schema and indexes of the collection of passages."""
    from pymilvus import DataType, Function, FunctionType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    for name in "born file_id document_id ordinal start end first last".split():
        schema.add_field(name, DataType.INT64)
    for name in ("name", "heading", "context", "text", "doc_id", "path", "title"):
        schema.add_field(name, DataType.VARCHAR, max_length=65_535)
    schema.add_field("place", DataType.VARCHAR, max_length=16)
    schema.add_field("recognised", DataType.BOOL)
    schema.add_field("format", DataType.VARCHAR, max_length=64)
    schema.add_field("text_key", DataType.VARCHAR, max_length=32)
    schema.add_field("long", DataType.BOOL)
    schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=dim)
    indexes = vector_index()
    for name in ("born", "file_id", "document_id", "format", "text_key"):
        indexes.add_index(name, index_type="INVERTED")
    # Words are folded and stemmed before they get here, as in the embedded store, so that
    # the analyzer only has to separate them.
    words = {"enable_analyzer": True, "analyzer_params": {"tokenizer": "standard"}}
    schema.add_field("words", DataType.VARCHAR, max_length=65_535, **(words if full_text else {}))
    if full_text:
        schema.add_field(WORDS_VECTOR, DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(
            Function(
                name="bm25",
                function_type=FunctionType.BM25,
                input_field_names=["words"],
                output_field_names=[WORDS_VECTOR],
            )
        )
        indexes.add_index(
            WORDS_VECTOR,
            index_type="SPARSE_INVERTED_INDEX",
            metric_type="BM25",
            params={"bm25_k1": K1, "bm25_b": B},
        )
    return schema, indexes


def vector_index() -> Any:
    """The graph over the vectors, whose inner products are cosines."""
    from pymilvus import MilvusClient

    indexes = MilvusClient.prepare_index_params()
    indexes.add_index(
        VECTOR,
        index_type="HNSW",
        metric_type="IP",
        params={"M": M, "efConstruction": EF_CONSTRUCTION},
    )
    return indexes


def records() -> tuple[Any, Any]:
    """Schema and indexes of the collection of records."""
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=128)
    schema.add_field("kind", DataType.VARCHAR, max_length=16)
    schema.add_field("key", DataType.INT64)
    for name in ("piece", "born", "root_id", "file_id"):
        schema.add_field(name, DataType.INT64)
    schema.add_field("body", DataType.VARCHAR, max_length=65_535)
    # Milvus requires a vector in every collection.
    schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=2)
    indexes = MilvusClient.prepare_index_params()
    indexes.add_index(VECTOR, index_type="FLAT", metric_type="IP")
    for name in ("kind", "key", "root_id", "file_id"):
        indexes.add_index(name, index_type="INVERTED")
    return schema, indexes


def record_row(
    name: str,
    body: str,
    *,
    kind: str,
    key: int = 0,
    piece: int = 0,
    born: int,
    root_id: int = 0,
    file_id: int = 0,
) -> dict[str, Any]:
    """A row of the collection of records.

    Args:
        name: its primary key.
        body: at most `MOST_STRING_BYTES` bytes of it.
        kind, key, piece, born, root_id, file_id: as of `rows.Record`.
    """
    return {
        "id": name,
        "kind": kind,
        "key": key,
        "piece": piece,
        "born": born,
        "root_id": root_id,
        "file_id": file_id,
        "body": body,
        VECTOR: [0.0, 1.0],
    }


# -------------------------------------------------------------- conditions


def among(field: str, values: Iterable[int | str], *, out: bool = False) -> str:
    """The condition that a field has, or with `out` has not, one of the values."""
    listed = ", ".join(str(value) if isinstance(value, int) else f'"{value}"' for value in values)
    return f"{field} {'not in' if out else 'in'} [{listed}]"


def all_of(*conditions: str) -> str:
    """The conjunction of conditions; empty ones are ignored."""
    return " and ".join(f"({condition})" for condition in conditions if condition)


def in_chunks(values: Iterable[Any], size: int = 500) -> Iterable[list[Any]]:
    """Split values into lists short enough for a condition."""
    chunk: list[Any] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def counting(alive: str, where: Filter | None, files: Callable[[], Iterable[Placed]]) -> str:
    """The condition that a passage counts and passes a filter.

    Patterns have the semantics of `.gitignore`, which Milvus cannot express; so they are matched
    here against the list of files, and Milvus is given the matching files, or the others if those
    are fewer.

    Args:
        alive: the condition that it belongs to the generation.
        where: the filter.
        files: returns all files; only called if paths are filtered.

    Raises:
        UsageError: a pattern is malformed.
    """
    if not where:
        return alive
    parts = [alive]
    if where.formats:
        parts.append(among("format", where.formats))
    if where.paths:
        path_filter = PathFilter(where.paths)
        selected: list[int] = []
        unselected: list[int] = []
        for file_id, names in files():
            is_selected = path_filter.matches(name.lstrip("/") for name in names)
            (selected if is_selected else unselected).append(file_id)
        if not selected:
            return NO_PASSAGE
        if unselected and len(selected) <= len(unselected):
            parts.append(among("file_id", selected))
        elif unselected:
            parts.append(among("file_id", unselected, out=True))
    return all_of(*parts)
