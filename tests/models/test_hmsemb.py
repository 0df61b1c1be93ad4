import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.models.hmsemb import PackError, read_pack, roberta_state

TOKENIZER = b'{"version": "1.0"}'


def pack_bytes(tensors: list[tuple[str, np.ndarray, int]]) -> bytes:
    """A pack written from the format's description; group 0 means float32."""
    entries, blobs = [], []
    for name, values, group in tensors:
        if group:
            flat = values.reshape(-1, group)
            scales = (np.abs(flat).max(axis=1) / 127).astype("<f4")
            scales[scales == 0] = 1
            blob = np.rint(flat / scales[:, None]).astype(np.int8).tobytes() + scales.tobytes()
        else:
            blob = values.astype("<f4").tobytes()
        entries.append(
            {
                "name": name,
                "dtype": "i8" if group else "f32",
                "shape": list(values.shape),
                "len": len(blob),
                "group": group,
            }
        )
        blobs.append(blob)
    header = json.dumps(
        {"meta": {}, "arch": {}, "tokenizer_len": len(TOKENIZER), "tensors": entries}
    ).encode()
    return b"HMSEMB01" + struct.pack("<Q", len(header)) + header + TOKENIZER + b"".join(blobs)


@given(rows=st.integers(1, 5), groups=st.integers(1, 3), seed=st.integers(0, 2**16))
def test_quantized_values_come_back_within_half_a_step(
    rows: int, groups: int, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    values = np.random.default_rng(seed).normal(size=(rows, groups * 64)).astype(np.float32)
    path = tmp_path_factory.mktemp("pack") / "pack"
    path.write_bytes(pack_bytes([("word_emb", values, 64)]))
    found = read_pack(path).tensors["word_emb"]
    step = np.abs(values.reshape(-1, 64)).max(axis=1) / 127
    error = np.abs(found - values).reshape(-1, 64).max(axis=1)
    assert found.dtype == np.float32
    assert (error <= step / 2 + 1e-6).all()


def test_tensors_get_the_names_of_the_torch_module(tmp_path: Path) -> None:
    stacked = np.arange(3 * 4 * 4, dtype=np.float32).reshape(12, 4)
    path = tmp_path / "pack"
    path.write_bytes(
        pack_bytes(
            [
                ("emb_ln.w", np.ones(4), 0),
                ("l3.qkv.w", stacked, 0),
                ("l3.fln.b", np.zeros(4), 0),
                ("l10.f1.w", np.ones((8, 4)), 0),
            ]
        )
    )
    state = roberta_state(read_pack(path))
    np.testing.assert_array_equal(state["encoder.layer.3.attention.self.key.weight"], stacked[4:8])
    assert set(state) == {
        "embeddings.LayerNorm.weight",
        "encoder.layer.3.attention.self.query.weight",
        "encoder.layer.3.attention.self.key.weight",
        "encoder.layer.3.attention.self.value.weight",
        "encoder.layer.3.output.LayerNorm.bias",
        "encoder.layer.10.intermediate.dense.weight",
    }


def test_the_tokenizer_is_taken_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "pack"
    path.write_bytes(pack_bytes([("emb_ln.w", np.ones(4), 0)]))
    assert read_pack(path).tokenizer_json == TOKENIZER


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"ONNX" + data[4:],
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:12],
        lambda data: data[:16] + b"[" + data[17:],
    ],
    ids=["magic", "cut off", "too long", "no header", "broken header"],
)
def test_a_damaged_pack_is_refused(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "pack"
    path.write_bytes(damage(pack_bytes([("word_emb", np.ones((2, 64)), 64)])))  # type: ignore[operator]
    with pytest.raises(PackError):
        read_pack(path)


@pytest.mark.parametrize("name", ["l0.moe.w", "l0.qkv", "head.w", "l0.ao.scale"])
def test_an_unknown_tensor_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "pack"
    path.write_bytes(pack_bytes([(name, np.ones(4), 0)]))
    with pytest.raises(PackError, match=name):
        roberta_state(read_pack(path))
