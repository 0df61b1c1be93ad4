"""The models with an alias, from their carriers to the published figures."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bienc_cli.models import (
    KNOWN_MODELS,
    Role,
    identify_bi_encoder,
    known_models,
    load_bi_encoder,
    load_cross_encoder,
    resolve_model,
)
from bienc_cli.models.cache import converted_directory
from bienc_cli.models.openvino_builder import built_graph
from bienc_cli.models.openvino_runtime import OpenVinoGraph, import_openvino
from bienc_cli.models.registry import known_model
from bienc_cli.models.resolve import ResolvedModel
from bienc_cli.models.tokenization import ModelTokenizer
from bienc_cli.types import BiEncoder, CrossEncoder, PairScores

pytestmark = pytest.mark.models

QUESTION = "How many people live in Berlin?"
BERLIN = "Berlin has a population of 3,520,031 registered inhabitants."
BERLIN_WITH_AREA = BERLIN[:-1] + " in an area of 891.82 square kilometers."
NEW_YORK = "New York City is famous for the Metropolitan Museum of Art."
BI_ENCODERS = [model.alias for model in KNOWN_MODELS if model.role is Role.BI_ENCODER]
CROSS_ENCODER = "ms-marco-minilm-l12"
SAMPLES = Path(__file__).parents[2] / "sample_docs"


def passages() -> list[str]:
    """Real texts of many lengths: this project's own documentation and code."""
    root = Path(__file__).parents[2]
    files = sorted([*root.glob("bienc_cli/**/*.py"), *root.glob("*.md"), *SAMPLES.rglob("*.md")])
    texts = [part for file in files for part in file.read_text("utf-8").split("\n\n")]
    return [text for text in texts if text.strip()][:120:8]


TEXTS = [*passages(), "One word after another, and then some more. " * 80]
PAIRS = [(QUESTION, text) for text in (QUESTION, BERLIN_WITH_AREA, NEW_YORK, BERLIN, *passages())]


@dataclass(frozen=True)
class OfTorch:
    """A bi-encoder as torch runs it, and its vectors of `TEXTS` as queries."""

    alias: str
    encoder: BiEncoder
    vectors: np.ndarray


@pytest.fixture(scope="module", params=BI_ENCODERS)
def of_torch(request: pytest.FixtureRequest, model_cache: Path) -> OfTorch:
    encoder = load_bi_encoder(request.param, cache_dir=model_cache, offline=True, runtime="torch")
    return OfTorch(request.param, encoder, encoder.encode_queries(TEXTS))


@pytest.fixture(scope="module")
def cross_encoder_of_torch(model_cache: Path) -> CrossEncoder:
    return load_cross_encoder(CROSS_ENCODER, cache_dir=model_cache, offline=True, runtime="torch")


@pytest.fixture(scope="module")
def scores_of_torch(cross_encoder_of_torch: CrossEncoder) -> PairScores:
    """Of `PAIRS`."""
    return cross_encoder_of_torch.score_pairs(PAIRS)


@pytest.mark.parametrize("of_torch", ["granite-30m"], indirect=True)
def test_granite_reproduces_its_published_cosines(of_torch: OfTorch) -> None:
    encoder = of_torch.encoder
    similarities = (
        encoder.encode_queries([QUESTION]) @ encoder.encode_passages([BERLIN, NEW_YORK]).T
    )
    np.testing.assert_allclose(similarities[0], [0.927, 0.560], atol=6e-4)


def test_the_cross_encoder_reproduces_its_published_logits(
    cross_encoder_of_torch: CrossEncoder,
) -> None:
    pairs = [(QUESTION, BERLIN_WITH_AREA), (QUESTION, NEW_YORK)]
    logits = cross_encoder_of_torch.score_pairs(pairs).logits
    np.testing.assert_allclose(logits[:, 0], [9.27, -11.19], atol=6e-3)


def test_every_tensor_of_the_cross_encoder_is_loaded(model_cache: Path) -> None:
    import torch
    from safetensors.numpy import load_file
    from transformers import BertConfig, BertForSequenceClassification

    model = known_model(CROSS_ENCODER)
    assert model is not None
    directory = converted_directory(model, model_cache)
    assert directory is not None
    state = {k: torch.from_numpy(v) for k, v in load_file(directory / "model.safetensors").items()}
    assert len(state) == 201
    module = BertForSequenceClassification(BertConfig.from_pretrained(str(directory)))
    module.load_state_dict(state, strict=True)


@pytest.mark.parametrize("alias", [model.alias for model in KNOWN_MODELS])
def test_the_registry_counts_the_weights_that_are_there(alias: str, model_cache: Path) -> None:
    from safetensors.numpy import load_file

    model = known_model(alias)
    assert model is not None
    directory = converted_directory(model, model_cache)
    assert directory is not None
    state = load_file(directory / "model.safetensors")
    assert model.parameters == sum(t.size for t in state.values() if t.dtype == np.float32)


def test_the_directory_loads_in_sentence_transformers(of_torch: OfTorch, model_cache: Path) -> None:
    from sentence_transformers import SentenceTransformer

    encoder = of_torch.encoder
    model = known_model(of_torch.alias)
    assert model is not None
    theirs = SentenceTransformer(str(converted_directory(model, model_cache)), device="cpu")
    assert theirs.max_seq_length == encoder.identity.max_tokens
    texts = [*passages()[:6], QUESTION, "北京 🙂 naïveté"]
    prompt = encoder.identity.passage_prompt
    expected = theirs.encode(texts, prompt=prompt, normalize_embeddings=True)
    np.testing.assert_allclose(encoder.encode_passages(texts), expected, atol=2e-5)
    for text in texts:
        ours = encoder.tokenizer.encode([text], encoder.identity.max_tokens)[0].ids
        assert list(ours) == theirs.tokenizer(text, truncation=True)["input_ids"]


