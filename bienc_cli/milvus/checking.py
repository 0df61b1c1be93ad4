"""Verifies an index in Milvus, and repairs it.

Everything is fetched: texts are compared with their digests, passages with the texts, vectors,
words; then the graph's recall is measured. The server is responsible for what it keeps on its
disks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import numpy as np

from bienc_cli.errors import IndexDamaged
from bienc_cli.milvus import rows as row_codec
from bienc_cli.milvus.address import MilvusAddress
from bienc_cli.milvus.connection import MilvusRow
from bienc_cli.milvus.head import MAKE_AGAIN, Head
from bienc_cli.milvus.reader import MilvusReader, open_reader
from bienc_cli.milvus.rows import Record
from bienc_cli.milvus.schema import (
    PASSAGE_FIELDS,
    VECTOR,
    all_of,
    among,
    in_chunks,
)
from bienc_cli.milvus.writer import MilvusWriter
from bienc_cli.store.facts import CheckReport, IndexInfo, Problem, Remedy, RepairReport
from bienc_cli.store.rows import damaged, digest_of
from bienc_cli.store.tokenizer import Tokenizer
from bienc_cli.store.verification import LEAST_RECALL

_DOCUMENTS_AT_ONCE = 100
_SAMPLE = 200
_K = 10


def check(
    address: MilvusAddress, *, on_stage: Callable[[str], None] = lambda _: None
) -> CheckReport:
    """Verify everything.

    Args:
        address: of the index.
        on_stage: called with the name of each stage.

    Raises:
        IndexNotFound, IndexMismatch, IndexBusy, StorageError: there is nothing to check.
    """
    on_stage("catalog")
    info: IndexInfo | None = None
    try:
        with open_reader(address) as reader:
            info = reader.info
            return _Check(reader, on_stage).run()
    except IndexDamaged as error:
        return CheckReport(info, (Problem("catalog", error.message, Remedy.START_OVER),))


class _Check:
    """One check of one generation."""

    def __init__(self, reader: MilvusReader, on_stage: Callable[[str], None]) -> None:
        self._reader = reader
        self._connection = reader.connection
        self._head: Head = reader.head
        self._collection = self._connection.address.collection
        self._on_stage = on_stage
        self._keys: set[str] = set()
        self._passages = 0
        self._document_ids: set[int] = set()
        self._languages = Counter[str]()

    def run(self) -> CheckReport:
        """Every part, in order; later parts rest on earlier ones."""
        documents = self._reader.records(["document"])
        problems = [*self._counts(len(documents))]
        self._on_stage("texts")
        with closing(Tokenizer()) as tokenizer:
            for chunk in in_chunks(documents, _DOCUMENTS_AT_ONCE):
                problems += self._documents(chunk, tokenizer)
        problems += self._strays()
        recorded = self._head.counts["vectors"]
        if not problems and len(self._keys) != recorded:
            problems.append(
                Problem(
                    "catalog",
                    f"There are {len(self._keys):,} distinct texts, not {recorded:,} as recorded.",
                    Remedy.REBUILD,
                )
            )
        if not problems and self._languages != Counter(dict(self._head.languages)):
            message = "The numbers of passages by language are not those recorded."
            problems.append(Problem("catalog", message, Remedy.REBUILD))
        recall = None
        if not problems and self._passages:
            self._on_stage("graph")
            recall = self._recall()
            if recall < LEAST_RECALL:
                message = f"The graph finds {recall:.0%} of the nearest vectors only."
                problems.append(Problem("graph", message, Remedy.REBUILD))
        return CheckReport(self._reader.info, tuple(problems), recall)

    def _counts(self, documents: int) -> Iterator[Problem]:
        counts = self._head.counts
        for noun, found, recorded in (
            ("files", sum(1 for _ in self._reader.files()), counts["files"]),
            ("documents", documents, counts["documents"]),
            ("skips", len(self._reader.skipped()), counts["skipped"]),
            (
                "passages",
                self._connection.count(self._collection, self._head.alive),
                counts["passages"],
            ),
        ):
            if found != recorded:
                message = f"There are {found:,} {noun}, not {recorded:,} as recorded."
                yield Problem("catalog", message, Remedy.REBUILD)

    def _documents(self, documents: Sequence[Record], tokenizer: Tokenizer) -> Iterator[Problem]:
        """Some documents with their texts and passages, each against the others."""
        ids = [document.key for document in documents]
        self._document_ids.update(ids)
        texts = {
            record.key: record.body for record in self._reader.records(["text"], among("key", ids))
        }
        rows_by_document: dict[int, list[MilvusRow]] = {document_id: [] for document_id in ids}
        condition = all_of(among("document_id", ids), self._head.alive)
        words = ["words"] if self._head.full_text else []
        for page in self._connection.pages(
            self._collection, condition, [*PASSAGE_FIELDS, VECTOR, *words]
        ):
            for row in self._reader.whole(page):
                rows_by_document[row["document_id"]].append(row)
        for document in documents:
            try:
                self._document(
                    document, texts.get(document.key), rows_by_document[document.key], tokenizer
                )
            except (IndexDamaged, KeyError, TypeError, ValueError) as error:
                message = (
                    error.message if isinstance(error, IndexDamaged) else f"{error} is lacking."
                )
                yield Problem("texts", message, Remedy.READ_AGAIN, (document.file_id,))

    def _document(
        self, document: Record, text: str | None, rows: Sequence[MilvusRow], tokenizer: Tokenizer
    ) -> None:
        body = row_codec.parsed(document)
        if text is None or digest_of(text).hex() != body["digest"]:
            raise damaged(f"the text of {body['doc_id']}")
        if len(rows) != body["passages"]:
            raise damaged(f"the set of passages of {body['doc_id']}")
        self._passages += len(rows)
        passages = []
        for row in rows:
            passage = row_codec.stored(row, None).passage
            passages.append(passage)
            if (
                passage.text != text[passage.start : passage.end]
                or row_codec.text_key(passage.embedded_text) != row["text_key"]
            ):
                raise damaged(f"passage {row['id']}")
            self._keys.add(row["text_key"])
        row_codec.vectors_of(rows, self._head.encoder.dim)
        languages = row_codec.languages_in(body)
        self._languages += languages
        if not row_codec.has_words_of_now(body):
            # Another version may have derived other words from the same text.
            return
        searched = row_codec.searched_texts(passages, body["format"], body["title"], body["said"])
        if languages != Counter(part.language for part in searched if part.language):
            raise damaged(f"the languages of {body['doc_id']}")
        if self._head.full_text:
            expected = row_codec.words_of(searched, tokenizer)
            if [row["words"] for row in rows] != expected:
                raise damaged(f"the words of {body['doc_id']}")

    def _strays(self) -> Iterator[Problem]:
        """Passages that belong to no document."""
        files: set[int] = set()
        for page in self._connection.pages(
            self._collection, self._head.alive, ["document_id", "file_id"]
        ):
            files.update(
                row["file_id"] for row in page if row["document_id"] not in self._document_ids
            )
        if files:
            message = f"Passages of {len(files):,} files belong to no document."
            yield Problem("passages", message, Remedy.READ_AGAIN, tuple(sorted(files)))

    def _recall(self) -> float:
        """Mean share of the nearest vectors that the graph finds, over a sample of them."""
        step = max(1, self._passages // _SAMPLE)
        sample: list[int] = []
        seen = 0
        for page in self._connection.pages(self._collection, self._head.alive, ["id"]):
            sample += [row["id"] for number, row in enumerate(page, seen) if number % step == 0]
            seen += len(page)
        vector_rows: list[MilvusRow] = []
        for ids in in_chunks(sample):
            vector_rows += self._connection.rows(self._collection, among("id", ids), [VECTOR])
        queries = row_codec.vectors_of(vector_rows, self._head.encoder.dim)
        by_graph = self._reader.search_many(queries, _K)
        exact = self._reader.search_many(queries, _K, exact=True)
        return float(
            np.mean(
                [
                    len(
                        {passage_id for passage_id, _ in graph_ranking}
                        & {passage_id for passage_id, _ in exact_ranking}
                    )
                    / len(exact_ranking)
                    for graph_ranking, exact_ranking in zip(by_graph, exact, strict=True)
                ]
            )
        )


def repair(
    address: MilvusAddress,
    *,
    wait: float = 0.0,
    on_stage: Callable[[str], None] = lambda _: None,
) -> RepairReport:
    """Rebuild the graph and the counts, and remove files with damaged data.

    Nothing is lost by this: the next run of `index` reads those files again.

    Raises:
        IndexDamaged: the records themselves are damaged; only a new index helps.
        IndexBusy, IndexNotFound, IndexMismatch, StorageError: as for a writer.
    """
    with MilvusWriter(address, create=False, wait=wait) as writer:
        report = check(address, on_stage=on_stage)
        if lost := report.beyond_repair:
            raise IndexDamaged(lost.message, MAKE_AGAIN)
        if not report.problems:
            return RepairReport((), ())
        forgotten = writer.forget(report.file_ids)
        rebuilt = ["counts"]
        if any(problem.part == "graph" for problem in report.problems):
            writer.rebuild_graph()
            rebuilt.append("graph")
        writer.count_again()
        writer.commit(on_stage)
        return RepairReport(tuple(rebuilt), tuple(forgotten))
