"""What came of reading a file: a failure that passes is not remembered for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats import isolation
from bienc_cli.formats.reading import read_documents
from bienc_cli.formats.table import ReadingOptions
from bienc_cli.indexing.changes import MOST_ATTEMPTS
from bienc_cli.store import FileState
from folders import Folder

RECORDS = "".join(json.dumps({"_id": f"d{n}", "text": f"record {n}"}) + "\n" for n in range(50))


class Failing:
    """Stands in for reading, and breaks off where it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.after: int | None = None
        self.code = "io"
        self.reads = 0
        monkeypatch.setattr(isolation, "_read_here", self.read)
        monkeypatch.setattr(isolation, "_is_isolated", lambda *_, **__: False)

    def read(self, file: object, limits: object, options: ReadingOptions) -> Iterator[object]:
        self.reads += 1
        items = read_documents(file.path, file.doc_id, options)  # type: ignore[attr-defined]
        for number, item in enumerate(items):
            if self.after is not None and number >= self.after:
                raise UnreadableFile(self.code, "failed in the middle")
            yield item


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    return Failing(monkeypatch)


def state(folder: Folder) -> FileState:
    with folder.open() as reader:
        ((_, found),) = reader.files()
    return found


def test_a_failure_in_the_middle_loses_nothing_that_was_known(
    folder: Folder, failing: Failing
) -> None:
    folder.write({"c.jsonl": RECORDS})
    folder.index()
    folder.write({"c.jsonl": RECORDS + '{"_id": "new", "text": "a new one"}\n'})
    failing.after = 20
    report = folder.index()
    assert report.documents.unchanged == 50
    assert report.documents.removed == 0
    assert [(one.path, one.code) for one in report.skipped] == [("docs/c.jsonl", "io")]
    assert len(folder.texts()) == 50
    failing.after = None
    assert folder.index().documents.new == 1
    assert len(folder.texts()) == 51
    assert state(folder).outcome == "whole"


def test_a_new_file_is_kept_as_far_as_it_was_read_and_tried_again(
    folder: Folder, failing: Failing
) -> None:
    folder.write({"c.jsonl": RECORDS})
    failing.after = 20
    folder.index()
    assert len(folder.texts()) == 20
    assert (state(folder).outcome, state(folder).code) == ("partial", "io")
    folder.index()
    assert len(folder.texts()) == 20
    failing.after = None
    report = folder.index()
    assert len(folder.texts()) == 50
    assert report.skipped == ()
    assert state(folder).outcome == "whole"
    assert not folder.index().committed


@pytest.mark.parametrize("code", ["timeout", "crashed", "memory"])
def test_what_another_run_may_not_meet_is_tried_again_and_not_for_ever(
    code: str, folder: Folder, failing: Failing
) -> None:
    folder.write({"a.txt": "some words\n"})
    failing.after, failing.code = 0, code
    for _ in range(MOST_ATTEMPTS + 3):
        report = folder.index()
        assert [one.code for one in report.skipped] == [code]
    assert failing.reads == MOST_ATTEMPTS
    assert (state(folder).outcome, state(folder).attempts) == ("failed", MOST_ATTEMPTS)
    folder.index(retry=True)
    assert failing.reads == MOST_ATTEMPTS + 1
    failing.after = None
    assert folder.index(retry=True).documents.new == 1
    assert state(folder).outcome == "whole"


def test_touching_a_file_has_it_tried_again(folder: Folder, failing: Failing) -> None:
    import os

    folder.write({"a.txt": "some words\n"})
    failing.after, failing.code = 0, "timeout"
    for _ in range(MOST_ATTEMPTS):
        folder.index()
    failing.after = None
    os.utime(folder.root / "a.txt", (5, 5))
    assert folder.index().documents.new == 1


@pytest.mark.parametrize("code", ["timeout", "crashed", "memory"])
def test_a_passing_failure_leaves_what_was_known(
    code: str, folder: Folder, failing: Failing
) -> None:
    folder.write({"a.txt": "first words\n"})
    folder.index()
    folder.write({"a.txt": "second words\n"})
    failing.after, failing.code = 0, code
    for _ in range(MOST_ATTEMPTS + 2):
        report = folder.index()
        assert [one.code for one in report.skipped] == [code]
        assert folder.texts() == [("a.txt", "first words")]
    assert failing.reads == 1 + MOST_ATTEMPTS
    failing.after = None
    folder.index(retry=True)
    assert folder.texts() == [("a.txt", "second words")]


def test_a_broken_file_is_not_tried_again_without_being_asked_to(
    folder: Folder, failing: Failing
) -> None:
    folder.write({"a.txt": "some words\n"})
    failing.after, failing.code = 0, "broken"
    for _ in range(3):
        folder.index()
    assert failing.reads == 1
    assert (state(folder).outcome, state(folder).code) == ("failed", "broken")
    folder.index(retry=True)
    assert failing.reads == 2
