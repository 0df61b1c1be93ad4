import json
from pathlib import Path
from typing import Any

import pytest

from bienc_cli.errors import BiencError, ModelUnavailable, UsageError
from bienc_cli.models.files import ModelFiles, read_model_files
from bienc_cli.models.registry import Role


def directory(path: Path, files: dict[str, Any]) -> Path:
    """A model directory from its JSON files; weights and tokenizer are there and empty."""
    defaults: dict[str, Any] = {
        "config.json": {"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 8},
        "tokenizer.json": {},
        "model.safetensors": {},
    }
    for name, content in (defaults | files).items():
        if content is not None:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(json.dumps(content))
    return path


def modules(*kinds_and_paths: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, path) in enumerate(kinds_and_paths)
    ]


USUAL = modules(("Transformer", ""), ("Pooling", "1_Pooling"))


def read(path: Path, files: dict[str, Any]) -> ModelFiles:
    return read_model_files(directory(path, files), "m")


@pytest.mark.parametrize(
    ("settings", "pooling", "dim"),
    [
        ({"word_embedding_dimension": 8, "pooling_mode_cls_token": True}, "cls", 8),
        ({"word_embedding_dimension": 8}, "mean", 8),
        ({"embedding_dimension": 8, "pooling_mode": "lasttoken"}, "lasttoken", 8),
        (
            {
                "word_embedding_dimension": 8,
                "pooling_mode_mean_tokens": True,
                "pooling_mode_max_tokens": True,
            },
            "max+mean",
            16,
        ),
    ],
)
def test_pooling(tmp_path: Path, settings: dict[str, Any], pooling: str, dim: int) -> None:
    files = read(tmp_path, {"modules.json": USUAL, "1_Pooling/config.json": settings})
    assert (files.pooling, files.dim) == (pooling, dim)


def test_a_dense_layer_and_a_truncation_decide_the_dimension(tmp_path: Path) -> None:
    layout = {
        "modules.json": modules(("Transformer", ""), ("Pooling", "1_P"), ("Dense", "2_D")),
        "1_P/config.json": {"word_embedding_dimension": 8},
        "2_D/config.json": {"in_features": 8, "out_features": 5},
        "2_D/model.safetensors": {},
    }
    files = read(tmp_path, layout)
    assert files.dim == 5
    assert [str(path) for path in files.weight_files] == [
        "model.safetensors",
        "2_D/model.safetensors",
    ]
    layout["config_sentence_transformers.json"] = {"truncate_dim": 3}
    assert read(tmp_path, layout).dim == 3


def test_a_plain_transformer_is_pooled_by_the_mean(tmp_path: Path) -> None:
    files = read(tmp_path, {})
    assert (files.role, files.pooling, files.dim) == (Role.BI_ENCODER, "mean", 8)


@pytest.mark.parametrize(
    ("about", "query", "passage"),
    [
        ({}, "", ""),
        ({"prompts": {"query": "q: ", "passage": "p: "}}, "q: ", "p: "),
        ({"prompts": {"query": "q: ", "document": "d: ", "passage": "p: "}}, "q: ", "d: "),
        ({"prompts": {"query": "q: "}}, "q: ", ""),
        ({"prompts": {"a": "all: "}, "default_prompt_name": "a"}, "all: ", "all: "),
        ({"prompts": {"a": "all: ", "query": ""}, "default_prompt_name": "a"}, "", "all: "),
    ],
)
def test_prompts(tmp_path: Path, about: dict[str, Any], query: str, passage: str) -> None:
    files = read(
        tmp_path,
        {
            "modules.json": USUAL,
            "1_Pooling/config.json": {"word_embedding_dimension": 8},
            "config_sentence_transformers.json": about,
        },
    )
    assert (files.query_prompt, files.passage_prompt) == (query, passage)


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({}, 512),
        ({"sentence_bert_config.json": {"max_seq_length": 256}}, 256),
        ({"tokenizer_config.json": {"model_max_length": 10**30}}, 512),
        ({"tokenizer_config.json": {"model_max_length": 128}}, 128),
        (
            {
                "config.json": {
                    "model_type": "roberta",
                    "hidden_size": 8,
                    "max_position_embeddings": 514,
                    "pad_token_id": 1,
                }
            },
            512,
        ),
        (
            {
                "sentence_bert_config.json": {"max_seq_length": 4096},
                "config.json": {
                    "model_type": "bert",
                    "hidden_size": 8,
                    "max_position_embeddings": 300,
                },
            },
            300,
        ),
    ],
)
def test_max_tokens(tmp_path: Path, files: dict[str, Any], limit: int) -> None:
    assert read(tmp_path, files).max_tokens == limit


def test_a_cross_encoder_names_its_labels_in_order(tmp_path: Path) -> None:
    labels = {"10": "k", "0": "contradiction", "2": "neutral", "1": "entailment"}
    config = {
        "architectures": ["DebertaV2ForSequenceClassification"],
        "model_type": "deberta-v2",
        "id2label": labels,
    }
    files = read(tmp_path, {"config.json": config})
    assert files.role is Role.CROSS_ENCODER
    assert files.labels == ("contradiction", "entailment", "neutral", "k")


@pytest.mark.parametrize(("said", "number"), [({}, 2), ({"num_labels": 3}, 3)])
def test_labels_without_names_are_as_many_as_transformers_takes_there_to_be(
    tmp_path: Path, said: dict[str, int], number: int
) -> None:
    from transformers import AutoConfig

    config = {"architectures": ["BertForSequenceClassification"], "model_type": "bert", **said}
    files = read(tmp_path, {"config.json": config})
    assert files.labels == tuple(f"LABEL_{place}" for place in range(number))
    assert len(files.labels) == AutoConfig.from_pretrained(files.directory).num_labels


def test_what_libraries_note_about_themselves_is_left_out(tmp_path: Path) -> None:
    config = {"hidden_size": 8, "transformers_version": "4.1", "_name_or_path": "/somewhere"}
    assert read(tmp_path, {"config.json": config}).config == {"hidden_size": 8}


@pytest.mark.parametrize(
    ("files", "error", "message"),
    [
        ({"config.json": None}, ModelUnavailable, "config.json"),
        ({"model.safetensors": None}, ModelUnavailable, "safetensors"),
        ({"tokenizer.json": None}, ModelUnavailable, "tokenizer.json"),
        ({"config.json": [1, 2]}, ModelUnavailable, "cannot be read"),
        ({"modules.json": modules(("CLIPModel", ""))}, UsageError, "CLIPModel"),
        (
            {"config_sentence_transformers.json": {"model_type": "SparseEncoder"}},
            UsageError,
            "SparseEncoder",
        ),
        (
            {"config.json": {"architectures": ["Qwen3ForCausalLM"], "hidden_size": 8}},
            UsageError,
            "generative",
        ),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(
    tmp_path: Path, files: dict[str, Any], error: type[BiencError], message: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        read(tmp_path, files)
    assert raised.value.hint


def test_broken_json_is_one_clear_error(tmp_path: Path) -> None:
    directory(tmp_path, {})
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        read_model_files(tmp_path, "m")
