"""`bienc mcp --http`: the SDK's own client, and who is refused."""

from __future__ import annotations

import asyncio
import http.client
import importlib.util
import json
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from commands import Run
from mcp_process import Mcp, mcp_over_http
from schema_check import validator

if importlib.util.find_spec("mcp") is None:
    pytest.skip("the extra 'mcp' is not installed", allow_module_level=True)

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

ASKED = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
STATUS = {**ASKED, "params": {"name": "status", "arguments": {}}}


@pytest.fixture
def served(indexed: Run) -> Iterator[Mcp]:
    with mcp_over_http() as running:
        yield running


def session(running: Mcp, talk: Callable[[ClientSession], Awaitable[object]]) -> None:
    async def converse() -> None:
        async with (
            create_mcp_http_client(headers=dict(running.headers)) as http_client,
            streamable_http_client(running.address, http_client=http_client) as streams,
            ClientSession(*streams) as client,
        ):
            await client.initialize()
            await asyncio.wait_for(talk(client), 60)

    asyncio.run(converse())


def post(running: Mcp, path: str = "/mcp", method: str = "POST", **headers: str) -> tuple[int, Any]:
    """A question for the status, by hand; its status and JSON."""
    given = {
        **running.headers,
        "Host": f"127.0.0.1:{running.port}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    body = json.dumps(STATUS).encode()
    for name, value in {**given, "Content-Length": str(len(body))}.items():
        if value:
            connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    printed = answer.read()
    connection.close()
    return answer.status, json.loads(printed) if printed else None


def test_a_session_from_start_to_end(served: Mcp) -> None:
    async def talk(client: ClientSession) -> None:
        names = [tool.name for tool in (await client.list_tools()).tools]
        assert names == ["search", "read", "similar", "compare", "pairs", "classify", "status"]
        found = await client.call_tool("search", {"query": "apples in autumn", "k": 2})
        validator("bienc.query/2").validate(found.structured_content)
        hit = found.structured_content["hits"][0]
        (text, _) = (await client.call_tool("read", {"document": hit["citation"]})).content
        assert hit["text"] in text.text
        assert (await client.call_tool("read", {"document": "/etc/passwd"})).is_error
        resources = (await client.list_resources()).resources
        assert (await client.read_resource(resources[0].uri)).contents
        together = [client.call_tool("search", {"query": f"pear {n}"}) for n in range(20)]
        assert not any(result.is_error for result in await asyncio.gather(*together))

    session(served, talk)
    # Nothing is left of the first one.
    session(served, talk)


REFUSED = [
    ({"Authorization": ""}, 401),
    ({"Authorization": "Bearer "}, 401),
    ({"Authorization": "Bearer x"}, 401),
    ({"Authorization": "Basic x"}, 401),
    ({"Host": "attacker.example"}, 403),
    ({"Host": "127.0.0.1"}, 403),
    ({"Host": ""}, 403),
    ({"Origin": "http://attacker.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Content_Type": "text/plain"}, 415),
    ({"Accept": "text/html"}, 406),
    ({"Mcp_Protocol_Version": "never"}, 400),
]


def test_who_is_refused(served: Mcp) -> None:
    for headers, status in REFUSED:
        found, told = post(served, **headers)
        assert (found, headers) == (status, headers)
        assert "documents" not in json.dumps(told)
    origin = f"http://localhost:{served.port}"
    found, told = post(served, Origin=origin, Host=f"localhost:{served.port}")
    assert found == 200
    assert told["result"]["structuredContent"]["documents"] == 4


def test_there_is_one_place_to_ask(served: Mcp) -> None:
    for path, method, status in (
        ("/", "POST", 404),
        ("/mcp/../x", "POST", 404),
        ("/mcp", "GET", 405),
        ("/mcp", "DELETE", 405),
    ):
        assert post(served, path, method)[0] == status
        assert post(served, path, method, Authorization="")[0] == 401


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to(served: Mcp, number: signal.Signals) -> None:
    assert post(served)[0] == 200
    served.process.send_signal(number)
    assert served.process.wait(20) == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    assert served.process.stderr is not None
    assert "Traceback" not in served.process.stderr.read()


def test_a_token_of_ones_own_is_not_printed(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIENC_TOKEN", "a-token-for-these-tests")
    with mcp_over_http() as running:
        assert running.address.endswith("/mcp")
        assert post(running)[0] == 200


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (("--http", "0.0.0.0:8000"), "give 127.0.0.1:PORT"),
        (("--http", "8000"), "give --http 127.0.0.1:0, say"),
        (("--token", "a-token-for-these-tests"), "give --http 127.0.0.1:0, say"),
        (("--http", "127.0.0.1:0", "--token", "short"), "leave it out to have one made"),
    ],
)
def test_what_cannot_be_listened_on(indexed: Run, options: tuple[str, ...], hint: str) -> None:
    code, out, err = indexed("mcp", *options)
    assert (code, out) == (2, "")
    assert f"hint: {hint}" in err


def test_without_an_index_nothing_is_announced(run: Run, tmp_path: Path) -> None:
    code, out, err = run("mcp", "--http", "127.0.0.1:0")
    assert (code, out) == (3, "")
    assert "bienc index" in err
