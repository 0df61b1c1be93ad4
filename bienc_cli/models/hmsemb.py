"""Reads `.hmsemb` packs: a RoBERTa encoder, int8 by groups, with its tokenizer.

    magic `HMSEMB01` | uint64 header length | JSON header | tokenizer.json | tensors

The header holds `meta`, `arch`, `tokenizer_len` and `tensors` (name, dtype, shape, len, group);
the tensors follow in its order, little-endian. `f32` is raw. `i8` is every int8 value row by row,
then one float32 scale for each `group` consecutive values. `qkv` stacks query, key and value.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"HMSEMB01"

_EMBEDDINGS = {
    "word_emb": "embeddings.word_embeddings.weight",
    "pos_emb": "embeddings.position_embeddings.weight",
    "type_emb": "embeddings.token_type_embeddings.weight",
    "emb_ln.w": "embeddings.LayerNorm.weight",
    "emb_ln.b": "embeddings.LayerNorm.bias",
}
_LAYER_PARTS = {
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "f1": "intermediate.dense",
    "f2": "output.dense",
    "fln": "output.LayerNorm",
}
_PARAMETER = {"w": "weight", "b": "bias"}


class PackError(ValueError):
    """The file is not a pack, or is incomplete."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A dequantised pack.

    Attributes:
        meta: model id, revision, licence, pooling, prefixes, `max_length`.
        arch: sizes of the network.
        tokenizer_json: the bytes of tokenizer.json.
        tensors: by the pack's own names, float32.
    """

    meta: dict[str, Any]
    arch: dict[str, Any]
    tokenizer_json: bytes
    tensors: dict[str, NDArray[np.float32]]


def read_pack(path: Path) -> Pack:
    """Read a whole pack.

    Raises:
        PackError: it is not a pack, is truncated, or is an unknown variant.
    """
    data = memoryview(path.read_bytes())
    if bytes(data[:8]) != MAGIC:
        raise PackError(f"{path.name} does not begin with {MAGIC.decode()}")
    try:
        (header_length,) = struct.unpack_from("<Q", data, 8)
        header = json.loads(bytes(data[16 : 16 + header_length]))
        position = 16 + header_length
        tokenizer_json = bytes(data[position : position + header["tokenizer_len"]])
        position += header["tokenizer_len"]
        tensors = {}
        for entry in header["tensors"]:
            end = position + entry["len"]
            if end > len(data):
                raise PackError(f"{path.name} ends inside tensor {entry['name']}")
            tensors[entry["name"]] = _tensor(data[position:end], entry)
            position = end
    except (struct.error, KeyError, TypeError, json.JSONDecodeError) as error:
        raise PackError(f"{path.name} has no readable header") from error
    if position != len(data):
        raise PackError(f"{path.name} is longer than its header says")
    return Pack(header["meta"], header["arch"], tokenizer_json, tensors)


def roberta_state(pack: Pack) -> dict[str, NDArray[np.float32]]:
    """The tensors by their names in `transformers.RobertaModel`.

    Raises:
        PackError: a tensor has an unknown name.
    """
    state: dict[str, NDArray[np.float32]] = {}
    for name, tensor in pack.tensors.items():
        if name in _EMBEDDINGS:
            state[_EMBEDDINGS[name]] = tensor
            continue
        layer, part, parameter = (*name.split("."), "", "")[:3]
        if not layer.startswith("l") or parameter not in _PARAMETER:
            raise PackError(f"unknown tensor {name}")
        prefix = f"encoder.layer.{layer[1:]}"
        if part == "qkv":
            for projection, block in zip(
                ("query", "key", "value"), np.split(tensor, 3), strict=True
            ):
                state[f"{prefix}.attention.self.{projection}.{_PARAMETER[parameter]}"] = block
        elif part in _LAYER_PARTS:
            state[f"{prefix}.{_LAYER_PARTS[part]}.{_PARAMETER[parameter]}"] = tensor
        else:
            raise PackError(f"unknown tensor {name}")
    return state


def _tensor(data: memoryview, entry: dict[str, Any]) -> NDArray[np.float32]:
    shape = tuple(entry["shape"])
    count = int(np.prod(shape))
    if entry["dtype"] == "f32":
        values = np.frombuffer(data, dtype="<f4", count=count)
    elif entry["dtype"] == "i8":
        group = entry["group"]
        quantized = np.frombuffer(data, dtype=np.int8, count=count).reshape(-1, group)
        scales = np.frombuffer(data, dtype="<f4", offset=count)
        if len(scales) != len(quantized):
            raise PackError(f"tensor {entry['name']} has {len(scales)} scales")
        values = quantized * scales[:, np.newaxis]
    else:
        raise PackError(f"tensor {entry['name']} is of unknown type {entry['dtype']}")
    return np.ascontiguousarray(values.reshape(shape), dtype=np.float32)
