"""Reads a model directory's own metadata: role, modules, pooling, prompts, lengths, labels.

Reads only JSON, in the layouts of sentence-transformers (`modules.json`) and of plain transformers
(`config.json`), as published on model hubs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bienc_cli.errors import ModelUnavailable, UsageError
from bienc_cli.models.registry import Role
from bienc_cli.types import Activation

DEFAULT_MAX_TOKENS = 512
"""For a model whose files state no limit."""

_MODULES = frozenset({"Transformer", "Pooling", "Normalize", "Dense", "LayerNorm", "Dropout"})
_POOLING_KEYS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
# Their position embeddings start after the padding id.
_OFFSET_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet"})
# What libraries record about themselves in config.json; irrelevant to the network.
_INCIDENTAL = frozenset({"_name_or_path", "transformers_version", "torch_dtype", "dtype"})


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The metadata of a model directory.

    Attributes:
        directory: the model's root.
        role: the role that the files indicate.
        config: config.json without what libraries record about themselves.
        weight_files: all weight files, below `directory`.
        tokenizer_json: the `tokenizers` file; None if the model only has an older format.
        tokenizer_files: all files that determine tokenization.
        max_tokens: tokens the model reads, special tokens included.
        modules: kinds of a bi-encoder's modules, in order.
        pooling: modes joined by `+`.
        prompt_pooled: whether the prompt's own tokens are pooled too.
        dim: length of a vector; 0 for a cross-encoder.
        query_prompt: prefix of every query.
        passage_prompt: prefix of every passage.
        labels: names of a cross-encoder's outputs.
        activation: how several logits become probabilities.
    """

    directory: Path
    role: Role
    config: dict[str, Any]
    weight_files: tuple[Path, ...]
    tokenizer_json: Path | None
    tokenizer_files: tuple[Path, ...]
    max_tokens: int
    modules: tuple[str, ...] = ()
    pooling: str = ""
    prompt_pooled: bool = True
    dim: int = 0
    query_prompt: str = ""
    passage_prompt: str = ""
    labels: tuple[str, ...] = ()
    activation: Activation = "softmax"


