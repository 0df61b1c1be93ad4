"""An MCP server on an index, over standard input and output.

Every answer comes out of the index; no file is opened for a client, whatever path it names. An
index is for one thread, so one thread asks it, and requests that come together wait their turn.
The SDK is an extra, and imported when a session begins.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote, unquote

from bienc_cli import schemas
from bienc_cli.errors import BiencError, UsageError
from bienc_cli.strategy import Strategy

if TYPE_CHECKING:
    from mcp import types
    from mcp.server.lowlevel import Server

    from bienc_cli.results import BuildAnswer, CompareAnswer, SearchAnswer, SimilarAnswer
    from bienc_cli.search.reading import Excerpt
    from bienc_cli.store import IndexInfo, IndexReader

Result = TypeVar("Result")

INSTRUCTIONS = (
    "Searches an index of the user's documents by meaning. Use search for passages, then read "
    "with a hit's citation for what stands around it. Cite what you use by its citation."
)
_RESOURCE = "bienc://document/"
_RESOURCES_AT_ONCE = 200
_MOST_SAID = 200
"""Characters of a refused value that a refusal repeats."""


class Questions(Protocol):
    """What is asked of an index; `bienc_cli.Index` is one."""

    @property
    def info(self) -> IndexInfo:
        """What it holds."""

    def reader(self) -> IndexReader:
        """Its current generation."""

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
        """Documents or passages like one."""

    def compare(
        self, queries: str, strategies: Sequence[str] | None = None, k: int = 10
    ) -> CompareAnswer:
        """Rankings of several strategies."""

    def read(
        self, document: str, *, around: int = 20, start: int | None = None, limit: int = 20_000
    ) -> Excerpt:
        """A document's text, or what stands around a place in it."""

    def refresh(self) -> BuildAnswer:
        """Bring it up to date."""

    def close(self) -> None:
        """Let go of its files."""


@dataclass(frozen=True, slots=True)
class Tool:
    """What a client can call.

    Attributes:
        arguments: their JSON schemas by name; no others are taken.
        required: those that must be given.
        schema: of the answer, one that is shipped; None for text.
        answer: asks the index; returns the JSON document, or parts of text.
        writes: to the index.
    """

    name: str
    description: str
    arguments: Mapping[str, Mapping[str, Any]]
    required: tuple[str, ...]
    schema: str | None
    answer: Callable[[Questions, dict[str, Any]], dict[str, Any] | tuple[str, ...]]
    writes: bool = False

    def input_schema(self) -> dict[str, Any]:
        """What arguments are checked by."""
        return {
            "type": "object",
            "properties": {name: dict(schema) for name, schema in self.arguments.items()},
            "required": list(self.required),
            "additionalProperties": False,
        }


def _whole(least: int, most: int, meaning: str) -> Mapping[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most, "description": meaning}


def _text(meaning: str) -> Mapping[str, Any]:
    # No system has a path with U+0000 in it, and Python refuses to look for one.
    pattern = "^[^\\u0000]+$"
    return {"type": "string", "maxLength": 10_000, "pattern": pattern, "description": meaning}


def _several(meaning: str) -> Mapping[str, Any]:
    return {"type": "array", "maxItems": 100, "items": _text(meaning), "description": meaning}


_STRATEGY = {"enum": [strategy.value for strategy in Strategy]}
_QUERY = _text('In plain language; "a phrase" must be there, -word must not.')
_DOCUMENT = _text("By path, id or citation, as answers have them: notes/a.md:13, r.pdf p.3.")
_K = _whole(1, 100, "How many; 10 by default.")


def _read(index: Questions, given: dict[str, Any]) -> tuple[str, ...]:
    found = index.read(given.pop("document"), **given)
    where = (
        f"{found.stored.path}: characters {found.start} to {found.end} of {found.length}, "
        f"from line {found.line} of its text."
    )
    if found.end < found.length:
        where += f" To go on: start={found.end}."
    return found.text, where


def _status(index: Questions, _given: dict[str, Any]) -> dict[str, Any]:
    from bienc_cli.render.info import InfoView

    return InfoView(index.info).as_json()


TOOLS = (
    Tool(
        "search",
        "Find the passages that answer a query, best first, with citations.",
        MappingProxyType(
            {
                "query": _QUERY,
                "k": _K,
                "path": _several("Only documents whose path matches, as in .gitignore."),
                "type": _several("Only documents of this format or suffix: pdf, md."),
                "strategy": {**_STRATEGY, "description": "How to rank; the default is best."},
                "budget_tokens": _whole(
                    1, 200_000, "As many whole passages as fit, without near-repeats."
                ),
            }
        ),
        ("query",),
        "bienc.query/2",
        lambda index, given: index.search(**given).to_json(),
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
        lambda index, given: index.similar(**given, indexed_only=True).to_json(),
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
        lambda index, given: index.compare(**given).to_json(),
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
        lambda index, _given: index.refresh().to_json(),
        writes=True,
    ),
)


