"""Builds an OpenVINO graph directly from a model's safetensors, without torch.

It supports the architectures of most encoders (`openvino_encoders.ENCODERS`), and only if it
understands every file of the model; anything else is `NotPlain`, and torch traces it.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from bienc_cli.models import openvino_blocks as blocks
from bienc_cli.models.files import ModelFiles
from bienc_cli.models.openvino_blocks import Array, ops
from bienc_cli.models.openvino_encoders import ENCODERS, Checkpoint, Encoder, Inputs, NotPlain
from bienc_cli.models.openvino_runtime import import_openvino
from bienc_cli.models.registry import Role

POOLINGS = ("cls", "mean", "max")

# Tokenizers with token types for the first and second text, and those without.
_TYPED = {"BertTokenizer", "PreTrainedTokenizer", "TokenizersBackend"}
_UNTYPED = {"RobertaTokenizer", "XLMRobertaTokenizer", "CamembertTokenizer"}
_UNTYPED |= {"DistilBertTokenizer", "MPNetTokenizer"}

# Known values in `sentence_bert_config.json`; any other key must have no effect.
_TRANSFORMER_SETTINGS: dict[str, tuple[object, ...]] = {
    "transformer_task": ("feature-extraction", "sequence-classification"),
    "module_output_name": ("token_embeddings", "scores"),
}
_WITHOUT_EFFECT = {"max_seq_length", "modality_config"}

# Prefixes of the encoder's tensors; an unused one means that the network is a different one.
_ENCODER_PREFIXES = ("embeddings.", "encoder.", "transformer.", "layers.", "final_norm.")


def built_graph(files: ModelFiles, vocabulary: int) -> Any:
    """Build a model's graph: token ids to pooled vectors, or to logits, (inputs, values).

    Args:
        files: the model.
        vocabulary: the size of its tokenizer's vocabulary.

    Raises:
        NotPlain: the model's files contain something unknown here.
        OSError: its weights cannot be read.
    """
    try:
        return _graph(files, vocabulary)
    # Raised for incomplete configurations and mismatched shapes.
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise NotPlain(f"its files do not fit together ({error})") from error


def _graph(files: ModelFiles, vocabulary: int) -> Any:
    encoder = _encoder(files)
    checkpoint = _checkpoint(files, encoder)
    reranks = files.role is Role.CROSS_ENCODER
    pooling = str(files.config.get("classifier_pooling", "cls")) if reranks else files.pooling
    inputs = _inputs(typed=_takes_types(files), first_only=pooling == "cls")
    result = _pooled(pooling, encoder.build(checkpoint, inputs), inputs)
    if reranks:
        result = encoder.head(checkpoint, result)
    _require_all_used(checkpoint)
    if vocabulary > int(files.config["vocab_size"]):
        raise NotPlain("its tokenizer has tokens without a vector")
    parameters = [inputs.input_ids, inputs.attention_mask]
    if inputs.token_type_ids is not None:
        parameters.append(inputs.token_type_ids)
    return import_openvino().Model([ops().result(result)], parameters, "encoder")


def _encoder(files: ModelFiles) -> Encoder:
    config = files.config
    encoder = ENCODERS.get(str(config.get("model_type")))
    if encoder is None:
        raise NotPlain(f"its architecture is {config.get('model_type')}")
    for key in ("auto_map", "quantization_config"):
        if config.get(key):
            raise NotPlain(f"its configuration has {key}")
    root = files.directory / files.weight_files[0].parent
    for key, value in _json(root / "sentence_bert_config.json").items():
        if value and key not in _WITHOUT_EFFECT and value not in _TRANSFORMER_SETTINGS.get(key, ()):
            raise NotPlain(f"its {key} is {value}")
    if files.role is Role.CROSS_ENCODER:
        st_config = _json(files.directory / "config_sentence_transformers.json")
        if (config.get("architectures") or [""])[0] != encoder.classifier or (
            files.modules not in ((), ("Transformer",))
            or any((st_config.get("prompts") or {}).values())
        ):
            raise NotPlain("its head is not a plain one")
    elif files.modules not in (
        (),
        ("Transformer", "Pooling"),
        ("Transformer", "Pooling", "Normalize"),
    ):
        raise NotPlain(f"it is made of {', '.join(files.modules)}")
    return encoder


def _takes_types(files: ModelFiles) -> bool:
    """Whether the model's tokenizer produces token types."""
    root = files.directory / files.weight_files[0].parent
    settings = _json(root / "tokenizer_config.json")
    name = str(settings.get("tokenizer_class") or "PreTrainedTokenizer").removesuffix("Fast")
    if name not in _TYPED | _UNTYPED:
        raise NotPlain(f"its tokenizer is a {name}")
    _require_stated_case(files, name, settings)
    input_names = settings.get("model_input_names")
    takes_types = "token_type_ids" in input_names if input_names else name in _TYPED
    return takes_types and files.config["model_type"] == "bert"


