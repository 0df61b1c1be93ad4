"""Builds encoders by architecture, from weights and configuration to the last hidden states.

The result equals what `transformers` computes in evaluation mode. A configuration with anything
unknown here is `NotPlain`, and left to torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bienc_cli.models import openvino_blocks as blocks
from bienc_cli.models.openvino_blocks import Array, ops


class NotPlain(Exception):
    """Why a model is not built here, as a clause."""


@dataclass(slots=True)
class Checkpoint:
    """A checkpoint's tensors and configuration, tracking which tensors were used.

    Attributes:
        config: config.json.
        tensors: by name in the file.
        prefix: prefix of the encoder's tensor names.
    """

    config: dict[str, Any]
    tensors: dict[str, Array]
    prefix: str = ""
    used: set[str] = field(default_factory=set)

    def take(self, name: str, prefix: str | None = None) -> Array:
        """A tensor that must exist.

        Raises:
            NotPlain: it does not exist.
        """
        full_name = f"{self.prefix if prefix is None else prefix}{name}"
        if full_name not in self.tensors:
            raise NotPlain(f"its weights have no {full_name}")
        self.used.add(full_name)
        return self.tensors[full_name]

    def pair(self, name: str, prefix: str | None = None) -> tuple[Array, Array | None]:
        """A layer's weight, and its bias if it has one.

        Raises:
            NotPlain: the layer does not exist.
        """
        full_name = f"{self.prefix if prefix is None else prefix}{name}"
        bias = self.take(f"{full_name}.bias", "") if f"{full_name}.bias" in self.tensors else None
        return self.take(f"{full_name}.weight", ""), bias


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a graph, (B, S) each, and what is needed of its output.

    Attributes:
        input_ids: token ids.
        attention_mask: 0 for padding.
        token_type_ids: None if the model has none.
        first_only: only the first token's state is needed. An encoder may skip everything else, and
            then returns (B, 1, D).
    """

    input_ids: Any
    attention_mask: Any
    token_type_ids: Any | None
    first_only: bool = False


def linear(checkpoint: Checkpoint, x: Any, name: str, prefix: str | None = None) -> Any:
    """A linear layer by name; its bias is optional."""
    weight, bias = checkpoint.pair(name, prefix)
    return blocks.linear(x, weight, bias)


def norm(
    checkpoint: Checkpoint, x: Any, name: str, epsilon: float, prefix: str | None = None
) -> Any:
    """A layer norm by name; its bias is optional."""
    weight, bias = checkpoint.pair(name, prefix)
    return blocks.layer_norm(x, weight, bias, epsilon)


@dataclass(frozen=True, slots=True)
class PostNormNames:
    """Names of a layer's tensors, with `{}` for its number, and of sizes in a configuration."""

    query: str = "attention.self.query"
    key: str = "attention.self.key"
    value: str = "attention.self.value"
    attended: str = "attention.output.dense"
    attended_norm: str = "attention.output.LayerNorm"
    wide: str = "intermediate.dense"
    narrow: str = "output.dense"
    norm: str = "output.LayerNorm"
    layer: str = "encoder.layer.{}."
    layers: str = "num_hidden_layers"
    heads: str = "num_attention_heads"
    act: str = "hidden_act"


BERT_NAMES = PostNormNames()
MPNET_NAMES = PostNormNames(
    query="attention.attn.q",
    key="attention.attn.k",
    value="attention.attn.v",
    attended="attention.attn.o",
    attended_norm="attention.LayerNorm",
)
DISTILBERT_NAMES = PostNormNames(
    query="attention.q_lin",
    key="attention.k_lin",
    value="attention.v_lin",
    attended="attention.out_lin",
    attended_norm="sa_layer_norm",
    wide="ffn.lin1",
    narrow="ffn.lin2",
    norm="output_layer_norm",
    layer="transformer.layer.{}.",
    layers="n_layers",
    heads="n_heads",
    act="activation",
)


