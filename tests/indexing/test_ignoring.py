"""Ignore rules, with git itself as the oracle."""

import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bienc_cli.errors import UsageError
from bienc_cli.indexing.ignoring import Patterns
from bienc_cli.patterns import parse_patterns, parse_rule
from endurance import times
from folders import found

NAMES = ["a", "b", "ab", "a.md", "b.txt", "[x]", "a b", "#a", "!b", "\u00e5", "a\u00e5b"]
TREE = [
    "a/a/a.md", "a/a/b.txt", "a/b/ab", "a/a.md", "a/b.txt",
    "b/a/a.md", "b/ab/a", "b/b.txt", "b/a b", "ab/a/b/a", "ab/[x]",
    "a.md", "b.txt", "[x]", "a b", "#a", "!b", "a\t", "\t", "a\\", "a\\ ",
    "\u00e5", "a/\u00e5", "a\u00e5b/a", "\u65e5",
]  # fmt: skip

# Not `a**/b` nor `a***/b`: git compares unrelated pointers there, and its answer varies.
SEGMENTS = st.sampled_from(
    [*NAMES, "*", "**", "?", "*.md", "a*", "*b", "[ab]", "[!a]", "[a-b]*", "\\#a", "\\!b", "a\\ b",
     "[]x]", "[[:alpha:]]", "[![:digit:]]*", "[[:lower:]x]?", "*[[:punct:]]*", "[[:space:]a]*",
     "[[:nonsense:]]", "[^[:upper:]]b", "\\[x\\]", "[[]x]", "a?b", "*.*",
     "***", "****", "??", "a??b", "???", "[^b]", "[!b]?", "[\u00e5]", "[\u00e0-\u00ff]?",
     "a\t", "\t", "?\t", "a\\\t", "a\\\\", "a\\\\\\ "]
)  # fmt: skip


@st.composite
def patterns(draw: st.DrawFn) -> str:
    body = "/".join(draw(st.lists(SEGMENTS, min_size=1, max_size=3)))
    return (
        draw(st.sampled_from(["", "", "", "!"]))
        + draw(st.sampled_from(["", "", "/"]))
        + body
        + draw(st.sampled_from(["", "", "/", " ", "\t", "\t "]))
    )


IGNORE_FILES = st.dictionaries(
    st.sampled_from(["", "a", "b", "a/a", "ab"]), st.lists(patterns(), max_size=5), max_size=3
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    if shutil.which("git") is None:
        pytest.skip("git is the oracle, and absent")
    root = tmp_path_factory.mktemp("tree")
    for name in TREE:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    # Not the user's own ignore rules, wherever they are configured.
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "config", "core.excludesFile", "/dev/null"], cwd=root, check=True)
    (root / ".git/info/exclude").unlink(missing_ok=True)
    return root


def kept_by_git(root) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, check=True,
    )  # fmt: skip
    names = listed.stdout.decode().split("\0")
    return [name for name in names if name and not name.endswith(".gitignore")]


@settings(
    max_examples=times(100, 2_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(files=IGNORE_FILES)
@example(files={"": ["*", "!*/", "!*.md"]})
@example(files={"": ["a/**", "!a/b.txt"]})
@example(files={"": ["a/*", "!a/a"], "a/a": ["b.txt"]})
@example(files={"": ["a", "!a/"]})
@example(files={"": ["/**/a.md"]})
@example(files={"": ["**/"], "a": ["!a"]})
@example(files={"": ["a/**", "!a/b/"]})
def test_the_same_files_as_git(tree, files):
    for old in tree.rglob(".gitignore"):
        old.unlink()
    for directory, lines in files.items():
        (tree / directory / ".gitignore").write_text("\n".join(lines) + "\n")
    assert sorted(found(tree)) == sorted(kept_by_git(tree))


@settings(
    max_examples=times(50, 1_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    files=IGNORE_FILES,
    root=st.sampled_from(["", "a", "a/a", "b", "a/b"]),
    exclude=st.lists(patterns(), max_size=3),
    user=st.lists(patterns(), max_size=3),
)
@example(files={"": ["a/a/b.txt"]}, root="a", exclude=["a.md"], user=["b.txt"])
@example(files={"a": ["!a.md"]}, root="a/a", exclude=["a.md"], user=[])
def test_a_folder_of_a_repository_as_git_sees_it(tree, files, root, exclude, user):
    """Rules above the root, of the clone and of the user; what a person names is looked into."""
    for old in tree.rglob(".gitignore"):
        old.unlink()
    for directory, lines in files.items():
        (tree / directory / ".gitignore").write_text("\n".join(lines) + "\n")
    (tree / ".git/info").mkdir(exist_ok=True)
    (tree / ".git/info/exclude").write_text("\n".join(exclude) + "\n")
    excludes = tree / ".git/user-excludes"
    excludes.write_text("\n".join(user) + "\n")
    try:
        subprocess.run(["git", "config", "core.excludesFile", excludes], cwd=tree, check=True)
        kept = kept_by_git(tree)
    finally:
        (tree / ".git/info/exclude").unlink()
        subprocess.run(["git", "config", "core.excludesFile", "/dev/null"], cwd=tree, check=True)
    # Git does not look into what it ignores, even when asked to; a person who names it does.
    if root and not any(name.startswith(f"{root}/") for name in kept):
        return
    (tree / ".git/info/exclude").write_text("\n".join(exclude) + "\n")
    below = found(tree / root, excludes_file=str(excludes))
    (tree / ".git/info/exclude").unlink()
    prefix = f"{root}/" if root else ""
    assert sorted(f"{prefix}{name}" for name in below) == sorted(
        name for name in kept if name.startswith(prefix)
    )


@pytest.mark.parametrize("kind", ["worktree", "submodule"])
def test_a_repository_that_keeps_its_own_elsewhere(kind, tmp_path):
    top = tmp_path / "top"
    top.mkdir()
    (top / "kept.txt").write_text("x")
    (top / "local.txt").write_text("x")
    own = tmp_path / "main/.git" / ("worktrees/top" if kind == "worktree" else "modules/top")
    own.mkdir(parents=True)
    (top / ".git").write_text(f"gitdir: {own}\n")
    excluding = own
    if kind == "worktree":
        (own / "commondir").write_text("../..\n")
        excluding = own.parents[1]
    (excluding / "info").mkdir()
    (excluding / "info/exclude").write_text("local.txt\n")
    assert found(top) == ["kept.txt"]


def test_outside_a_repository_nothing_above_counts(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.txt").write_text("x")
    (tmp_path / ".gitignore").write_text("a.txt\n")
    (tmp_path / "excludes").write_text("a.txt\n")
    assert found(tmp_path / "docs", excludes_file=str(tmp_path / "excludes")) == ["a.txt"]


@pytest.mark.parametrize("line", ["", "   ", "# comment", "/", "//", "!"])
def test_lines_that_say_nothing(line):
    assert parse_rule(line) is None


def test_patterns_that_people_give_must_make_sense():
    assert len(parse_patterns("--include", ["*.md", "docs/"])) == 2
    with pytest.raises(UsageError, match="--exclude"):
        parse_patterns("--exclude", ["*.md", "/"])


def test_an_included_directory_includes_what_is_below():
    selection = Patterns(parse_patterns("--include", ["docs/", "*.md", "!docs/old/"]), ())
    assert selection.includes("docs/a/b.txt")
    assert selection.includes("other/a.md")
    assert not selection.includes("other/a.txt")
    assert not selection.includes("docs/old/a.txt")
