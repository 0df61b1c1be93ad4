"""After any sequence of changes an index answers as one that was made at once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from bienc_cli.store import Filter, Root, check, graph, open_reader, open_writer
from stores import CHUNKING, build, encode, identity, put_file

NAMES = st.sampled_from(["a.md", "b.md", "sub/c.md", "sub/d.txt"])
WORDS = st.sampled_from(["fig", "pear", "plum", "figs and pears", "ünïcode", "a quince"])
TEXTS = st.lists(WORDS, min_size=1, max_size=5)
QUERIES = encode(["fig", "anything else", "a quince"])


class Folder(RuleBasedStateMachine):
    """Edits to a folder, and commits; `files` is what the index must agree with."""

    def __init__(self) -> None:
        super().__init__()
        # So that these few vectors go through every way a graph is kept, extended and rebuilt.
        self.tail_least, graph.TAIL_LEAST = graph.TAIL_LEAST, 3
        self.home = Path(tempfile.mkdtemp(prefix="bienc-stateful-"))
        self.files: dict[str, list[str]] = {}
        self.pending: dict[str, list[str] | None] = {}
        self.fresh = 0

    @initialize(files=st.dictionaries(NAMES, TEXTS, max_size=4))
    def begin(self, files: dict[str, list[str]]) -> None:
        self.pending = dict(files)
        self.commit(compact=False)

    @rule(name=NAMES, paragraphs=TEXTS)
    def write(self, name: str, paragraphs: list[str]) -> None:
        self.pending[name] = paragraphs

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        self.pending[name] = None

    @rule(name=NAMES, to=NAMES)
    def rename(self, name: str, to: str) -> None:
        held = self.pending.get(name, self.files.get(name))
        if held is not None and name != to:
            self.pending[to], self.pending[name] = held, None

    def _apply(self, writer: object) -> None:
        root_id = writer.put_root(Root(self.home / "docs"))  # type: ignore[attr-defined]
        for name, paragraphs in self.pending.items():
            if paragraphs is not None:
                put_file(writer, root_id, name, paragraphs)  # type: ignore[arg-type]
            elif name in (known := writer.files(root_id)):  # type: ignore[attr-defined]
                writer.remove_file(known[name].file_id)  # type: ignore[attr-defined]

    @rule(compact=st.booleans())
    def commit(self, compact: bool) -> None:
        with open_writer(self.home / ".bienc", key_dir=self.home / "keys") as writer:
            writer.begin(identity(), CHUNKING)
            self._apply(writer)
            writer.commit(compact=compact)
        for name, paragraphs in self.pending.items():
            if paragraphs is None:
                self.files.pop(name, None)
            else:
                self.files[name] = paragraphs
        self.pending = {}

    @precondition(lambda self: self.pending)
    @rule()
    def give_up(self) -> None:
        with open_writer(self.home / ".bienc", key_dir=self.home / "keys") as writer:
            writer.begin(identity(), CHUNKING)
            self._apply(writer)
        self.pending = {}

    @invariant()
    def answers_as_a_fresh_index(self) -> None:
        if not (self.home / ".bienc" / "catalog.sqlite").exists():
            return
        self.fresh += 1
        fresh = self.home / f"fresh-{self.fresh}"
        build(fresh / ".bienc", fresh / "keys", self.files)
        assert self._answers(self.home) == self._answers(fresh)
        assert not check(self.home / ".bienc", key_dir=self.home / "keys").problems
        shutil.rmtree(fresh)

    def _answers(self, home: Path) -> list[object]:
        found: list[object] = []
        with open_reader(home / ".bienc", key_dir=home / "keys") as index:
            for where in (None, Filter(paths=("sub/",))):
                for hits in index.search_many(QUERIES, 50, where, exact=True):
                    stored = index.passages([passage_id for passage_id, _ in hits])
                    found.append(
                        sorted(
                            (-similarity, one.passage.doc_id, one.passage.ordinal, one.passage.text)
                            for one, (_, similarity) in zip(stored, hits, strict=True)
                        )
                    )
                words = index.bm25("figs pear", 50, where)
                stored = index.passages([passage_id for passage_id, _ in words])
                found.append(
                    sorted(
                        (one.passage.text, round(score, 9))
                        for one, (_, score) in zip(stored, words, strict=True)
                    )
                )
            info = index.info
            found.append((info.files, info.documents, info.passages, info.vectors, info.formats))
        return found

    def teardown(self) -> None:
        graph.TAIL_LEAST = self.tail_least
        shutil.rmtree(self.home)


TestFolder = Folder.TestCase
TestFolder.settings = settings(max_examples=10, stateful_step_count=12, deadline=None)
