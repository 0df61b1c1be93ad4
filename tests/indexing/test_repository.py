"""What lies above a folder and what its user has configured hold in it, as in git."""

import os
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bienc_cli.cli import environment
from bienc_cli.indexing.discovery import FoundFile, discover

TREE = ["a.txt", "docs/a.txt", "docs/b.md", "docs/in/a.txt", "docs/in/b.md", "docs/out/a.txt"]


def found(root, **options):
    return sorted(item.doc_id for item in discover(root, **options) if isinstance(item, FoundFile))


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def plant(root, names=TREE):
    for name in names:
        write(root / name, "x")


def git(root, *arguments):
    return subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always",
         *arguments], cwd=root, check=True, capture_output=True,
    ).stdout  # fmt: skip


@pytest.fixture
def repository(tmp_path):
    """A repository as git makes it, made without git."""
    root = tmp_path / "repository"
    write(root / ".git/HEAD", "ref: refs/heads/main")
    plant(root)
    return root


def test_ignore_files_above_the_root_hold_in_it(repository):
    write(repository / ".gitignore", "docs/out/", "*.md")
    assert found(repository / "docs") == ["a.txt", "in/a.txt"]
    write(repository / "docs/.gitignore", "!b.md", "/in/a.txt")
    assert found(repository / "docs") == ["a.txt", "b.md", "in/b.md"]
    assert found(repository / "docs/in") == ["b.md"]
    write(repository / ".biencignore", "!out/")
    assert found(repository / "docs") == ["a.txt", "b.md", "in/b.md", "out/a.txt"]


def test_only_up_to_the_top_of_the_repository(repository):
    write(repository.parent / ".gitignore", "a.txt")
    assert "a.txt" in found(repository / "docs")
    shutil.rmtree(repository / ".git")
    write(repository / ".gitignore", "a.txt")
    assert "a.txt" in found(repository / "docs"), "no repository, so nothing above holds"


@pytest.mark.parametrize("rule", ["docs", "docs/", "/docs", "*", "d*/"])
def test_a_folder_that_is_ignored_and_named_all_the_same_is_read(repository, rule):
    write(repository / ".gitignore", rule)
    assert found(repository / "docs") == ["a.txt", "b.md", "in/a.txt", "in/b.md", "out/a.txt"]
    assert found(repository / "docs/in") == ["a.txt", "b.md"]


def test_the_repositorys_own_excludes_are_weaker_than_its_ignore_files(repository):
    write(repository / ".git/info/exclude", "*.txt", "/docs/in/b.md")
    assert found(repository) == ["docs/b.md"]
    assert found(repository / "docs") == ["b.md"]
    write(repository / ".gitignore", "!a.txt")
    assert found(repository / "docs") == ["a.txt", "b.md", "in/a.txt", "out/a.txt"]


def test_the_users_own_excludes_are_the_weakest(repository, tmp_path):
    mine = tmp_path / "ignore"
    write(mine, "*.md", "out/")
    assert found(repository / "docs", excludes_file=mine) == ["a.txt", "in/a.txt"]
    write(repository / ".git/info/exclude", "!b.md")
    assert found(repository / "docs", excludes_file=mine) == [
        "a.txt",
        "b.md",
        "in/a.txt",
        "in/b.md",
    ]
    shutil.rmtree(repository / ".git")
    assert found(repository / "docs", excludes_file=mine) == ["a.txt", "in/a.txt"]
    link = tmp_path / "link"
    link.symlink_to(mine)
    assert found(repository / "docs", excludes_file=link) == ["a.txt", "in/a.txt"]
    assert len(found(repository / "docs", excludes_file=tmp_path / "none")) == 5


def test_a_repository_below_the_root_has_excludes_of_its_own(repository):
    shutil.move(repository / ".git", repository / "docs/in/.git")
    write(repository / "docs/in/.git/info/exclude", "/a.txt")
    assert found(repository / "docs") == ["a.txt", "b.md", "in/b.md", "out/a.txt"]


def test_where_git_is_a_file(repository, tmp_path):
    shutil.move(repository / ".git", tmp_path / "elsewhere")
    write(tmp_path / "elsewhere/info/exclude", "*.md")
    write(repository / ".git", "gitdir: ../elsewhere")
    assert found(repository / "docs") == ["a.txt", "in/a.txt", "out/a.txt"]
    write(tmp_path / "worktree/HEAD", "ref: refs/heads/other")
    write(tmp_path / "worktree/commondir", "../elsewhere")
    write(repository / ".git", f"gitdir: {tmp_path / 'worktree'}")
    assert found(repository / "docs") == ["a.txt", "in/a.txt", "out/a.txt"]


