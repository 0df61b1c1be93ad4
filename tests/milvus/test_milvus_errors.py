"""What a user can cause, in a sentence with a hint."""

from __future__ import annotations

import base64
import datetime
import importlib
import ipaddress
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path

import pytest

from bienc_cli.errors import IndexBusy, IndexMismatch, IndexNotFound, StorageError, UsageError
from bienc_cli.extras import install_command
from bienc_cli.milvus import connection, schema, writer
from bienc_cli.milvus.address import Access, MilvusAddress
from bienc_cli.milvus.schema import FORMAT_VERSION
from places import CHUNKING, Place, identity

FILES = {"a.txt": ["one", "two"]}


def test_a_port_where_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pymilvus")
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 1.0)
    with socket.socket() as taken:
        # Bound and not listening: nobody else gets it meanwhile.
        taken.bind(("127.0.0.1", 0))
        place = Place(tmp_path, "milvus")
        place.index = MilvusAddress(f"http://127.0.0.1:{taken.getsockname()[1]}", "a")
        for attempt in (place.read, place.write):
            with pytest.raises(StorageError, match="does not answer") as raised:
                attempt()
            assert "check the address" in str(raised.value.hint)
            assert raised.value.exit_code == 2


@contextmanager
def denying(tls: object = None) -> Iterator[tuple[str, list[str]]]:
    """A server that lets nobody in: host and port, and the tokens it was shown."""
    pytest.importorskip("pymilvus")
    import grpc
    from pymilvus.grpc_gen import milvus_pb2_grpc

    shown = []

    class Denying(milvus_pb2_grpc.MilvusServiceServicer):
        def Connect(self, request, context):
            held = dict(context.invocation_metadata()).get("authorization", "")
            shown.append(base64.b64decode(held).decode())
            context.abort(
                grpc.StatusCode.UNAUTHENTICATED, "auth check failure, please check api key"
            )

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(Denying(), server)
    if tls is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([tls]))
    server.start()
    try:
        yield f"127.0.0.1:{port}", shown
    finally:
        server.stop(None)


@pytest.mark.parametrize(
    ("token", "said"), [("", "to answer without a token"), ("root:hunter2", "the token")]
)
def test_a_token_that_is_refused(tmp_path: Path, token: str, said: str) -> None:
    place = Place(tmp_path, "milvus")
    with denying() as (host, seen):
        place.index = MilvusAddress(f"http://{host}", "a", Access(token))
        with pytest.raises(StorageError, match=f"refuses {said}") as raised:
            place.read()
    assert "BIENC_MILVUS_TOKEN" in str(raised.value.hint)
    assert "hunter2" not in f"{raised.value.message} {raised.value.hint}"
    assert set(seen) == {token}


def test_tls_with_an_authority_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 2.0)
    key, certificate = self_signed()
    authority = tmp_path / "ca.pem"
    authority.write_bytes(certificate)
    place = Place(tmp_path, "milvus")
    with denying((key, certificate)) as (host, seen):
        place.index = MilvusAddress(f"https://{host}", "a", Access("root:hunter2", authority))
        with pytest.raises(StorageError, match="refuses the token"):
            place.read()
        assert set(seen) == {"root:hunter2"}
        place.index = MilvusAddress(f"https://{host}", "a", Access("root:other"))
        with pytest.raises(StorageError, match="not one to be trusted"):
            place.read()
    # A server that is not trusted is not shown the token.
    assert "root:other" not in seen


