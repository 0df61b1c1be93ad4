"""Patterns that a person gives: which files they ask for. What git reads is in `indexing`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bienc_cli import patterns
from bienc_cli.errors import UsageError
from bienc_cli.patterns import PathFilter


@pytest.mark.parametrize(
    ("given_", "names"),
    [
        (["a*.md"], ["a.md", "docs/a.md"]),
        (["docs/"], ["docs/a.md", "docs/b.txt", "docs/deep/c.txt"]),
        (["docs"], ["docs/a.md", "docs/b.txt", "docs/deep/c.txt"]),
        (["/a.md"], ["a.md"]),
        (["./a.md"], ["a.md"]),
        (["docs/*.txt"], ["docs/b.txt"]),
        (["docs/**"], ["docs/a.md", "docs/b.txt", "docs/deep/c.txt"]),
        (["deep"], ["docs/deep/c.txt"]),
        (["a*", "deep/"], ["a.md", "docs/a.md", "docs/deep/c.txt"]),
        (["docs", "!*.txt"], ["docs/a.md"]),
        (["!docs"], ["a.md", "#b.md", "Cafe\u0301.md"]),
        (["#b.md"], ["#b.md"]),
        (["Caf\u00e9.md"], ["Cafe\u0301.md"]),
        (["a.md/"], []),
        (["nowhere"], []),
    ],
)
def test_a_file_is_asked_for_by_itself_or_a_directory_above(
    given_: list[str], names: list[str]
) -> None:
    files = [
        *("a.md", "#b.md", "Cafe\u0301.md"),
        *("docs/a.md", "docs/b.txt", "docs/deep/c.txt"),
    ]
    asked = PathFilter(given_)
    assert [name for name in files if asked.matches([name])] == names


def test_any_of_its_names_will_do_and_none_may_be_taken_away() -> None:
    asked = PathFilter(["notes/", "!draft*"])
    assert asked.matches(["a.md", "home/notes/a.md"])
    assert not asked.matches(["draft.md", "home/notes/draft.md"])


@pytest.mark.parametrize("pattern", ["a\\", "", "[", "[[:vowel:]]"])
def test_a_malformed_one_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="--path is malformed"):
        PathFilter(["*.md", pattern])


NAME = st.text("ab.", min_size=1, max_size=2).filter(lambda name: set(name) != {"."})
PATH = st.lists(NAME, min_size=1, max_size=4).map("/".join)
PATTERN = st.tuples(
    st.sampled_from(["", "/", "**/"]),
    st.lists(NAME | st.sampled_from(["*", "a*", "?", "**", "[ab]"]), min_size=1, max_size=3),
    st.sampled_from(["", "/", "/**"]),
).map(lambda parts: parts[0] + "/".join(parts[1]) + parts[2])


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is the oracle, and absent")
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


@given(st.lists(PATTERN, min_size=1, max_size=3), st.lists(PATH, min_size=1, max_size=8))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_files_are_asked_for_that_git_would_ignore(
    repository: Path, given_: list[str], paths: list[str]
) -> None:
    (repository / ".gitignore").write_text("\n".join(given_))
    told = subprocess.run(
        ["git", "-c", "core.excludesFile=", "check-ignore", "--no-index", "--stdin", "-z"],
        input="\0".join(paths).encode(),
        cwd=repository,
        capture_output=True,
        check=False,
    )
    asked = PathFilter(given_)
    ignored = told.stdout.decode().split("\0")
    assert [path for path in paths if asked.matches([path])] == ignored[:-1]


def test_a_directory_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    real = patterns.Rule.matches

    def noted(self: patterns.Rule, path: str, *, is_directory: bool) -> bool:
        judged.append(path)
        return real(self, path, is_directory=is_directory)

    monkeypatch.setattr(patterns.Rule, "matches", noted)
    asked = PathFilter(["one/of/them"])
    for number in range(100):
        assert not asked.matches([f"a/deep/tree/{number}.md"])
        assert asked.matches([f"one/of/them/{number}.md"])
    # Three directories of each tree, and each file of the tree that none matches.
    assert len(judged) == 3 + 3 + 100