def test_the_built_graph_is_torch_s_in_full_precision(
    of_torch: OfTorch, model_cache: Path, tmp_path: Path
) -> None:
    model = resolve_model(of_torch.alias, Role.BI_ENCODER, cache_dir=model_cache, offline=True)
    found = in_full_precision(model, TEXTS, tmp_path)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    assert np.sum(found * of_torch.vectors, axis=1).min() >= 0.99999


def test_the_built_cross_encoder_is_torch_s_in_full_precision(
    scores_of_torch: PairScores, model_cache: Path, tmp_path: Path
) -> None:
    model = resolve_model(CROSS_ENCODER, Role.CROSS_ENCODER, cache_dir=model_cache, offline=True)
    found = in_full_precision(model, PAIRS, tmp_path)
    np.testing.assert_allclose(found, scores_of_torch.logits, atol=0.02)


def in_full_precision(
    model: ResolvedModel, texts: list[str] | list[tuple[str, str]], directory: Path
) -> np.ndarray:
    """What the built graph gives for texts, or pairs, one row each."""
    assert model.tested
    assert model.files.tokenizer_json is not None
    pad_id = model.files.config["pad_token_id"]
    tokenizer = ModelTokenizer.from_file(model.files.tokenizer_json, pad_id=pad_id)
    path = directory / "model.xml"
    built = built_graph(model.files, tokenizer.vocabulary)
    import_openvino().save_model(built, path, compress_to_fp16=False)
    graph = OpenVinoGraph(path, precision="f32", threads=1, compiled_cache=None)
    limit = model.files.max_tokens
    if model.files.role is Role.CROSS_ENCODER:
        inputs, _ = tokenizer.encode_pairs(texts, limit)
    else:
        inputs = tokenizer.encode([model.files.query_prompt + text for text in texts], limit)
    # Of unequal lengths, but not all as long as the longest: padding is computed like words.
    lengths = np.array([len(one) for one in inputs])
    rows = np.argsort(lengths)
    found = []
    for part in np.split(rows, [np.sum(lengths <= 192)]):
        batch = tokenizer.pad([inputs[row] for row in part], multiple=16, limit=limit)
        found.append(graph(batch).reshape(len(part), -1))
    return np.concatenate(found)[np.argsort(rows)]


def test_openvino_gives_the_vectors_of_torch(of_torch: OfTorch, model_cache: Path) -> None:
    fast = load_bi_encoder(of_torch.alias, cache_dir=model_cache, offline=True, runtime="openvino")
    assert fast.runtime.startswith("openvino cpu")
    assert fast.identity == of_torch.encoder.identity
    cosines = np.sum(fast.encode_queries(TEXTS) * of_torch.vectors, axis=1)
    assert cosines.mean() >= 0.9999
    assert cosines.min() >= 0.999


def test_openvino_ranks_as_torch_does(scores_of_torch: PairScores, model_cache: Path) -> None:
    a = scores_of_torch
    fast = load_cross_encoder(
        CROSS_ENCODER, cache_dir=model_cache, offline=True, runtime="openvino"
    )
    assert fast.runtime.startswith("openvino cpu")
    b = fast.score_pairs(PAIRS)
    np.testing.assert_array_equal(a.truncated, b.truncated)
    np.testing.assert_allclose(a.logits, b.logits, atol=0.3)
    assert np.argsort(-a.logits[:, 0])[:2].tolist() == np.argsort(-b.logits[:, 0])[:2].tolist()


def test_identity_without_loading_is_the_loaded_one(model_cache: Path) -> None:
    identity = identify_bi_encoder("granite-30m", cache_dir=model_cache, offline=True)
    loaded = load_bi_encoder("granite-30m", cache_dir=model_cache, offline=True)
    assert loaded.identity == identity


def test_known_models_are_available_offline(model_cache: Path) -> None:
    states = known_models(model_cache)
    assert [state.model.alias for state in states] == [model.alias for model in KNOWN_MODELS]
    assert all(state.available_offline for state in states)
    assert sum(state.default for state in states) == 2


def test_not_even_the_first_use_imports_torch_or_prints(model_cache: Path, tmp_path: Path) -> None:
    # The fixture, which skips where the carriers are missing; here each use is the first.
    heavy = ["torch", "transformers", "sentence_transformers", "huggingface_hub"]
    heavy += ["openvino.tools.ovc", "openvino_telemetry"]
    code = f"""
import json, sys
from pathlib import Path
from bienc_cli.models import load_bi_encoder, load_cross_encoder
where = dict(cache_dir=Path({str(tmp_path)!r}), offline=True)
assert load_bi_encoder("granite-30m", **where).encode_queries(["a"]).shape == (1, 384)
cross_encoder = load_cross_encoder("ms-marco-minilm-l12", **where)
assert cross_encoder.score_pairs([("a", "b")]).logits.shape == (1, 1)
print(json.dumps([name for name in {heavy!r} + ["onnx"] * converted if name in sys.modules]))
"""
    for converted in (0, 1):
        done = subprocess.run(
            [sys.executable, "-c", f"converted = {converted}\n{code}"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == []
        assert done.stderr == ""


def test_two_processes_may_convert_at_once(model_cache: Path, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from bienc_cli.models import load_bi_encoder
encoder = load_bi_encoder("minilm", cache_dir=Path({str(tmp_path)!r}), offline=True)
print(encoder.runtime, encoder.identity.fingerprint, encoder.encode_queries(["a"]).shape)
"""
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ends = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert ends[0] == ends[1]
    assert ends[0][1] == ""
    assert len(list((tmp_path / "openvino").glob("[!.]*"))) == 1
    assert not list(tmp_path.rglob("*.partial"))