def post_norm_layers(
    checkpoint: Checkpoint,
    x: Any,
    mask: Any,
    names: PostNormNames,
    epsilon: float,
    *,
    first_only: bool,
) -> Any:
    """BERT-style layers: attention, then a feed-forward, each added and then normalised.

    `first_only` is as in `Inputs`: no other state of the last layer is used afterwards.
    """
    head_count, act = int(checkpoint.config[names.heads]), _activation(checkpoint, names.act)
    last = int(checkpoint.config[names.layers]) - 1
    for number in range(last + 1):
        prefix = names.layer.format(number)
        queried = x
        if first_only and number == last:
            queried, mask = blocks.first_along(x, 1), blocks.first_along(mask, 2)
        query, key, value = (
            blocks.split_heads(linear(checkpoint, source, prefix + part), head_count)
            for source, part in ((queried, names.query), (x, names.key), (x, names.value))
        )
        attended = linear(
            checkpoint, blocks.attention(query, key, value, mask), prefix + names.attended
        )
        x = norm(checkpoint, ops().add(attended, queried), prefix + names.attended_norm, epsilon)
        wide = blocks.activation(linear(checkpoint, x, prefix + names.wide), act)
        x = norm(
            checkpoint,
            ops().add(linear(checkpoint, wide, prefix + names.narrow), x),
            prefix + names.norm,
            epsilon,
        )
    return x


def bert(checkpoint: Checkpoint, inputs: Inputs) -> Any:
    """BERT: absolute positions from 0, token types."""
    positions = blocks.first_rows(
        checkpoint.take("embeddings.position_embeddings.weight"), blocks.length_of(inputs.input_ids)
    )
    return _bert(checkpoint, inputs, positions)


def roberta(checkpoint: Checkpoint, inputs: Inputs) -> Any:
    """RoBERTa and its relatives: positions start after the padding id."""
    positions = blocks.positions_after(
        inputs.input_ids, int(checkpoint.config.get("pad_token_id", 1))
    )
    return _bert(
        checkpoint,
        inputs,
        blocks.rows(checkpoint.take("embeddings.position_embeddings.weight"), positions),
    )


def _bert(checkpoint: Checkpoint, inputs: Inputs, positions: Any) -> Any:
    _require(checkpoint, position_embedding_type="absolute", is_decoder=False)
    _require(checkpoint, add_cross_attention=False)
    epsilon = float(checkpoint.config.get("layer_norm_eps", 1e-12))
    words = blocks.rows(checkpoint.take("embeddings.word_embeddings.weight"), inputs.input_ids)
    type_table = checkpoint.take("embeddings.token_type_embeddings.weight")
    # Without token types, or with a single one, all tokens have type 0.
    typed = inputs.token_type_ids is not None and len(type_table) > 1
    type_rows = (
        blocks.rows(type_table, inputs.token_type_ids) if typed else ops().constant(type_table[:1])
    )
    x = norm(
        checkpoint,
        ops().add(ops().add(words, type_rows), positions),
        "embeddings.LayerNorm",
        epsilon,
    )
    mask = blocks.additive_mask(inputs.attention_mask)
    return post_norm_layers(checkpoint, x, mask, BERT_NAMES, epsilon, first_only=inputs.first_only)


def distilbert(checkpoint: Checkpoint, inputs: Inputs) -> Any:
    """DistilBERT: BERT without token types."""
    words = blocks.rows(checkpoint.take("embeddings.word_embeddings.weight"), inputs.input_ids)
    positions = blocks.first_rows(
        checkpoint.take("embeddings.position_embeddings.weight"), blocks.length_of(inputs.input_ids)
    )
    x = norm(checkpoint, ops().add(words, positions), "embeddings.LayerNorm", 1e-12)
    mask = blocks.additive_mask(inputs.attention_mask)
    return post_norm_layers(
        checkpoint, x, mask, DISTILBERT_NAMES, 1e-12, first_only=inputs.first_only
    )


