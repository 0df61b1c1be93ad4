"""Finds pairs of similar passages: duplicates, variants, contradictions.

Candidates come from vectors (`neighbours.py`) and are confirmed by their texts (`text_overlap.py`)
and, on request, by a multi-label cross-encoder (`classification.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

import numpy as np

from bienc_cli.errors import UsageError
from bienc_cli.search.classification import Classification, classify, label_named, label_scores
from bienc_cli.search.neighbours import PORTION, near_texts, texts_of
from bienc_cli.search.pair_log import FoundPair, PairLog
from bienc_cli.search.similar import check_similarity
from bienc_cli.search.text_overlap import Kind, kind_of, shared_words
from bienc_cli.store import Filter, IndexReader, StoredPassage
from bienc_cli.types import CrossEncoder, CrossEncoderIdentity

DEFAULT_MIN_SIMILARITY = 0.9


@dataclass(frozen=True, slots=True)
class PairsOptions:
    """Which pairs to find.

    Attributes:
        min_similarity: the minimum cosine. Identical texts are a pair whatever their cosine, which
            also depends on their documents' names.
        min_shared: the minimum fraction of shared words, 0 to 1.
        exact: find only identical texts.
        label: keep only pairs to which the classifier assigns this label, in either order.
        between: filter for the first passage of a pair.
        against: filter for the second; None for the same filter.
        all_pairs: whether to compare every pair or query the graph; None for the faster.
    """

    min_similarity: float = DEFAULT_MIN_SIMILARITY
    min_shared: float = 0.0
    exact: bool = False
    label: str | None = None
    between: Filter = field(default_factory=Filter)
    against: Filter | None = None
    all_pairs: bool | None = None

    def __post_init__(self) -> None:
        check_similarity(self.min_similarity)
        if not 0 <= self.min_shared <= 1:
            raise UsageError(
                f"A share of {self.min_shared} does not exist: it is between 0 and 1.",
                "give --min-shared 0.5, say",
            )


@dataclass(frozen=True, slots=True)
class Pair:
    """Two passages that match.

    Attributes:
        first: the one earlier in the index, or the one from `between`.
        second: the other.
        similarity: the cosine of the two.
        shared: the fraction of words they share.
        kind: what they have in common.
        classification: None where no classifier read the pair; identical texts are not read.
    """

    first: StoredPassage
    second: StoredPassage
    similarity: float
    shared: float
    kind: Kind
    classification: Classification | None = None


def find_pairs(
    index: IndexReader,
    options: PairsOptions | None = None,
    classifier: CrossEncoder | None = None,
    log: PairLog | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[Pair]:
    """Find pairs, yielding them as they are found, identical texts first.

    Passages of one document are similar anyway, through its title and topic: they are a pair only
    if they share most of their words, or if a classifier reads them.

    Args:
        index: opened for reading.
        options: which pairs to find.
        classifier: a multi-label model that labels each pair in both directions.
        log: the log of this very search, to resume from; see `search_key`.
        on_progress: called with the number of finished passages and their total.

    Raises:
        UsageError: the classifier has one label, or lacks the wanted one; or a label was given
            without a classifier.
        IndexDamaged: the index does not hold together.
    """
    options = options or PairsOptions()
    label = _label(options, classifier)
    for pair in _pairs(index, options, classifier, log, on_progress):
        if label is None or (pair.classification and _has_label(pair.classification, label)):
            yield pair


def search_key(index: IndexReader, options: PairsOptions, classifier: CrossEncoder | None) -> str:
    """Everything that determines the result of a search, and its time."""
    info = index.info
    reader = (classifier.identity.fingerprint, classifier.runtime) if classifier else None
    return repr((str(info.directory), info.created, info.generation, options, reader))


def _label(options: PairsOptions, classifier: CrossEncoder | None) -> str | None:
    if options.label is None:
        return None
    if classifier is None:
        raise UsageError(
            f"Nothing gives the label {options.label}.", "add --classify MODEL, which has it"
        )
    return label_named(classifier.identity, options.label)


def _has_label(classification: Classification, label: str) -> bool:
    directions = (classification.forward, classification.backward)
    return any(
        max(scores, key=lambda score: score.logit).label == label for scores in directions if scores
    )


def _pairs(
    index: IndexReader,
    options: PairsOptions,
    classifier: CrossEncoder | None,
    log: PairLog | None,
    on_progress: Callable[[int, int], None],
) -> Iterator[Pair]:
    seen: set[tuple[int, int]] = set()
    for portion in _same_texts(index, options):
        yield from _confirmed(index, _unseen(portion, seen), options, None)
    if options.exact:
        return
    texts = texts_of(index, options.between)
    others = texts_of(index, options.against) if options.against is not None else None
    total = len(texts.passages)
    logged = log.portions if log else []
    for done, portion in enumerate(logged, 1):
        yield from _confirmed(index, _unseen(portion, seen), options, classifier)
        on_progress(min(done * PORTION, total), total)
    where = options.between if options.against is None else options.against
    start = len(logged) * PORTION
    portions = near_texts(
        index,
        texts,
        others,
        options.min_similarity,
        where,
        start=start,
        all_pairs=options.all_pairs,
    )
    for done, near_pairs in enumerate(portions, len(logged) + 1):
        portion = _unseen((FoundPair(*near_pair) for near_pair in near_pairs), seen)
        pairs = _confirmed(index, portion, options, classifier)
        portion, pairs = _read(pairs, classifier) if classifier else (_as_found(pairs), pairs)
        if log is not None:
            log.add(portion)
        yield from pairs
        on_progress(min(done * PORTION, total), total)


def _same_texts(index: IndexReader, options: PairsOptions) -> Iterator[list[FoundPair]]:
    """Passages with a text seen before, each paired with the first passage that has it."""
    first_with: dict[bytes, int] = {}
    repeated: list[tuple[int, int]] = []
    among = options.between if options.against is None else options.against
    if options.against is not None:
        for stored in index.iter_passages(options.between):
            first_with.setdefault(_digest(stored), stored.passage_id)
    for stored in index.iter_passages(among):
        earlier = first_with.get(_digest(stored))
        if earlier is None and options.against is None:
            first_with[_digest(stored)] = stored.passage_id
        elif earlier is not None and earlier != stored.passage_id:
            repeated.append((earlier, stored.passage_id))
    for start in range(0, len(repeated), PORTION):
        portion = repeated[start : start + PORTION]
        vectors = [index.vectors_of(ids).astype(np.float64) for ids in zip(*portion, strict=True)]
        cosines = (vectors[0] * vectors[1]).sum(axis=1).tolist()
        yield [FoundPair(*ids, cosine) for ids, cosine in zip(portion, cosines, strict=True)]


def _digest(stored: StoredPassage) -> bytes:
    words = " ".join(stored.passage.text.split())
    return blake2b(words.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _unseen(pairs: Iterable[FoundPair], seen: set[tuple[int, int]]) -> list[FoundPair]:
    """The pairs not seen before in either order; records them as seen."""
    new = []
    for pair in pairs:
        key = (min(pair.first, pair.second), max(pair.first, pair.second))
        if key not in seen:
            seen.add(key)
            new.append(pair)
    return new


def _confirmed(
    index: IndexReader,
    candidates: Sequence[FoundPair],
    options: PairsOptions,
    classifier: CrossEncoder | None,
) -> list[Pair]:
    """The pairs that their texts confirm."""
    ids = sorted({passage_id for found in candidates for passage_id in (found.first, found.second)})
    passages = {stored.passage_id: stored for stored in index.passages(ids)}
    pairs = []
    for pair in candidates:
        first, second = passages[pair.first], passages[pair.second]
        shared = shared_words(first.passage.text, second.passage.text)
        kind = kind_of(first.passage.text, second.passage.text, shared)
        expected = first.document_id == second.document_id and kind is Kind.SIMILAR
        if shared < options.min_shared or _overlap(first, second) or (expected and not classifier):
            continue
        classification = _classification(pair, classifier.identity) if classifier else None
        pairs.append(Pair(first, second, pair.similarity, shared, kind, classification))
    return pairs


def _overlap(first: StoredPassage, second: StoredPassage) -> bool:
    """Whether two passages share words of the same document, as neighbours do."""
    return (
        first.document_id == second.document_id
        and first.passage.start < second.passage.end
        and second.passage.start < first.passage.end
    )


def _as_found(pairs: Sequence[Pair]) -> list[FoundPair]:
    return [
        FoundPair(pair.first.passage_id, pair.second.passage_id, pair.similarity) for pair in pairs
    ]


def _read(pairs: Sequence[Pair], classifier: CrossEncoder) -> tuple[list[FoundPair], list[Pair]]:
    """Have a classifier read the pairs in both directions, except identical texts."""
    unread = [pair for pair in pairs if pair.kind is not Kind.SAME]
    classifications = iter(
        classify(
            [
                (pair.first.passage.embedded_text, pair.second.passage.embedded_text)
                for pair in unread
            ],
            classifier,
            both_ways=True,
        )
    )
    classified = [
        pair if pair.kind is Kind.SAME else replace(pair, classification=next(classifications))
        for pair in pairs
    ]
    logged = [
        replace(
            found,
            forward=tuple(score.logit for score in pair.classification.forward),
            backward=tuple(score.logit for score in pair.classification.backward),
            truncated=pair.classification.truncated,
        )
        if pair.classification
        else found
        for found, pair in zip(_as_found(classified), classified, strict=True)
    ]
    return logged, classified


def _classification(found: FoundPair, identity: CrossEncoderIdentity) -> Classification | None:
    if not found.forward:
        return None
    return Classification(
        label_scores(np.array(found.forward), identity),
        label_scores(np.array(found.backward), identity),
        found.truncated,
    )
