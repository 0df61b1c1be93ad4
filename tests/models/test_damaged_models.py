"""Models whose files are damaged: one error that says so, whatever the file and the damage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from bienc_cli.cli import main
from bienc_cli.errors import ModelUnavailable
from bienc_cli.models import load_bi_encoder, load_cross_encoder
from model_samples import write_modules, write_random_model

FILES = ("model.safetensors", "tokenizer.json", "config.json")
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda content: content[: len(content) // 2],
    "short by some bytes": lambda content: content[:-9],
    "garbage": lambda _: bytes(range(256)) * 40,
    "another kind of JSON": lambda _: b"[1, 2]",
    "no JSON of a model": lambda _: b"{}",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    bi_encoder = write_random_model(tmp_path_factory.mktemp("models") / "bi")
    write_modules(bi_encoder, pooling="mean")
    return {
        "bi": bi_encoder,
        "cross": write_random_model(tmp_path_factory.mktemp("models") / "ce", labels=1),
    }


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
@pytest.mark.parametrize("role", ["bi", "cross"])
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_a_model_that_is_not_available(
    whole: dict[str, Path], tmp_path: Path, runtime: str, role: str, file: str, damage: str
) -> None:
    model = shutil.copytree(whole[role], tmp_path / "model")
    (model / file).write_bytes(DAMAGES[damage]((model / file).read_bytes()))
    load = load_bi_encoder if role == "bi" else load_cross_encoder
    with pytest.raises(ModelUnavailable, match=str(model)) as raised:
        load(str(model), cache_dir=tmp_path / "cache", offline=True, runtime=runtime)
    assert raised.value.hint


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
@pytest.mark.parametrize("role", ["bi", "cross"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_give_no_scores(
    whole: dict[str, Path], tmp_path: Path, runtime: str, role: str, value: float
) -> None:
    model = shutil.copytree(whole[role], tmp_path / "model")
    weights = load_file(model / "model.safetensors")
    (name,) = [one for one in weights if one.endswith("layer.1.output.dense.bias")]
    weights[name] = np.full_like(weights[name], value)
    save_file(weights, model / "model.safetensors", metadata={"format": "pt"})
    given = {"cache_dir": tmp_path / "cache", "offline": True, "runtime": runtime}

    def ask() -> object:
        if role == "bi":
            return load_bi_encoder(str(model), **given).encode_queries(["two people"])
        return load_cross_encoder(str(model), **given).score_pairs([("two people", "new york")])

    with pytest.raises(ModelUnavailable, match="values that are not numbers") as raised:
        ask()
    assert raised.value.hint


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_more_scores_than_labels_are_no_scores(tmp_path: Path, runtime: str) -> None:
    model = write_random_model(tmp_path / "model", labels=3)
    config = json.loads((model / "config.json").read_text())
    del config["id2label"], config["label2id"]
    (model / "config.json").write_text(json.dumps(config))
    given = {"cache_dir": tmp_path / "cache", "offline": True, "runtime": runtime}
    with pytest.raises(ModelUnavailable) as raised:
        load_cross_encoder(str(model), **given).score_pairs([("two people", "new york")])
    assert raised.value.hint


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_two_labels_that_nobody_has_named_are_two(tmp_path: Path, runtime: str) -> None:
    """As transformers saves them: what is as usual is left out."""
    model = write_random_model(tmp_path / "model", labels=2)
    assert "id2label" not in json.loads((model / "config.json").read_text())
    given = {"cache_dir": tmp_path / "cache", "offline": True, "runtime": runtime}
    encoder = load_cross_encoder(str(model), **given)
    assert encoder.identity.labels == ("LABEL_0", "LABEL_1")
    assert encoder.score_pairs([("two people", "new york")]).logits.shape == (1, 2)


@pytest.mark.parametrize("file", FILES)
def test_a_directory_or_a_dead_link_in_a_file_s_place(
    whole: dict[str, Path], tmp_path: Path, file: str
) -> None:
    for number, replace in enumerate((Path.mkdir, lambda path: path.symlink_to("gone"))):
        model = shutil.copytree(whole["bi"], tmp_path / f"model{number}")
        (model / file).unlink()
        replace(model / file)
        with pytest.raises(ModelUnavailable):
            load_bi_encoder(str(model), cache_dir=tmp_path / "cache", offline=True)


@pytest.mark.parametrize("file", FILES)
def test_the_command_says_so(
    whole: dict[str, Path],
    tmp_path: Path,
    file: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BIENC_CACHE", str(tmp_path / "cache"))
    model = shutil.copytree(whole["bi"], tmp_path / "model")
    content = (model / file).read_bytes()
    (model / file).write_bytes(content[: len(content) // 2])
    assert main(["score", "one", "two", "--model", str(model), "--offline"]) == 5
    said = capsys.readouterr().err
    assert "hint: fetch the model again" in said
    assert "should not happen" not in said


def test_damaged_weights_in_the_hub_s_cache(
    whole: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--somebody--small"
    revision = "0" * 40
    snapshot = shutil.copytree(whole["bi"], repository / "snapshots" / revision)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(revision)
    weights = snapshot / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelUnavailable, match="somebody/small"):
        load_bi_encoder("somebody/small", cache_dir=tmp_path / "cache", offline=True)
