"""`--index`: one, and an index; a folder of other files is none, and stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import Run

COMMANDS = (
    ("query", "pear"),
    ("compare", "pear"),
    ("info",),
    ("check",),
    ("remove", "docs"),
    ("index",),
    ("index", "docs"),
)


@pytest.fixture
def project(run: Run, tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "pear.txt").write_text("A pear keeps for weeks.\n")
    return tmp_path


@pytest.mark.parametrize("argv", COMMANDS)
def test_a_folder_with_an_index_in_it(run: Run, project: Path, argv: tuple[str, ...]) -> None:
    assert run("index", "docs", "--index", "docs/.bienc")[0] == 0
    before = sorted(project.rglob("*"))
    code, out, err = run(*argv, "--index", "docs")
    assert (code, out) == (3, "")
    assert "holds an index, and is none itself" in err
    assert f"hint: --index {project / 'docs' / '.bienc'}" in err
    assert sorted(project.rglob("*")) == before


@pytest.mark.parametrize("argv", COMMANDS)
def test_a_folder_of_other_files(run: Run, project: Path, argv: tuple[str, ...]) -> None:
    before = sorted(project.rglob("*"))
    code, out, err = run(*argv, "--index", "docs")
    assert (code, out) == (3, "")
    assert "There is no index in" in err
    assert f"--index {project / 'docs' / '.bienc'}" in err
    assert sorted(project.rglob("*")) == before


def test_an_empty_folder_or_none_takes_an_index(run: Run, project: Path) -> None:
    (project / "empty").mkdir()
    for place in ("empty", "new", "deep/new"):
        assert run("index", "docs", "--index", place)[0] == 0
        assert run("query", "pear", "--index", place)[0] == 0


def test_two_indexes_are_no_one(run: Run, project: Path) -> None:
    for place in ("a", "b"):
        assert run("index", "docs", "--index", place)[0] == 0
    for argv in (("--index", "a", "--index", "b"), ("--index=a", "--index", "b")):
        code, out, err = run("compare", "pear", *argv)
        assert (code, out) == (2, "")
        assert "--index is given 2 times: a, b." in err
    assert run("compare", "pear", "--index", "a", "--index=a")[0] == 0
    assert run("query", "--index", "a", "--", "--index", "--index")[0] in (0, 1)


def test_an_index_that_is_named_through_a_link_moves_with_its_documents(
    run: Run, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    link = tmp_path_factory.mktemp("links") / "link"
    link.symlink_to(project)
    assert run("index", "docs", "--index", str(link / ".bienc"))[0] == 0
    moved = tmp_path_factory.mktemp("moved") / "project"
    project.rename(moved)
    link.unlink()
    link.symlink_to(moved)
    code, out, err = run("index", "--index", str(link / ".bienc"), "-f", "plain")
    assert (code, err) == (0, "")
    assert "unchanged\t1" in out
