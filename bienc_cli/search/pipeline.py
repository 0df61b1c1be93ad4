"""open -> retrieve (candidates) -> rerank -> top k."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import IndexMismatch, UsageError
from bienc_cli.formats.cleaning import clean
from bienc_cli.search.budget import within
from bienc_cli.search.candidates import look_up, propose
from bienc_cli.search.exactness import exact_first, has_keywords
from bienc_cli.search.fusion import DEFAULTS
from bienc_cli.search.joined import Joined
from bienc_cli.search.legibility import (
    BM25_ALONE,
    SIMILARITY_ALONE,
    illegible,
    is_at_a_loss,
    similarity_is_a_guess,
    similarity_is_noise,
    words_are_noise,
)
from bienc_cli.search.narrowing import Narrowed, Searched, unmatched
from bienc_cli.search.query_syntax import Asked, understood
from bienc_cli.search.reranking import check_exhaustive, rank_all, rerank, seems_answered
from bienc_cli.search.result import Candidate, Hit, ModelUse, SearchResult
from bienc_cli.search.sentences import best_sentences
from bienc_cli.stages import Stopwatch
from bienc_cli.store import Filter, IndexReader
from bienc_cli.strategy import (
    DEFAULT_STRATEGY,
    DEFAULT_WITHOUT_CROSS_ENCODER,
    Order,
    Source,
    Strategy,
)
from bienc_cli.types import BiEncoder, BlendWeights, CrossEncoder, EncoderIdentity, TunedBlend

DEFAULT_K = 10
DEFAULT_CANDIDATES = 20
"""Enough for a relevant passage to be among them, few enough for an answer within a second."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What to search for and how far to look.

    Attributes:
        strategy: where candidates come from and what orders them; None for the best that the
            given models can do.
        k: hits wanted.
        candidates: passages that the first stage proposes for reranking; None for the default,
            or `k` where that is more.
        rerank_seconds: rerank only as many candidates, best first, as fit into this time; None
            reranks them all.
        min_relevance: drop hits whose relevance (the sigmoid, 0 to 1) is lower.
        exhaustive: the cross-encoder may read any number of passages.
        where: which documents count; applied before the ranking is cut.
        best_sentence: also find the sentence of each hit that is nearest to the query.
        blend: weights for the strategies that blend; None for those learned for the index, or
            the defaults.
        budget_tokens: take only as many whole passages, best first and without near-repeats, as
            fit into so many of the bi-encoder's tokens.
    """

    strategy: Strategy | None = None
    k: int = DEFAULT_K
    candidates: int | None = None
    rerank_seconds: float | None = None
    min_relevance: float | None = None
    exhaustive: bool = False
    where: Filter = field(default_factory=Filter)
    best_sentence: bool = False
    blend: TunedBlend | None = None
    budget_tokens: int | None = None

    def __post_init__(self) -> None:
        check_depth(self.k, self.candidates)
        if self.budget_tokens is not None and self.budget_tokens < 1:
            raise UsageError(
                f"Nothing fits into {self.budget_tokens} tokens.", "give --budget-tokens 2000, say"
            )
        if self.rerank_seconds is not None and not 0 < self.rerank_seconds < math.inf:
            raise UsageError(
                "A budget is a time above zero.", "give --rerank-budget 300, or --no-rerank"
            )
        if self.min_relevance is not None and not 0 <= self.min_relevance <= 1:
            raise UsageError(
                f"A relevance of {self.min_relevance} does not exist: it is between 0 and 1.",
                "give --min-relevance 0.5, say",
            )

    @property
    def depth(self) -> int:
        """How many candidates to retrieve when they are to be reranked."""
        return depth_of(self.k, self.candidates)


def check_depth(k: int, candidates: int | None) -> None:
    """Refuse rankings of no length, and candidates too few to fill them."""
    if k < 1:
        raise UsageError(f"-k {k} asks for no hits.", "give -k 1 or more")
    if candidates is not None and candidates < k:
        raise UsageError(
            f"{candidates} candidates cannot give {k} hits.", f"give --candidates {k} or more"
        )


def depth_of(k: int, candidates: int | None) -> int:
    """How many candidates to rerank: as many as were asked for, or the default."""
    return candidates or max(k, DEFAULT_CANDIDATES)


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
        index: opened for reading, or several joined.
        query: what is looked for, in plain language; see `understood` for what can be quoted and
            left out.
        bi_encoder: the model that the index was made with; None where the strategy compares
            no vectors.
        cross_encoder: reads the candidates; None where the strategy reranks nothing.
        options: by which strategy, how many, among which.
        watch: with stages that came before, such as loading the models; they count.

    Raises:
        UsageError: an empty query, a strategy whose model is not given, a threshold on
            relevance without a cross-encoder, or more to read than anybody waits for.
        IndexMismatch: the index was made with another model.
        IndexDamaged: the index does not hold together.
    """
    options = options or SearchOptions()
    strategy = options.strategy or strategy_for(bi_encoder, cross_encoder)
    check_models(strategy, bi_encoder, cross_encoder, options.min_relevance)
    check_query(query)
    # As the passages were, for the models' sake; the word index folds more than that.
    query = clean(query)
    if isinstance(index, Joined):
        index = index.for_one_query()
    asked = understood(query)
    searched: Searched = Narrowed(index, asked, options.where) if asked.narrows else index
    watch = watch or Stopwatch()
    vector: NDArray[np.float32] | None = None
    query_tokens = None
    if bi_encoder is not None:
        if isinstance(index, Joined) and strategy.needs_bi_encoder:
            index.check_same_model()
        check_model(index.info.encoder, bi_encoder.identity)
        query_tokens = _tokens_of(asked.text, bi_encoder)
        if strategy.needs_bi_encoder or options.best_sentence:
            with watch.stage("encode query"):
                (vector,) = bi_encoder.encode_queries([asked.text])
    reads = cross_encoder if strategy.needs_cross_encoder else None
    # By what it is answered in the end.
    answers = strategy
    if reads is not None and is_at_a_loss(reads.identity, asked.text):
        answers = strategy.without_cross_encoder
        reads = reads if answers.needs_cross_encoder else None
    if reads is not None and strategy.source is Source.ALL:
        candidates = searched.count(options.where)
        check_exhaustive(candidates, options.exhaustive)
        with watch.stage("rerank"):
            hits = rank_all(searched, asked.text, reads, options.k, options.where)
        reranked = candidates
    else:
        with watch.stage("search"):
            hits = retrieve(searched, asked.text, vector, answers, options)
            if reads is not None and is_at_a_loss(reads.identity, asked.text, hits):
                answers, reads = strategy.without_cross_encoder, None
                hits = retrieve(searched, asked.text, vector, answers, options)
        candidates = len(hits)
        if reads is not None:
            weights = blend_of(index, options.blend).weights
            with watch.stage("rerank"):
                hits = rerank(
                    asked.text,
                    hits,
                    reads,
                    options.rerank_seconds,
                    weights if strategy.order is Order.BLEND else None,
                    illegible(reads.identity, hits),
                )
            hits = exact_first(hits)
        reranked = sum(hit.relevance is not None for hit in hits)
    truncated = sum(hit.truncated for hit in hits)
    similarity_left_out = answers is Strategy.LIGHT_BLEND and similarity_is_noise(
        index.info, asked.text
    )
    answered = seems_answered(hits, words_alone=similarity_left_out)
    if answered is False and has_keywords(searched, asked.text, hits, options.where):
        answered = True
    left_out = cross_encoder if strategy.needs_cross_encoder and reads is None else None
    warnings = [*index.warnings, *_why_nothing(index, searched, hits, options, asked)]
    if left_out is None:
        hits = [hit for hit in hits if _relevant_enough(hit, options.min_relevance)]
    elif options.min_relevance is not None:
        warnings.append(
            f"{left_out.identity.name} reads English only: there is no relevance for "
            "--min-relevance to be compared with"
        )
    budget = None
    if options.budget_tokens is not None:
        if bi_encoder is None:
            raise UsageError("Tokens are counted by the bi-encoder, and none is given.")
        hits, budget = within(hits, options.budget_tokens, bi_encoder.tokenizer.counts)
    hits = hits[: options.k]
    if options.best_sentence and hits and bi_encoder is not None and vector is not None:
        with watch.stage("best sentences"):
            hits = best_sentences(asked.text, vector, hits, bi_encoder)
    return SearchResult(
        query=query,
        strategy=strategy,
        k=options.k,
        hits=tuple(hits),
        candidates=candidates,
        reranked=reranked,
        truncated=truncated,
        query_tokens=query_tokens,
        query_truncated=(
            bi_encoder is not None
            and query_tokens is not None
            and query_tokens > bi_encoder.identity.max_tokens
        ),
        stages=watch.times,
        index=index.info,
        bi_encoder=ModelUse(bi_encoder.identity, bi_encoder.runtime) if bi_encoder else None,
        cross_encoder=ModelUse(reads.identity, reads.runtime) if reads else None,
        left_out=left_out.identity if left_out else None,
        similarity_left_out=similarity_left_out,
        similarity_guessed=(
            strategy.needs_bi_encoder and similarity_is_a_guess(index.info, asked.text)
        ),
        words_left_out=answers is Strategy.LIGHT_BLEND and words_are_noise(index.info, asked.text),
        answered=answered,
        spellings=index.spellings(asked.text) if strategy.needs_bm25 else {},
        warnings=tuple(warnings),
        asked=asked,
        budget=budget,
        indexes=index.infos if isinstance(index, Joined) else (),
    )


