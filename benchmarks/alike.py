"""`similar` held against every passage compared, and against mean vectors.

    python benchmarks/alike.py INDEX [--qrels QRELS.tsv] [--subjects 200] [--grown 60000]

Exact is the same score over all documents, from every stored vector. With judgments, documents that
answer the same query count as alike: how many of them are among the ten most similar ones, by
best-matching passages as `similar` has it, and by the cosine of mean vectors. Grown is an index of
so many passages, whose vectors lie between those of INDEX with noise added, in documents of one to
six: large enough for a graph.
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from bienc_cli.search.similar import SimilarOptions, similar
from bienc_cli.search.subject import Subject, indexed_subject
from bienc_cli.store import FileState, IndexReader, Root, open_reader, open_writer
from bienc_cli.types import Document, Passage, Place

SEED = 20
K = 10

Ranking = list[int]
"""Document ids, most similar first."""


class Documents:
    """All vectors of an index, by document."""

    def __init__(self, index: IndexReader) -> None:
        stored = list(index.iter_passages())
        parts = list(index.iter_vectors())
        ids = np.concatenate([some for some, _ in parts])
        vectors = np.concatenate([some for _, some in parts]).astype(np.float64)
        rows = {passage_id: row for row, passage_id in enumerate(ids.tolist())}
        self.names: dict[int, str] = {}
        its: dict[int, list[int]] = defaultdict(list)
        for one in stored:
            self.names.setdefault(one.document_id, one.passage.doc_id)
            its[one.document_id].append(rows[one.passage_id])
        self.ids = np.array(list(its))
        self.starts = np.cumsum([0, *map(len, its.values())])[:-1]
        self.vectors = vectors[np.concatenate(list(its.values()))]
        sums = np.add.reduceat(self.vectors, self.starts)
        self.means = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        self.several = sum(len(one) > 1 for one in its.values())

    def by_best_passages(self, subject: Subject, own: int) -> Ranking:
        cosines = subject.vectors.astype(np.float64) @ self.vectors.T
        return self._first(np.maximum.reduceat(cosines, self.starts, axis=1).mean(axis=0), own)

    def by_means(self, own: int) -> Ranking:
        return self._first(self.means @ self.means[np.flatnonzero(self.ids == own)[0]], own)

    def _first(self, scores: NDArray[np.float64], own: int) -> Ranking:
        order = self.ids[np.argsort(-scores, kind="stable")[: K + 1]].tolist()
        return [one for one in order if one != own][:K]


def alike_by(qrels: Path) -> dict[str, set[str]]:
    """Each document to those that answer a query that it answers."""
    answers: dict[str, set[str]] = defaultdict(set)
    with qrels.open(encoding="utf-8") as stream:
        for query, document, grade in list(csv.reader(stream, delimiter="\t"))[1:]:
            if int(grade) > 0:
                answers[query].add(document)
    alike: dict[str, set[str]] = defaultdict(set)
    for its in answers.values():
        for one in its:
            alike[one] |= its - {one}
    return {one: others for one, others in alike.items() if others}


@contextmanager
def opened(directory: Path, grown: int | None, key: Path) -> Iterator[IndexReader]:
    """The index, or one that is made of its vectors."""
    with open_reader(directory.absolute(), key_dir=key) as index:
        if grown is None:
            yield index
            return
        with tempfile.TemporaryDirectory() as folder:
            grow(index, grown, Path(folder), key)
            with open_reader(Path(folder, "index"), key_dir=key) as larger:
                yield larger


def grow(index: IndexReader, size: int, folder: Path, key: Path) -> None:
    """An index of `size` passages; those of a document are near one of `index`."""
    vectors = np.concatenate([some for _, some in index.iter_vectors()])
    rng = np.random.default_rng(SEED)

    def documents() -> Iterator[Made]:
        number = 0
        while number < size:
            several = int(rng.integers(1, 7))
            about, others = (
                vectors[rng.integers(len(vectors))],
                rng.integers(len(vectors), size=several),
            )
            share = rng.uniform(0.5, 0.9, size=(several, 1))
            noise = rng.normal(0, 0.01, size=(several, vectors.shape[1]))
            mixed = share * about + (1 - share) * vectors[others] + noise
            yield [f"d{number} {part}" for part in range(several)], mixed
            number += several

    write(index, documents(), folder, key)


Made = tuple[list[str], NDArray[np.float64]]
"""Texts of the passages of a document, with vectors of any length, shape (texts, dim)."""


def write(like: IndexReader, documents: Iterator[Made], folder: Path, key: Path) -> None:
    """An index in `folder / "index"` of documents that are nowhere, with the model of another."""
    with open_writer(folder / "index", key_dir=key) as writer:
        writer.begin(like.info.encoder, like.info.chunking)
        root = writer.put_root(Root(folder))
        for number, (texts, vectors) in enumerate(documents):
            name = f"d{number}"
            starts = np.cumsum([0, *(len(one) + 1 for one in texts)])
            passages = [
                Passage(name, part, start, start + len(one), one, Place("line", 1, 1))
                for part, (start, one) in enumerate(zip(starts.tolist(), texts, strict=False))
            ]
            unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            file = writer.replace_file(root, FileState(0, name, 1, 1, name.encode(), ""))
            writer.add_document(file, Document(name, " ".join(texts), "text"), passages)
            writer.add_vectors([one.embedded_text for one in passages], unit.astype(np.float32))
        writer.commit()


def main() -> None:
    """Ask, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("--qrels", type=Path)
    parser.add_argument("--subjects", type=int, default=200)
    parser.add_argument("--grown", type=int)
    parser.add_argument("--key", type=Path, default=Path("~/.local/share/bienc").expanduser())
    asked = parser.parse_args()
    with opened(asked.index, asked.grown, asked.key) as index:
        documents = Documents(index)
        ids = {name: one for one, name in documents.names.items()}
        alike = alike_by(asked.qrels) if asked.qrels else {}
        names = sorted(alike.keys() & ids.keys()) or sorted(ids)
        chosen = random.Random(SEED).sample(names, min(asked.subjects, len(names)))
        recalls, shares = [], []
        found: dict[str, list[float]] = defaultdict(list)
        for name in chosen:
            subject = indexed_subject(index, [name])
            if subject is None:
                raise SystemExit(f"{name} is not there")
            own = ids[name]
            hits = similar(index, subject, SimilarOptions(k=K)).hits
            ours = [hit.passage.document_id for hit in hits]
            exact, means = documents.by_best_passages(subject, own), documents.by_means(own)
            recalls.append(len({*ours} & {*exact}) / len(exact))
            shares.append(len({*means} & {*exact}) / len(exact))
            wanted = {ids[one] for one in alike.get(name, ()) if one in ids}
            for way, ranking in (("best passages", ours), ("mean vectors", means)):
                if wanted:
                    found[way].append(len({*ranking} & wanted) / min(K, len(wanted)))
    print(
        f"{index.info.passages:,} passages, {len(documents.ids):,} documents, "
        f"{documents.several:,} of several passages; {len(chosen)} subjects"
    )
    print(f"recall@{K} of every passage compared: {fmean(recalls):.4f}, least {min(recalls):.2f}")
    print(f"the same documents by mean vectors: {fmean(shares):.3f}")
    for way, values in found.items():
        print(f"answer the same query, by {way}: {fmean(values):.4f}")


if __name__ == "__main__":
    main()
