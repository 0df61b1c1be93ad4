"""Both runtimes on small random models in a directory, against sentence-transformers itself."""

from pathlib import Path

import numpy as np
import pytest

from bienc_cli.models import load_bi_encoder, load_cross_encoder, openvino_conversion
from bienc_cli.types import BiEncoder, CrossEncoder
from model_samples import WORDS, write_modules, write_random_model

RUNTIMES = ("torch", "openvino")
TEXTS = [" ".join(WORDS[i : i + 1 + (7 * i) % 23]) for i in range(12)] + ["", "北京 🙂"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", params=["built", "traced"])
def directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    plain = request.param == "built"
    pooling = "mean" if plain else "cls"
    path = tmp_path_factory.mktemp("models") / "bi"
    write_random_model(path, pooling=pooling, plain=plain)
    write_modules(path, pooling=pooling, prompts={"query": "query two ", "document": "passage "})
    return path


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bi-encoder that has to be traced."""
    return write_random_model(tmp_path_factory.mktemp("models") / "strange", plain=False)


@pytest.fixture(scope="module")
def strange_cross(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder that has to be traced."""
    return write_random_model(tmp_path_factory.mktemp("models") / "odd", labels=1, plain=False)


@pytest.fixture(scope="module", params=[1, 3], ids=["one label", "three labels"])
def cross_directory(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    return write_random_model(tmp_path_factory.mktemp("models") / "ce", labels=request.param)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_vectors_are_those_of_sentence_transformers(
    directory: Path, cache: Path, runtime: str
) -> None:
    from sentence_transformers import SentenceTransformer

    encoder = load_bi_encoder(str(directory), cache_dir=cache, offline=True, runtime=runtime)
    assert encoder.runtime.startswith(runtime)
    theirs = SentenceTransformer(str(directory), device="cpu", local_files_only=True)
    theirs.max_seq_length = encoder.identity.max_tokens
    for ours, expected in (
        (encoder.encode_queries(TEXTS), theirs.encode_query(TEXTS)),
        (encoder.encode_passages(TEXTS), theirs.encode_document(TEXTS)),
    ):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)
        # bfloat16 where the CPU has it; random weights are unkinder to it than trained ones.
        assert (np.sum(ours * expected, axis=1) > 0.999).all()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_order_and_batches_change_nothing(directory: Path, cache: Path, runtime: str) -> None:
    encoder = load_bi_encoder(str(directory), cache_dir=cache, offline=True, runtime=runtime)
    together = encoder.encode_passages(TEXTS)
    alone = np.concatenate([encoder.encode_passages([text]) for text in reversed(TEXTS)])[::-1]
    assert (np.sum(together * alone, axis=1) > 0.999).all()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_no_texts_no_vectors(directory: Path, cache: Path, runtime: str) -> None:
    encoder = load_bi_encoder(str(directory), cache_dir=cache, offline=True, runtime=runtime)
    assert encoder.encode_passages([]).shape == (0, 32)
    assert encoder.encode_queries([]).shape == (0, 32)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_logits_are_those_of_sentence_transformers(
    cross_directory: Path, cache: Path, runtime: str
) -> None:
    import torch
    from sentence_transformers import CrossEncoder as Theirs

    encoder = load_cross_encoder(
        str(cross_directory), cache_dir=cache, offline=True, runtime=runtime
    )
    theirs = Theirs(str(cross_directory), device="cpu", local_files_only=True)
    pairs = [(a, b) for a in TEXTS[:4] for b in TEXTS]
    scores = encoder.score_pairs(pairs)
    fit = ~scores.truncated
    expected = theirs.predict(pairs, activation_fn=torch.nn.Identity()).reshape(len(pairs), -1)
    assert scores.logits.shape == (len(pairs), len(encoder.identity.labels))
    assert 0 < fit.sum() < len(pairs)
    np.testing.assert_allclose(scores.logits[fit], expected[fit], atol=0.1)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_no_pairs_no_scores(cross_directory: Path, cache: Path, runtime: str) -> None:
    encoder = load_cross_encoder(
        str(cross_directory), cache_dir=cache, offline=True, runtime=runtime
    )
    scores = encoder.score_pairs([])
    assert scores.logits.shape == (0, len(encoder.identity.labels))
    assert scores.truncated.shape == (0,)


def test_only_the_passage_is_cut(cross_directory: Path, cache: Path) -> None:
    encoder = load_cross_encoder(str(cross_directory), cache_dir=cache, offline=True)
    # 32 tokens, 3 of them special: 5 of the query and 24 of the passage are read.
    query, passage = "how many people live in", " ".join(WORDS[:24])
    longer = (passage, passage + " one", passage + " two three")
    scores = encoder.score_pairs([(query, text) for text in longer])
    assert scores.truncated.tolist() == [False, True, True]
    np.testing.assert_allclose(scores.logits[1:], scores.logits[[0, 0]], atol=1e-3)


def test_a_graph_that_differs_from_torch_is_not_used(
    strange: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_conversion, "EXACT", -1.0)
    first: BiEncoder = load_bi_encoder(str(strange), cache_dir=tmp_path, offline=True)
    assert first.runtime == "torch cpu fp32"
    assert "differs from torch" in first.notes[0]

    def never(*_: object) -> None:
        raise AssertionError("the verdict is remembered")

    monkeypatch.setattr(openvino_conversion, "_write_graph", never)
    second = load_bi_encoder(str(strange), cache_dir=tmp_path, offline=True)
    assert second.notes == first.notes


def test_a_module_that_cannot_be_traced_runs_on_torch(
    strange_cross: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentence_transformers.base.modules import Transformer

    forward = Transformer.forward

    def untraceable(self: Transformer, features: dict[str, object], **kwargs: object) -> object:
        import torch

        if torch.jit.is_tracing():
            raise RuntimeError("depends on the data")
        return forward(self, features, **kwargs)

    monkeypatch.setattr(Transformer, "forward", untraceable)
    encoder: CrossEncoder = load_cross_encoder(str(strange_cross), cache_dir=tmp_path, offline=True)
    assert encoder.runtime == "torch cpu fp32"
    assert "cannot be traced" in encoder.notes[0]


def test_weights_that_do_not_fit_are_one_clear_error(directory: Path, tmp_path: Path) -> None:
    import shutil

    from bienc_cli.errors import ModelUnavailable

    broken = shutil.copytree(directory, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    with pytest.raises(ModelUnavailable, match="broken"):
        load_bi_encoder(str(broken), cache_dir=tmp_path / "c", offline=True, runtime="torch")


def test_an_unknown_device_is_refused(directory: Path, cache: Path) -> None:
    from bienc_cli.errors import UsageError

    with pytest.raises(UsageError, match="no device 'abacus'"):
        load_bi_encoder(str(directory), cache_dir=cache, offline=True, device="abacus")
