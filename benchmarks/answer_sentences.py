"""Which sentence of a passage is shown: how often it is the one that answers.

    python benchmarks/answer_sentences.py

Questions on `sample_docs` whose answers are known, each with the passage that holds it. Prints
for each way to choose how often the sentence answers, how often the snippet that begins with it
holds the answer, and what a choice takes.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bienc_cli.environment.variables import cache_directory
from bienc_cli.models import load_bi_encoder, load_cross_encoder
from bienc_cli.search.result import Span
from bienc_cli.search.sentences import likeliest, split

ROOT = Path(__file__).resolve().parents[1] / "sample_docs"
QUESTIONS = (
    ("coffee/dialling-in.md", "my espresso tastes sour, what should I change", "Grind finer"),
    ("coffee/dialling-in.md", "how long should an espresso shot take", "27 seconds"),
    ("coffee/dialling-in.md", "what to do about bitter espresso", "Grind coarser"),
    ("coffee/dialling-in.md", "how hard should coffee water be", "50 and 100 mg"),
    ("coffee/dialling-in.md", "how do I see channeling", "naked portafilter"),
    ("coffee/dialling-in.md", "can I freeze coffee beans", "A freezer is good for months"),
    ("handbook/company-history.md", "who owns Larkmoor today", "belonged to its employees"),
    ("handbook/company-history.md", "when was Brightwater bought", "in 2011"),
    ("handbook/company-history.md", "how fast can the Jaguar buoy be towed", "14 knots"),
    ("handbook/company-history.md", "can the trust sell the company", "three quarters"),
    ("handbook/contractors.md", "do contractors get sick pay", "receive no pay for days"),
    ("handbook/contractors.md", "when are invoices paid", "paid within 20 days"),
    ("handbook/contractors.md", "when must a loan laptop be returned", "five working days"),
    ("handbook/contractors.md", "may a contractor carry the pager", "on-call pager"),
    ("handbook/expenses.md", "how late may I file a claim", "within 60 days"),
    ("handbook/expenses.md", "is first class by train refunded", "First class is repaid only"),
    ("handbook/expenses.md", "how much per kilometre by car", "42 cents"),
    ("handbook/expenses.md", "may I spend money on meals without receipts", "up to 38 a day"),
    ("handbook/expenses.md", "most expensive hotel room I may book", "140 a night"),
    (
        "handbook/expenses.md",
        "who decides when finance refuses my claim",
        "head of finance decides",
    ),
    ("handbook/leave-2024.md", "how many days of holiday do I have", "28 days"),
    ("handbook/leave-2024.md", "until when can unused days be taken", "30 June 2025"),
    ("handbook/leave-2024.md", "when is a doctor's note needed", "fourth calendar day"),
    ("handbook/leave-2024.md", "leave for the father after a birth", "The other parent has"),
    ("handbook/leave-2024.md", "days off for a funeral", "five days for a death"),
    ("kitchen/sourdough.md", "how often is the starter fed in the fridge", "fed once a week"),
    ("kitchen/sourdough.md", "when is a new starter ready to bake with", "five to eight days"),
    ("kitchen/sourdough.md", "how long does dough rise at 19 degrees", "nearly nine"),
)

SNIPPET = 240

Scores = NDArray[np.float64]


def passage_with(name: str, answer: str) -> str:
    """The section of a document that holds the answer, without its heading."""
    for section in (ROOT / name).read_text(encoding="utf-8").split("\n## "):
        if answer in section:
            return section.partition("\n")[2].strip()
    raise SystemExit(f"{name} does not say '{answer}'")


def main() -> None:
    """Measure every way on every question."""
    cache = cache_directory()
    bi_encoder = load_bi_encoder("granite-30m", cache_dir=cache, offline=True)
    cross_encoder = load_cross_encoder("ms-marco-minilm-l12", cache_dir=cache, offline=True)

    def similar(query: str, texts: list[str]) -> Scores:
        (vector,) = bi_encoder.encode_queries([query])
        return np.asarray(bi_encoder.encode_passages(texts) @ vector, dtype=np.float64)

    def relevant(query: str, texts: list[str]) -> Scores:
        return np.asarray(
            cross_encoder.score_pairs([(query, text) for text in texts]).logits[:, 0],
            dtype=np.float64,
        )

    def both(query: str, texts: list[str]) -> Scores:
        return _standard(similar(query, texts)) + _standard(relevant(query, texts))

    print(f"{len(QUESTIONS)} questions: the sentence answers, the snippet of {SNIPPET} holds it")
    for what, of in (("sentence", _sentence), ("snippet", _snippet)):
        for name, score in (("similarity", similar), ("relevance", relevant), ("both", both)):
            sentence, snippet, seconds = 0, 0, 0.0
            for document, query, answer in QUESTIONS:
                text = passage_with(document, answer)
                spans = split(text)
                started = time.perf_counter()
                best = spans[int(np.argmax(score(query, [of(text, span) for span in spans])))]
                seconds += time.perf_counter() - started
                sentence += answer in _sentence(text, best)
                snippet += answer in _snippet(text, best)
            took = seconds / len(QUESTIONS) * 1000
            print(f"{name} of the {what:10} {sentence:3} {snippet:3}  {took:6.0f} ms", flush=True)
    for most, least in ((1, 0.0), (2, 0.0), (4, 0.0), (8, 0.0), (4, 0.3), (4, 0.4), (4, 0.6)):
        sentence, snippet, changed, read = 0, 0, 0, 0
        for document, query, answer in QUESTIONS:
            text = passage_with(document, answer)
            spans = split(text)
            scores = similar(query, [_sentence(text, span) for span in spans])
            (likely,) = likeliest(query, [[_sentence(text, span) for span in spans]], most, least)
            read += len(likely) if len(likely) > 1 else 0
            best = max(likely, key=lambda place: scores[place])
            changed += best != int(np.argmax(scores))
            sentence += answer in _sentence(text, spans[best])
            snippet += answer in _snippet(text, spans[best])
        print(
            f"similarity of {most} by words, {least} {sentence:3} {snippet:3}  {read} encoded, "
            f"{changed} others",
            flush=True,
        )


def _sentence(text: str, span: Span) -> str:
    return text[span.start : span.end]


def _snippet(text: str, span: Span) -> str:
    """The sentence and what follows it on the screen."""
    return text[span.start : max(span.end, span.start + SNIPPET)]


def _standard(scores: Scores) -> Scores:
    return (scores - scores.mean()) / (scores.std() or 1.0)


if __name__ == "__main__":
    main()
