"""The first thing that a newcomer types: `bienc index`, in a folder without an index."""

from __future__ import annotations

from pathlib import Path

import pytest

from bienc_cli.cli import first_time
from commands import Run


@pytest.fixture
def project(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project = tmp_path / "someone" / "project"
    (project / "docs").mkdir(parents=True)
    (project / "docs" / "pear.txt").write_text("A pear keeps for weeks.\n")
    (project / "README.md").write_text("# Fruit\n\nAll about pears.\n")
    monkeypatch.setenv("HOME", str(tmp_path / "someone"))
    monkeypatch.chdir(project)
    return project


def test_a_folder_of_documents_is_indexed_and_said(run: Run, project: Path) -> None:
    code, out, err = run("index")
    assert code == 0
    assert f"note: making an index of {project}: 2 files" in err
    assert "2" in out
    assert (project / ".bienc").is_dir()
    # From then on it is refreshed, from below too, without a word.
    (project / "docs" / "fig.txt").write_text("Figs.\n")
    code, _, err = run("index", "-q")
    assert (code, err) == (0, "")
    assert "fig.txt" in run("query", "figs", "--strategy", "bm25", "-f", "plain")[1]


def test_what_a_first_run_left_that_was_killed_at_once_is_no_index(run: Run, project: Path) -> None:
    (project / ".bienc").mkdir()
    (project / ".bienc" / "catalog.sqlite-new").write_bytes(b"half of it")
    code, _, err = run("index")
    assert code == 0
    assert f"note: making an index of {project}: 2 files" in err


def test_a_first_run_that_was_interrupted_goes_on(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("index")[0] == 0
    vectors = (project / ".bienc" / "vectors-1.f32").stat().st_size
    for left in (project / ".bienc").glob("catalog*"):
        left.unlink()
    # What does not get as far as encoding takes none of it away.
    assert run("index", ".", "--exclude", "[")[0] == 2
    assert (project / ".bienc" / "vectors-1.f32").stat().st_size == vectors
    monkeypatch.chdir(project / "docs")
    code, out, err = run("index", "-f", "plain")
    assert code == 0
    assert f"note: making an index of {project}: 2 files" in err
    assert "encoded\t0" in out


@pytest.mark.parametrize("place", ["/", "..", "../.."])
def test_a_home_and_what_holds_it_are_not_meant(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(place)
    code, out, err = run("index")
    assert (code, out) == (3, "")
    assert "holds more than documents" in err
    assert (
        "hint: index a folder of documents: bienc index PATH; or all of this: bienc index ." in err
    )
    assert not (Path(place) / ".bienc").exists()


def test_a_home_is_indexed_when_it_is_named(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("..")
    assert run("index", ".")[0] == 0


@pytest.mark.parametrize("limit", ["MOST_FILES", "MOST_BYTES"])
def test_a_large_folder_is_not_meant(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(first_time, limit, 1)
    code, out, err = run("index")
    assert (code, out) == (3, "")
    assert "is large" in err
    assert run("index", ".")[0] == 0


def test_a_folder_without_a_file_to_read(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "empty").mkdir()
    monkeypatch.chdir("empty")
    code, out, err = run("index")
    assert (code, out) == (3, "")
    assert "no file in" in err


def test_an_index_that_is_named_is_not_made_of_where_you_are(run: Run, project: Path) -> None:
    code, _, err = run("index", "--index", "elsewhere")
    assert code == 3
    assert "no index here to refresh" in err


def test_who_has_made_a_first_index_is_told_what_to_type(run: Run, docs: Path) -> None:
    said = 'next: bienc query "what you want to know"'
    assert run("index", "docs")[1].splitlines()[-1] == said
    assert run("index", "docs")[1].count("next:") == 0
    assert run("index", "docs", "--index", "a b")[1].splitlines()[-1] == f"{said} --index 'a b'"
    assert "next" not in run("index", "docs", "--index", "c", "-f", "plain")[1]
    (docs.parent / "empty").mkdir()
    assert "next" not in run("index", "empty", "--index", "d")[1]
