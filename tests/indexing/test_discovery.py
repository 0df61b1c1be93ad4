import inspect
import os
import socket
import sys

import pytest

from bienc_cli.errors import PathNotFound, UsageError
from bienc_cli.indexing.discovery import FoundFile, discover
from bienc_cli.types import Skipped
from folders import found

not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root"
    path.mkdir()
    return path


def plant(root, *names, content="x"):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


def skipped(root, **options):
    return {item.path: item.code for item in discover(root, **options) if isinstance(item, Skipped)}


def test_files_carry_what_tells_whether_they_changed(root):
    plant(root, "sub/a.md", content="four")
    os.utime(root / "sub/a.md", ns=(5, 1_234_567_890_123_456_789))
    (item,) = discover(root)
    status = (root / "sub/a.md").stat()
    assert item == FoundFile(
        root / "sub/a.md",
        "sub/a.md",
        4,
        1_234_567_890_123_456_789,
        status.st_ino,
        status.st_ctime_ns,
        status.st_dev,
    )


def test_the_order_is_that_of_the_path_components(root):
    plant(root, "b.md", "a/z.md", "a/b/c.md", "a.md", "a-b/x.md", "B.md", "é.md")
    expected = ["B.md", "a/b/c.md", "a/z.md", "a-b/x.md", "a.md", "b.md", "é.md"]
    assert found(root) == sorted(expected, key=lambda name: name.split("/"))


def test_a_relative_root_gives_absolute_paths(root, monkeypatch):
    plant(root, "a.md")
    monkeypatch.chdir(root)
    (item,) = discover(type(root)())
    assert item.path == root / "a.md"


def test_a_single_file_is_its_own_root(root):
    plant(root, ".hidden/notes.md", ".gitignore", content="*\n")
    (item,) = discover(root / ".hidden/notes.md")
    assert item.doc_id == "notes.md"


def test_a_root_that_is_not_there(root):
    with pytest.raises(PathNotFound, match="nowhere"):
        discover(root / "nowhere")


def test_an_empty_folder(root):
    assert list(discover(root)) == []


def test_hidden_files_and_what_machines_made_are_passed_over(root):
    plant(
        root, "a.md", ".hidden.md", ".config/b.md", ".git/config", ".bienc/notes.md", "CVS/Root",
        "node_modules/p/readme.md", "x/__pycache__/c.txt", "env/pyvenv.cfg", "env/lib/d.md",
        "cache/CACHEDIR.TAG", "cache/e.md", ".venv/f.md",
    )  # fmt: skip
    assert list(discover(root)) == list(discover(root, include=["a.md"]))
    assert found(root) == ["a.md"]
    assert found(root, hidden=True) == [".config/b.md", ".hidden.md", "a.md"]


def test_a_root_that_was_named_is_walked_whatever_it_looks_like(root):
    plant(root, ".cache/node_modules/a.md", ".cache/node_modules/CACHEDIR.TAG")
    assert found(root / ".cache/node_modules", include=["*.md"]) == ["a.md"]


def test_ignore_files_in_a_repository_or_not(root):
    plant(root, ".gitignore", content="*.log\nbuild/\n!keep.log\n")
    plant(root, "sub/.gitignore", content="!special.log\nkeep.log\n")
    plant(root, "a.log", "keep.log", "build/a.md", "sub/special.log", "sub/keep.log", "sub/a.md")
    assert found(root) == ["keep.log", "sub/a.md", "sub/special.log"]


def test_our_own_ignore_file_overrides_the_one_beside_it(root):
    plant(root, ".gitignore", content="*.txt\ndrafts\n")
    plant(root, ".biencignore", content="!notes.txt\nsecret.md\n")
    plant(root, "notes.txt", "other.txt", "secret.md", "drafts/a.md", "open.md")
    assert found(root) == ["notes.txt", "open.md"]


def test_ignore_files_of_windows_with_a_byte_order_mark(root):
    (root / ".gitignore").write_bytes(b"\xef\xbb\xbfa.md\r\nb.md\r\n")
    plant(root, "a.md", "b.md", "c.md")
    assert found(root) == ["c.md"]


def test_ignore_files_that_are_none(root):
    os.mkfifo(root / ".gitignore")
    (root / "sub/.biencignore").mkdir(parents=True)
    plant(root, "a.md", "sub/b.md")
    assert found(root) == ["a.md", "sub/b.md"]


