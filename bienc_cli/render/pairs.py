"""The answer of `pairs`: table, JSON, lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bienc_cli.render import hits
from bienc_cli.render.columns import AT_BLANKS, Flow, Grid, Words
from bienc_cli.render.json_fields import (
    index_as_json,
    labels_as_json,
    models_as_json,
    rounded,
    seconds_as_json,
    writable,
)
from bienc_cli.render.printable import cell, count, one_line, stage_times, visible
from bienc_cli.render.view import View
from bienc_cli.search.classification import Classification, LabelScore
from bienc_cli.search.clusters import Cluster, PairsResult
from bienc_cli.search.pairs import Pair
from bienc_cli.search.text_overlap import Change, Kind, word_diff
from bienc_cli.store import StoredPassage

SCHEMA = "bienc.pairs/1"
PAIR_SCHEMA = "bienc.pair/1"

_SNIPPET = 160
"""Characters of each text: two lines beside the scores at 80 columns."""

_AROUND = 4
"""Words shown on either side of a change."""


@dataclass(frozen=True, slots=True)
class PairView(View):
    """One pair, as it is found."""

    pair: Pair

    def as_table(self) -> RenderableType:
        """Both passages, or what differs."""
        return _texts(self.pair)

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: similarity, shared, kind, both places, labels each way, both texts."""
        pair, classification = self.pair, self.pair.classification
        labels = (
            [
                _likeliest(direction)
                for direction in (classification.forward, classification.backward)
            ]
            if classification
            else ["", ""]
        )
        fields = (
            f"{pair.similarity:.4f}",
            f"{pair.shared:.4f}",
            pair.kind.value,
            hits.location(pair.first),
            hits.location(pair.second),
            *labels,
            pair.first.passage.text,
            pair.second.passage.text,
        )
        yield "\t".join(cell(field) for field in fields)

    def as_json(self) -> dict[str, Any]:
        """One pair as a document of its own."""
        return {"schema": PAIR_SCHEMA, **_pair_as_json(self.pair)}


@dataclass(frozen=True, slots=True)
class PairsView(View):
    """All pairs together."""

    result: PairsResult

    def as_table(self) -> RenderableType:
        """Pairs with their differences, clusters larger than a pair, and the time."""
        result = self.result
        parts: list[RenderableType] = []
        if result.pairs:
            table = Grid()
            table.column("simil.", style="cyan", right=True)
            table.column("words", right=True)
            table.column("kind", wraps=True)
            table.column("passages", wraps=True)
            for pair in result.pairs:
                table.row(
                    f"{pair.similarity:.3f}",
                    f"{pair.shared:.0%}",
                    Group(Text(pair.kind.value), *_labels(pair.classification)),
                    _texts(pair),
                )
            parts.append(table)
        else:
            parts.append(Text("no pairs", style="yellow"))
        parts += [_cluster(cluster) for cluster in result.clusters if len(cluster.others) > 1]
        parts += [
            Flow(stage_times(result.stages), style="dim"),
            Flow(_summary(result), style="dim"),
        ]
        return Group(*parts)

    def as_lines(self) -> Iterator[str]:
        """Every pair; see `PairView`."""
        for pair in self.result.pairs:
            yield from PairView(pair).as_lines()

    def as_json(self) -> dict[str, Any]:
        """The whole answer, `schema` first."""
        return _as_json(self.result, {"pairs": list(map(_pair_as_json, self.result.pairs))})

    def as_documents(self) -> Iterator[dict[str, Any]]:
        """The whole answer without the pairs, each of which was already printed."""
        yield _as_json(self.result, {})


def _labels(classification: Classification | None) -> list[RenderableType]:
    if classification is None:
        return []
    directions = ((classification.forward, "→"), (classification.backward, "←"))
    return [
        Text(f"{sign} {one_line(_likeliest(direction))}", style="green")
        for direction, sign in directions
    ]


def _likeliest(scores: Sequence[LabelScore]) -> str:
    best = max(scores, key=lambda score: score.logit)
    return f"{best.label} {best.probability:.2f}"


