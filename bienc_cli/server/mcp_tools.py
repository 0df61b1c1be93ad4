"""The tools that MCP clients can call: each asks an index one question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from bienc_cli.errors import UsageError
from bienc_cli.strategy import Strategy

if TYPE_CHECKING:
    from bienc_cli.library.overview_answers import LabelsAnswer, PairsAnswer, SimilarAnswer
    from bienc_cli.library.search_answers import CompareAnswer, SearchAnswer
    from bienc_cli.library.upkeep_answers import BuildAnswer, StatusAnswer
    from bienc_cli.search.excerpts import Excerpt
    from bienc_cli.store import IndexInfo, IndexReader

MOST_SAID = 200
"""Characters of a refused value that an error repeats."""

MOST_COMPARED = 10_000
"""Maximum number of passages for a question about all of them: some seconds, during which nobody
else is answered."""


class Questions(Protocol):
    """The questions to an index; `bienc_cli.Index` implements them."""

    @property
    def info(self) -> IndexInfo:
        """A summary of what it holds."""

    def status(self) -> StatusAnswer:
        """The same, as `bienc info` shows it."""

    def reader(self) -> IndexReader:
        """A reader of its current generation."""

    def search(
        self,
        query: str,
        k: int | None = None,
        *,
        strategy: str | None = None,
        budget_tokens: int | None = None,
        path: Sequence[str] = (),
        type: Sequence[str] = (),
    ) -> SearchAnswer:
        """Passages that answer a query."""

    def similar(
        self, path: str, k: int = 10, *, unit: str = "document", indexed_only: bool = False
    ) -> SimilarAnswer:
        """Documents or passages similar to one."""

    def pairs(
        self,
        *,
        min_similarity: float = 0.9,
        min_shared: float = 0.0,
        exact: bool = False,
        path: Sequence[str] = (),
        type: Sequence[str] = (),
        against: Sequence[str] = (),
    ) -> PairsAnswer:
        """Pairs of similar passages."""

    def classify(
        self, labels: Sequence[str], *, path: Sequence[str] = (), type: Sequence[str] = ()
    ) -> LabelsAnswer:
        """Documents with the most likely of some labels."""

    def count(self, *, path: Sequence[str] = (), type: Sequence[str] = ()) -> int:
        """How many passages the matching documents have."""

    def compare(
        self, queries: str, strategies: Sequence[str] | None = None, k: int = 10
    ) -> CompareAnswer:
        """The rankings of several strategies."""

    def read(
        self, document: str, *, around: int = 20, start: int | None = None, limit: int = 20_000
    ) -> Excerpt:
        """A document's text, or the lines around a place in it."""

    def refresh(self) -> BuildAnswer:
        """Update it."""

    def close(self) -> None:
        """Close its files."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that a client can call.

    Attributes:
        arguments: JSON schemas by argument name; no other arguments are accepted.
        required: names of the required arguments.
        schema: the shipped schema of the answer; None for text.
        answer: asks the index; returns the JSON document, or parts of a text.
        writes: whether it writes to the index.
    """

    name: str
    description: str
    arguments: Mapping[str, Mapping[str, Any]]
    required: tuple[str, ...]
    schema: str | None
    answer: Callable[[Questions, dict[str, Any]], dict[str, Any] | tuple[str, ...]]
    writes: bool = False

    def input_schema(self) -> dict[str, Any]:
        """The JSON schema of the arguments."""
        return {
            "type": "object",
            "properties": {name: dict(schema) for name, schema in self.arguments.items()},
            "required": list(self.required),
            "additionalProperties": False,
        }


def _whole(minimum: int, maximum: int, meaning: str) -> Mapping[str, Any]:
    return {"type": "integer", "minimum": minimum, "maximum": maximum, "description": meaning}


def _text(meaning: str) -> Mapping[str, Any]:
    # No path contains U+0000, and Python raises an error for one.
    pattern = "^[^\\u0000]+$"
    return {"type": "string", "maxLength": 10_000, "pattern": pattern, "description": meaning}


def _several(meaning: str, minimum: int = 0, maximum: int = 100) -> Mapping[str, Any]:
    bounds = {"minItems": minimum, "maxItems": maximum}
    return {"type": "array", **bounds, "items": _text(meaning), "description": meaning}


def _share(meaning: str) -> Mapping[str, Any]:
    return {"type": "number", "minimum": 0, "maximum": 1, "description": meaning}


_STRATEGY = {"enum": [strategy.value for strategy in Strategy]}
_QUERY = _text('In plain language; "a phrase" must be there, -word must not.')
_DOCUMENT = _text("By path, id or citation, as answers have them: notes/a.md:13, r.pdf p.3.")
_K = _whole(1, 100, "How many; 10 by default.")
_PATH = _several("Only documents whose path matches, as in .gitignore.")
_TYPE = _several("Only documents of this format or suffix: pdf, md.")


def _read(index: Questions, arguments: dict[str, Any]) -> tuple[str, ...]:
    excerpt = index.read(arguments.pop("document"), **arguments)
    location = (
        f"{excerpt.stored.path}: characters {excerpt.start} to {excerpt.end} of {excerpt.length}, "
        f"from line {excerpt.line} of its text."
    )
    if excerpt.end < excerpt.length:
        location += f" To go on: start={excerpt.end}."
    return excerpt.text, location