def test_include_and_exclude(root):
    plant(root, "a.md", "b.txt", "docs/c.txt", "docs/old/d.md", "docs/old/e.txt")
    assert found(root, include=["*.md"]) == ["a.md", "docs/old/d.md"]
    assert found(root, include=["docs/"]) == ["docs/c.txt", "docs/old/d.md", "docs/old/e.txt"]
    assert found(root, exclude=["old/"]) == ["a.md", "b.txt", "docs/c.txt"]
    assert found(root, include=["docs/**/*.md", "b.*"], exclude=["/b.txt"]) == ["docs/old/d.md"]


def test_include_does_not_bring_back_what_is_ignored(root):
    plant(root, ".gitignore", content="a.md\n")
    plant(root, "a.md", ".b.md")
    assert found(root, include=["*.md"]) == []


def test_what_is_not_asked_for_is_not_reported_either(root):
    plant(root, "a.png", "big.txt", content="x" * 100)
    assert list(discover(root, include=["*.md"], max_bytes=10)) == []


def test_malformed_patterns_are_refused_before_anything_is_found(root):
    with pytest.raises(UsageError, match="--include"):
        discover(root, include=[""])


def test_large_files_and_binaries_have_their_reason(root):
    plant(root, "a.png", "b.ZIP", "c.exe")
    plant(root, "big.log", "big.jsonl", content="x" * 1001)
    plant(root, "fits.log", content="x" * 1000)
    assert found(root, max_bytes=1000) == ["big.jsonl", "fits.log"]
    assert skipped(root, max_bytes=1000) == {
        "a.png": "binary", "b.ZIP": "binary", "c.exe": "binary", "big.log": "too_large"
    }  # fmt: skip


def test_pipes_sockets_and_devices_are_not_opened(root, monkeypatch):
    os.mkfifo(root / "pipe.md")
    # The path of a socket must be short, so it is bound from within.
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.md")
        assert skipped(root) == {"pipe.md": "special", "socket.md": "special"}
    assert skipped(root / "pipe.md") == {"pipe.md": "special"}


def test_names_that_are_no_utf8(root):
    plant(root, "a.md")
    directory = os.fsencode(root)
    os.mkdir(directory + b"/d\xff")  # noqa: PTH102
    for name in (b"/caf\xe9.md", b"/d\xff/x.md"):
        with open(directory + name, "wb") as stream:  # noqa: PTH123
            stream.write(b"x")
    assert found(root) == ["a.md"]
    assert skipped(root) == {"caf\ufffd.md": "name", "d\ufffd": "name"}
    (single,) = discover(root / os.fsdecode(b"caf\xe9.md"))
    assert single.doc_id == "caf\ufffd.md"


class TestLinks:
    def test_what_has_a_name_of_its_own_comes_once(self, root):
        plant(root, "docs/a.md", "z.md")
        (root / "a-link.md").symlink_to("docs/a.md")
        (root / "docs-link").symlink_to("docs")
        assert found(root) == ["docs/a.md", "z.md"]

    def test_what_only_links_lead_to_comes_last_and_by_the_links_name(self, root):
        plant(root, ".hidden/a.md", ".store/b.md", ".store/c.md", "z.md")
        (root / "a.md").symlink_to(".hidden/a.md")
        (root / "again.md").symlink_to(".hidden/a.md")
        (root / "store").symlink_to(".store")
        items = [item for item in discover(root) if isinstance(item, FoundFile)]
        assert [item.doc_id for item in items] == ["z.md", "a.md", "store/b.md", "store/c.md"]
        assert items[1].path == root / ".hidden/a.md"

    def test_loops_are_survived(self, root):
        plant(root, "sub/a.md")
        (root / "sub/up").symlink_to("..")
        (root / "sub/self").symlink_to(".")
        (root / "loop").symlink_to("loop")
        (root / "ping").symlink_to("pong")
        (root / "pong").symlink_to("ping")
        assert found(root) == ["sub/a.md"]
        assert skipped(root) == {"loop": "loop", "ping": "loop", "pong": "loop"}

    def test_nothing_outside_the_root(self, root):
        plant(root.parent, "secret.md", "rootless/b.md")
        plant(root, "inside.md")
        (root / "secret.md").symlink_to("../secret.md")
        (root / "absolute").symlink_to("/")
        (root / "sibling").symlink_to("../rootless")
        (root / "nowhere.md").symlink_to("missing")
        assert found(root) == ["inside.md"]
        assert skipped(root) == {
            "secret.md": "outside", "absolute": "outside", "sibling": "outside",
            "nowhere.md": "vanished",
        }  # fmt: skip

    def test_not_into_what_is_never_read(self, root):
        plant(root, ".git/config", ".bienc/notes.md")
        (root / "config.md").symlink_to(".git/config")
        (root / "index").symlink_to(".bienc")
        assert list(discover(root)) == []

    def test_links_are_ignored_and_selected_by_their_own_name(self, root):
        plant(root, ".gitignore", content="ignored.md\n")
        plant(root, ".store/a.md")
        (root / "ignored.md").symlink_to(".store/a.md")
        (root / "taken.md").symlink_to(".store/a.md")
        assert found(root) == ["taken.md"]
        assert found(root, include=["*.txt"]) == []

    def test_the_root_may_be_a_link(self, root):
        plant(root, "a.md")
        alias = root.parent / "alias"
        alias.symlink_to(root)
        (item,) = discover(alias)
        assert (item.path, item.doc_id) == (alias / "a.md", "a.md")

    def test_hard_links_are_two_files(self, root):
        plant(root, "a.md")
        os.link(root / "a.md", root / "b.md")
        assert found(root) == ["a.md", "b.md"]


