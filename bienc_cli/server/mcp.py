"""An MCP server for an index.

Every answer comes from the index; no file is opened for a client, whatever path it names. An index
belongs to one thread, so one thread queries it, and simultaneous requests take turns. The SDK is an
optional dependency, imported when a session starts.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote

from bienc_cli import schemas
from bienc_cli.errors import BiencError, UsageError
from bienc_cli.extras import install_command
from bienc_cli.server.mcp_tools import MOST_SAID, TOOLS, Questions, Tool, checked

if TYPE_CHECKING:
    from mcp import types
    from mcp.server.lowlevel import Server

Result = TypeVar("Result")

INSTRUCTIONS = (
    "Searches an index of the user's documents by meaning. Use search for passages, then read "
    "with a hit's citation for what stands around it. Cite what you use by its citation."
)
_RESOURCE = "bienc://document/"
_RESOURCES_AT_ONCE = 200

Transport = Callable[["Server[Any]"], Awaitable[None]]
"""Lets clients talk to a server until they are done."""


async def over_stdio(server: Server[Any]) -> None:
    """One session over standard input and output, until the client closes it."""
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (read_stream, write_stream):
        await server.run(read_stream, write_stream, server.create_initialization_options())


def serve(
    open_index: Callable[[], Questions],
    transport: Transport = over_stdio,
    *,
    version: str,
    allow_refresh: bool,
) -> None:
    """Answer clients until they, or the user, end it.

    Args:
        open_index: called in the thread that will own the index.
        transport: how clients talk to the server.
        version: the version reported to clients.
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
            asyncio.run(_converse(transport, _Session(index, thread, tools).server(version)))
        finally:
            thread.submit(index.close).result()


def _require_sdk() -> None:
    try:
        import jsonschema  # noqa: F401
        import mcp  # noqa: F401
    except ModuleNotFoundError:
        raise UsageError(
            "The MCP server needs the official SDK, which is not installed.",
            install_command("mcp"),
        ) from None


async def _converse(transport: Transport, server: Server[Any]) -> None:
    await transport(server)


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
        # The context carries the settings from files.
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
            arguments = checked(tool, params.arguments or {})
            answer = await self._ask(lambda: tool.answer(self.index, arguments))
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
        if any(name == known_tool.name for known_tool in TOOLS):
            raise UsageError("This server only reads.", "start it as: bienc mcp --allow-refresh")
        raise UsageError(
            f"There is no tool {name[:MOST_SAID]}.", f"call one of: {', '.join(self.tools)}"
        )

    async def list_resources(
        self, _context: Any, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        from mcp import MCPError, types

        cursor = (params.cursor if params else None) or "0"
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
            raise MCPError(types.INVALID_PARAMS, "That cursor is not one of this server's.")
        start = int(cursor)
        end = start + _RESOURCES_AT_ONCE
        documents = await self._ask(lambda: sorted(self.index.reader().documents()))
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    name=path, uri=_RESOURCE + quote(document_id, safe="/"), mime_type="text/plain"
                )
                for document_id, path in documents[start:end]
            ],
            next_cursor=str(end) if end < len(documents) else None,
        )

    async def read_resource(
        self, _context: Any, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        from mcp import MCPError, types

        uri = str(params.uri)
        document_id = unquote(uri.removeprefix(_RESOURCE))
        try:
            if not uri.startswith(_RESOURCE):
                raise UsageError(f"{uri[:MOST_SAID]} is no document of this index.")
            excerpt = await self._ask(
                lambda: self.index.read(document_id, start=0, limit=sys.maxsize)
            )
        except BiencError as error:
            raise MCPError(types.INVALID_PARAMS, _sentences(error)) from None
        return types.ReadResourceResult(
            contents=[
                types.TextResourceContents(uri=uri, mime_type="text/plain", text=excerpt.text)
            ]
        )


def _sentences(error: BiencError) -> str:
    return f"{error.message}\nhint: {error.hint}" if error.hint else error.message
