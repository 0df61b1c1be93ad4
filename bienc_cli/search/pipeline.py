"""Answers a query: open -> retrieve candidates -> rerank -> top k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import UsageError
from bienc_cli.formats.cleaning import clean
from bienc_cli.search.answered import seems_answered
from bienc_cli.search.budget import within
from bienc_cli.search.candidates import look_up, propose
from bienc_cli.search.exact_names import exact_first
from bienc_cli.search.fusion import DEFAULTS
from bienc_cli.search.joined import Joined
from bienc_cli.search.legibility import (
    BM25_ALONE,
    SIMILARITY_ALONE,
    cannot_read,
    illegible,
    similarity_is_a_guess,
    similarity_is_noise,
    words_are_noise,
)
from bienc_cli.search.narrowing import Narrowed, unmatched
from bienc_cli.search.query_syntax import ParsedQuery, parse_operators
from bienc_cli.search.request import (
    SearchOptions,
    check_model,
    check_models,
    check_query,
    strategy_for,
)
from bienc_cli.search.reranking import check_exhaustive, rank_all, rerank
from bienc_cli.search.result import Budget, Candidate, Hit, ModelUse, SearchResult
from bienc_cli.search.sentences import best_sentences
from bienc_cli.stages import Stopwatch
from bienc_cli.store import IndexReader, Searchable
from bienc_cli.strategy import Order, Source, Strategy
from bienc_cli.types import BiEncoder, BlendWeights, CrossEncoder, TunedBlend


def search(
    index: IndexReader | Joined,
    query: str,
    bi_encoder: BiEncoder | None,
    cross_encoder: CrossEncoder | None = None,
    options: SearchOptions | None = None,
    watch: Stopwatch | None = None,
) -> SearchResult:
    """Answer one query.

    Args:
        index: opened for reading, or several of them joined.
        query: in plain language; see `parse_operators` for its quotes and exclusions.
        bi_encoder: the model of the index; None where the strategy compares no vectors.
        cross_encoder: reads the candidates; None where the strategy reranks nothing.
        options: the strategy, how many hits, among which documents.
        watch: already holds earlier stages, such as loading the models, which count.

    Raises:
        UsageError: an empty query, a strategy without its model, a threshold on relevance without a
            cross-encoder, or an unreasonable number of passages to read.
        IndexMismatch: the index was made with another model.
        IndexDamaged: the index does not hold together.
    """
    options = options or SearchOptions()
    strategy = options.strategy or strategy_for(bi_encoder, cross_encoder)
    check_models(strategy, bi_encoder, cross_encoder, options.min_relevance)
    check_query(query)
    # Cleaned like the passages, for the models; the word index folds further by itself.
    query = clean(query)
    parsed = parse_operators(query)
    whole: Searchable = index.for_one_query() if isinstance(index, Joined) else index
    searched = Narrowed(whole, parsed, options.where) if parsed.narrows else whole
    watch = watch or Stopwatch()
    vector, query_tokens = _encoded(index, parsed.text, bi_encoder, strategy, options, watch)
    ranking = _ranked(searched, parsed.text, vector, cross_encoder, strategy, options, watch)
    blended_lightly = ranking.strategy is Strategy.LIGHT_BLEND
    similarity_left_out = blended_lightly and similarity_is_noise(index.info, parsed.text)
    answered = seems_answered(
        searched,
        parsed.text,
        vector if strategy.needs_bi_encoder else None,
        ranking.hits,
        bi_encoder,
        options.where,
        watch,
        words_alone=similarity_left_out,
    )
    left_out = cross_encoder if strategy.needs_cross_encoder and ranking.reader is None else None
    min_relevance = options.min_relevance if left_out is None else None
    hits, budget = _kept(ranking.hits, min_relevance, options, bi_encoder)
    if options.best_sentence and hits and bi_encoder is not None and vector is not None:
        with watch.stage("best sentences"):
            hits = best_sentences(parsed.text, vector, hits, bi_encoder)
    return SearchResult(
        query=query,
        strategy=strategy,
        k=options.k,
        hits=tuple(hits),
        candidates=ranking.candidates,
        reranked=ranking.reranked,
        truncated=sum(hit.truncated for hit in ranking.hits),
        query_tokens=query_tokens,
        stages=watch.times,
        index=index.info,
        bi_encoder=ModelUse.of(bi_encoder) if bi_encoder else None,
        cross_encoder=ModelUse.of(ranking.reader) if ranking.reader else None,
        left_out=left_out.identity if left_out else None,
        similarity_left_out=similarity_left_out,
        similarity_guessed=(
            strategy.needs_bi_encoder and similarity_is_a_guess(index.info, parsed.text)
        ),
        words_left_out=blended_lightly and words_are_noise(index.info, parsed.text),
        answered=answered,
        spellings=index.spellings(parsed.text) if strategy.needs_bm25 else {},
        # Only now are the problems known that the search itself met.
        warnings=_warnings(whole, searched, ranking.hits, options, parsed, left_out),
        parsed=parsed,
        budget=budget,
        indexes=index.infos if isinstance(index, Joined) else (),
    )


def _encoded(
    index: IndexReader | Joined,
    query: str,
    bi_encoder: BiEncoder | None,
    strategy: Strategy,
    options: SearchOptions,
    watch: Stopwatch,
) -> tuple[NDArray[np.float32] | None, int | None]:
    """The query's vector, if one is needed, and its length in bi-encoder tokens.

    Raises:
        IndexMismatch: an index was made with another model.
    """
    if bi_encoder is None:
        return None, None
    if isinstance(index, Joined) and strategy.needs_bi_encoder:
        index.check_same_model()
    check_model(index.info.encoder, bi_encoder.identity)
    text = bi_encoder.identity.query_prompt + query
    tokens = bi_encoder.tokenizer.counts([text])[0] + bi_encoder.tokenizer.special_tokens
    if not (strategy.needs_bi_encoder or options.best_sentence):
        return None, tokens
    with watch.stage("encode query"):
        (vector,) = bi_encoder.encode_queries([query])
    return vector, tokens


@dataclass(frozen=True, slots=True)
class _Ranking:
    """The outcome of retrieval and reranking.

    Attributes:
        hits: all candidates, best first.
        candidates: how many passages were considered.
        reranked: how many of them were read.
        strategy: the one that was used in the end.
        reader: the cross-encoder that read them; None if none did.
    """

    hits: tuple[Hit, ...]
    candidates: int
    reranked: int
    strategy: Strategy
    reader: CrossEncoder | None


def _ranked(
    index: Searchable,
    query: str,
    vector: NDArray[np.float32] | None,
    cross_encoder: CrossEncoder | None,
    strategy: Strategy,
    options: SearchOptions,
    watch: Stopwatch,
) -> _Ranking:
    """Retrieve and rerank; without the cross-encoder if it cannot read the query or candidates."""
    reader = cross_encoder if strategy.needs_cross_encoder else None
    if reader is not None and cannot_read(reader.identity, query):
        strategy = strategy.without_cross_encoder
        reader = reader if strategy.needs_cross_encoder else None
    if reader is not None and strategy.source is Source.ALL:
        passages = index.count(options.where)
        check_exhaustive(passages, options.exhaustive)
        with watch.stage("rerank"):
            best = rank_all(index, query, reader, options.k, options.where)
        return _Ranking(tuple(best), passages, passages, strategy, reader)
    with watch.stage("search"):
        hits = retrieve(index, query, vector, strategy, options)
        if reader is not None and cannot_read(reader.identity, query, hits):
            strategy, reader = strategy.without_cross_encoder, None
            hits = retrieve(index, query, vector, strategy, options)
    if reader is not None:
        weights = blend_of(index, options.blend).weights if strategy.order is Order.BLEND else None
        unread = illegible(reader.identity, hits)
        with watch.stage("rerank"):
            hits = rerank(query, hits, reader, options.rerank_seconds, weights, unread)
        hits = exact_first(hits)
    reranked = sum(hit.relevance is not None for hit in hits)
    return _Ranking(tuple(hits), len(hits), reranked, strategy, reader)


def _kept(
    hits: Sequence[Hit],
    min_relevance: float | None,
    options: SearchOptions,
    bi_encoder: BiEncoder | None,
) -> tuple[list[Hit], Budget | None]:
    """The hits to return, and how a token budget was used."""
    kept = [hit for hit in hits if _relevant_enough(hit, min_relevance)]
    budget = None
    if options.budget_tokens is not None:
        if bi_encoder is None:
            raise UsageError("Tokens are counted by the bi-encoder, and none is given.")
        kept, budget = within(kept, options.budget_tokens, bi_encoder.tokenizer.counts)
    return kept[: options.k], budget


def _warnings(
    index: Searchable,
    searched: Searchable,
    hits: Sequence[Hit],
    options: SearchOptions,
    parsed: ParsedQuery,
    left_out: CrossEncoder | None,
) -> tuple[str, ...]:
    """The problems met, and what left no hit or could not be applied."""
    warnings = [*index.warnings, *_why_nothing(index, searched, hits, options, parsed)]
    if left_out is not None and options.min_relevance is not None:
        warnings.append(
            f"{left_out.identity.name} reads English only: there is no relevance for "
            "--min-relevance to be compared with"
        )
    return tuple(warnings)


def _why_nothing(
    index: Searchable,
    searched: Searchable,
    hits: Sequence[Hit],
    options: SearchOptions,
    parsed: ParsedQuery,
) -> list[str]:
    """A warning that names the filter, phrase or threshold that left no hit."""
    if not hits and (warnings := unmatched(index, options.where)):
        return warnings
    if not hits and parsed.narrows and not searched.count(options.where):
        return [f"there is no passage {parsed.restrictions}"]
    probabilities = [hit.relevance.probability for hit in hits if hit.relevance is not None]
    if (
        options.min_relevance is None
        or not probabilities
        or max(probabilities) >= options.min_relevance
    ):
        return []
    return [
        f"{len(probabilities):,} {'passage was' if len(probabilities) == 1 else 'passages were'} "
        f"less relevant than --min-relevance {options.min_relevance:g}; "
        f"the best has {_below(options, max(probabilities))}"
    ]


def _below(options: SearchOptions, best: float) -> str:
    """The best relevance, with enough digits to show that it is below the threshold."""
    digits = 3
    while digits < 9 and round(best, digits) >= (options.min_relevance or 0.0):
        digits += 1
    return f"{best:.{digits}f}"


def retrieve(
    index: Searchable,
    query: str,
    vector: NDArray[np.float32] | None,
    strategy: Strategy,
    options: SearchOptions,
) -> list[Hit]:
    """The first-stage ranking: as deep as reranking needs, or `k` without reranking."""
    depth = options.depth if strategy.needs_cross_encoder else options.k
    # The sources' time and memory grow with the depth they are asked for.
    depth = min(depth, max(index.info.passages, 1))
    if strategy.needs_cross_encoder and options.rerank_seconds is None:
        check_exhaustive(depth, options.exhaustive)
    found = look_up(index, query, vector, strategy, depth, options.where)
    light_weights = light_weights_of(index, query, options.blend)
    return as_hits(index, propose(index, query, vector, found, strategy, depth, light_weights))


def blend_of(index: Searchable, given: TunedBlend | None) -> TunedBlend:
    """The blend to use: the given one, else the one learned for the index, else the default."""
    return given or index.info.blend or DEFAULTS


def light_weights_of(index: Searchable, query: str, given: TunedBlend | None) -> BlendWeights:
    """The blend weights without a cross-encoder; a signal that is noise gets none."""
    if similarity_is_noise(index.info, query):
        return BM25_ALONE
    if words_are_noise(index.info, query):
        return SIMILARITY_ALONE
    return blend_of(index, given).light_weights


def as_hits(index: Searchable, candidates: Sequence[Candidate]) -> list[Hit]:
    """Load the candidates' passages, keeping the order."""
    passages = index.passages([candidate.passage_id for candidate in candidates])
    return [
        Hit(candidate.rank, passage, candidate)
        for candidate, passage in zip(candidates, passages, strict=True)
    ]


def _relevant_enough(hit: Hit, threshold: float | None) -> bool:
    return threshold is None or (
        hit.relevance is not None and hit.relevance.probability >= threshold
    )