def _why_nothing(
    index: Searched,
    searched: Searched,
    hits: Sequence[Hit],
    options: SearchOptions,
    asked: Asked,
) -> list[str]:
    """Of a filter, a phrase or a threshold that leaves nothing, what it was that it left out."""
    if not hits and (said := unmatched(index, options.where)):
        return said
    if not hits and asked.narrows and not searched.count(options.where):
        return [f"there is no passage {asked.said}"]
    read = [hit.relevance.probability for hit in hits if hit.relevance is not None]
    if options.min_relevance is None or not read or max(read) >= options.min_relevance:
        return []
    return [
        f"{len(read):,} {'passage was' if len(read) == 1 else 'passages were'} less relevant than "
        f"--min-relevance {options.min_relevance:g}; the best has {_below(options, max(read))}"
    ]


def _below(options: SearchOptions, best: float) -> str:
    """A relevance with as many places as tell it from the threshold, rounded down."""
    places = 3
    while places < 9 and round(best, places) >= (options.min_relevance or 0.0):
        places += 1
    return f"{best:.{places}f}"


def retrieve(
    index: Searched,
    query: str,
    vector: NDArray[np.float32] | None,
    strategy: Strategy,
    options: SearchOptions,
) -> list[Hit]:
    """The first stage's ranking: as many as are to be reranked, or `k` where nothing is."""
    depth = options.depth if strategy.needs_cross_encoder else options.k
    # There are no more than all, and the sources take time and room by what they are asked for.
    depth = min(depth, max(index.info.passages, 1))
    if strategy.needs_cross_encoder and options.rerank_seconds is None:
        check_exhaustive(depth, options.exhaustive)
    found = look_up(index, query, vector, strategy, depth, options.where)
    light_weights = light_weights_of(index, query, options.blend)
    return as_hits(index, propose(index, query, vector, found, strategy, depth, light_weights))


