"""Reads many files, the risky ones in worker processes, with limits and ahead of need.

Formats that can hang or exhaust memory are read by workers (`bienc_cli.formats.worker`), child
processes that take requests on standard input and answer on standard output. A bomb, an endless
loop or a crash costs one file, and the next files are read while the caller encodes. Collections
in risky formats are streamed from a worker, record by record, as the caller takes them.

A worker is a fresh interpreter, never a fork: the caller may hold locks and threads of torch or
OpenVINO that do not survive a fork. It has its own process group, so that Ctrl-C reaches only the
caller, and it ends when its caller ends, for whatever reason.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path
from typing import Protocol, Self, TypeVar

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.reading import read_all, read_documents, reader_of
from bienc_cli.formats.table import DEFAULT_READING, ReadingOptions, pdf_format
from bienc_cli.formats.worker_messages import PART_DONE, FileRequest, Limits, decode_answer
from bienc_cli.types import Document, Skipped

_WINDOW = 64
"""Files taken from the input ahead of the one returned."""

_AHEAD_PER_WORKER = 2
"""Isolated files per worker in that window: one in work, one waiting or done."""

# Not `-m`, which would put the working directory, anybody's files, on the path.
_PROGRAM = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from bienc_cli.formats.worker import main; main()"
)
_PACKAGE_ROOT = str(Path(__file__).parents[2])


class SourceFile(Protocol):
    """What reading needs to know about a file."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def doc_id(self) -> str:
        """Its path under the indexed root (POSIX)."""

    @property
    def size(self) -> int:
        """In bytes."""


File = TypeVar("File", bound=SourceFile)
Items = Iterator[Document | Skipped]


def read_files(
    files: Iterable[File],
    *,
    workers: int,
    limits: Limits,
    options: ReadingOptions = DEFAULT_READING,
) -> Iterator[tuple[File, Items]]:
    """Read files, in order, the risky ones in parallel and ahead of need.

    Args:
        files: what discovery found; taken at most `_WINDOW` ahead.
        workers: maximum number of worker processes, at least 1; they start when first needed.
        limits: for each file.
        options: select among readers of one format.

    Returns:
        Each file with its items, to be consumed before the next file. No file raises: one that
        cannot be read has a `Skipped` whose path is its `doc_id`, as its only item or, for a
        collection that broke off midway, its last; a `Skipped` with the path `doc_id:line` is a
        record.

    Raises:
        UsageError: the PDF engine is unknown or not installed.
    """
    pdf_format(options)
    return _in_order(iter(files), workers, limits, options)


def _in_order(
    files: Iterator[File], workers: int, limits: Limits, options: ReadingOptions
) -> Iterator[tuple[File, Items]]:
    window: deque[tuple[File, Future[list[Document | Skipped]] | None]] = deque()
    ahead = 0
    with _Pool(workers, limits) as pool:
        while True:
            while len(window) < _WINDOW and ahead < workers * _AHEAD_PER_WORKER:
                file = next(files, None)
                if file is None:
                    break
                ahead_of_need = _is_isolated(file, options, streamed=False)
                request = FileRequest(file.path, file.doc_id, options)
                window.append((file, pool.submit(request) if ahead_of_need else None))
                ahead += ahead_of_need
            if not window:
                return
            file, future = window.popleft()
            if future is not None:
                yield file, _verdict_last(file, _answered(future))
                ahead -= 1
            elif _is_isolated(file, options, streamed=True):
                request = FileRequest(file.path, file.doc_id, options)
                yield file, _verdict_last(file, pool.stream(request))
            else:
                yield file, _verdict_last(file, _read_here(file, limits, options))


def _is_isolated(file: SourceFile, options: ReadingOptions, *, streamed: bool) -> bool:
    try:
        reader = reader_of(file.path, options)
    except UnreadableFile:
        return False
    return reader is not None and reader.streamed == streamed and file.size >= reader.isolated_from


def _read_here(file: SourceFile, limits: Limits, options: ReadingOptions) -> Items:
    reader = reader_of(file.path, options)
    if reader is not None and reader.streamed:
        yield from read_documents(file.path, file.doc_id, options)
    else:
        yield from read_all(file.path, file.doc_id, options, limits.characters)


def _answered(future: Future[list[Document | Skipped]]) -> Items:
    yield from future.result()


def _verdict_last(file: SourceFile, items: Items) -> Items:
    try:
        yield from items
    except UnreadableFile as error:
        yield Skipped(file.doc_id, error.code, error.reason)


