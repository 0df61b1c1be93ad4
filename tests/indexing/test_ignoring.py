"""Ignore rules, with git itself as the oracle."""

import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bienc_cli.errors import UsageError
from bienc_cli.indexing.discovery import FoundFile, discover
from bienc_cli.indexing.ignoring import Selection, parse_patterns, parse_rule

NAMES = ["a", "b", "ab", "a.md", "b.txt", "[x]", "a b", "#a", "!b"]
TREE = [
    "a/a/a.md", "a/a/b.txt", "a/b/ab", "a/a.md", "a/b.txt",
    "b/a/a.md", "b/ab/a", "b/b.txt", "b/a b", "ab/a/b/a", "ab/[x]",
    "a.md", "b.txt", "[x]", "a b", "#a", "!b",
]  # fmt: skip

# Not `a**/b`: git compares unrelated pointers there, and its answer varies.
SEGMENTS = st.sampled_from(
    [*NAMES, "*", "**", "?", "*.md", "a*", "*b", "[ab]", "[!a]", "[a-b]*", "\\#a", "\\!b", "a\\ b",
     "[]x]", "\\[x\\]", "[[]x]", "a?b", "*.*", "[[:alpha:]]", "[[:digit:]]*", "[![:punct:]]*",
     "[^[:space:]b]*", "[[:alpha:].]*", "[[:nope:]]*", "[a-", "*[", "[b-a]", "[a\\-b]*", "[a/b]",
     "a\\", "?*", "**b", "[[:alpha:]-b]", "[[:]b", "[--b]*", "*[!]a]", "a b  ", "\\*"]
)  # fmt: skip


@st.composite
def patterns(draw: st.DrawFn) -> str:
    body = "/".join(draw(st.lists(SEGMENTS, min_size=1, max_size=3)))
    return (
        draw(st.sampled_from(["", "", "", "!"]))
        + draw(st.sampled_from(["", "", "/"]))
        + body
        + draw(st.sampled_from(["", "", "/", " "]))
    )


IGNORE_FILES = st.dictionaries(
    st.sampled_from(["", "a", "b", "a/a", "ab"]), st.lists(patterns(), max_size=5), max_size=3
)


def found(root, **options) -> list[str]:
    return [item.doc_id for item in discover(root, **options) if isinstance(item, FoundFile)]


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
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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


@pytest.mark.parametrize("line", ["", "   ", "# comment", "/", "//", "!"])
def test_lines_that_say_nothing(line):
    assert parse_rule(line) is None


def test_patterns_that_people_give_must_make_sense():
    assert len(parse_patterns("--include", ["*.md", "docs/"])) == 2
    with pytest.raises(UsageError, match="--exclude"):
        parse_patterns("--exclude", ["# a comment"])


def test_an_included_directory_includes_what_is_below():
    selection = Selection(parse_patterns("--include", ["docs/", "*.md", "!docs/old/"]), ())
    assert selection.includes("docs/a/b.txt")
    assert selection.includes("other/a.md")
    assert not selection.includes("other/a.txt")
    assert not selection.includes("docs/old/a.txt")