def _require_stated_case(files: ModelFiles, name: str, settings: dict[str, Any]) -> None:
    """Check the case setting: if two files differ, transformers uses the settings."""
    if name == "BertTokenizer" and files.tokenizer_json is not None:
        normalizer = _json(files.tokenizer_json).get("normalizer") or {}
        lowercases = normalizer.get("lowercase")
        if lowercases is not None and settings.get("do_lower_case", lowercases) != lowercases:
            raise NotPlain("its tokenizer's settings contradict tokenizer.json")


def _checkpoint(files: ModelFiles, encoder: Encoder) -> Checkpoint:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if [path.suffix for path in files.weight_files] != [".safetensors"]:
        raise NotPlain("its weights are not one file of safetensors")
    try:
        tensors = load_file(files.directory / files.weight_files[0])
    # The library raises these for invalid files, and for types that NumPy lacks.
    except (SafetensorError, TypeError, AttributeError) as error:
        raise NotPlain(f"its weights cannot be read ({error})") from error
    floats: dict[str, Array] = {}
    for name, tensor in tensors.items():
        if tensor.dtype in (np.float32, np.float16):
            floats[name] = np.asarray(tensor, dtype=np.float32)
    prefixed = any(name.startswith(f"{encoder.prefix}embeddings.") for name in floats)
    return Checkpoint(files.config, floats, encoder.prefix if prefixed else "")


def _require_all_used(checkpoint: Checkpoint) -> None:
    own_prefixes = tuple(checkpoint.prefix + name for name in _ENCODER_PREFIXES)
    unused = sorted(
        name
        for name in checkpoint.tensors.keys() - checkpoint.used
        if name.startswith(own_prefixes)
    )
    if unused:
        raise NotPlain(f"its weights have {unused[0]}, which is not known")


def _inputs(*, typed: bool, first_only: bool) -> Inputs:
    names = ["input_ids", "attention_mask"] + ["token_type_ids"] * typed
    parameters = []
    for name in names:
        parameter = ops().parameter([-1, -1], np.int64, name=name)
        parameter.output(0).set_names({name})
        parameters.append(parameter)
    return Inputs(parameters[0], parameters[1], parameters[2] if typed else None, first_only)


def _pooled(pooling: str, states: Any, inputs: Inputs) -> Any:
    parts = []
    for mode in pooling.split("+"):
        if mode not in POOLINGS:
            raise NotPlain(f"its pooling is {mode}")
        if mode == "cls":
            parts.append(blocks.first_token(states))
        elif mode == "mean":
            parts.append(blocks.mean_token(states, inputs.attention_mask))
        else:
            parts.append(blocks.max_token(states, inputs.attention_mask))
    return parts[0] if len(parts) == 1 else ops().concat(parts, -1)


def _json(path: Any) -> dict[str, Any]:
    if not path.is_file():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}