class _Pool:
    """Up to `workers` processes, and a thread for each that waits for it."""

    def __init__(self, workers: int, limits: Limits) -> None:
        self._limits = limits
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="bienc-reader")
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._closed = False
        # Workers write temporary files here, so those of a killed worker are removed too.
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Kill the workers, whatever they are doing."""
        with self._lock:
            self._closed = True
            workers = [*self._all]
        for worker in workers:
            worker.kill()
        self._threads.shutdown(cancel_futures=True)
        if self._scratch is not None:
            self._scratch.cleanup()

    def stream(self, request: FileRequest) -> Items:
        """Have a collection read record by record, as the caller takes them.

        Raises:
            UnreadableFile: the worker's verdict; also midway, as `timeout` for one record.
        """
        worker = self._take()
        try:
            yield from worker.stream(request)
        finally:
            self._give_back(worker)

    def submit(self, request: FileRequest) -> Future[list[Document | Skipped]]:
        """Have a file read."""
        return self._threads.submit(self._read, request)

    def _read(self, request: FileRequest) -> list[Document | Skipped]:
        worker = self._take()
        used = worker.used
        try:
            return worker.read(request)
        except UnreadableFile as error:
            # What earlier files left behind in a worker must not decide about this one.
            if not (used and error.code in {"memory", "crashed"}):
                raise
            worker.kill()
        finally:
            self._give_back(worker)
        return self._read(request)

    def _take(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise UnreadableFile("interrupted", "reading was ended")
            if self._idle:
                return self._idle.pop()
            if self._scratch is None:
                # Without the directory, attachments are skipped with their own reason.
                with contextlib.suppress(OSError):
                    self._scratch = tempfile.TemporaryDirectory(
                        prefix="bienc-", ignore_cleanup_errors=True
                    )
            worker = _Worker(self._limits, self._scratch.name if self._scratch else "")
            self._all.add(worker)
            return worker

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            if worker.is_alive and not self._closed:
                self._idle.append(worker)
            else:
                self._all.discard(worker)


class _Worker:
    """One process that reads one file at a time."""

    def __init__(self, limits: Limits, scratch: str) -> None:
        self._limits = limits
        self._expired = False
        self.used = False
        arguments = json.dumps(astuple(limits)), scratch
        self._process = subprocess.Popen(  # noqa: S603  (a fixed program)
            [sys.executable, "-P", "-c", _PROGRAM, _PACKAGE_ROOT, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=1 << 20,
            process_group=0,
        )

    @property
    def is_alive(self) -> bool:
        """Whether it can take another request."""
        return self._process.poll() is None

    def read(self, request: FileRequest) -> list[Document | Skipped]:
        """Have one file read.

        Raises:
            UnreadableFile: the worker's verdict; or `timeout` or `crashed`, then it is dead.
        """
        return self._answer(request)

    def stream(self, request: FileRequest) -> Items:
        """Have a collection read; if it is not consumed to its end, the worker is killed.

        Raises:
            UnreadableFile: as `read`.
        """
        unread = True
        try:
            items = self._answer(request)
            while items:
                yield from items
                items = self._answer(None)
            unread = False
        except UnreadableFile:
            # The final verdict, from a worker that is either dead or ready for the next file.
            unread = False
            raise
        finally:
            if unread:
                self.kill()

    def _answer(self, request: FileRequest | None) -> list[Document | Skipped]:
        """The next answer, to a request or in a stream of answers, within the time limit.

        Every part of a file that the worker reports as done restarts the time.
        """
        self.used = True
        line = self._in_time(request)
        while line == PART_DONE:
            line = self._in_time(None)
        if line.endswith(b"\n"):
            return decode_answer(line)
        self.kill()
        raise self._post_mortem()

    def _in_time(self, request: FileRequest | None) -> bytes:
        """The next line; without a line break if the worker died or exceeded the time limit."""
        timer = threading.Timer(self._limits.seconds, self._expire)
        timer.start()
        line = b""
        try:
            # A dead worker fails here or answers nothing; either way there is no line.
            with contextlib.suppress(OSError):
                line = self._exchange(request)
        finally:
            timer.cancel()
            # The timer may be firing right now; after `join` the worker's state is certain.
            timer.join()
        return line

    def kill(self) -> None:
        """Kill it with the programs it runs, and leave no zombie."""
        self._end()
        self._process.wait()

    def _end(self) -> None:
        if not self.is_alive:
            return
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)

    def _exchange(self, request: FileRequest | None) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101
        assert stdout is not None  # noqa: S101
        if request is not None:
            stdin.write(request.encode())
            stdin.flush()
        return stdout.readline()

    def _expire(self) -> None:
        self._expired = True
        self._end()

    def _post_mortem(self) -> UnreadableFile:
        status = self._process.returncode
        exceeded = sys.platform != "win32" and status == -signal.SIGXCPU
        if self._expired or exceeded:
            seconds = f"{self._limits.seconds:g}"
            return UnreadableFile("timeout", f"could not be read within {seconds} s")
        with contextlib.suppress(ValueError):
            return UnreadableFile("crashed", f"its reader crashed ({signal.Signals(-status).name})")
        return UnreadableFile("crashed", f"its reader ended with status {status}")