def self_signed() -> tuple[bytes, bytes]:
    """A key and a certificate of 127.0.0.1 by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    ("uri", "missing"), [("http://localhost:1", "pymilvus"), ("x.db", "milvus_lite")]
)
def test_a_package_that_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, missing: str
) -> None:
    real = importlib.import_module

    def imported(name: str) -> object:
        if name == missing:
            raise ImportError(f"No module named {name}", name=name)
        return real(name) if missing != "pymilvus" else object()

    monkeypatch.setattr(connection.importlib, "import_module", imported)
    place = Place(tmp_path, "milvus")
    place.index = MilvusAddress(uri if "://" in uri else str(tmp_path / uri), "a")
    with pytest.raises(UsageError, match=missing) as raised:
        place.write()
    assert raised.value.hint == install_command("milvus")
    assert not (tmp_path / "x.db").exists()


def test_a_file_that_another_process_has_open(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite")
    place = Place(tmp_path, "milvus")
    place.build(FILES)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from milvus_lite import MilvusLite; db = MilvusLite(sys.argv[1]);"
            "print('open', flush=True); sys.stdin.read()",
            str(tmp_path / "i.db"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"open\n"
    try:
        for attempt in (place.read, place.write):
            with pytest.raises(IndexBusy, match="open in another process"):
                attempt()
    finally:
        holder.communicate()
    assert len(place.texts()) == 2


def test_what_is_no_folder_of_milvus_lite(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite")
    place = Place(tmp_path, "milvus")
    (tmp_path / "i.db").write_text("something else")
    with pytest.raises(IndexMismatch, match="is a file"):
        place.write()
    place.index = MilvusAddress(str(tmp_path / "none" / "i.db"), "a")
    with pytest.raises(StorageError, match="no folder"):
        place.write()
    with pytest.raises(IndexNotFound, match="There is no index in milvus\\+file:"):
        place.read()


def test_a_collection_that_is_anothers(tmp_path: Path) -> None:
    pymilvus = pytest.importorskip("pymilvus")
    place = Place(tmp_path, "milvus")
    held = connection.Connection(place.index)  # type: ignore[arg-type]
    try:
        made = pymilvus.MilvusClient.create_schema()
        made.add_field("id", pymilvus.DataType.INT64, is_primary=True)
        made.add_field(schema.VECTOR, pymilvus.DataType.FLOAT_VECTOR, dim=4)
        held.create("things", made, schema.vector_index())
        with pytest.raises(IndexMismatch, match="another's"):
            place.write()
        assert held.exists("things")
    finally:
        held.close()


def test_a_server_without_full_text_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("milvus_lite")
    monkeypatch.setattr(connection.Connection, "version", lambda _: "v2.4.11")
    place = Place(tmp_path, "milvus")
    place.build(FILES)
    with place.read() as index:
        with pytest.raises(UsageError, match="no full-text search") as raised:
            index.bm25("one", 5)
        assert "--strategy bi-encoder" in str(raised.value.hint)
        with pytest.raises(UsageError, match="no full-text search"):
            index.bm25_of("one", [next(iter(index.iter_passages())).passage_id])
        assert len(index.search_many(index_queries(), 5)[0]) == 2


def index_queries():  # type: ignore[no-untyped-def]
    from places import encode

    return encode(["one"])


@pytest.mark.parametrize(
    ("version", "has"),
    [("v2.4.9", False), ("2.5.0-beta", True), ("v2.6.1", True), ("milvus_lite-3.2.2", True)],
)
def test_which_servers_search_words(version: str, has: bool) -> None:
    assert schema.has_full_text(version) is has


@pytest.mark.parametrize(
    ("access", "match"),
    [
        (Access(certificate_file=Path("c.pem")), "client certificate"),
        (Access(ca_file=Path("/none/ca.pem")), "no certificate /none/ca.pem"),
    ],
)
def test_certificates_that_are_not_all_there(access: Access, match: str, tmp_path: Path) -> None:
    pytest.importorskip("pymilvus")
    place = Place(tmp_path, "milvus")
    place.index = MilvusAddress("https://localhost:1", "a", access)
    with pytest.raises(UsageError, match=match):
        place.read()


def test_more_removed_files_than_a_search_can_name_are_deleted_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("milvus_lite")
    monkeypatch.setattr(writer, "_DEAD_KEPT", 1)
    place = Place(tmp_path, "milvus")
    place.build({f"{number}.txt": [f"text {number}"] for number in range(3)})
    with place.read() as old:
        passages = list(old.iter_passages())
        place.build({})
        with pytest.raises(StorageError, match="was changed while it was read"):
            old.passages([passages[0].passage_id])
        with pytest.raises(StorageError, match="was changed while it was read"):
            old.document_text(passages[0].document_id)
    assert place.texts() == []


def test_damage_is_found_and_mended(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite")
    from bienc_cli.store import Remedy, check, repair

    place = Place(tmp_path, "milvus")
    place.build({"a.txt": ["one", "two"], "b.txt": ["three"], "c.txt": ["four"]})
    held = connection.Connection(place.index)  # type: ignore[arg-type]
    try:
        collection, records = held.address.collection, held.address.records
        held.load(collection)
        held.load(records)
        held.delete(collection, 'text == "two"')
        (row,) = held.rows(records, 'kind == "text" and body == "three"', ["*"])
        held.upsert(records, [{**row, "body": "forged"}])
    finally:
        held.close()
    report = check(place.index, key_dir=place.keys)
    assert {(one.part, one.remedy) for one in report.problems} == {
        ("catalog", Remedy.REBUILD),
        ("texts", Remedy.READ_AGAIN),
    }
    repaired = repair(place.index, key_dir=place.keys)
    assert sorted(repaired.forgotten) == ["a.txt", "b.txt"]
    assert not check(place.index, key_dir=place.keys).problems
    assert place.texts() == [("c.txt", 0, "four")]
    with place.read() as index:
        assert (index.info.files, index.info.passages, index.info.vectors) == (1, 1, 1)


def test_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("milvus_lite")
    place = Place(tmp_path, "milvus")
    place.build(FILES)
    monkeypatch.setattr("bienc_cli.milvus.head.FORMAT_VERSION", FORMAT_VERSION + 1)
    with pytest.raises(IndexMismatch, match=f"format {FORMAT_VERSION};"):
        place.read()
    with pytest.raises(IndexMismatch, match=f"format {FORMAT_VERSION};"):
        place.write()


def test_an_attempt_has_ids_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("milvus_lite")
    place = Place(tmp_path, "milvus")
    with place.write() as first:
        first.begin(identity(), CHUNKING)
        first._next = (1 << 32) - 1  # type: ignore[attr-defined]
        with pytest.raises(RuntimeError, match="folder by folder"):
            first._number(2)  # type: ignore[attr-defined]
