"""Graphs built from the weights, against torch: every architecture, each with random weights."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from bienc_cli.models import Role, load_bi_encoder, load_cross_encoder, resolve_model
from bienc_cli.models.openvino_blocks import distance_buckets
from bienc_cli.models.openvino_builder import built_graph
from bienc_cli.models.openvino_encoders import ENCODERS, NotPlain
from bienc_cli.models.openvino_runtime import OpenVinoGraph, import_openvino
from bienc_cli.models.resolve import ResolvedModel
from bienc_cli.models.tokenization import ModelTokenizer
from model_samples import ARCHITECTURES, WORDS, write_architecture, write_modules

TEXTS = [" ".join(WORDS[i : i + 1 + (7 * i) % 23]) for i in range(12)] + ["", "北京 🙂 one two"]
LONG = [" ".join(WORDS[n % len(WORDS)] for n in range(i, i + 40 + 11 * i)) for i in range(3)]


def resolved(directory: Path, role: Role) -> ResolvedModel:
    return resolve_model(str(directory), role, cache_dir=directory.parent / "cache", offline=True)


def run(model: ResolvedModel, texts: list[Any], directory: Path) -> NDArray[np.float32]:
    """What the built graph computes in float32, one padded batch."""
    assert model.files.tokenizer_json is not None
    tokenizer = ModelTokenizer.from_file(model.files.tokenizer_json, pad_id=0)
    graph = built_graph(model.files, tokenizer.vocabulary)
    import_openvino().save_model(graph, directory / "m.xml", compress_to_fp16=False)
    compiled = OpenVinoGraph(directory / "m.xml", precision="f32", threads=1, compiled_cache=None)
    limit = model.files.max_tokens
    if model.files.role is Role.BI_ENCODER:
        return compiled(tokenizer.pad(tokenizer.encode(texts, limit), multiple=16, limit=limit))
    inputs, _ = tokenizer.encode_pairs(texts, limit)
    return compiled(tokenizer.pad(inputs, multiple=16, limit=limit))


def cosines(found: NDArray[np.float32], expected: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    return np.sum(found * expected, axis=1) / lengths


def test_every_architecture_has_a_sample() -> None:
    assert {name.split(",")[0] for name in ARCHITECTURES} == set(ENCODERS)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("pooling", ["cls", "mean", "max", "cls+mean"])
def test_vectors_are_those_of_torch(name: str, pooling: str, tmp_path: Path) -> None:
    directory = write_architecture(tmp_path / "model", name, pooling=pooling)
    found = run(resolved(directory, Role.BI_ENCODER), TEXTS, tmp_path)
    torch = load_bi_encoder(str(directory), cache_dir=tmp_path, offline=True, runtime="torch")
    expected = torch.encode_passages(TEXTS)
    assert found.shape == expected.shape
    assert cosines(found, expected).min() >= 0.99999
    # Unlike texts have unlike vectors: else any graph would pass.
    assert (found[0] @ found[5]) / np.linalg.norm(found[0]) / np.linalg.norm(found[5]) < 0.999


@pytest.mark.parametrize("labels", [1, 3])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_logits_are_those_of_torch(name: str, labels: int, tmp_path: Path) -> None:
    directory = write_architecture(tmp_path / "model", name, labels=labels)
    pairs = [(a, b) for a in TEXTS[:3] for b in TEXTS]
    found = run(resolved(directory, Role.CROSS_ENCODER), pairs, tmp_path)
    torch = load_cross_encoder(str(directory), cache_dir=tmp_path, offline=True, runtime="torch")
    expected = torch.score_pairs(pairs).logits
    assert found.shape == expected.shape == (len(pairs), labels)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert np.ptp(expected, axis=0).min() > 0.1


def test_of_the_last_layer_only_what_counts_is_computed(tmp_path: Path) -> None:
    lengths = {}
    for pooling in ("cls", "mean"):
        directory = write_architecture(tmp_path / pooling, "bert", pooling=pooling)
        files = resolved(directory, Role.BI_ENCODER).files
        graph = built_graph(files, files.config["vocab_size"])
        products = [one for one in graph.get_ordered_ops() if one.get_type_name() == "MatMul"]
        shapes = [one.output(0).partial_shape for one in products]
        lengths[pooling] = sum(
            shape[1].is_static and shape[1].get_length() == 1 for shape in shapes
        )
    # Query, what attention has mixed, and both halves of the feed-forward.
    assert lengths == {"cls": 4, "mean": 0}


def test_long_texts_reach_the_far_buckets_of_distance(tmp_path: Path) -> None:
    directory = write_architecture(tmp_path / "model", "mpnet")
    settings = directory / "tokenizer_config.json"
    content = json.loads(settings.read_text()) | {"model_max_length": 256}
    settings.write_text(json.dumps(content))
    found = run(resolved(directory, Role.BI_ENCODER), LONG, tmp_path)
    torch = load_bi_encoder(str(directory), cache_dir=tmp_path, offline=True, runtime="torch")
    assert torch.identity.max_tokens == 256
    assert cosines(found, torch.encode_passages(LONG)).min() >= 0.99999


def test_buckets_of_distance_are_those_of_transformers() -> None:
    import torch
    from transformers.models.mpnet.modeling_mpnet import MPNetEncoder

    distances = np.arange(-600, 601)
    expected = MPNetEncoder.relative_position_bucket(torch.from_numpy(distances), num_buckets=32)
    np.testing.assert_array_equal(distance_buckets(distances, 32), expected.numpy())


def test_half_precision_weights_are_computed_in_full(tmp_path: Path) -> None:
    half = write_architecture(tmp_path / "half", "bert", half=True)
    full = write_architecture(tmp_path / "full", "bert")
    weights = half / "model.safetensors"
    assert {t.dtype for t in load_file(weights).values()} == {np.dtype(np.float16)}
    ours = run(resolved(half, Role.BI_ENCODER), TEXTS, tmp_path)
    assert cosines(ours, run(resolved(full, Role.BI_ENCODER), TEXTS, tmp_path)).min() >= 0.9999


def test_a_checkpoint_with_a_head_is_a_bi_encoder_too(tmp_path: Path) -> None:
    """Its tensors' names begin with the encoder's; the head is no part of it."""
    directory = write_architecture(tmp_path / "model", "roberta", labels=1)
    write_modules(directory)
    found = run(resolved(directory, Role.BI_ENCODER), TEXTS, tmp_path)
    torch = load_bi_encoder(str(directory), cache_dir=tmp_path, offline=True, runtime="torch")
    assert cosines(found, torch.encode_passages(TEXTS)).min() >= 0.99999


def changed_json(file: str, **values: object) -> Any:
    def change(directory: Path) -> None:
        content = json.loads((directory / file).read_text()) if (directory / file).exists() else {}
        (directory / file).write_text(json.dumps(content | values))

    return change


def with_tensor(name: str) -> Any:
    def change(directory: Path) -> None:
        file = directory / "model.safetensors"
        save_file(load_file(file) | {name: np.zeros((4, 4), np.float32)}, file)

    return change


def without_tensor(name: str) -> Any:
    def change(directory: Path) -> None:
        file = directory / "model.safetensors"
        tensors = load_file(file)
        del tensors[name]
        save_file(tensors, file)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (changed_json("config.json", model_type="electra"), "architecture"),
        (changed_json("config.json", hidden_act="gelu_new"), "activation"),
        (changed_json("config.json", position_embedding_type="relative_key"), "relative_key"),
        (changed_json("config.json", is_decoder=True), "is_decoder"),
        (changed_json("config.json", auto_map={"AutoModel": "mine.Model"}), "auto_map"),
        (changed_json("config.json", quantization_config={"bits": 4}), "quantization_config"),
        (changed_json("config.json", num_hidden_layers=1), "not known"),
        (changed_json("config.json", num_hidden_layers=3), "have no"),
        (changed_json("config.json", num_attention_heads=5), "fit together"),
        (changed_json("config.json", num_attention_heads=None), "fit together"),
        (changed_json("config.json", vocab_size=4), "without a vector"),
        (changed_json("sentence_bert_config.json", do_lower_case=True), "do_lower_case"),
        (changed_json("sentence_bert_config.json", query_length=8), "query_length"),
        (changed_json("tokenizer_config.json", tokenizer_class="MyTokenizer"), "MyTokenizer"),
        (changed_json("1_Pooling/config.json", pooling_mode="lasttoken"), "lasttoken"),
        (with_tensor("encoder.layer.0.attention.self.distance.weight"), "not known"),
        (without_tensor("encoder.layer.1.output.dense.weight"), "have no"),
    ],
)
def test_what_is_not_known_is_left_to_torch(change: Any, reason: str, tmp_path: Path) -> None:
    directory = write_architecture(tmp_path / "model", "bert")
    change(directory)
    model = resolved(directory, Role.BI_ENCODER)
    with pytest.raises(NotPlain, match=reason):
        built_graph(model.files, 30)


def test_a_tokenizer_whose_settings_contradict_it_is_left_to_torch(tmp_path: Path) -> None:
    directory = write_architecture(tmp_path / "model", "bert")
    changed_json("tokenizer_config.json", tokenizer_class="BertTokenizer", do_lower_case=False)(
        directory
    )
    content = json.loads((directory / "tokenizer.json").read_text())
    content["normalizer"] = {"type": "BertNormalizer", "lowercase": True}
    (directory / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(NotPlain, match="contradict"):
        built_graph(resolved(directory, Role.BI_ENCODER).files, 30)


def test_the_first_use_of_a_known_architecture_imports_no_torch(tmp_path: Path) -> None:
    models = [
        (
            str(write_architecture(tmp_path / name / "bi", name)),
            str(write_architecture(tmp_path / name / "cross", name, labels=1)),
        )
        for name in ARCHITECTURES
    ]
    code = f"""
import sys
from pathlib import Path
from bienc_cli.models import load_bi_encoder, load_cross_encoder
where = dict(cache_dir=Path({str(tmp_path)!r}), offline=True, runtime="openvino")
for one, other in {models!r}:
    bi_encoder, cross_encoder = load_bi_encoder(one, **where), load_cross_encoder(other, **where)
    print(bi_encoder.notes, cross_encoder.notes, bi_encoder.encode_queries(["one"]).shape)
    heavy = ("torch", "transformers", "sentence_transformers")
    print([name for name in heavy if name in sys.modules], one)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = [line for one, _ in models for line in ("() () (1, 32)", f"[] {one}")]
    assert done.stdout.splitlines() == expected
    assert done.stderr == ""