def _pairs(index: Questions, arguments: dict[str, Any]) -> dict[str, Any]:
    k = arguments.pop("k", 10)
    path, type_, against = (arguments.get(name, ()) for name in ("path", "type", "against"))
    _check_size(
        index.count(path=path, type=type_)
        + (index.count(path=against, type=type_) if against else 0)
    )
    document = index.pairs(**arguments).to_json()
    for name in ("pairs", "clusters"):
        document[name] = _first(document, document[name], k, name)
    for cluster in document["clusters"]:
        cluster["others"] = _first(document, cluster["others"], k, "passages of a cluster")
    return document


def _labels(index: Questions, arguments: dict[str, Any]) -> dict[str, Any]:
    k = arguments.pop("k", 100)
    filters = {name: arguments[name] for name in ("path", "type") if name in arguments}
    _check_size(index.count(**filters))
    document = index.classify(**arguments).to_json()
    document["documents"] = _first(document, document["documents"], k, "documents")
    return document


def _check_size(passages: int) -> None:
    if passages > MOST_COMPARED:
        raise UsageError(
            f"{passages:,} passages would be compared, and {MOST_COMPARED:,} may be.",
            "narrow it by path or type; the command line has no such bound",
        )


def _first(document: dict[str, Any], items: list[Any], k: int, noun: str) -> list[Any]:
    """The first `k` items; the answer includes their total number."""
    if len(items) > k:
        document["warnings"].append(f"the first {k:,} of {len(items):,} {noun}")
    return items[:k]


def _status(index: Questions, _arguments: dict[str, Any]) -> dict[str, Any]:
    return index.status().to_json()


TOOLS = (
    Tool(
        "search",
        "Find the passages that answer a query, best first, with citations.",
        MappingProxyType(
            {
                "query": _QUERY,
                "k": _K,
                "path": _PATH,
                "type": _TYPE,
                "strategy": {**_STRATEGY, "description": "How to rank; the default is best."},
                "budget_tokens": _whole(
                    1, 200_000, "As many whole passages as fit, without near-repeats."
                ),
            }
        ),
        ("query",),
        "bienc.query/2",
        lambda index, arguments: index.search(**arguments).to_json(),
    ),
    Tool(
        "read",
        "Read a document, or the lines around a citation, as the index holds its text.",
        MappingProxyType(
            {
                "document": _DOCUMENT,
                "around": _whole(0, 1000, "Lines around the place of a citation; 20 by default."),
                "start": _whole(0, 2**53, "Character to begin at, to go on in a long document."),
                "limit": _whole(1, 200_000, "Most characters; 20,000 by default."),
            }
        ),
        ("document",),
        None,
        _read,
    ),
    Tool(
        "similar",
        "Find documents, or passages, like one of the index.",
        MappingProxyType({"path": _DOCUMENT, "k": _K, "unit": {"enum": ["document", "passage"]}}),
        ("path",),
        "bienc.similar/1",
        lambda index, arguments: index.similar(**arguments, indexed_only=True).to_json(),
    ),
    Tool(
        "compare",
        "Put the rankings of two strategies for a query side by side, with their cost.",
        MappingProxyType(
            {
                "queries": _QUERY,
                "strategies": {
                    "type": "array",
                    "items": _STRATEGY,
                    "minItems": 2,
                    "maxItems": 2,
                    "description": "bi-encoder and bi-encoder+cross-encoder by default.",
                },
                "k": _K,
            }
        ),
        ("queries",),
        "bienc.compare/3",
        lambda index, arguments: index.compare(**arguments).to_json(),
    ),
    Tool(
        "pairs",
        "Find passages that repeat or nearly repeat each other, with what differs.",
        MappingProxyType(
            {
                "path": _PATH,
                "type": _TYPE,
                "against": _several("The other passage of each pair from documents like this."),
                "min_similarity": _share("The least cosine; 0.9 by default."),
                "min_shared": _share("The least share of common words: 0.5 leaves duplicates."),
                "exact": {"type": "boolean", "description": "Only the same text."},
                "k": _whole(1, 100, "How many pairs, and clusters; 10 by default."),
            }
        ),
        (),
        "bienc.pairs/1",
        _pairs,
    ),
    Tool(
        "classify",
        "Give each document the likeliest of some labels, such as invoice, contract, letter.",
        MappingProxyType(
            {
                "labels": _several("A word or two that say what such documents are.", 2, 20),
                "path": _PATH,
                "type": _TYPE,
                "k": _whole(1, 500, "How many documents; 100 by default."),
            }
        ),
        ("labels",),
        "bienc.labels/1",
        _labels,
    ),
    Tool(
        "status",
        "Tell what the index holds: folders, documents, formats, model, age.",
        MappingProxyType({}),
        (),
        "bienc.info/1",
        _status,
    ),
    Tool(
        "refresh",
        "Bring the index up to date with the folders that it covers.",
        MappingProxyType({}),
        (),
        "bienc.index/1",
        lambda index, _arguments: index.refresh().to_json(),
        writes=True,
    ),
)


def checked(tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Validate the arguments of a tool.

    Raises:
        UsageError: an argument is missing, unknown, of the wrong type or out of bounds.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(tool.input_schema()).iter_errors(dict(arguments)))
    if error is not None:
        argument = f" {error.path[0]}" if error.path else ""
        known_arguments = ", ".join(tool.arguments) or "none"
        raise UsageError(
            f"{tool.name} does not take that{argument}: {error.message[:MOST_SAID]}.",
            f"its arguments are: {known_arguments}",
        )
    # In JSON, 3.0 is an integer too.
    return {
        name: int(value)
        if isinstance(value, float) and tool.arguments[name].get("type") == "integer"
        else value
        for name, value in arguments.items()
    }
