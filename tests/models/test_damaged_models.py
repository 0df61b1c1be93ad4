"""Models whose files are damaged: one error that says so, whatever the file and the damage."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bienc_cli.cli.boundary import main
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