def _texts(pair: Pair) -> RenderableType:
    places = [
        Words(one_line(hits.location(stored)), "bold blue") for stored in (pair.first, pair.second)
    ]
    if pair.kind is Kind.SAME:
        return Group(*places, Words(_cut(pair.first), ends=AT_BLANKS))
    if pair.kind is Kind.NEAR_DUPLICATE:
        return Group(*places, Words(_difference(_diff(pair)), ends=AT_BLANKS))
    return Group(
        places[0],
        Words(_cut(pair.first), ends=AT_BLANKS),
        places[1],
        Words(_cut(pair.second), ends=AT_BLANKS),
    )


def _cut(stored: StoredPassage) -> str:
    text = one_line(stored.passage.text)
    return text if len(text) <= _SNIPPET else text[: text.rfind(" ", 0, _SNIPPET)] + " …"


def _diff(pair: Pair) -> list[Change]:
    return word_diff(pair.first.passage.text, pair.second.passage.text)


def _difference(changes: Sequence[Change]) -> Text:
    """The changes with some words around each; `[-gone-]{+new+}`, as in git's word diff."""
    text = Text()
    for position, change in enumerate(changes):
        if change.first == change.second:
            text.append(_shortened(change.first, position > 0, position < len(changes) - 1), "dim")
            continue
        if change.first:
            text.append(f"[-{visible(change.first)}-]", style="red")
        if change.second:
            text.append(f"{{+{visible(change.second)}+}}", style="green")
    return text


def _shortened(text: str, follows: bool, is_followed: bool) -> str:
    """Unchanged words: only those next to a change on either side."""
    words = visible(text).split(" ")
    head, tail = _AROUND if follows else 0, _AROUND if is_followed else 0
    if len(words) <= head + tail + 1:
        return " ".join(words)
    return " ".join([*words[:head], "…", *words[len(words) - tail :]])


def _cluster(cluster: Cluster) -> RenderableType:
    others = [Words(one_line(hits.location(stored)), "blue") for stored in cluster.others]
    representative = one_line(hits.location(cluster.representative))
    return Group(
        Words(f"{len(cluster.others)} like {representative}", "bold"),
        Padding(Group(*others), (0, 0, 0, 2)),
    )


def _summary(result: PairsResult) -> list[str]:
    counts = f"{count(len(result.pairs), 'pair')} in {count(len(result.clusters), 'cluster')}"
    if (model := result.classifier) is not None:
        # Contradictory passages are hardly redundant.
        return [
            f"{counts}, of {count(result.index.passages, 'passage')}",
            f"{model.identity.name}, {model.runtime}",
        ]
    return [
        f"{counts}; {count(result.superfluous, 'passage')} of {result.index.passages:,} could be "
        "done without"
    ]


def _pair_as_json(pair: Pair) -> dict[str, Any]:
    """Everything about one pair; the diff where most words are the same."""
    near = pair.kind is Kind.NEAR_DUPLICATE
    classification = pair.classification
    return {
        "similarity": rounded(pair.similarity),
        "shared": rounded(pair.shared),
        "kind": pair.kind.value,
        "first": hits.passage_as_json(pair.first),
        "second": hits.passage_as_json(pair.second),
        "diff": (
            [{"first": change.first, "second": change.second} for change in _diff(pair)]
            if near
            else None
        ),
        "labels": (
            {
                "forward": labels_as_json(classification.forward),
                "backward": labels_as_json(classification.backward),
                "truncated": classification.truncated,
            }
            if classification
            else None
        ),
    }


def _as_json(result: PairsResult, pairs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "found": len(result.pairs),
        "superfluous": result.superfluous,
        **pairs,
        "clusters": [
            {
                "representative": _place(cluster.representative),
                "others": [_place(stored) for stored in cluster.others],
            }
            for cluster in result.clusters
        ],
        "seconds": seconds_as_json(result.stages),
        "index": index_as_json(result.index),
        "models": models_as_json(None, result.classifier),
        "warnings": list(result.warnings),
    }


def _place(stored: StoredPassage) -> dict[str, Any]:
    return {
        "passage_id": stored.passage_id,
        "document_id": writable(stored.passage.doc_id),
        "citation": writable(hits.location(stored)),
    }
