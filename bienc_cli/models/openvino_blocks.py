"""The building blocks of encoders as OpenVINO operations, one function each.

Graph nodes have no static type, hence `Any`. Shapes use B inputs, S tokens, H heads, D hidden.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bienc_cli.models.openvino_runtime import import_openvino

Array = NDArray[np.float32]

MASKED = -1e30
"""Added to the score of a token that must not be attended to. The lowest float would be minus
infinity in bfloat16, and a row of only that yields NaN."""


def ops() -> Any:
    """The operation set that includes attention as one operation."""
    import_openvino()
    from openvino import opset13

    return opset13


def length_of(input_ids: Any) -> Any:
    """S, as a scalar."""
    return ops().gather(ops().shape_of(input_ids), np.int64(1), np.int64(0))


def rows(table: Array, indices: Any) -> Any:
    """The rows of a table at `indices`."""
    return ops().gather(ops().constant(table), indices, np.int64(0))


def first_rows(table: Array, count: Any) -> Any:
    """The first `count` rows of a table."""
    return rows(table, ops().range(np.int64(0), count, np.int64(1), "i64"))


def positions_after(input_ids: Any, pad_id: int) -> Any:
    """Positions counted from `pad_id` + 1, where padding keeps `pad_id`: (B, S)."""
    is_token = ops().convert(ops().not_equal(input_ids, np.int64(pad_id)), "i64")
    return ops().add(
        ops().multiply(ops().cum_sum(is_token, np.int64(1)), is_token), np.int64(pad_id)
    )


def linear(x: Any, weight: Array, bias: Array | None) -> Any:
    """`x @ weight.T + bias`."""
    product = ops().matmul(x, ops().constant(weight), False, True)
    return product if bias is None else ops().add(product, ops().constant(bias))


def layer_norm(x: Any, weight: Array, bias: Array | None, epsilon: float) -> Any:
    """Zero mean and unit variance over the last axis, then scale and shift."""
    normed = ops().mvn(x, np.array([-1], np.int64), True, epsilon, "INSIDE_SQRT")
    scaled = ops().multiply(normed, ops().constant(weight))
    return scaled if bias is None else ops().add(scaled, ops().constant(bias))


ACTIVATIONS = ("gelu", "relu", "silu", "tanh")
"""Those that can be built, by their names in a model's configuration."""


def activation(x: Any, name: str) -> Any:
    """One of `ACTIVATIONS`."""
    if name == "gelu":
        return ops().gelu(x, "ERF")
    return {"relu": ops().relu, "silu": ops().swish, "tanh": ops().tanh}[name](x)


def split_heads(x: Any, heads: int) -> Any:
    """From (B, S, D) to (B, H, S, D / H)."""
    parts = ops().reshape(x, np.array([0, 0, heads, -1], np.int64), True)
    return ops().transpose(parts, np.array([0, 2, 1, 3], np.int64))


def attention(query: Any, key: Any, value: Any, mask: Any) -> Any:
    """Softmax attention of split heads under an additive mask, heads joined again: (B, S, D)."""
    attended = ops().scaled_dot_product_attention(query, key, value, mask)
    joined = ops().transpose(attended, np.array([0, 2, 1, 3], np.int64))
    return ops().reshape(joined, np.array([0, 0, -1], np.int64), True)


def additive_mask(attention_mask: Any) -> Any:
    """0 where a token may be attended to, `MASKED` otherwise: (B, 1, 1, S)."""
    visible = ops().unsqueeze(
        ops().not_equal(attention_mask, np.int64(0)), np.array([1, 2], np.int64)
    )
    return ops().select(visible, np.float32(0), np.float32(MASKED))


def distances(length: Any) -> Any:
    """Key position minus query position: (S, S)."""
    places = ops().range(np.int64(0), length, np.int64(1), "i64")
    return ops().subtract(
        ops().unsqueeze(places, np.int64(0)), ops().unsqueeze(places, np.int64(1))
    )


def window_mask(length: Any, reach: int) -> Any:
    """0 within `reach` tokens to either side, `MASKED` beyond: (S, S)."""
    within = ops().less_equal(ops().abs(distances(length)), np.int64(reach))
    return ops().select(within, np.float32(0), np.float32(MASKED))


def bucketed_bias(table: Array, length: Any, positions: int) -> Any:
    """A learnt bias per head and bucket of distance, as in T5: (1, H, S, S).

    Args:
        table: shape (buckets, H).
        length: S.
        positions: the maximum of S.
    """
    bias = table[distance_buckets(np.arange(1 - positions, positions), len(table))]
    gathered = rows(bias, ops().add(distances(length), np.int64(positions - 1)))
    return ops().unsqueeze(ops().transpose(gathered, np.array([2, 0, 1], np.int64)), np.int64(0))


def distance_buckets(distances: NDArray[np.int64], buckets: int) -> NDArray[np.int64]:
    """Small distances have their own bucket, larger ones one by their logarithm, up to 128."""
    half = buckets // 2
    exact = half // 2
    size = np.abs(distances)
    # In float32, as in torch, because rounding decides at a bucket's edge.
    ratio = np.log(np.maximum(size, 1).astype(np.float32) / exact) / np.float32(np.log(128 / exact))
    far = np.minimum(exact + (ratio * (half - exact)).astype(np.int64), half - 1)
    return np.where(distances > 0, half, 0) + np.where(size < exact, size, far)


def rotary_tables(positions: int, width: int, base: float) -> tuple[Array, Array]:
    """Cosines and sines of every position's angles, shape (positions, width)."""
    frequencies = 1 / base ** (np.arange(0, width, 2, dtype=np.float32) / width)
    angles = np.outer(np.arange(positions, dtype=np.float32), frequencies.astype(np.float32))
    doubled = np.concatenate([angles, angles], axis=1)
    return np.cos(doubled), np.sin(doubled)


def rotated(x: Any, cosines: Any, sines: Any) -> Any:
    """Split heads, rotated by their positions' angles."""
    first, second = ops().split(x, np.int64(-1), 2).outputs()
    turned = ops().concat([ops().negative(second), first], -1)
    return ops().add(ops().multiply(x, cosines), ops().multiply(turned, sines))


def first_along(x: Any, axis: int) -> Any:
    """The first slice along an axis, which remains with length 1."""
    return ops().gather(x, np.array([0], np.int64), np.int64(axis))


def first_token(x: Any) -> Any:
    """From (B, S, D) to (B, D): the first token."""
    return ops().gather(x, np.int64(0), np.int64(1))


def mean_token(x: Any, attention_mask: Any) -> Any:
    """From (B, S, D) to (B, D): the mean over tokens that are not padding."""
    weights = ops().unsqueeze(ops().convert(attention_mask, "f32"), np.int64(-1))
    total = ops().reduce_sum(ops().multiply(x, weights), np.array([1], np.int64))
    count = ops().reduce_sum(weights, np.array([1], np.int64))
    return ops().divide(total, ops().maximum(count, np.float32(1e-9)))


def max_token(x: Any, attention_mask: Any) -> Any:
    """From (B, S, D) to (B, D): the maximum over tokens that are not padding."""
    visible = ops().unsqueeze(ops().not_equal(attention_mask, np.int64(0)), np.int64(-1))
    return ops().reduce_max(ops().select(visible, x, np.float32(MASKED)), np.array([1], np.int64))
