"""A tiny cross-encoder of three labels, trained here: entailment, neutral, contradiction.

    python benchmarks/tiny_nli.py DIRECTORY

It knows twenty words and sentences such as "visitors may not park at night", and tells what
follows from one of them and what contradicts it. No weights of such a model come with a package;
this one is small enough to train in a test, and a `CrossEncoder` like any other. The same seed
gives the same weights.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

LABELS = ("contradiction", "entailment", "neutral")

SUBJECTS = "visitors members tenants".split()
ACTIONS = "park smoke swim".split()
TIMES = ("", "at night")
_SMALL_WORDS = "may not at night this text is about".split()
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MAX_TOKENS = 32

SEED = 16
STEPS = 400
BATCH = 64

Statement = tuple[str, bool, str, str]
"""(subject, negated, action, time)."""


def sentence(statement: Statement) -> str:
    """In words."""
    subject, negated, action, time = statement
    words = (subject, "may", "not" if negated else "", action, time)
    return " ".join(word for word in words if word)


def label_of(first: Statement, second: Statement) -> str:
    """What the second is, given the first.

    What is allowed or forbidden at any time is so at night; not the other way round.
    """
    if (first[0], first[2]) != (second[0], second[2]) or first[3] not in ("", second[3]):
        return "neutral"
    return "entailment" if first[1] == second[1] else "contradiction"


def examples(seed: int) -> Iterator[tuple[str, str, str]]:
    """(first, second, label) without end, a third of each label."""
    dice = random.Random(seed)
    while True:
        for wanted in LABELS:
            first = _statement(dice)
            second = _near(first, dice)
            while label_of(first, second) != wanted:
                first = _statement(dice)
                second = _near(first, dice)
            yield sentence(first), sentence(second), wanted


def _statement(dice: random.Random) -> Statement:
    return (
        dice.choice(SUBJECTS),
        dice.random() < 0.5,
        dice.choice(ACTIONS),
        dice.choice(TIMES),
    )


def _near(first: Statement, dice: random.Random) -> Statement:
    """Often of the same subject and action; allowed or not, and when, by chance."""
    other = _statement(dice)
    subject, action = dice.choice(
        ((first[0], first[2]), (first[0], first[2]), (first[0], other[2]), (other[0], first[2]))
    )
    return (subject, other[1], action, other[3])


def train(directory: Path, *, steps: int = STEPS) -> float:
    """Train it and save it as `CrossEncoder` does; the share of unseen pairs it gets right."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    vocabulary = list(dict.fromkeys([*_SPECIAL, *SUBJECTS, *ACTIONS, *_SMALL_WORDS]))
    torch.manual_seed(SEED)
    threads = torch.get_num_threads()
    # The order in which threads add up decides the last digits.
    torch.set_num_threads(1)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=MAX_TOKENS,
        initializer_range=0.15,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(LABELS)),
        label2id={label: number for number, label in enumerate(LABELS)},
    )
    model = BertForSequenceClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    ids = {word: number for number, word in enumerate(vocabulary)}
    seen = examples(SEED)
    try:
        for _ in range(steps):
            inputs, targets = _batch(seen, ids)
            loss = torch.nn.functional.cross_entropy(model(**inputs).logits, targets)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        model.eval()
        inputs, targets = _batch(examples(SEED + 1), ids, 600)
        with torch.inference_mode():
            right = (model(**inputs).logits.argmax(dim=1) == targets).float().mean()
    finally:
        torch.set_num_threads(threads)
    directory.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(str(directory))
    _write_tokenizer(directory, ids)
    return float(right)


def _batch(
    pairs: Iterator[tuple[str, str, str]], ids: dict[str, int], size: int = BATCH
) -> tuple[dict[str, object], object]:
    import torch

    texts: list[list[int]] = []
    segments: list[list[int]] = []
    targets: list[int] = []
    for first, second, label in itertools.islice(pairs, size):
        head, tail = f"[CLS] {first} [SEP]".split(), f"{second} [SEP]".split()
        texts.append([ids[word] for word in head + tail])
        segments.append([0] * len(head) + [1] * len(tail))
        targets.append(LABELS.index(label))
    longest = max(map(len, texts))

    def padded(rows: list[list[int]]) -> object:
        return torch.tensor([row + [0] * (longest - len(row)) for row in rows])

    inputs = {
        "input_ids": padded(texts),
        "attention_mask": padded([[1] * len(text) for text in texts]),
        "token_type_ids": padded(segments),
    }
    return inputs, torch.tensor(targets)


def _write_tokenizer(directory: Path, ids: dict[str, int]) -> None:
    from tokenizers import Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import WordLevel
    from tokenizers.processors import TemplateProcessing

    tokenizer = Tokenizer(WordLevel(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    tokenizer.save(str(directory / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_TOKENS,
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


if __name__ == "__main__":
    print(f"{train(Path(sys.argv[1])):.1%} of unseen pairs are right")