def test_what_is_no_repository_is_none(repository):
    write(repository / ".gitignore", "*.md")
    for content in ["nonsense", "gitdir:", "gitdir: /nowhere", "gitdir: \0"]:
        shutil.rmtree(repository / ".git", ignore_errors=True)
        (repository / ".git").unlink(missing_ok=True) if (repository / ".git").is_file() else None
        write(repository / ".git", content)
        assert "b.md" in found(repository / "docs")


def test_case_is_as_the_repository_has_it(repository):
    write(repository / ".gitignore", "*.TXT")
    assert "a.txt" in found(repository / "docs")
    write(repository / ".git/config", "[core]", "\tignorecase = true", "[other]")
    assert found(repository / "docs") == ["b.md", "in/b.md"]
    write(repository / ".git/config", "[core]", "\tbare = false", "[other]", "\tignorecase = true")
    assert "a.txt" in found(repository / "docs")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle, and absent")
@pytest.mark.parametrize("kind", ["worktree", "submodule"])
def test_worktrees_and_submodules_as_git_makes_them(tmp_path, kind):
    main, made = tmp_path / "main", tmp_path / "made"
    plant(main)
    git(main, "init", "-q")
    git(main, "add", "-A")
    git(main, "commit", "-qm", "one")
    if kind == "worktree":
        git(main, "worktree", "add", "-q", str(made))
        write(main / ".git/info/exclude", "*.new")
    else:
        plant(made, ["x.txt"])
        git(made, "init", "-q")
        git(made, "submodule", "add", "-q", str(main), "sub")
        write(made / ".git/modules/sub/info/exclude", "*.new")
        made = made / "sub"
    assert (made / ".git").is_file()
    write(made / "docs/c.new", "x")
    write(made / "docs/c.kept", "x")
    assert "c.kept" in found(made / "docs")
    assert "c.new" not in found(made / "docs")


RULES = st.lists(
    st.sampled_from(
        ["a.txt", "*.md", "!*.md", "docs/in/", "!docs/in/", "in/", "out", "!out/", "/docs/*",
         "!/docs/in", "docs/**/a.txt", "!a.txt", "**/in/*", "/a.txt", "!docs/", "in/b.md", "*"]
    ),
    max_size=3,
)  # fmt: skip


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle, and absent")
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(exclude=RULES, top=RULES, own=RULES, deeper=RULES, mine=RULES, below=st.booleans())
def test_levels_as_git_has_them(tmp_path_factory, exclude, top, own, deeper, mine, below):
    root = tmp_path_factory.mktemp("levels")
    plant(root)
    git(root, "init", "-q")
    write(root / ".git/mine", *mine)
    git(root, "config", "core.excludesFile", str(root / ".git/mine"))
    write(root / ".git/info/exclude", *exclude)
    for directory, rules in (("", top), ("docs", own), ("docs/in", deeper)):
        write(root / directory / ".gitignore", *rules)
    asked = root / "docs" if below else root
    listed = git(root, "ls-files", "-z", "--others", "--exclude-standard").decode().split("\0")
    kept = sorted(
        os.path.relpath(root / name, asked)
        for name in listed
        if name and not name.endswith(".gitignore") and (root / name).is_relative_to(asked)
    )
    if kept or not below:  # Where git hides the whole folder, it was named all the same.
        assert found(asked, excludes_file=root / ".git/mine") == kept
    shutil.rmtree(root)


def test_where_the_users_excludes_are(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_COUNT", "GIT_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert environment.excludes_file() == tmp_path / ".config/git/ignore"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert environment.excludes_file() == tmp_path / "xdg/git/ignore"
    if shutil.which("git") is not None:
        write(tmp_path / ".gitconfig", "[core]", "\texcludesFile = ~/mine")
        assert environment.excludes_file() == tmp_path / "mine"
        write(tmp_path / ".gitconfig", "[core]", "\texcludesFile =")
        assert environment.excludes_file() is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.excludes_file() == tmp_path / "xdg/git/ignore"