def serve(open_index: Callable[[], Questions], *, version: str, allow_refresh: bool) -> None:
    """Hold one session over standard input and output, until the client closes it.

    Args:
        open_index: called in the thread that the index is for.
        version: that clients are told.
        allow_refresh: offer the tool that writes to the index.

    Raises:
        UsageError: the SDK is not installed.
        BiencError: the index cannot be opened.
    """
    _require_sdk()
    tools = {tool.name: tool for tool in TOOLS if allow_refresh or not tool.writes}
    with ThreadPoolExecutor(1, "bienc-mcp") as thread:
        index = thread.submit(copy_context().run, open_index).result()
        try:
            asyncio.run(_converse(_Session(index, thread, tools).server(version)))
        finally:
            thread.submit(index.close).result()


def _require_sdk() -> None:
    try:
        import jsonschema  # noqa: F401
        import mcp  # noqa: F401
    except ModuleNotFoundError:
        raise UsageError(
            "The MCP server needs the official SDK, which is not installed.",
            "pip install 'bienc-cli[mcp]'",
        ) from None


async def _converse(server: Server[Any]) -> None:
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


@dataclass(frozen=True, slots=True)
class _Session:
    index: Questions
    thread: ThreadPoolExecutor
    tools: Mapping[str, Tool]

    def server(self, version: str) -> Server[Any]:
        from mcp.server.lowlevel import Server

        return Server(
            "bienc",
            version=version,
            instructions=INSTRUCTIONS,
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_resources=self.list_resources,
            on_read_resource=self.read_resource,
        )

    async def _ask(self, question: Callable[[], Result]) -> Result:
        # The context has what a file of defaults says.
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.thread, copy_context().run, question)

    async def list_tools(
        self, _context: Any, _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        from mcp import types

        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=tool.name,
                    description=tool.description,
                    input_schema=tool.input_schema(),
                    output_schema=schemas.load(tool.schema) if tool.schema else None,
                    annotations=types.ToolAnnotations(
                        read_only_hint=not tool.writes,
                        destructive_hint=False,
                        idempotent_hint=True,
                        open_world_hint=False,
                    ),
                )
                for tool in self.tools.values()
            ]
        )

    async def call_tool(
        self, _context: Any, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        from mcp import types

        try:
            tool = self._tool(params.name)
            given = checked(tool, params.arguments or {})
            answer = await self._ask(lambda: tool.answer(self.index, given))
        except BiencError as error:
            return types.CallToolResult(
                content=[types.TextContent(type="text", text=_sentences(error))], is_error=True
            )
        document = answer if isinstance(answer, dict) else None
        texts = answer if isinstance(answer, tuple) else (json.dumps(answer, ensure_ascii=False),)
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=text) for text in texts],
            structured_content=document,
        )

    def _tool(self, name: str) -> Tool:
        tool = self.tools.get(name)
        if tool is not None:
            return tool
        if any(name == one.name for one in TOOLS):
            raise UsageError("This server only reads.", "start it as: bienc mcp --allow-refresh")
        raise UsageError(
            f"There is no tool {name[:_MOST_SAID]}.", f"call one of: {', '.join(self.tools)}"
        )

    async def list_resources(
        self, _context: Any, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        from mcp import MCPError, types

        cursor = (params.cursor if params else None) or "0"
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
            raise MCPError(types.INVALID_PARAMS, "That cursor is not one of this server's.")
        first = int(cursor)
        last = first + _RESOURCES_AT_ONCE
        documents = await self._ask(lambda: sorted(self.index.reader().documents()))
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    name=path, uri=_RESOURCE + quote(called, safe="/"), mime_type="text/plain"
                )
                for called, path in documents[first:last]
            ],
            next_cursor=str(last) if last < len(documents) else None,
        )

    async def read_resource(
        self, _context: Any, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        from mcp import MCPError, types

        uri = str(params.uri)
        called = unquote(uri.removeprefix(_RESOURCE))
        try:
            if not uri.startswith(_RESOURCE):
                raise UsageError(f"{uri[:_MOST_SAID]} is no document of this index.")
            found = await self._ask(lambda: self.index.read(called, start=0, limit=sys.maxsize))
        except BiencError as error:
            raise MCPError(types.INVALID_PARAMS, _sentences(error)) from None
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=uri, mime_type="text/plain", text=found.text)]
        )


def checked(tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as a tool takes them.

    Raises:
        UsageError: one is missing, unknown, of another type or out of bounds.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(tool.input_schema()).iter_errors(dict(arguments)))
    if error is not None:
        named = f" {error.path[0]}" if error.path else ""
        takes = ", ".join(tool.arguments) or "none"
        raise UsageError(
            f"{tool.name} does not take that{named}: {error.message[:_MOST_SAID]}.",
            f"its arguments are: {takes}",
        )
    # In JSON 3.0 is an integer too.
    return {
        name: int(value) if isinstance(value, float) else value for name, value in arguments.items()
    }


def _sentences(error: BiencError) -> str:
    return f"{error.message}\nhint: {error.hint}" if error.hint else error.message