def mpnet(checkpoint: Checkpoint, inputs: Inputs) -> Any:
    """MPNet: RoBERTa's positions, and a distance bias shared by all layers."""
    epsilon = float(checkpoint.config.get("layer_norm_eps", 1e-12))
    length = blocks.length_of(inputs.input_ids)
    table = checkpoint.take("embeddings.position_embeddings.weight")
    words = blocks.rows(checkpoint.take("embeddings.word_embeddings.weight"), inputs.input_ids)
    # Always 1, as in transformers, whatever the configuration says.
    positions = blocks.rows(table, blocks.positions_after(inputs.input_ids, 1))
    x = norm(checkpoint, ops().add(words, positions), "embeddings.LayerNorm", epsilon)
    distances = checkpoint.take("encoder.relative_attention_bias.weight")
    _require(checkpoint, relative_attention_num_buckets=32)
    bias = blocks.bucketed_bias(distances, length, len(table))
    mask = ops().add(blocks.additive_mask(inputs.attention_mask), bias)
    return post_norm_layers(checkpoint, x, mask, MPNET_NAMES, epsilon, first_only=inputs.first_only)


_THETA = {"full_attention": 160_000.0, "sliding_attention": 10_000.0}
_THETA_KEYS = {"full_attention": "global_rope_theta", "sliding_attention": "local_rope_theta"}


def modernbert(checkpoint: Checkpoint, inputs: Inputs) -> Any:
    """ModernBERT: pre-norm, rotary positions, sliding windows in most layers."""
    _require(checkpoint, rope_scaling=None)
    epsilon = float(checkpoint.config.get("norm_eps", 1e-5))
    layers = int(checkpoint.config["num_hidden_layers"])
    heads = int(checkpoint.config["num_attention_heads"])
    global_every = int(checkpoint.config.get("global_attn_every_n_layers", 3))
    kinds = checkpoint.config.get("layer_types") or [
        "sliding_attention" if number % global_every else "full_attention"
        for number in range(layers)
    ]
    length = blocks.length_of(inputs.input_ids)
    token_mask = blocks.additive_mask(inputs.attention_mask)
    reach = int(checkpoint.config.get("local_attention", 128)) // 2
    masks = {
        "full_attention": token_mask,
        "sliding_attention": ops().add(token_mask, blocks.window_mask(length, reach)),
    }
    angles = {kind: _angles(checkpoint, kind, length) for kind in _THETA}
    words = blocks.rows(checkpoint.take("embeddings.tok_embeddings.weight"), inputs.input_ids)
    x = norm(checkpoint, words, "embeddings.norm", epsilon)
    act = _activation(checkpoint, "hidden_activation")
    for number in range(layers):
        prefix, kind = f"layers.{number}.", kinds[number]
        if kind not in masks:
            raise NotPlain(f"it has layers of the kind {kind}")
        normed = norm(checkpoint, x, f"{prefix}attn_norm", epsilon) if number else x
        parts = (
            ops().split(linear(checkpoint, normed, f"{prefix}attn.Wqkv"), np.int64(-1), 3).outputs()
        )
        query, key, value = (blocks.split_heads(part, heads) for part in parts)
        query, key = (blocks.rotated(part, *angles[kind]) for part in (query, key))
        attended = blocks.attention(query, key, value, masks[kind])
        x = ops().add(x, linear(checkpoint, attended, f"{prefix}attn.Wo"))
        wide = linear(
            checkpoint, norm(checkpoint, x, f"{prefix}mlp_norm", epsilon), f"{prefix}mlp.Wi"
        )
        value, gate = ops().split(wide, np.int64(-1), 2).outputs()
        gated = ops().multiply(blocks.activation(value, act), gate)
        x = ops().add(x, linear(checkpoint, gated, f"{prefix}mlp.Wo"))
    return norm(checkpoint, x, "final_norm", epsilon)


