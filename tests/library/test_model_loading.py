"""Models are loaded once, shared by threads, and let go of with what holds them."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bienc_cli import Index, Models
from bienc_cli import models as loading
from bienc_cli.errors import UsageError
from bienc_cli.library.model_loading import SharedBiEncoder
from commands import Run
from fakes import FakeBiEncoder, FakeCrossEncoder


def test_threads_take_turns_at_a_model() -> None:
    inside, most = 0, 0
    lock = threading.Lock()

    class Watched(FakeBiEncoder):
        def encode_queries(self, texts):  # type: ignore[no-untyped-def]
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            vectors = super().encode_queries(texts)
            with lock:
                inside -= 1
            return vectors

    shared = SharedBiEncoder(Watched())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: shared.encode_queries(["pear"] * 200), range(40)))
    assert most == 1


def test_a_model_is_loaded_once_however_it_was_begun(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def load_bi(name: str, **_: object) -> FakeBiEncoder:
        loaded.append(name)
        return FakeBiEncoder()

    def load_cross(name: str, **_: object) -> FakeCrossEncoder:
        loaded.append(name)
        return FakeCrossEncoder()

    monkeypatch.setattr(loading, "load_bi_encoder", load_bi)
    monkeypatch.setattr(loading, "load_cross_encoder", load_cross)
    monkeypatch.setattr(loading, "import_runtime", lambda *_: None)
    info = Index.open(tmp_path).info
    elsewhere = Models()
    for models in (
        Models(),
        begun := Models(),
        taken := Models(),
    ):
        loaded.clear()
        if models is begun:
            begun.begin_bi_encoder(info)
            begun.begin_cross_encoder()
        if models is taken:
            taken.begin_bi_encoder(info, elsewhere.begin_bi_encoder(info))
            taken.begin_cross_encoder(elsewhere.begin_cross_encoder())
        for _ in range(2):
            models.load_bi_encoder(info)
            models.load_cross_encoder()
        assert sorted(loaded) == [info.encoder.name, "ms-marco-minilm-l12"]


def test_a_model_is_let_go_of_with_the_models_that_hold_it(indexed: Run, tmp_path: Path) -> None:
    """A notebook that is done with one has its memory back."""
    models = Models()
    held = weakref.ref(models.load_bi_encoder(Index.open(tmp_path).info))
    assert held() is not None
    del models
    gc.collect()
    assert held() is None


def test_a_runtime_that_there_is_not_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="no runtime 'tensorflow'"):
        Models(runtime="tensorflow")
