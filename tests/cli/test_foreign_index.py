"""An index that came from elsewhere: its word is not taken for what to look up or to read."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from bienc_cli import models
from bienc_cli.environment import index_places
from bienc_cli.store import codes, graph
from bienc_cli.store.graph import Graph, VerifiedFile
from bienc_cli.store.meta import meta_checksum, read_meta, write_meta
from bienc_cli.store.vectors import UsedVectors
from commands import Run
from fakes import FakeBiEncoder
from folders import Folder


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, run: Run) -> list[tuple[str, bool]]:
    """Which models were asked for, and whether only on this machine."""
    names: list[tuple[str, bool]] = []

    def load(name: str, *, offline: bool, **_: object) -> FakeBiEncoder:
        names.append((name, offline))
        return FakeBiEncoder()

    monkeypatch.setattr(models, "load_bi_encoder", load)
    monkeypatch.setattr(
        models, "identify_bi_encoder", lambda name, **options: load(name, **options).identity
    )
    return names


@pytest.fixture
def docs(folder: Folder) -> Path:
    folder.write({"a.txt": "kites fly high\n"})
    return folder.root


def renamed(home: Path, name: str) -> None:
    """The index names another model, with every checksum made right."""
    connection = sqlite3.connect(home / ".bienc/catalog.sqlite")
    meta = read_meta(connection)
    meta["encoder"]["name"] = name
    write_meta(connection, meta | {"checksum": meta_checksum(connection, meta)})
    connection.commit()
    connection.close()


def test_ones_own_index_may_have_its_model_looked_up(
    indexed: Run, asked: list[tuple[str, bool]]
) -> None:
    assert indexed("query", "kites")[0] == 0
    assert {offline for _, offline in asked} == {False}


@pytest.mark.parametrize("how", ["another user", "another name"])
@pytest.mark.parametrize("command", [("query", "kites"), ("compare", "kites")])
def test_a_model_that_only_the_index_names_is_looked_for_on_this_machine(
    how: str,
    command: tuple[str, ...],
    indexed: Run,
    asked: list[tuple[str, bool]],
    tmp_path: Path,
) -> None:
    if how == "another user":
        shutil.rmtree(tmp_path / "data")
    else:
        renamed(tmp_path, "evil/tracker")
    assert indexed(*command)[0] == 0
    assert {offline for _, offline in asked} == {True}
    asked.clear()
    # Who names it says so.
    assert indexed(*command, "--model", "evil/tracker")[0] == 0
    assert {offline for _, offline in asked} == {False}


def test_refreshing_it_looks_nothing_up_and_makes_it_ones_own(
    indexed: Run, asked: list[tuple[str, bool]], tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "docs/b.txt").write_text("herons wade\n")
    assert indexed("index")[0] == 0
    assert {offline for _, offline in asked} == {True}
    asked.clear()
    assert indexed("query", "kites")[0] == 0
    assert {offline for _, offline in asked} == {False}


@pytest.mark.parametrize("name", ["./model", "model", "/etc"])
def test_a_directory_that_only_the_index_names_is_no_model(
    name: str, indexed: Run, asked: list[tuple[str, bool]], tmp_path: Path
) -> None:
    (tmp_path / "model").mkdir()
    renamed(tmp_path, name)
    code, out, _ = indexed("query", "kites", "--format", "json")
    assert code == 5
    error = json.loads(out)["error"]
    assert "not read on the index's word" in error["message"]
    assert f"--model {name}" in error["hint"]
    assert asked == []


@pytest.mark.usefixtures("graphs_of_few")
@pytest.mark.parametrize("writable", [True, False])
def test_another_users_graph_is_a_line_at_a_query_and_told_of_in_info(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writable: bool
) -> None:
    shutil.rmtree(tmp_path / "data")
    monkeypatch.setattr(graph, "is_ours_alone", lambda _: False)
    monkeypatch.setattr(index_places, "can_be_written", lambda _: writable)
    line = "warning: another user's graph is not used: exact, but slower (bienc info)\n"
    assert indexed("query", "kites", "--no-check")[2] == line
    code, _, told = indexed("info")
    assert code == 0
    assert "made by another user" in told
    assert ("bienc check --repair" in told) == writable
    code, _, told = indexed("check")
    assert (code, told) == (0, "")


@pytest.mark.usefixtures("graphs_of_few")
def test_a_folder_that_was_copied_has_its_graph_at_once_and_without_a_word(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container's layer or a cache of CI: other times, another home, and so another key."""
    loaded: list[str] = []
    load = VerifiedFile.load

    def spy(file: VerifiedFile, used: UsedVectors, spare: int = 0) -> Graph:
        loaded.append(file.file.name)
        return load(file, used, spare)

    monkeypatch.setattr(VerifiedFile, "load", spy)
    monkeypatch.setattr(codes, "QUERIES", 0)
    shutil.copytree(tmp_path / "docs", tmp_path / "layer/docs", copy_function=shutil.copyfile)
    shutil.copytree(tmp_path / ".bienc", tmp_path / "layer/.bienc")
    shutil.rmtree(tmp_path / "data")
    monkeypatch.chdir(tmp_path / "layer")
    assert indexed("query", "kites", "--no-check")[::2] == (0, "")
    assert loaded == ["graph-1.hnsw"]
    assert "another user" not in indexed("info")[2]
    code, out, _ = indexed("index", "--format", "json")
    report = json.loads(out)
    assert (code, report["documents"]["changed"], report["passages"]["encoded"]) == (0, 0, 0)
    assert [path.name for path in (tmp_path / "layer/.bienc").glob("graph-*")] == ["graph-1.hnsw"]
