"""Reading and chunking take steps in proportion to the headings, blocks and depth of a document."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bienc_cli.chunking.chunker import chunk
from bienc_cli.formats import syntax
from bienc_cli.formats.reading import read_documents
from bienc_cli.types import Block, ChunkingParameters, Document, Heading
from fakes import FakeTokenizer

PACKAGE = str(Path(sys.modules["bienc_cli"].__file__).parent)


class Steps:
    """Lines of this project's code that ran, and elements and characters that it copied."""

    def __init__(self) -> None:
        self.count = 0

    def of(self, work: Callable[[], object]) -> int:
        def line(frame, event, argument):
            self.count += 1
            return line

        def call(frame, event, argument):
            return line if frame.f_code.co_filename.startswith(PACKAGE) else None

        before = sys.gettrace()
        sys.settrace(call)
        try:
            work()
        finally:
            sys.settrace(before)
        return self.count


def counted(kind: type, value, steps: Steps):
    """`value`, with what is sliced from it counted as steps."""

    class Counted(kind):
        def __getitem__(self, key):
            found = super().__getitem__(key)
            steps.count += len(found) if isinstance(key, slice) else 0
            return found

    return Counted(value)


def steps_of_chunking(document: Document) -> int:
    steps = Steps()
    document = Document(
        document.doc_id,
        counted(str, document.text, steps),
        document.format,
        headings=counted(tuple, document.headings, steps),
        blocks=counted(tuple, document.blocks, steps),
    )
    parameters = ChunkingParameters(64, 8)
    return steps.of(lambda: list(chunk(document, FakeTokenizer(), parameters)))


def document(number: int, level: Callable[[int], int], body: str, *, ends: bool) -> Document:
    text, headings, blocks = "", [], []
    for index in range(number):
        start = len(text)
        text += f"Heading {index}\n\n{body}"
        headings.append(
            Heading(start, level(index), f"Heading {index}", len(text) if ends else None)
        )
        blocks.append(Block(start, len(text)))
    return Document("d", text, "text", headings=tuple(headings), blocks=tuple(blocks))


BODIES = {"bare": "", "short": "a b c.\n\n", "long": "Alpha beta gamma delta. " * 20 + "\n\n"}
LEVELS = {"flat": lambda _: 2, "stairs": lambda index: 1 + index % 6, "down": lambda n: n + 1}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("ends", [False, True])
def test_chunking_is_linear_in_headings_and_blocks(body, levels, ends):
    # A trail as long as the document has to be written out with every passage.
    level = LEVELS[levels] if levels != "down" else lambda index: min(index + 1, 8)
    few, many = (
        steps_of_chunking(document(number, level, BODIES[body], ends=ends)) for number in (100, 800)
    )
    assert many < 8 * 1.3 * few


SOURCES = {
    "a.md": lambda n: "".join(f"{'#' * (1 + i % 6)} H {i}\n\nBody {i}.\n\n" for i in range(n)),
    "b.md": lambda n: "".join(f"Head {i}\n=====\n\n" for i in range(n)),
    "c.md": lambda n: ">" * n + " deep\n\n" + "- item\n" * n,
    "a.rst": lambda n: "".join(f"Head {i}\n========\n\nBody\n\n" for i in range(n)),
    "a.html": lambda n: "".join(f"<h{1 + i % 6}>H {i}</h{1 + i % 6}><p>b {i}" for i in range(n)),
    "b.html": lambda n: "<table><tr><td>cell" * n,
    "c.html": lambda n: "<div><ul><li>item" * n,
    "a.py": lambda n: "".join(f"def f{i}(a):\n    return {i}\n\n\n" for i in range(n)),
    "b.py": lambda n: "# comment\n" * n + "; ".join(f"a{i} = 1" for i in range(n)) + "\n",
    "c.py": lambda n: "".join(f"{' ' * i}class A{i}:\n" for i in range(min(n, 90))) + "x = 1\n" * n,
    "a.js": lambda n: "".join(f"function f{i}(a) {{\n  return {i}\n}}\n\n" for i in range(n)),
    "b.js": lambda n: "// comment\n" * n + "function f() {" * n + "}" * n,
    "a.vue": lambda n: "// comment\n" * n + "class A {\n" * n,
}


@pytest.mark.parametrize("name", SOURCES)
def test_reading_is_linear_in_headings_and_depth(tmp_path, name):
    def steps(number: int) -> int:
        path = tmp_path / name
        path.write_text(SOURCES[name](number))
        return Steps().of(lambda: list(read_documents(path, name)))

    steps(10)  # Imports and caches.
    assert steps(1200) < 4 * 1.3 * steps(300)


def test_a_source_is_fetched_no_more_often_than_it_has_slices(tmp_path, monkeypatch):
    """A parser that is given the source by calls would fetch a slice for every name, too."""
    pytest.importorskip("tree_sitter_python")
    monkeypatch.setattr(syntax, "_SLICE", 1024)
    path = tmp_path / "a.py"
    path.write_text("".join(f'def f{i}(a):\n    """Text."""\n\n\n' for i in range(1000)))
    fetched = 0

    def call(frame, event, argument):
        nonlocal fetched
        code = frame.f_code
        fetched += code.co_filename == syntax.__file__ and code.co_varnames[:1] == ("offset",)

    before = sys.getprofile()
    sys.setprofile(call)
    try:
        (read,) = read_documents(path, "a.py")
    finally:
        sys.setprofile(before)
    assert len(read.headings) == 1000
    # An event for each call and each return, and a fetch more where a token goes over an edge.
    assert 0 < fetched < 8 * path.stat().st_size / 1024
