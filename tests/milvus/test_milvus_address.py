"""Addresses: what is one, what is none, and what is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from bienc_cli.errors import UsageError
from bienc_cli.milvus.address import Access, MilvusAddress, access_from, parse
from bienc_cli.wings import remote_place

BASE = Path("/home/someone")


@pytest.mark.parametrize(
    ("typed", "uri", "collection", "shown"),
    [
        ("milvus+http://localhost:19530/docs", "http://localhost:19530", "docs", None),
        ("milvus+https://db.example.com/docs_2/", "https://db.example.com", "docs_2", None),
        ("milvus+http://[::1]:19530/docs", "http://[::1]:19530", "docs", None),
        ("milvus+file:/srv/x.db", "/srv/x.db", "bienc", "milvus+file:/srv/x.db"),
        ("milvus+file:///srv/x.db#y", "/srv/x.db", "y", "milvus+file:/srv/x.db#y"),
        ("milvus+file:x.db", "/home/someone/x.db", "bienc", "milvus+file:/home/someone/x.db"),
        ("milvus+file:a/x.db#y", "/home/someone/a/x.db", "y", None),
    ],
)
def test_an_address_is_read_and_shown(
    typed: str, uri: str, collection: str, shown: str | None
) -> None:
    address = parse(typed, BASE)
    assert remote_place(typed, BASE, {}) == address
    assert (address.uri, address.collection) == (uri, collection)
    assert parse(str(address), Path("/")) == address
    if shown is not None:
        assert str(address) == shown


@pytest.mark.parametrize(
    "typed",
    [
        "milvus+http://localhost:19530",
        "milvus+http://localhost:19530/",
        "milvus+http://localhost:19530/a/b",
        "milvus+http://localhost:19530/a-b",
        "milvus+http://localhost:19530/1a",
        "milvus+http://localhost:99999/a",
        "milvus+http:///a",
        "milvus+http://localhost/a?token=secret",
        "milvus+ftp://localhost/a",
        "milvus+",
        "milvus+file:",
        "milvus+file:x",
        "milvus+file:x.db#1",
        f"milvus+http://localhost/{'a' * 201}",
    ],
)
def test_what_is_no_address_is_a_usage_error_with_an_example(typed: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(typed, BASE)
    assert "milvus+http://localhost:19530/documents" in str(raised.value.hint)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as raised:
        parse("milvus+http://root:hunter2@localhost/a", BASE)
    assert "hunter2" not in f"{raised.value.message} {raised.value.hint}"
    assert "BIENC_MILVUS_TOKEN" in str(raised.value.hint)


def test_a_token_is_shown_nowhere() -> None:
    address = parse("milvus+http://localhost/a", BASE, Access("root:hunter2"))
    assert address.access.token == "root:hunter2"
    assert "hunter2" not in f"{address} {address!r} {address.access!r}"
    assert address == MilvusAddress("http://localhost", "a")


def test_a_directory_is_no_address() -> None:
    assert remote_place("milvus", BASE, {}) is None
    assert remote_place("./milvus+http/x", BASE, {}) is None


def test_what_a_server_asks_for_comes_from_variables() -> None:
    assert access_from({}) == Access()
    found = access_from({"BIENC_MILVUS_TOKEN": "a:b", "BIENC_MILVUS_CA": "/ca.pem"})
    assert (found.token, found.ca_file) == ("a:b", Path("/ca.pem"))
    assert "a:b" not in repr(found)
