"""A file of judgments that grows answer by answer: TREC qrels, `query 0 document grade`.

The file is not held open, and nothing is kept only in memory: every answer is appended and synced
before the next question is asked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from bienc_cli.errors import StorageError, UsageError
from bienc_cli.evaluation.qrels import Item, Qrels, Unit, item_of, read_qrels
from bienc_cli.evaluation.queries import Query, read_queries
from bienc_cli.search.request import check_query

_JUDGMENT = re.compile(rb"\s*[^\s{]\S*\s+\S+\s+\S.*\s[+-]?\d+(?:\.0*)?\s*")
_FILE_OF_ITS_OWN = "give a file of its own: --qrels NEW.qrels"


@dataclass(frozen=True, slots=True)
class Judgment:
    """One judgment. 0 is not relevant, higher is better."""

    query_id: str
    document: str
    grade: int

    def __str__(self) -> str:
        return f"{self.query_id} 0 {self.document} {self.grade}"


class JudgmentFile:
    """The judgments of documents in a file, which need not exist yet.

    Attributes:
        path: of the file.
        qrels: the contents when it was opened.
    """

    def __init__(self, path: Path) -> None:
        """Read the existing judgments.

        Raises:
            UsageError: it cannot be read, or is not TREC qrels about documents.
            StorageError: it is not writable, or could not be created.
        """
        self.path = path
        self.qrels = _read(path)
        self._added: list[Judgment] = []

    @property
    def added(self) -> Sequence[Judgment]:
        """The judgments added since, except those undone."""
        return self._added

    def add(self, judgment: Judgment) -> None:
        """Append a judgment; it is synced when this returns.

        Raises:
            UsageError: TREC qrels cannot represent such a name.
            StorageError: the file cannot be written.
        """
        check_query_id(judgment.query_id)
        if not can_name(judgment.document):
            raise UsageError(f"TREC qrels cannot hold the name {judgment.document!r}.")
        append_lines(self.path, [str(judgment)])
        self._added.append(judgment)

    def undo(self) -> Judgment | None:
        """Remove the last added judgment and return it; None if there is none.

        Raises:
            StorageError: somebody else has appended to the file since.
        """
        if not self._added:
            return None
        line = f"{self._added[-1]}\n".encode()
        try:
            with self.path.open("r+b") as file:
                start = file.seek(0, os.SEEK_END) - len(line)
                if start < 0 or file.seek(start) != start or file.read() != line:
                    raise StorageError(
                        f"'{self.path}' has been changed by somebody else, so nothing is undone.",
                        "change the line in the file",
                    )
                file.truncate(start)
                os.fsync(file.fileno())
        except OSError as error:
            raise _unwritable(self.path, error) from error
        return self._added.pop()


def check_query_id(query_id: str) -> None:
    """Refuse an id that a line of qrels cannot hold.

    Raises:
        UsageError: it is empty, contains a blank, or starts like another format.
    """
    # A line that starts with `{` would be read as JSON; a byte order mark would be dropped.
    is_one_column = query_id.split() == [query_id] and not query_id.startswith(("{", "\ufeff"))
    if not is_one_column or not _encodable(query_id):
        raise UsageError(
            f"TREC qrels cannot hold the query id {query_id!r}.",
            "give the queries ids without blanks",
        )


def can_name(document: str) -> bool:
    """Whether a document's name survives being written to a line of qrels and read back.

    Names with white space other than single blanks do not, nor names that look like a place in
    another document.
    """
    folded = " ".join(document.split())
    is_unchanged = document != "" and folded == document
    return is_unchanged and item_of(document) == Item(document) and _encodable(document)


def queries_beside(qrels: Path, texts: Sequence[str]) -> tuple[Path, tuple[Query, ...]]:
    """Give queries permanent ids, kept in a file beside the judgments: `id<TAB>text`.

    Args:
        qrels: the file of judgments; the queries of `my.qrels` are in `my.queries.tsv`.
        texts: a known text keeps its id; new ones get the next numbers.

    Returns:
        The file, and the queries in the order of `texts`, without repeats.

    Raises:
        UsageError: the file does not contain queries.
        StorageError: it cannot be written.
    """
    path = qrels.with_suffix(".queries.tsv")
    by_text = {query.text: query for query in read_queries(path)} if path.exists() else {}
    numbers = [int(query.query_id) for query in by_text.values() if query.query_id.isdecimal()]
    number = max(numbers, default=0)
    wanted = list(dict.fromkeys(" ".join(text.split()) for text in texts))
    new = [text for text in wanted if text not in by_text]
    for text in new:
        number += 1
        by_text[text] = Query(str(number), text)
    append_lines(path, [f"{by_text[text].query_id}\t{text}" for text in new])
    return path, tuple(by_text[text] for text in wanted)


def check_source(texts: Sequence[str], file: Path | None, qrels: Path) -> None:
    """Refuse invalid arguments for a judging session; see `queries_to_judge`.

    Raises:
        UsageError: there are no queries, or both kinds of them, or their file is the file of
            judgments.
    """
    if bool(texts) == (file is not None):
        raise UsageError(
            "Queries come as arguments, or from a file.",
            "bienc judge 'first query' 'second query', or bienc judge --queries FILE",
        )
    if file is not None and file.resolve() == qrels.resolve():
        raise UsageError(
            f"'{file}' cannot hold the queries and take the judgments.",
            "give --qrels another file",
        )
    for text in texts:
        check_query(text)


def queries_to_judge(
    texts: Sequence[str], file: Path | None, qrels: Path
) -> tuple[Path, tuple[Query, ...]]:
    """The queries of a session, and the file they are in.

    Args:
        texts: queries; see `queries_beside`.
        file: a file of queries, instead of texts.
        qrels: the file of judgments.

    Raises:
        PathNotFound: the file does not exist.
        UsageError: it is malformed.
        StorageError: the queries cannot be saved.
    """
    if file is None:
        return queries_beside(qrels, texts)
    queries = read_queries(file)
    for query in queries:
        check_query_id(query.query_id)
    return file, queries


def append_lines(path: Path, lines: Sequence[str]) -> None:
    """Append lines to a file, created if necessary, and sync it.

    Raises:
        StorageError: it cannot be written; its previous contents are unchanged.
    """
    if not lines:
        return
    content = "".join(f"{line}\n" for line in lines).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        with path.open("ab", buffering=0) as file:
            size = file.tell()
            try:
                _write_whole(file, content)
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise
        if new:
            _sync_directory(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error


def _write_whole(file: FileIO, content: bytes) -> None:
    # A write to an almost full disk may silently be partial.
    written = 0
    while written < len(content):
        written += file.write(content[written:])


def _read(path: Path) -> Qrels:
    """The judgments in a file, opened for appending; completes an unterminated last line."""
    try:
        # Opened for writing too: better to fail now than at the first answer.
        with path.open("r+b") as file:
            content = file.read()
    except FileNotFoundError:
        return Qrels(Unit.DOCUMENT, {})
    except OSError as error:
        raise UsageError(f"'{path}' cannot be opened: {error.strerror}.") from error
    *lines, last = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        if line.strip() and not _JUDGMENT.fullmatch(line):
            raise _of_another_form(path, number)
    if last and _JUDGMENT.fullmatch(last):
        append_lines(path, [""])
    elif last and lines:
        # Half a judgment after complete ones: the result of a power failure.
        _truncate(path, len(content) - len(last))
    elif last:
        raise _of_another_form(path, 1)
    if not path.read_bytes().strip():
        return Qrels(Unit.DOCUMENT, {})
    qrels = read_qrels(path)
    if qrels.unit is not Unit.DOCUMENT:
        judged_unit = qrels.unit if qrels.unit is Unit.LINES else f"{qrels.unit}s"
        raise UsageError(
            f"'{path}' judges {judged_unit}, and here documents are judged.", _FILE_OF_ITS_OWN
        )
    return qrels


def _of_another_form(path: Path, number: int) -> UsageError:
    return UsageError(
        f"Line {number} of '{path}' is not a TREC judgment, and only such are added.",
        _FILE_OF_ITS_OWN,
    )


def _truncate(path: Path, size: int) -> None:
    try:
        with path.open("r+b") as file:
            file.truncate(size)
            os.fsync(file.fileno())
    except OSError as error:
        raise _unwritable(path, error) from error


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"'{path}' cannot be written: {error.strerror}.")
