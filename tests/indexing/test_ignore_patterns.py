"""git's pattern language, byte by byte, with git itself as the oracle."""

import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bienc_cli.indexing.ignoring import names_of, parse_rules, verdict
from bienc_cli.indexing.wildmatch import translate

PIECES = st.sampled_from(
    ["a", "b", "A", "7", ".", "-", " ", "ä", "]", "*", "**", "?", "/", "/**/", "**/", "/**",
     "[ab]", "[!ab]", "[^a-c]", "[[:digit:]]", "[[:alpha:]", "[[:upper:]_]", "[![:alnum:]]",
     "[[:space:][:punct:]]", "[[:graph:]]", "[[:cntrl:]]", "[[:print:]]*", "[[:xdigit:]]",
     "[[:blank:]]", "[[:lower:]]", "[[:word:]]", "[]-a]", "[a\\]b]", "[\\a-\\c]", "[a-]", "[-a]",
     "[[:a]", "[[.a.]]", "[", "\\", "\\*", "\\a", "\\/", "[/]", "!", "#", "[ä]", "[a-ä]"]
)  # fmt: skip
PATTERNS = st.lists(PIECES, min_size=1, max_size=7).map("".join)
NAMES = st.text("abcA7.-]* ä_[", min_size=1, max_size=4).filter(
    lambda name: name not in {".", ".."} and name.lower() != ".git"
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    if shutil.which("git") is None:
        pytest.skip("git is the oracle, and absent")
    root = tmp_path_factory.mktemp("patterns")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "config", "core.excludesFile", "/dev/null"], cwd=root, check=True)
    subprocess.run(["git", "config", "core.ignoreCase", "false"], cwd=root, check=True)
    (root / ".git/info/exclude").unlink(missing_ok=True)
    return root


def decides_by_chance(pattern):
    """Whether git compares unrelated pointers: two asterisks right behind a literal beginning."""
    literal = pattern[: next((i for i, c in enumerate(pattern) if c in "*?[\\"), len(pattern))]
    rest = pattern[len(literal) :]
    return rest.startswith("**") and literal.rstrip("/") == literal != ""


def ignored_by_git(root, path):
    asked = subprocess.run(
        ["git", "check-ignore", "-q", "--no-index", "--", f"./{path}"], cwd=root, check=False
    )
    assert asked.returncode in (0, 1)
    return asked.returncode == 0


def ignored(lines, path):
    """As git: what lies in an ignored directory is ignored."""
    rules = parse_rules(lines)
    names = names_of(path)
    return any(
        verdict(rules, names[:depth], is_directory=depth < len(names))
        for depth in range(1, len(names) + 1)
    )


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=st.lists(PATTERNS, min_size=1, max_size=4), path=PATHS)
@example(lines=["report_[[:digit:]].txt"], path="report_7.txt")
@example(lines=["a\\\\ "], path="a\\")
@example(lines=["a  \\"], path="a")
@example(lines=["*/**/b"], path="a/b")
@example(lines=["a/**\\/b"], path="a/b")
@example(lines=["?"], path="ä")
def test_the_same_verdict_as_git(repository, lines, path):
    if any(decides_by_chance(line.lstrip("!/")) for line in lines):
        return
    (repository / ".gitignore").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert ignored(lines, path) == ignored_by_git(repository, path)


def test_without_regard_to_case():
    assert parse_rules(["*.MD"], ignore_case=True)[0].matches((b"a.md",), is_directory=False)
    assert not parse_rules(["*.MD"])[0].matches((b"a.md",), is_directory=False)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (b"*a" * 60 + b"b", (b"a" * 250,)),
        (b"**/a/" * 60 + b"b", (b"a",) * 2000),
        (b"**/*a*a*a*a*/" * 20 + b"b", (b"a" * 100,) * 200),
    ],
)
def test_no_pattern_takes_time_that_grows_by_powers(pattern, path):
    # By backtracking it would not end in this universe.
    assert not translate(pattern).match(path)
