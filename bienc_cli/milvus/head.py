"""The head: the single row that determines which generation is visible, and thus is the commit.

Its body can have any length, and is in separate rows, written before the head names them. A reader
that finds the body missing was overtaken by a commit, and reads the head again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bienc_cli.errors import BiencError, IndexDamaged, IndexMismatch
from bienc_cli.milvus.address import MilvusAddress
from bienc_cli.milvus.connection import Connection
from bienc_cli.milvus.rows import Record, joined
from bienc_cli.milvus.schema import (
    FORMAT_VERSION,
    RECORD_FIELDS,
    all_of,
    among,
    record_row,
)
from bienc_cli.store.facts import IndexInfo, Root
from bienc_cli.store.meta import root_from_row, root_settings, tuned_blend
from bienc_cli.store.rows import digest_of
from bienc_cli.types import ChunkingParameters, EncoderIdentity, TunedBlend

_ID = "head"
_TRIES = 5
_HOME = Path("/")
"""Base of relative paths for `root_from_row`; those of an index in Milvus are absolute."""

MAKE_AGAIN = "make it again under another name: bienc index PATH --index ADDRESS"


@dataclass(frozen=True, slots=True)
class CoveredRoot:
    """A root, with whether it is a single file."""

    root: Root
    kind: str


@dataclass(frozen=True, slots=True)
class Head:
    """The contents of one generation.

    Attributes:
        attempt: the attempt that committed it; rows from later attempts do not count.
        generation: number of commits.
        void: earlier attempts that were never committed; rows from them do not count either.
        dead_files: files whose rows no longer count but may still exist.
        dead_records: likewise, keys of replaced records.
        counts: of `files`, `documents`, `passages`, `vectors` (distinct texts), `skipped`.
        full_text: the collection has a word index.
        languages: number of passages by language except English, most frequent first.
    """

    attempt: int
    generation: int
    created: float
    updated: float
    encoder: EncoderIdentity
    chunking: ChunkingParameters
    roots: Mapping[int, CoveredRoot]
    counts: Mapping[str, int]
    formats: tuple[tuple[str, int], ...]
    full_text: bool
    languages: tuple[tuple[str, int], ...] = ()
    blend: TunedBlend | None = None
    void: frozenset[int] = frozenset()
    dead_files: frozenset[int] = frozenset()
    dead_records: frozenset[int] = frozenset()
    serial: int = field(default=0, compare=False)

    @property
    def born(self) -> str:
        """The condition that a row was born in a committed attempt."""
        return _born(self.attempt, self.void)

    @property
    def alive(self) -> str:
        """The condition on a passage that it counts."""
        dead = sorted(self.dead_files)
        return all_of(self.born, among("file_id", dead, out=True) if dead else "")

    def counts_record(self, record: Record) -> bool:
        """Whether a record that was born in a committed attempt still counts."""
        return record.file_id not in self.dead_files and record.key not in self.dead_records

    def info(self, address: MilvusAddress) -> IndexInfo:
        """The same facts as of an index in a directory."""
        return IndexInfo(
            directory=address,
            format_version=FORMAT_VERSION,
            generation=self.generation,
            created=self.created,
            updated=self.updated,
            encoder=self.encoder,
            chunking=self.chunking,
            roots=tuple(covered.root for _, covered in sorted(self.roots.items())),
            formats=self.formats,
            sizes=_sizes(address.file),
            blend=self.blend,
            files=self.counts["files"],
            documents=self.counts["documents"],
            passages=self.counts["passages"],
            vectors=self.counts["vectors"],
            skipped=self.counts["skipped"],
            languages=self.languages,
        )


def read_head(connection: Connection) -> Head | None:
    """Read the current head; None if nothing was ever committed.

    Raises:
        IndexDamaged: it is not what was written.
        IndexMismatch: it was written by another version.
    """
    collection = connection.address.records
    for _ in range(_TRIES):
        rows = connection.rows(collection, among("id", [_ID]), ["key", "body"])
        if not rows:
            return None
        serial, checksum = rows[0]["key"], rows[0]["body"]
        parts = connection.rows(
            collection, all_of(among("kind", ["body"]), f"key == {serial}"), RECORD_FIELDS
        )
        for record in joined(parts):
            if digest_of(record.body).hex() != checksum:
                raise IndexDamaged(
                    f"What the index in {connection.address} says of itself is damaged.",
                    MAKE_AGAIN,
                )
            return _unpacked(record, connection.address)
    raise IndexDamaged(
        f"The index in {connection.address} has lost what it says of itself.", MAKE_AGAIN
    )


def publish(connection: Connection, head: Head) -> Head:
    """Replace the head atomically; returns it with its serial number."""
    collection = connection.address.records
    head = replace(head, serial=head.serial + 1)
    key = (head.attempt << 16) + head.serial
    record = Record("body", key, head.attempt, 0, 0, json.dumps(_packed(head), ensure_ascii=False))
    connection.upsert(collection, list(record.rows()))
    checksum = digest_of(record.body).hex()
    connection.upsert(collection, [record_row(_ID, checksum, kind=_ID, key=key, born=head.attempt)])
    with suppress(BiencError):
        # The commit stands; the next one deletes what could not be deleted now.
        connection.delete(collection, all_of(among("kind", ["body"]), f"key != {key}"))
    return head


def _born(attempt: int, void: frozenset[int]) -> str:
    return all_of(f"born <= {attempt}", among("born", sorted(void), out=True) if void else "")


def _packed(head: Head) -> dict[str, Any]:
    return {
        "format": FORMAT_VERSION,
        "attempt": head.attempt,
        "generation": head.generation,
        "created": head.created,
        "updated": head.updated,
        "encoder": asdict(head.encoder),
        "chunking": asdict(head.chunking),
        "roots": [
            [root_id, str(covered.root.path), covered.kind, root_settings(covered.root)]
            for root_id, covered in sorted(head.roots.items())
        ],
        "counts": dict(head.counts),
        "formats": [list(pair) for pair in head.formats],
        "full_text": head.full_text,
        "languages": [list(pair) for pair in head.languages],
        "blend": asdict(head.blend) if head.blend else None,
        "void": sorted(head.void),
        "dead_files": sorted(head.dead_files),
        "dead_records": sorted(head.dead_records),
    }


def _unpacked(record: Record, address: MilvusAddress) -> Head:
    try:
        body = json.loads(record.body)
        if body["format"] != FORMAT_VERSION:
            raise IndexMismatch(
                f"The index in {address} has format {body['format']}; this bienc reads "
                f"{FORMAT_VERSION}.",
                "use the version that made it, or make it again under another name",
            )
        return Head(
            attempt=int(body["attempt"]),
            generation=int(body["generation"]),
            created=float(body["created"]),
            updated=float(body["updated"]),
            encoder=EncoderIdentity(**body["encoder"]),
            chunking=ChunkingParameters(**body["chunking"]),
            roots={
                int(root_id): CoveredRoot(root_from_row(path, settings, _HOME), kind)
                for root_id, path, kind, settings in body["roots"]
            },
            counts={name: int(number) for name, number in body["counts"].items()},
            formats=tuple((str(name), int(number)) for name, number in body["formats"]),
            full_text=bool(body["full_text"]),
            # Missing in heads older than the counts of languages.
            languages=tuple((str(code), int(n)) for code, n in body.get("languages", ())),
            blend=tuned_blend(body["blend"]),
            void=frozenset(map(int, body["void"])),
            dead_files=frozenset(map(int, body["dead_files"])),
            dead_records=frozenset(map(int, body["dead_records"])),
            serial=record.key & 0xFFFF,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise IndexDamaged(
            f"The index in {address} lacks what every index records ({error}).", MAKE_AGAIN
        ) from error


def _sizes(file: Path | None) -> dict[str, int]:
    """Bytes on this disk; a server stores the index elsewhere."""
    sizes = {"catalog": 0, "vectors": 0, "graph": 0}
    for path in file.rglob("*") if file is not None else ():
        try:
            part = "graph" if path.name.endswith(".hnsw.idx") else "catalog"
            sizes[part] += path.stat().st_size if path.is_file() else 0
        except OSError:
            # Milvus Lite merges its files at any time.
            continue
    return sizes
