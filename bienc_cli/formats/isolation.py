"""Reading many files: the risky ones in worker processes, under limits and ahead of need.

Formats that can hang or explode are read by workers (`bienc_cli.formats.worker`), each a
child with requests on its standard input and answers on its standard output: a bomb, a loop
or a crash costs one file, and the next files are read while the caller encodes. Collections
of risky formats are streamed from a worker, record by record, as the caller takes them.

A worker is a fresh interpreter, never a fork: the caller may hold locks and threads of torch
or OpenVINO that do not survive one. It has a process group of its own, so that Ctrl-C reaches
the caller alone, and it ends with its caller, however that ended.
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
"""Files taken from the input ahead of the one that is handed out."""

_AHEAD_PER_WORKER = 2
"""Isolated files in that window for each worker: one in work, one waiting or done."""

# Not `-m`: that would put the working directory, which is other people's, on the path.
_PROGRAM = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from bienc_cli.formats.worker import main; main()"
)
_PACKAGE_ROOT = str(Path(__file__).parents[2])


class SourceFile(Protocol):
    """What reading needs to know of a file."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def doc_id(self) -> str:
        """Its path under the indexed root (POSIX)."""

    @property
    def size(self) -> int:
        """Bytes."""


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
        workers: most processes beside this one, at least 1; they start when first needed.
        limits: for each file.
        options: how they are read where there is a choice.

    Returns:
        Each file with its items, to be consumed before the next one. Nothing is raised on
        account of a file: one that cannot be read has a `Skipped` whose path is its
        `doc_id`, as its only item unless it is a collection that broke off midway; a
        `Skipped` with another path, `doc_id:line`, is a record.

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
        found = reader_of(file.path, options)
    except UnreadableFile:
        return False
    return found is not None and found.streamed == streamed and file.size >= found.isolated_from


def _read_here(file: SourceFile, limits: Limits, options: ReadingOptions) -> Items:
    found = reader_of(file.path, options)
    if found is not None and found.streamed:
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
    """Up to `workers` processes and as many threads that wait for them."""

    def __init__(self, workers: int, limits: Limits) -> None:
        self._limits = limits
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="bienc-reader")
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._closed = False
        # A worker that is killed leaves behind what it wrote out for a moment; not beyond this.
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers, whatever they are at."""
        with self._lock:
            self._closed = True
            workers = [*self._all]
        for worker in workers:
            worker.kill()
        self._threads.shutdown(cancel_futures=True)
        if self._scratch is not None:
            self._scratch.cleanup()

    def stream(self, request: FileRequest) -> Items:
        """Have a collection read, record by record: the worker goes on as they are taken.

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
                # Without one, attachments are skipped for a reason of their own.
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
        """Whether it can be asked again."""
        return self._process.poll() is None

    def read(self, request: FileRequest) -> list[Document | Skipped]:
        """Have one file read.

        Raises:
            UnreadableFile: the worker's verdict, or `timeout` or `crashed`; it is dead then.
        """
        return self._answer(request)

    def stream(self, request: FileRequest) -> Items:
        """Have a collection read; the worker is dead where that was not to its end.

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
            # The last word on this file, from a worker that is dead or ready for the next one.
            unread = False
            raise
        finally:
            if unread:
                self.kill()

    def _answer(self, request: FileRequest | None) -> list[Document | Skipped]:
        """The next answer, to a request or in a stream of them, within the time for one.

        For every part of a file that is done in between, the time begins anew.
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
        """The next line; one without an end where the worker died, also of taking too long."""
        timer = threading.Timer(self._limits.seconds, self._expire)
        timer.start()
        line = b""
        try:
            # A worker that died fails here or answers nothing; either way there is no line.
            with contextlib.suppress(OSError):
                line = self._exchange(request)
        finally:
            timer.cancel()
            # Subtle: it may be firing; afterwards it is certain whether this worker lives.
            timer.join()
        return line

    def kill(self) -> None:
        """End it now, with the programs that it runs, and leave no zombie."""
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
