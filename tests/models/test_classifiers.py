"""The whole way of a cross-encoder with three labels, on one that is trained here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tiny_nli
from bienc_cli.models import load_cross_encoder
from bienc_cli.models.files import read_model_files
from bienc_cli.search.classification import classify
from bienc_cli.types import CrossEncoder

PAIRS = [
    ("visitors may park", "visitors may park at night"),
    ("visitors may park at night", "visitors may park"),
    ("visitors may not park", "visitors may park at night"),
    ("members may swim", "tenants may smoke"),
    ("members may not swim at night", "members may not swim at night"),
]
LABELS = ["entailment", "neutral", "contradiction", "neutral", "entailment"]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "tiny-nli"
    assert tiny_nli.train(directory) > 0.9
    return directory


@pytest.fixture(params=["torch", "openvino"])
def classifier(request: pytest.FixtureRequest, tiny: Path, tmp_path: Path) -> CrossEncoder:
    return load_cross_encoder(str(tiny), cache_dir=tmp_path, offline=True, runtime=request.param)


def test_labels_and_their_order_are_the_model_s(classifier: CrossEncoder) -> None:
    assert classifier.identity.labels == tiny_nli.LABELS
    assert classifier.identity.activation == "softmax"
    assert classifier.notes == ()


def test_it_says_what_cross_encoder_predict_says(classifier: CrossEncoder, tiny: Path) -> None:
    from sentence_transformers import CrossEncoder as Reference

    many = PAIRS + [(second, first) for first, second in PAIRS] * 20
    reference = Reference(str(tiny), device="cpu")
    logits = reference.predict(many)
    shares = reference.predict(many, apply_softmax=True)
    said = classify(many, classifier)
    # The reference in float32; a processor with bfloat16 computes the graph in that.
    near = 1e-3 if classifier.runtime.startswith("torch") else 0.05
    for one, row, row_shares in zip(said, logits, shares, strict=True):
        assert [score.logit for score in one.forward] == pytest.approx(row, abs=20 * near)
        assert [score.probability for score in one.forward] == pytest.approx(row_shares, abs=near)
        if near == 1e-3:
            assert [score.logit for score in one.forward] == pytest.approx(row, abs=near)


def test_it_has_learned_what_follows(classifier: CrossEncoder) -> None:
    assert [one.best.label for one in classify(PAIRS, classifier)] == LABELS


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    tiny_nli.train(tmp_path / "one", steps=5)
    tiny_nli.train(tmp_path / "two", steps=5)
    one, two = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two


def test_labels_that_do_not_exclude_each_other_have_sigmoids(tiny: Path, tmp_path: Path) -> None:
    import json
    import shutil

    for name, changes in (
        ("multi", {"problem_type": "multi_label_classification"}),
        ("named", {"sentence_transformers": {"activation_fn": "torch.nn.Sigmoid"}}),
        ("older", {"sbert_ce_default_activation_function": "torch.nn.Sigmoid"}),
        ("raw", {"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}),
    ):
        directory = tmp_path / name
        shutil.copytree(tiny, directory)
        config = json.loads((directory / "config.json").read_text())
        (directory / "config.json").write_text(json.dumps({**config, **changes}))
        activation = read_model_files(directory, name).activation
        assert activation == ("softmax" if name == "raw" else "sigmoid"), name


def test_contradictions_in_a_folder_are_found_by_it(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the index, batching, the graph and JSON; only the bi-encoder is a fake."""
    import json

    from bienc_cli import models
    from bienc_cli.cli import main
    from fakes import FakeBiEncoder

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIENC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BIENC_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("BIENC_INDEX", raising=False)
    monkeypatch.setattr(models, "load_bi_encoder", lambda name, **_: FakeBiEncoder())
    monkeypatch.setattr(models, "identify_bi_encoder", lambda name, **_: FakeBiEncoder().identity)
    # Names without a word in them, which the model would not know.
    rules = {
        "1.txt": "visitors may park",
        "2.txt": "visitors may not park",
        "3.txt": "members may swim at night",
        "4.txt": "members may not swim at night",
    }
    for name, rule in rules.items():
        (tmp_path / name).write_text(f"{rule}\n")
    printed: list[str] = []
    answer = _answers(monkeypatch, printed)
    assert main(["index", ".", "-q", "-f", "json"]) == 0
    argv = ["pairs", "--classify", str(tiny), "--label", "contradiction", "--offline"]
    assert main([*argv, "--min-similarity", "0.5", "-q", "-f", "json"]) == 0
    found = {
        frozenset((pair["first"]["document_id"], pair["second"]["document_id"]))
        for pair in json.loads(answer())["pairs"]
    }
    assert found == {frozenset(("1.txt", "2.txt")), frozenset(("3.txt", "4.txt"))}
    argv = ["classify", *PAIRS[1], "--both", "--cross-encoder", str(tiny), "--offline"]
    assert main([*argv, "-f", "json"]) == 0
    (pair,) = json.loads(answer())["pairs"]
    assert pair["label"] == "neutral"
    assert max(pair["backward"], key=lambda one: one["logit"])["label"] == "entailment"


def _answers(monkeypatch: pytest.MonkeyPatch, printed: list[str]) -> Callable[[], str]:
    from bienc_cli.cli.output import Output

    monkeypatch.setattr(Output, "_write", lambda _self, text: printed.append(text))
    return lambda: printed[-1]


def test_logits_come_in_the_order_of_the_pairs(classifier: CrossEncoder) -> None:
    pairs = PAIRS * 30
    together = classifier.score_pairs(pairs).logits
    alone = np.concatenate([classifier.score_pairs([pair]).logits for pair in PAIRS])
    np.testing.assert_allclose(together, np.tile(alone, (30, 1)), atol=0.1)