def read_model_files(directory: Path, name: str) -> ModelFiles:
    """Read the metadata of a model directory.

    Args:
        directory: the model's root.
        name: what the user calls the model, for messages.

    Raises:
        ModelUnavailable: it contains no model, or not all of one.
        UsageError: this kind of model cannot be used here.
    """
    try:
        return _read(directory, name)
    except FileNotFoundError as error:
        raise ModelUnavailable(
            f"The model {name} in {directory} is incomplete: there is no {error.filename}.",
            "a model directory holds config.json, a tokenizer and safetensors weights",
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelUnavailable(
            f"The files of the model {name} in {directory} cannot be read: {error}.",
            "fetch the model again, or name another one: bienc models",
        ) from error


def _read(directory: Path, name: str) -> ModelFiles:
    modules = _json(directory / "modules.json", default=[])
    st_config = _json(directory / "config_sentence_transformers.json", default={})
    kinds = tuple(str(module["type"]).rsplit(".", 1)[-1] for module in modules)
    root = directory / modules[0]["path"] if modules else directory
    unknown = next((kind for kind in kinds if kind not in _MODULES), None)
    if unknown is not None:
        raise UsageError(
            f"The model {name} is built with a module {unknown}, which bienc cannot run.",
            "transformer models with pooling work; the known ones: bienc models",
        )

    config = {k: v for k, v in _json(root / "config.json").items() if k not in _INCIDENTAL}
    role = _role(st_config, modules=bool(modules), config=config, name=name)
    weight_files = _weight_files(
        directory, [root] + [directory / module["path"] for module in modules[1:]]
    )
    tokenizer_json = root / "tokenizer.json"
    files = ModelFiles(
        directory=directory,
        role=role,
        config=config,
        weight_files=weight_files,
        tokenizer_json=tokenizer_json if tokenizer_json.is_file() else None,
        tokenizer_files=_tokenizer_files(root, tokenizer_json),
        max_tokens=_max_tokens(root, config),
        modules=kinds,
    )
    if role is Role.CROSS_ENCODER:
        return replace(files, labels=_labels(config), activation=_activation(config))
    return _with_pooling(files, modules, st_config)


def _with_pooling(
    files: ModelFiles, modules: Sequence[dict[str, Any]], st_config: dict[str, Any]
) -> ModelFiles:
    """A bi-encoder's metadata with its pooling, vector length and prompts."""
    pooling, prompt_pooled, dim = "mean", True, _hidden_size(files.config)
    for kind, module in zip(files.modules, modules, strict=True):
        if kind == "Pooling":
            settings = _json(files.directory / module["path"] / "config.json")
            modes = _pooling_modes(settings)
            pooling, prompt_pooled = "+".join(modes), bool(settings.get("include_prompt", True))
            dim = len(modes) * int(
                settings.get("embedding_dimension")
                or settings.get("word_embedding_dimension")
                or dim
            )
        elif kind == "Dense":
            dim = int(_json(files.directory / module["path"] / "config.json")["out_features"])
    dim = min(dim, int(st_config.get("truncate_dim") or dim))
    query_prompt, passage_prompt = _prompts(st_config)
    return replace(
        files,
        pooling=pooling,
        prompt_pooled=prompt_pooled,
        dim=dim,
        query_prompt=query_prompt,
        passage_prompt=passage_prompt,
    )


def _labels(config: dict[str, Any]) -> tuple[str, ...]:
    labels_by_id = config.get("id2label")
    if labels_by_id:
        return tuple(
            str(label) for _, label in sorted(labels_by_id.items(), key=lambda entry: int(entry[0]))
        )
    # Defaults are not written to the file, and the default of transformers is two.
    return tuple(f"LABEL_{number}" for number in range(int(config.get("num_labels") or 2)))


def _activation(config: dict[str, Any]) -> Activation:
    """Several labels are exclusive, unless the model was trained otherwise."""
    st_settings = config.get("sentence_transformers") or {}
    activation_name = (
        st_settings.get("activation_fn") or config.get("sbert_ce_default_activation_function") or ""
    )
    independent = config.get("problem_type") == "multi_label_classification"
    return "sigmoid" if independent or str(activation_name).endswith(".Sigmoid") else "softmax"


def _role(st_config: dict[str, Any], *, modules: bool, config: dict[str, Any], name: str) -> Role:
    declared = st_config.get("model_type")
    architecture = str((config.get("architectures") or [""])[0])
    if declared not in (None, "SentenceTransformer", "CrossEncoder"):
        raise UsageError(
            f"The model {name} is a {declared}, neither bi-encoder nor cross-encoder.",
            "the known ones: bienc models",
        )
    if architecture.endswith("ForCausalLM") and (declared == "CrossEncoder" or not modules):
        raise UsageError(
            f"The model {name} is a generative model ({architecture}), which bienc cannot run.",
            "a bi-encoder or a sequence-classification cross-encoder works: bienc models",
        )
    if declared == "CrossEncoder" or (
        not modules and architecture.endswith("ForSequenceClassification")
    ):
        return Role.CROSS_ENCODER
    return Role.BI_ENCODER


def _weight_files(directory: Path, roots: list[Path]) -> tuple[Path, ...]:
    """Safetensors if there are any, else torch's own format; the encoder's must exist."""
    weight_files: list[Path] = []
    for index, root in enumerate(roots):
        files = _files_like(root, "*.safetensors") or _files_like(root, "pytorch_model*.bin")
        if index == 0 and not files:
            raise FileNotFoundError(2, "no weights", "model.safetensors")
        weight_files += [path for path in files if path not in weight_files]
    return tuple(path.relative_to(directory) for path in weight_files)


def _files_like(root: Path, pattern: str) -> list[Path]:
    # In the hub's cache, a link may outlive its target.
    return sorted(path for path in root.glob(pattern) if path.is_file())


def _tokenizer_files(root: Path, tokenizer_json: Path) -> tuple[Path, ...]:
    if tokenizer_json.is_file():
        return (tokenizer_json,)
    names = ("vocab.txt", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model")
    files = tuple(root / name for name in names if (root / name).is_file())
    if not files:
        raise FileNotFoundError(2, "no tokenizer", "tokenizer.json")
    return files


def _max_tokens(root: Path, config: dict[str, Any]) -> int:
    limits = [
        _json(root / "sentence_bert_config.json", default={}).get("max_seq_length"),
        _json(root / "tokenizer_config.json", default={}).get("model_max_length"),
    ]
    positions = config.get("max_position_embeddings")
    if positions and config.get("model_type") in _OFFSET_POSITIONS:
        positions -= int(config.get("pad_token_id") or 0) + 1
    limits.append(positions)
    # Tokenizers without a limit state an absurdly large one.
    stated = [int(limit) for limit in limits if limit and 0 < limit < 10**6]
    # The first is the author's choice for this use; the network's own limit still binds.
    return min(stated) if stated else DEFAULT_MAX_TOKENS


def _hidden_size(config: dict[str, Any]) -> int:
    for key in ("hidden_size", "dim", "d_model", "n_embd"):
        if key in config:
            return int(config[key])
    raise KeyError("hidden_size")


def _pooling_modes(settings: dict[str, Any]) -> list[str]:
    modes = settings.get("pooling_mode")
    if isinstance(modes, str):
        return [modes]
    if modes:
        return list(modes)
    return [mode for key, mode in _POOLING_KEYS.items() if settings.get(key)] or ["mean"]


def _prompts(st_config: dict[str, Any]) -> tuple[str, str]:
    """The prompts of queries and passages, by name.

    The names are those that `SentenceTransformer.encode_query` and `encode_document` look for.
    Unlike there, a `passage` prompt and a default prompt also count if the file has no `document`.
    """
    prompts = st_config.get("prompts") or {}
    fallback = prompts.get(st_config.get("default_prompt_name"))
    passage_name = next(
        (name for name in ("document", "passage", "corpus") if name in prompts), None
    )
    query = prompts.get("query", fallback)
    passage = prompts[passage_name] if passage_name else fallback
    return query or "", passage or ""


def _json(path: Path, default: object = None) -> Any:
    if default is not None and not path.is_file():
        return default
    return json.loads(path.read_text(encoding="utf-8"))
