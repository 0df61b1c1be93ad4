"""What is shown of the right passage has the answer in it, for questions whose answer is known."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bienc_cli.models import load_bi_encoder
from bienc_cli.render.hits import snippet
from bienc_cli.search.result import Hit
from bienc_cli.search.sentences import best_sentences
from fakes import FakeBiEncoder
from folders import Folder

pytestmark = pytest.mark.models

SAMPLES = Path(__file__).parents[2] / "sample_docs"
ANSWERS = {
    "where should I start with grams and seconds for espresso": "18 grams in, 36 grams out",
    "my espresso is sour what can I change": "Grind finer",
    "espresso tastes bitter how to fix": "Grind coarser",
    "how long do coffee beans stay fresh": "one to five weeks after roasting",
    "can I keep coffee in the fridge": "a refrigerator is good for nothing",
    "how many days do I have to file an expense claim": "within 60 days",
    "when is first class train travel reimbursed": "First class is repaid only when",
    "what is paid per kilometre for driving my own car": "42 cents a kilometre",
    "how much can I spend on food while travelling without receipts": "38 a day on meals",
    "hotel price limit": "limit is 140 a night",
    "who decides if my claim is rejected": "head of finance decides",
    "how many vacation days in 2024": "28 days of paid annual leave",
    "when do I need a doctor's note": "from the fourth calendar day",
    "how long is paid sick leave": "Pay continues in full for six weeks",
    "leave for moving house": "Two days for moving house, five",
    "how far in advance must I request leave": "at least one week ahead",
    "how fast do cranes fly": "50 to 70 kilometres an hour",
    "how long are crane eggs brooded": "about thirty days",
    "what distance should I keep from cranes": "distance of 300 metres",
    "when is sourdough starter ready": "doubles within six hours",
    "what temperature should the inside of the bread have": "96 degrees",
    "how do I make bread less sour": "younger starter",
    "is a split tomato safe to eat": "Split tomatoes are safe to eat",
    "can I use a vacuum cleaner on spilled mercury": "Never use a vacuum cleaner",
    "why do flowers of tomatoes fall off": "Below 13 degrees",
    "how many days can I work abroad": "thirty working days a year",
    "what do I get for internet when working from home": "flat sum of 25 a month",
    "how soon are contractor invoices paid": "paid within 20 days",
    "do contractors get sick pay": "receive no pay for days",
    "may I buy my laptop when I leave": "quarter of the price",
}


def test_the_answer_is_shown(model_cache: Path, tmp_path: Path) -> None:
    """A cross-encoder over the sentences finds more of these, and fewer in manual pages."""
    folder = Folder(tmp_path)
    folder.encoder = FakeBiEncoder(max_tokens=512)
    for name in ("coffee", "handbook", "nature", "kitchen", "garden", "health"):
        shutil.copytree(SAMPLES / name, folder.root / name)
    folder.index(include=("*.md", "*.txt"))
    granite = load_bi_encoder("granite-30m", cache_dir=model_cache, offline=True)
    with folder.open() as reader:
        passages = list(reader.iter_passages())
    missed, at_once = [], 0
    for question, answer in ANSWERS.items():
        held = [one for one in passages if answer in " ".join(one.passage.text.split())]
        (vector,) = granite.encode_queries([question])
        (hit,) = best_sentences(question, vector, [Hit(1, held[0], None)], granite)
        shown = re.sub(r"\s+", " ", snippet(question, hit).plain)
        if answer not in shown:
            missed.append(question)
        at_once += answer in shown[: len(answer) + 60]
    assert len(missed) <= len(ANSWERS) // 5, missed
    # In a line of its own, as a short screen shows it.
    assert at_once >= len(ANSWERS) * 3 // 5, at_once
