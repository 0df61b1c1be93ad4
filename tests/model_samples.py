"""Small models with random weights, made on the spot in the layouts that models come in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WORDS = (
    "how many people live in berlin has a population of inhabitants new york city is famous "
    "for the museum art query passage one two three four five six seven eight nine ten"
).split()
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def write_tokenizer(directory: Path, *, model_max_length: int = 32, typed: bool = True) -> None:
    """A word-level tokenizer with BERT's template, saved as models save theirs."""
    from tokenizers import Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import WordLevel
    from tokenizers.processors import TemplateProcessing

    vocabulary = {word: index for index, word in enumerate(SPECIAL + WORDS)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    # Published files often carry such settings; they must not reach counts or offsets.
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    tokenizer.save(str(directory / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": model_max_length,
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "model_input_names": ["input_ids", *["token_type_ids"] * typed, "attention_mask"],
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(settings))


def write_random_model(
    directory: Path, *, labels: int = 0, pooling: str = "mean", plain: bool = True
) -> Path:
    """A BERT of 2 layers with seeded random weights: a bi-encoder, or a cross-encoder.

    One that is not plain has an activation that only torch knows.
    """
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertModel

    directory.mkdir(parents=True)
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(SPECIAL + WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=48,
        initializer_range=0.2,
        num_labels=labels or 2,
        hidden_act="gelu" if plain else "gelu_new",
    )
    model = BertForSequenceClassification(config) if labels else BertModel(config)
    model.save_pretrained(str(directory))
    write_tokenizer(directory)
    if not labels:
        write_modules(directory, pooling=pooling)
    return directory


_SIZES: dict[str, Any] = {
    "vocab_size": len(SPECIAL + WORDS),
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 48,
    "initializer_range": 0.2,
}
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "bert": ("Bert", {"hidden_act": "gelu"}),
    "bert, one type": ("Bert", {"type_vocab_size": 1, "layer_norm_eps": 1e-3}),
    "roberta": ("Roberta", {"pad_token_id": 1}),
    "xlm-roberta": ("XLMRoberta", {"pad_token_id": 1, "hidden_act": "relu"}),
    "camembert": ("Camembert", {"pad_token_id": 1}),
    "distilbert": ("DistilBert", {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}),
    "mpnet": ("MPNet", {"max_position_embeddings": 300}),
    "modernbert": ("ModernBert", {"num_hidden_layers": 4, "local_attention": 8}),
    "modernbert, every layer's window": (
        "ModernBert",
        {
            "layer_types": ["sliding_attention", "full_attention"],
            "local_attention": 6,
            "norm_bias": True,
            "attention_bias": True,
            "mlp_bias": True,
            "classifier_bias": True,
            "classifier_pooling": "mean",
            "hidden_activation": "silu",
        },
    ),
}
"""The class's name in transformers, and what its configuration says beside its sizes."""


def write_architecture(
    directory: Path, name: str, *, labels: int = 0, pooling: str = "mean", half: bool = False
) -> Path:
    """A model of one of `ARCHITECTURES` with seeded random weights, no bias or scale left plain."""
    import torch
    import transformers

    kind, settings = ARCHITECTURES[name]
    directory.mkdir(parents=True)
    torch.manual_seed(11)
    config_class: Any = getattr(transformers, f"{kind}Config")
    config = config_class(
        **(_SIZES | {"pad_token_id": 0, "num_labels": labels or 2} | settings),
    )
    suffix = "ForSequenceClassification" if labels else "Model"
    model: Any = getattr(transformers, f"{kind}{suffix}")(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    (model.half() if half else model).save_pretrained(str(directory))
    write_tokenizer(directory, typed=kind == "Bert" and settings.get("type_vocab_size") != 1)
    if not labels:
        write_modules(directory, pooling=pooling)
    return directory


def write_modules(
    directory: Path,
    *,
    pooling: str = "mean",
    prompts: dict[str, str] | None = None,
    default_prompt: str | None = None,
) -> None:
    """What sentence-transformers writes beside a transformer: modules, pooling, prompts."""
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(kinds.items())
    ]
    (directory / "modules.json").write_text(json.dumps(modules))
    (directory / "1_Pooling").mkdir(exist_ok=True)
    (directory / "2_Normalize").mkdir(exist_ok=True)
    (directory / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 32, "pooling_mode": pooling.split("+")})
        if "+" in pooling
        else json.dumps(
            {
                "word_embedding_dimension": 32,
                f"pooling_mode_{pooling}_{'token' if pooling == 'cls' else 'tokens'}": True,
            }
        )
    )
    (directory / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": prompts or {}, "default_prompt_name": default_prompt})
    )