@not_as_root
def test_what_may_not_be_read(root):
    plant(root, "a.md", "closed/b.md", "secret.md")
    (root / "secret.md").chmod(0)
    (root / "closed").chmod(0)
    try:
        assert found(root) == ["a.md"]
        assert skipped(root) == {"closed": "permission", "secret.md": "permission"}
    finally:
        (root / "closed").chmod(0o700)


@pytest.mark.parametrize("error", [PermissionError, FileNotFoundError, OSError])
def test_a_directory_that_fails_costs_only_itself(root, monkeypatch, error):
    plant(root, "a.md", "bad/b.md", "c.md")
    listing = os.scandir

    def fail(path):
        if str(path).endswith("bad"):
            raise error(5, "no luck")
        return listing(path)

    monkeypatch.setattr(os, "scandir", fail)
    assert found(root) == ["a.md", "c.md"]
    code = {PermissionError: "permission", FileNotFoundError: "vanished", OSError: "io"}[error]
    assert skipped(root) == {"bad": code}


def test_a_file_that_vanishes_while_its_directory_is_listed(root):
    plant(root, "a/1.md", "b/2.md")
    items = discover(root)
    assert next(items).doc_id == "a/1.md"
    (root / "b/2.md").unlink()
    (root / "b").rmdir()
    assert list(items) == [Skipped("b", "vanished", "was there and is gone")]


@pytest.fixture
def deep_tree(root):
    """Deeper than Python's recursion; taken down again, which pytest's own cleaning cannot."""
    here = os.open(root, os.O_RDONLY)
    opened = [here]
    try:
        for _ in range(800):
            os.mkdir("d", dir_fd=opened[-1])
            opened.append(os.open("d", os.O_RDONLY, dir_fd=opened[-1]))
        yield root
        while len(opened) > 1:
            os.close(opened.pop())
            os.rmdir("d", dir_fd=opened[-1])
    finally:
        for descriptor in opened:
            os.close(descriptor)


def test_a_tree_deeper_than_recursion_goes(deep_tree):
    plant(deep_tree, "z.md")
    depth = len(inspect.stack())
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 200)
    try:
        assert found(deep_tree) == ["z.md"]
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    "name",
    [
        *("~$port.docx", "~$b.xlsx", ".~lock.c.odt#", "~WRL0001.tmp", "._d.docx", ".DS_Store"),
        *("Thumbs.db", "thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r"),
    ],
)
def test_what_programs_keep_beside_documents_is_passed_over(root, name):
    plant(root, "a.md", name)
    assert [item.doc_id for item in discover(root, hidden=True)] == ["a.md"]


@pytest.mark.parametrize("name", ["$port.docx", "a~.md", "Icon.md", "my desktop.ini.txt", ".d.md"])
def test_what_only_looks_like_it_is_found(root, name):
    plant(root, name)
    assert found(root, hidden=True) == [name]
