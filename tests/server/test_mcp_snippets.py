"""What docs/mcp.md tells agents to be configured by: it is read, and the command answers."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from commands import Run
from mcp_process import FAKE, environment

if importlib.util.find_spec("mcp") is None:
    pytest.skip("the extra 'mcp' is not installed", allow_module_level=True)

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

PAGE = Path(__file__).parents[2].joinpath("docs/mcp.md").read_text(encoding="utf-8")


def servers(settings: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The one server of each table that a client knows by one of these names."""
    for name in settings.keys() & {"mcpServers", "servers", "mcp_servers"}:
        assert list(settings[name]) == ["bienc"]
        yield settings[name]["bienc"]


def snippets() -> list[Mapping[str, Any]]:
    """As clients read them; one that is no JSON or TOML fails here."""
    blocks = re.findall(r"```(json|toml)\n(.*?)```", PAGE, re.DOTALL)
    read = [json.loads(text) if kind == "json" else tomllib.loads(text) for kind, text in blocks]
    return [server for settings in read for server in servers(settings)]


def commands() -> list[list[str]]:
    """What a client starts, by configuration or by command line."""
    found = [[one["command"], *one["args"]] for one in snippets() if "command" in one]
    lines = re.findall(r"^    claude mcp add bienc -- (.*)$", PAGE, re.MULTILINE)
    return [*found, *map(shlex.split, lines)]


def test_there_is_one_for_each_client_and_way() -> None:
    assert len(commands()) == 4
    assert sum("url" in one for one in snippets()) == 3


def test_the_commands_start_a_server_that_answers(indexed: Run) -> None:
    index = str(Path(".bienc").absolute())

    async def answered(arguments: list[str]) -> None:
        server = StdioServerParameters(
            command=sys.executable, args=[str(FAKE), *arguments], env=environment()
        )
        async with stdio_client(server) as streams, ClientSession(*streams) as client:
            await client.initialize()
            assert not (await client.call_tool("status", {})).is_error

    places = r"/home/me/notes/\.bienc|\$\{workspaceFolder\}/\.bienc"
    started = {tuple(re.sub(places, index, one) for one in argv) for argv in commands()}
    for program, *arguments in started:
        assert program == "bienc"
        assert index in arguments
        asyncio.run(asyncio.wait_for(answered(arguments), 60))


def test_addresses_are_where_it_listens() -> None:
    from bienc_cli.server.mcp_http import PATH

    addresses = re.findall(r"http://127\.0\.0\.1[^\s\"]*", PAGE)
    assert len(addresses) == 5
    assert set(addresses) == {f"http://127.0.0.1:8765{PATH}"}
    for one in snippets():
        if "url" in one:
            assert "BIENC_TOKEN" in str(one)
