"""A plain query begins to load its models at once; any other command line does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bienc_cli import Index, Models
from bienc_cli.cli import preload
from commands import Run


def begun(argv: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    seen: list[dict[str, Any]] = [{}]
    monkeypatch.setattr(preload, "begin_models", lambda **said: seen.append(said))
    preload.begin(argv)
    return seen[-1]


@pytest.mark.parametrize(
    ("argv", "cross_encoder", "indexes"),
    [
        (["query", "a", "question"], True, None),
        (["query", "a", "--index", "there"], True, ["there"]),
        (["query", "a", "--index=here", "--index=there"], True, ()),
        (["query", "a", "--model", "other"], True, ()),
        (["query", "a", "--refresh"], True, ()),
        (["query", "a", "--no-rerank"], False, None),
        (["query", "a", "--strategy=bi-encoder"], False, None),
        (["query", "a", "--strategy", "hybrid"], False, None),
        (["query", "a", "--strategy", "bm25+cross-encoder"], True, ()),
        (["query", "a", "--strategy", "hybrid+cross-encoder"], True, None),
        (["query", "a", "--strategy=blend"], True, None),
        (["query", "a", "--cross-encoder", "other"], False, None),
    ],
)
def test_what_is_sure_is_begun(
    argv: list[str],
    cross_encoder: bool,
    indexes: list[str] | tuple[()] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = begun(argv, monkeypatch)
    assert (said["cross_encoder"], said["indexes"]) == (cross_encoder, indexes)
    assert (said["offline"], said["quiet"]) == (False, False)


def test_it_is_begun_as_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said = begun(["query", "a", "--offline", "-q"], monkeypatch)
    assert (said["offline"], said["quiet"]) == (True, True)


@pytest.mark.parametrize(
    "argv",
    [
        ["query", "--help"],
        ["query", "a", "--strategy=bm25"],
        ["query", "a", "--strategy"],
        ["query", "a", "--strategy", "hybrid", "--no-rerank"],
        ["query", "a", "--runtime=torch"],
        ["query", "a", "--threads", "1", "--no-rerank"],
        ["--help"],
        ["index", "query"],
        [],
    ],
)
def test_what_is_not_sure_is_not_begun(argv: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert begun(argv, monkeypatch) == {}


def test_a_model_that_was_begun_is_the_one_that_answers(
    indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that is not asked for in the end stays unused."""
    loaded: list[str] = []
    load = Models._load_bi_encoder

    def watched(models: Models, info: Any) -> Any:
        loaded.append(info.encoder.name)
        return load(models, info)

    monkeypatch.setattr(Models, "_load_bi_encoder", watched)
    assert indexed("query", "pear", "--no-rerank", "--format", "json")[0] == 0
    assert len(loaded) == 1
    preload.begin_models(cross_encoder=False, indexes=None, offline=False, quiet=True)
    info = Index.open(".").info
    assert preload.bi_encoder_begun(info) is not None
    assert preload.bi_encoder_begun(info) is None


def test_what_is_wrong_with_an_index_is_said_in_its_turn(tmp_path: Path) -> None:
    preload.begin_models(
        cross_encoder=False, indexes=[str(tmp_path / "none")], offline=False, quiet=True
    )
    assert preload._bi_encoders == {}