def _angles(checkpoint: Checkpoint, kind: str, length: Any) -> tuple[Any, Any]:
    """Cosines and sines of one kind of layer, (S, D / H) each."""
    rope = (checkpoint.config.get("rope_parameters") or {}).get(kind) or {}
    if rope.get("rope_type", "default") != "default":
        raise NotPlain(f"its positions are scaled ({rope['rope_type']})")
    theta = rope.get("rope_theta") or checkpoint.config.get(_THETA_KEYS[kind]) or _THETA[kind]
    width = int(checkpoint.config["hidden_size"]) // int(checkpoint.config["num_attention_heads"])
    tables = blocks.rotary_tables(
        int(checkpoint.config["max_position_embeddings"]), width, float(theta)
    )
    cosines, sines = (blocks.first_rows(table, length) for table in tables)
    return cosines, sines


def _activation(checkpoint: Checkpoint, key: str) -> str:
    name = str(checkpoint.config.get(key, "gelu"))
    if name not in blocks.ACTIVATIONS:
        raise NotPlain(f"its activation is {name}")
    return name


def _require(checkpoint: Checkpoint, **values: object) -> None:
    for key, value in values.items():
        if checkpoint.config.get(key, value) != value:
            raise NotPlain(f"its {key} is {checkpoint.config[key]}")


# Heads of cross-encoders: from one state per input, (B, D), to logits, (B, labels).


def pooler_head(checkpoint: Checkpoint, pooled: Any) -> Any:
    """BERT's: a pooler."""
    pooled = ops().tanh(linear(checkpoint, pooled, "pooler.dense"))
    return linear(checkpoint, pooled, "classifier", "")


def dense_head(checkpoint: Checkpoint, pooled: Any) -> Any:
    """RoBERTa's and MPNet's: two layers."""
    dense = ops().tanh(linear(checkpoint, pooled, "classifier.dense", ""))
    return linear(checkpoint, dense, "classifier.out_proj", "")


def distilbert_head(checkpoint: Checkpoint, pooled: Any) -> Any:
    """DistilBERT's: two layers with a rectifier."""
    dense = ops().relu(linear(checkpoint, pooled, "pre_classifier", ""))
    return linear(checkpoint, dense, "classifier", "")


def modernbert_head(checkpoint: Checkpoint, pooled: Any) -> Any:
    """ModernBERT's: a layer and a norm."""
    dense = linear(checkpoint, pooled, "head.dense", "")
    active = blocks.activation(dense, _activation(checkpoint, "classifier_activation"))
    normed = norm(
        checkpoint, active, "head.norm", float(checkpoint.config.get("norm_eps", 1e-5)), ""
    )
    return linear(checkpoint, normed, "classifier", "")


@dataclass(frozen=True, slots=True)
class Encoder:
    """An architecture.

    Attributes:
        prefix: prefix of the encoder's weights in a checkpoint with a head.
        classifier: the class with a head, as named in a configuration.
        build: builds the encoder.
        head: builds the cross-encoder's head.
    """

    prefix: str
    classifier: str
    build: Callable[[Checkpoint, Inputs], Any]
    head: Callable[[Checkpoint, Any], Any]


ENCODERS = {
    "bert": Encoder("bert.", "BertForSequenceClassification", bert, pooler_head),
    "roberta": Encoder("roberta.", "RobertaForSequenceClassification", roberta, dense_head),
    "xlm-roberta": Encoder("roberta.", "XLMRobertaForSequenceClassification", roberta, dense_head),
    "camembert": Encoder("roberta.", "CamembertForSequenceClassification", roberta, dense_head),
    "distilbert": Encoder(
        "distilbert.", "DistilBertForSequenceClassification", distilbert, distilbert_head
    ),
    "mpnet": Encoder("mpnet.", "MPNetForSequenceClassification", mpnet, dense_head),
    "modernbert": Encoder(
        "model.", "ModernBertForSequenceClassification", modernbert, modernbert_head
    ),
}
"""Architectures that can be built, by `model_type`."""
