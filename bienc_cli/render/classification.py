"""The answers of `classify`: labelled pairs and labelled documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.errors import BiencError
from bienc_cli.render.columns import Grid, Words
from bienc_cli.render.json_fields import (
    index_as_json,
    labels_as_json,
    model_as_json,
    models_as_json,
    rounded,
    stages_as_json,
    writable,
)
from bienc_cli.render.printable import cell, count, duration, one_line
from bienc_cli.render.view import View, as_items, error_as_json
from bienc_cli.search.classification import Classification
from bienc_cli.search.result import ModelUse
from bienc_cli.search.zero_shot import LabelledDocument, Labelling

SCHEMA = "bienc.classify/1"
DOCUMENTS_SCHEMA = "bienc.labels/1"

Read = tuple[tuple[str, str], Classification]
"""A pair with its labels."""


@dataclass(frozen=True, slots=True)
class LabelledPairsView(View):
    """Pairs of texts with their labels, and lines that are not pairs."""

    read: Mapping[int, Read]
    refused: Mapping[int, BiencError]
    model: ModelUse
    seconds: float

    def as_table(self) -> RenderableType:
        """Every pair with all labels, in both directions if both were read."""
        read, model = self.read, self.model
        parts: list[RenderableType] = []
        for (first, second), classification in read.values():
            texts = Text()
            texts.append("A ", style="bold").append(one_line(first))
            texts.append("\nB ", style="bold").append(one_line(second))
            if classification.truncated:
                texts.append(
                    "\nboth are longer than the model reads; an end was cut", style="yellow"
                )
            table = Grid()
            table.column("label", wraps=True)
            table.column("A → B" if classification.backward else "probability", right=True)
            if classification.backward:
                table.column("B → A", right=True)
            directions = [
                direction
                for direction in (classification.forward, classification.backward)
                if direction
            ]
            for scores in zip(*directions, strict=True):
                table.row(
                    one_line(scores[0].label), *(f"{score.probability:.4f}" for score in scores)
                )
            parts += [texts, table, Text()]
        parts.append(
            Text(
                f"{count(len(read), 'pair')} in {duration(self.seconds)} · {model.identity.name}, "
                f"{model.runtime}",
                style="dim",
            )
        )
        return Group(*parts)

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: the likeliest label, then each with its probability; likewise backward.

        A line that is not a pair yields an empty line.
        """
        read, refused = self.read, self.refused
        for number in sorted([*read, *refused]):
            if number in refused:
                yield ""
                continue
            classification = read[number][1]
            yield "\t".join(
                [
                    cell(classification.best.label),
                    *(
                        f"{one_line(score.label)}={score.probability:.6f}"
                        for score in (*classification.forward, *classification.backward)
                    ),
                ]
            )

    def as_json(self) -> dict[str, Any]:
        """All pairs, `schema` first."""
        model = self.model
        return {
            "schema": SCHEMA,
            "pairs": as_items(self.as_documents()),
            "seconds": rounded(self.seconds),
            "model": model_as_json(model.identity, model.runtime),
        }

    def as_documents(self) -> Iterator[dict[str, Any]]:
        """One document per line, by number: a pair's labels, or why it has none."""
        read, refused = self.read, self.refused
        for number in sorted([*read, *refused]):
            if number in refused:
                error = refused[number]
                yield {**error_as_json(error.code, error.message, error.hint), "line": number}
            else:
                yield {"schema": SCHEMA, **pair_as_json(*read[number])}


def pair_as_json(pair: tuple[str, str], classification: Classification) -> dict[str, Any]:
    """One pair with every label."""
    return {
        "a": writable(pair[0]),
        "b": writable(pair[1]),
        "label": classification.best.label,
        "forward": labels_as_json(classification.forward),
        "backward": labels_as_json(classification.backward),
        "truncated": classification.truncated,
    }


@dataclass(frozen=True, slots=True)
class LabelledDocumentsView(View):
    """Documents with their labels."""

    result: Labelling

    def as_table(self) -> RenderableType:
        """Every document with each encoder's most likely label."""
        result = self.result
        table = Grid()
        table.column("bi-encoder", style="cyan", wraps=True)
        table.column("simil.", right=True)
        if result.cross_encoder is not None:
            table.column("cross-encoder", style="green", wraps=True)
            table.column("prob." if result.entails else "relev.", right=True)
        table.column("document", wraps=True)
        for document in result.documents:
            cells: list[RenderableType] = []
            for label, score in document.likeliest(result.labels):
                cells += [Text(one_line(label)), Text(f"{score:.3f}")]
            table.row(*cells, Words(one_line(_name(document)), "bold blue"))
        return Group(table, Text(_summary(result), style="dim"))

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: document, label and similarity, then label and probability if known."""
        result = self.result
        for document in result.documents:
            fields = [_name(document)]
            for label, score in document.likeliest(result.labels):
                fields += [label, f"{score:.6f}"]
            yield "\t".join(cell(field) for field in fields)

    def as_json(self) -> dict[str, Any]:
        """Every document with every score of every label, `schema` first."""
        result = self.result
        return {
            "schema": DOCUMENTS_SCHEMA,
            "labels": list(result.labels),
            "cross_encoder_by": (
                None
                if result.cross_encoder is None
                else "entailment"
                if result.entails
                else "relevance"
            ),
            "documents": [_document_as_json(result, document) for document in result.documents],
            "seconds": stages_as_json(result.stages),
            "index": index_as_json(result.index),
            "models": models_as_json(result.bi_encoder, result.cross_encoder),
            "warnings": list(result.warnings),
        }


def _name(document: LabelledDocument) -> str:
    stored = document.passage
    doc_id = stored.passage.doc_id
    return stored.path if stored.path.endswith(doc_id) else f"{stored.path} ({doc_id})"


def _summary(result: Labelling) -> str:
    seconds = {stage.name: stage.seconds for stage in result.stages}
    number = len(result.documents)
    parts = [count(number, "document")]
    for name, use in (
        ("bi-encoder", result.bi_encoder),
        ("cross-encoder", result.cross_encoder),
    ):
        if use is not None and number:
            total = seconds.get(name, 0.0)
            per_document = duration(total / number)
            parts.append(
                f"{name} {duration(total)}, {per_document} a document ({use.identity.name})"
            )
    labels_by_document = [document.likeliest(result.labels) for document in result.documents]
    if result.cross_encoder is not None and number:
        agree = sum(likeliest[0][0] == likeliest[1][0] for likeliest in labels_by_document)
        parts.append(f"they agree on {agree:,} of {len(labels_by_document):,}")
    return "\n".join(parts)


def _document_as_json(result: Labelling, document: LabelledDocument) -> dict[str, Any]:
    best = [label for label, _ in document.likeliest(result.labels)]
    return {
        "document_id": writable(document.passage.passage.doc_id),
        "path": writable(document.passage.path),
        "passages": document.passages,
        "bi_encoder_label": best[0],
        "similarities": [rounded(similarity) for similarity in document.similarities],
        "cross_encoder_label": best[1] if len(best) > 1 else None,
        "probabilities": (
            [rounded(probability) for probability in document.probabilities]
            if document.probabilities
            else None
        ),
    }