def blend_of(index: Searched, given: TunedBlend | None) -> TunedBlend:
    """The weights that hold: those given, else those learned for the index, else the defaults."""
    return given or index.info.blend or DEFAULTS


def light_weights_of(index: Searched, query: str, given: TunedBlend | None) -> BlendWeights:
    """The weights of a blend without a cross-encoder for one query; a signal may be noise."""
    if similarity_is_noise(index.info, query):
        return BM25_ALONE
    if words_are_noise(index.info, query):
        return SIMILARITY_ALONE
    return blend_of(index, given).light_weights


def as_hits(index: Searched, candidates: Sequence[Candidate]) -> list[Hit]:
    """Candidates with their passages, in the same order."""
    passages = index.passages([candidate.passage_id for candidate in candidates])
    return [
        Hit(candidate.rank, passage, candidate)
        for candidate, passage in zip(candidates, passages, strict=True)
    ]


def strategy_for(bi_encoder: BiEncoder | None, cross_encoder: CrossEncoder | None) -> Strategy:
    """The best strategy that the given models can do."""
    if bi_encoder is None:
        return Strategy.BM25 if cross_encoder is None else Strategy.BM25_RERANKED
    return DEFAULT_WITHOUT_CROSS_ENCODER if cross_encoder is None else DEFAULT_STRATEGY


def check_models(
    strategy: Strategy,
    bi_encoder: BiEncoder | None,
    cross_encoder: CrossEncoder | None,
    min_relevance: float | None = None,
) -> None:
    """Refuse a strategy without its models, and a threshold on what nobody computes.

    Raises:
        UsageError: saying which.
    """
    if strategy.needs_bi_encoder and bi_encoder is None:
        raise UsageError(f"The strategy {strategy} needs a bi-encoder.", "give it one")
    if strategy.needs_cross_encoder and cross_encoder is None:
        raise UsageError(f"The strategy {strategy} needs a cross-encoder.", "give it one")
    if min_relevance is not None and not strategy.needs_cross_encoder:
        raise UsageError(
            "Relevance is the cross-encoder's score, and there is to be no reranking.",
            "leave out --no-rerank or --min-relevance, or give a strategy that reranks",
        )


def check_query(query: str) -> None:
    """Refuse a query with nothing in it, or with what no model can read."""
    if not clean(query).strip():
        raise UsageError("The query is empty.", "say what you are looking for")
    if not is_encodable(query):
        raise UsageError("The query is not UTF-8.", "check the encoding of your terminal")


def is_encodable(text: str) -> bool:
    """Whether a text has no lone surrogate: neither models nor files take one."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def check_model(recorded: EncoderIdentity, loaded: EncoderIdentity) -> None:
    """Refuse vectors of one model to be compared with those of another."""
    if recorded.fingerprint != loaded.fingerprint:
        raise IndexMismatch(
            f"This index was made with {recorded.name} ({recorded.fingerprint[:12]}), "
            f"not with {loaded.name} ({loaded.fingerprint[:12]}).",
            f"leave out --model, or make an index for it: bienc index PATH --model {loaded.name} "
            "--index OTHER_DIRECTORY",
        )


def _tokens_of(query: str, bi_encoder: BiEncoder) -> int:
    text = bi_encoder.identity.query_prompt + query
    return bi_encoder.tokenizer.counts([text])[0] + bi_encoder.tokenizer.special_tokens


def _relevant_enough(hit: Hit, threshold: float | None) -> bool:
    return threshold is None or (
        hit.relevance is not None and hit.relevance.probability >= threshold
    )
