"""Reads `E5S1` packs: a BERT encoder of 4-bit weights with the Unigram tokenizer of XLM-RoBERTa.

    magic `E5S1` | uint32 version | sizes | tokenizer | tensor directory | tensors

All numbers are little-endian. Sizes: int32 hidden, layers, heads, intermediate, vocabulary,
positions, token types; float32 epsilon; int32 block. Tokenizer: int32 pieces and the ids of
beginning, end, padding, unknown; uint64 length of the blob; a uint32 offset for every piece and
one more; float32 scores; the blob of UTF-8 pieces; then what each code point is normalised to,
which `_NORMALIZER` says with the rules of Unicode instead. A tensor is float32, or 4-bit in blocks
of 32 values: a float16 scale and 16 bytes, of which the low halves are the first 16 values and the
high halves the last 16, each a number from 0 to 15 less 8.
"""

from __future__ import annotations

import json
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.models.hmsemb import PackError

MAGIC = b"E5S1"

_SIZES = struct.Struct("<4sI7ifi")
_TOKENIZER = struct.Struct("<5iQ")
_ENTRY = struct.Struct("<BIQQ")
_BLOCK = 32
_BLOCK_TYPE = np.dtype([("scale", "<f2"), ("halves", "u1", (_BLOCK // 2,))])

_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_PARAMETER = {"w": "weight", "b": "bias"}

# What SentencePiece's nmt_nfkc does: control characters go, all white space and what has no width
# is a space, the rest is NFKC, and spaces do not repeat.
_NORMALIZER = {
    "type": "Sequence",
    "normalizers": [
        {
            "type": "Replace",
            "pattern": {"Regex": "[\\x00-\\x08\\x0B\\x0E-\\x1F\\x7F\\x{8F}\\x{9F}]"},
            "content": "",
        },
        {
            "type": "Replace",
            "pattern": {
                "Regex": "[\\t\\n\\f\\r\\x{1680}\\x{200B}-\\x{200F}\\x{2028}\\x{2029}\\x{2581}"
                "\\x{FEFF}\\x{FFFD}]"
            },
            "content": " ",
        },
        {"type": "NFKC"},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
    ],
}


def read_e5s1(path: Path) -> tuple[bytes, dict[str, NDArray[np.float32]]]:
    """Read a whole pack, dequantised.

    Returns:
        The tokenizer as the `tokenizers` library reads it, and float32 tensors under the names
        that `transformers.BertModel` gives them.

    Raises:
        PackError: not a pack, cut off, or in a variant this reader does not know.
    """
    data = memoryview(path.read_bytes())
    if bytes(data[:4]) != MAGIC:
        raise PackError(f"{path.name} does not begin with {MAGIC.decode()}")
    try:
        _, version, hidden, *_, block = _SIZES.unpack_from(data)
        if (version, block) != (1, _BLOCK):
            raise PackError(f"{path.name} is of version {version} with blocks of {block}")
        tokenizer, position = _tokenizer(data, _SIZES.size)
        state = _tensors(data, position, hidden)
    except PackError:
        raise
    except (struct.error, ValueError, IndexError) as error:
        raise PackError(f"{path.name} is cut off or damaged") from error
    return json.dumps(tokenizer, ensure_ascii=False).encode(), state


def _tokenizer(data: memoryview, position: int) -> tuple[dict[str, Any], int]:
    """The tokenizer, and where the tensor directory begins."""
    count, bos, eos, pad, unknown, blob_length = _TOKENIZER.unpack_from(data, position)
    position += _TOKENIZER.size
    offsets = np.frombuffer(data, "<u4", count + 1, position).tolist()
    position += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, position).astype(float).tolist()
    position += 4 * count
    blob = bytes(data[position : position + blob_length])
    position += blob_length
    _, normalisation_length = struct.unpack_from("<iI", data, position)
    position += 8 + normalisation_length
    pieces = [blob[start:stop].decode() for start, stop in pairwise(offsets)]
    mask = count - 1
    begin = {"SpecialToken": {"id": pieces[bos], "type_id": 0}}
    end = {"SpecialToken": {"id": pieces[eos], "type_id": 0}}
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": index,
                "content": pieces[index],
                "single_word": False,
                "lstrip": index == mask,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for index in sorted({bos, eos, pad, unknown, mask})
        ],
        "normalizer": _NORMALIZER,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "WhitespaceSplit"}, {**metaspace, "split": True}],
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, first, end],
            "pair": [begin, first, end, end, second, end],
            "special_tokens": {
                pieces[index]: {"id": pieces[index], "ids": [index], "tokens": [pieces[index]]}
                for index in (bos, eos)
            },
        },
        "decoder": metaspace,
        "model": {
            "type": "Unigram",
            "unk_id": unknown,
            "vocab": list(zip(pieces, scores, strict=True)),
            "byte_fallback": False,
        },
    }, position


def _tensors(data: memoryview, position: int, hidden: int) -> dict[str, NDArray[np.float32]]:
    (count,) = struct.unpack_from("<i", data, position)
    position += 4
    state = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, position)
        name = bytes(data[position + 2 : position + 2 + length]).decode()
        position += 2 + length
        kind, values, offset, size = _ENTRY.unpack_from(data, position)
        position += _ENTRY.size
        if offset + size > len(data):
            raise PackError(f"tensor {name} ends behind the file")
        tensor = _tensor(name, data[offset : offset + size], kind, values)
        state[_state_name(name)] = _shaped(name, tensor, hidden)
    return state


def _tensor(name: str, data: memoryview, kind: int, values: int) -> NDArray[np.float32]:
    if kind == 0:
        return np.frombuffer(data, "<f4", values).astype(np.float32)
    if kind != 1:
        raise PackError(f"tensor {name} is of unknown type {kind}")
    blocks = np.frombuffer(data, _BLOCK_TYPE, values // _BLOCK)
    halves = blocks["halves"]
    quantized = np.concatenate([halves & 15, halves >> 4], axis=1).astype(np.float32) - 8
    return (quantized * blocks["scale"].astype(np.float32)[:, np.newaxis]).reshape(-1)


def _shaped(name: str, tensor: NDArray[np.float32], hidden: int) -> NDArray[np.float32]:
    """Vectors stay vectors; a matrix has as many columns as its input is wide."""
    if name.endswith(".b") or name.endswith("ln.w"):
        return tensor
    columns = len(tensor) // hidden if name.endswith(".fo.w") else hidden
    return tensor.reshape(-1, columns)


def _state_name(name: str) -> str:
    if name in _EMBEDDINGS:
        return _EMBEDDINGS[name]
    layer, part, parameter = (*name.split("."), "", "")[:3]
    if not layer.startswith("l") or part not in _LAYER_PARTS or parameter not in _PARAMETER:
        raise PackError(f"unknown tensor {name}")
    return f"encoder.layer.{layer[1:]}.{_LAYER_PARTS[part]}.{_PARAMETER[parameter]}"
