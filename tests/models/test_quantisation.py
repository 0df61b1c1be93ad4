"""Matrices in 8 bits: close to what they were, and used only where results are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bienc_cli.models import (
    load_cross_encoder,
    openvino_conversion,
    openvino_quantisation,
    openvino_runtime,
)
from bienc_cli.models.openvino_blocks import linear, ops, rows
from bienc_cli.models.openvino_quantisation import quantise
from bienc_cli.models.openvino_runtime import import_openvino
from model_samples import WORDS, write_architecture

PAIRS = [(" ".join(WORDS[:n]), " ".join(WORDS[n : 3 * n])) for n in range(1, 9)]


def graph_of(table: NDArray[np.float32], weight: NDArray[np.float32]) -> Any:
    """Ids to the product of their rows with a matrix."""
    ids = ops().parameter([-1], np.int64, name="ids")
    product = linear(rows(table, ids), weight, None)
    return import_openvino().Model([ops().result(product)], [ids], "graph")


def computed(graph: Any, ids: list[int]) -> NDArray[np.float32]:
    # The numbers themselves, not how a CPU multiplies by them.
    exact = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
    compiled = import_openvino().Core().compile_model(graph, "CPU", exact)
    return np.array(compiled([np.array(ids, dtype=np.int64)])[0])


def test_a_product_is_off_by_half_a_step_of_each_row_at_most() -> None:
    random = np.random.default_rng(0)
    table = random.normal(size=(9, 48)).astype(np.float32)
    # Rows of unlike sizes, which one scale for all could not hold, and one of zeros.
    weight = (random.normal(size=(32, 48)) * np.geomspace(1e-4, 1e3, 32)[:, None]).astype("f4")
    weight[7] = 0
    ids = list(range(9))
    exact = table @ weight.T
    graph = graph_of(table, weight)
    quantise(graph)
    kinds = [op.get_element_type().get_type_name() for op in graph.get_ops()]
    assert kinds.count("i8") == 1
    step = np.abs(weight).max(axis=1) / 127
    most = np.abs(table).sum(axis=1)[:, None] * step / 2
    off = np.abs(computed(graph, ids) - exact)
    assert (off <= most * 1.01 + 1e-6).all()
    assert off.max() > 0
    assert not off[:, 7].any()


def test_what_is_looked_up_stays_as_it_is() -> None:
    table = np.random.default_rng(1).normal(size=(9, 8)).astype(np.float32)
    graph = graph_of(table, np.eye(8, dtype=np.float32))
    quantise(graph)
    np.testing.assert_allclose(computed(graph, [3, 5]), table[[3, 5]], rtol=1e-6)


@pytest.fixture
def without_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a CPU without AMX."""
    monkeypatch.setattr(openvino_conversion, "prefers_8_bits", lambda: True)


def test_a_cpu_with_tiles_keeps_its_floats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = write_architecture(tmp_path / "model", "bert", labels=1)
    runtimes = []
    for flags in ("fpu amx_bf16 amx_tile amx_int8", "fpu avx512_vnni"):
        (tmp_path / "cpuinfo").write_text(f"flags : {flags}\n")
        monkeypatch.setattr(openvino_runtime, "_CPU", tmp_path / "cpuinfo")
        openvino_runtime.prefers_8_bits.cache_clear()
        encoder = load_cross_encoder(str(directory), cache_dir=tmp_path / "cache", offline=True)
        runtimes.append(encoder.runtime)
    openvino_runtime.prefers_8_bits.cache_clear()
    assert "int8" not in runtimes[0]
    assert runtimes[1] == "openvino cpu int8"


@pytest.mark.usefixtures("without_tiles")
def test_a_cross_encoder_is_read_in_8_bits(tmp_path: Path) -> None:
    directory = write_architecture(tmp_path / "model", "bert", labels=1)
    fast = load_cross_encoder(str(directory), cache_dir=tmp_path / "cache", offline=True)
    assert fast.runtime == "openvino cpu int8"
    torch = load_cross_encoder(
        str(directory), cache_dir=tmp_path / "cache", offline=True, runtime="torch"
    )
    np.testing.assert_allclose(
        fast.score_pairs(PAIRS).logits, torch.score_pairs(PAIRS).logits, atol=0.1
    )


@pytest.mark.usefixtures("without_tiles")
def test_one_whose_logits_would_be_far_off_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So few steps that little is left of a matrix.
    monkeypatch.setattr(openvino_quantisation, "_LARGEST", 1)
    directory = write_architecture(tmp_path / "model", "bert", labels=1)
    for _ in range(2):
        encoder = load_cross_encoder(str(directory), cache_dir=tmp_path / "cache", offline=True)
        assert encoder.runtime in ("openvino cpu bf16", "openvino cpu fp32")
    (converted,) = (tmp_path / "cache" / "openvino").glob("[!.]*")
    assert not list(converted.glob("quantised*"))
