"""`bienc mcp`, spoken to by the SDK's own client: a process, a session, from start to end."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bienc_cli import schemas
from bienc_cli.extras import install_command
from commands import Run
from schema_check import validator

if importlib.util.find_spec("mcp") is None:
    pytest.skip("the extra 'mcp' is not installed", allow_module_level=True)

from mcp import ClientSession, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import PaginatedRequestParams

FAKE = Path(__file__).with_name("fake_bienc.py")
READ_ONLY = ["search", "read", "similar", "compare", "pairs", "classify", "status"]


def session(talk: Callable[[ClientSession], Awaitable[object]], *options: str) -> None:
    """Have a client talk to a server that it starts itself."""

    async def converse() -> None:
        server = StdioServerParameters(
            command=sys.executable,
            args=[str(FAKE), "mcp", *options],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            cwd=Path.cwd(),
        )
        async with stdio_client(server) as streams, ClientSession(*streams) as client:
            await client.initialize()
            await asyncio.wait_for(talk(client), 60)

    asyncio.run(converse())


def texts(result: Any) -> list[str]:
    return [part.text for part in result.content]


def test_a_session_from_start_to_end(indexed: Run) -> None:
    async def talk(client: ClientSession) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert list(tools) == READ_ONLY
        assert tools["search"].output_schema == schemas.load("bienc.query/2")
        assert all(tool.annotations.read_only_hint for tool in tools.values())

        found = await client.call_tool("search", {"query": "apples in autumn", "k": 2.0})
        validator("bienc.query/2").validate(found.structured_content)
        hits = found.structured_content["hits"]
        assert len(hits) == 2

        text, where = texts(await client.call_tool("read", {"document": hits[0]["citation"]}))
        assert hits[0]["text"] in text
        assert hits[0]["path"] in where
        part = {"document": hits[0]["path"], "start": 1, "limit": 3}
        text, where = texts(await client.call_tool("read", part))
        assert text == Path(hits[0]["path"]).read_text()[1:4]
        assert where.endswith("start=4.")

        like = await client.call_tool("similar", {"path": hits[0]["path"], "k": 1})
        validator("bienc.similar/1").validate(like.structured_content)
        assert len(like.structured_content["hits"]) == 1
        two = {"queries": "pears", "strategies": ["bm25", "bi-encoder"]}
        compared = await client.call_tool("compare", two)
        validator("bienc.compare/3").validate(compared.structured_content)
        pairs = await client.call_tool("pairs", {"min_similarity": 0, "k": 2})
        validator("bienc.pairs/1").validate(pairs.structured_content)
        assert len(pairs.structured_content["pairs"]) == 2
        labels = await client.call_tool("classify", {"labels": ["apples", "pears"], "k": 1.0})
        validator("bienc.labels/1").validate(labels.structured_content)
        assert len(labels.structured_content["documents"]) == 1
        status = await client.call_tool("status", {})
        validator("bienc.info/1").validate(status.structured_content)

        resources = (await client.list_resources()).resources
        assert len(resources) == status.structured_content["documents"]
        for resource in resources:
            (content,) = (await client.read_resource(resource.uri)).contents
            assert content.text.strip() == Path(resource.name).read_text().strip()

    session(talk)


def test_filters_and_a_budget(indexed: Run) -> None:
    async def talk(client: ClientSession) -> None:
        asked = {"query": "fruit", "type": ["txt"], "budget_tokens": 30, "strategy": "bm25"}
        found = (await client.call_tool("search", {**asked, "query": "pear"})).structured_content
        assert {hit["path"][-4:] for hit in found["hits"]} == {".txt"}
        assert found["strategy"] == "bm25"
        none = {"query": "pear", "path": ["docs/apple.md"], "type": ["txt"]}
        assert (await client.call_tool("search", none)).structured_content["hits"] == []

    session(talk)


@pytest.mark.parametrize(("options", "offered"), [((), False), (("--allow-refresh",), True)])
def test_it_writes_only_where_it_is_allowed(
    indexed: Run, options: tuple[str, ...], offered: bool
) -> None:
    Path("docs/quince.txt").write_text("Quinces are sour.\n")

    async def talk(client: ClientSession) -> None:
        names = [tool.name for tool in (await client.list_tools()).tools]
        assert ("refresh" in names) is offered
        result = await client.call_tool("refresh", {})
        assert result.is_error is not offered
        if offered:
            validator("bienc.index/1").validate(result.structured_content)
        else:
            assert "bienc mcp --allow-refresh" in texts(result)[0]
        found = await client.call_tool("search", {"query": "sour quinces"})
        paths = {hit["path"] for hit in found.structured_content["hits"]}
        assert ("docs/quince.txt" in paths) is offered

    session(talk, *options)


def test_hostile_arguments_are_refused_and_the_session_goes_on(
    indexed: Run, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("what nobody indexed")
    Path("docs/link.txt").symlink_to(secret)
    named = ["secret.txt", str(secret), "docs/../secret.txt", "docs/link.txt", "/etc/passwd", "~"]
    named += ["", "nul\0", f"file://{secret}", "..", "x" * 20_000]
    calls: list[tuple[str, dict[str, Any]]] = [
        *(("read", {"document": name}) for name in named),
        *(("similar", {"path": name}) for name in named),
        ("search", {}),
        ("search", {"query": 3}),
        ("search", {"query": ["pear"]}),
        ("search", {"query": ""}),
        ("search", {"query": "pear", "k": "3"}),
        ("search", {"query": "pear", "k": True}),
        ("search", {"query": "pear", "k": 0}),
        ("search", {"query": "pear", "k": 10**30}),
        ("search", {"query": "pear", "k": 1.5}),
        ("search", {"query": "pear", "strategy": "abacus"}),
        ("search", {"query": "pear", "path": "docs"}),
        ("search", {"query": "pear", "path": [None]}),
        ("search", {"query": "pear", "models": "/tmp"}),
        ("read", {"document": "docs/apple.md", "start": 2**40}),
        ("read", {"document": "docs/apple.md", "start": -1}),
        ("similar", {"path": "docs/apple.md", "indexed_only": False}),
        ("compare", {"queries": "pear", "strategies": ["bm25"]}),
        ("status", {"index": "/"}),
        ("__class__", {}),
    ]

    async def talk(client: ClientSession) -> None:
        for name, arguments in calls:
            result = await client.call_tool(name, arguments)
            (said,) = texts(result)
            assert result.is_error, (name, arguments)
            assert "\nhint: " in said, (name, arguments)
            assert "nobody indexed" not in said
            assert len(said) < 30_000
        for uri in (secret.as_uri(), "bienc://document/%2Fetc%2Fpasswd", "bienc://document/..%00"):
            with pytest.raises(MCPError):
                await client.read_resource(uri)
        with pytest.raises(MCPError):
            await client.list_resources(params=PaginatedRequestParams(cursor="-1"))
        together = [client.call_tool("search", {"query": f"pear {n}"}) for n in range(20)]
        assert not any(result.is_error for result in await asyncio.gather(*together))

    session(talk)


def test_without_an_index_it_says_so(run: Run) -> None:
    code, out, err = run("mcp")
    assert code == 3
    assert out == ""
    assert "bienc index" in err


def test_without_the_sdk_it_says_what_to_install(
    indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    code, out, err = indexed("mcp")
    assert code == 2
    assert out == ""
    assert install_command("mcp") in err


@pytest.mark.parametrize("terminal", [True, False])
def test_who_starts_it_by_hand_is_told_what_it_waits_for(
    indexed: Run, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr("bienc_cli.server.mcp.serve", lambda *_, **__: None)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: terminal, raising=False)
    code, out, err = indexed("mcp")
    assert (code, out, "waiting for a client" in err) == (0, "", terminal)
