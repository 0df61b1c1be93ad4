"""The worker process that reads files for `isolation`.

Its arguments are the limits, as JSON, and the directory for temporary files.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import queue
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import BinaryIO

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.patience import report_parts_to
from bienc_cli.formats.reading import read_all, read_documents, reader_of
from bienc_cli.formats.worker_messages import (
    PART_DONE,
    FileRequest,
    Limits,
    encode_items,
    encode_refusal,
)

if sys.platform != "win32":
    import resource

_PR_SET_PDEATHSIG = 1
_ALLOCATIONS_BETWEEN_COLLECTIONS = 100_000


def main() -> None:
    """Answer requests until there are no more."""
    # Ctrl-C is for the caller, which ends this process by closing its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limits = Limits(*json.loads(sys.argv[1]))
    tempfile.tempdir = sys.argv[2] or None
    _die_with_caller()
    # Answers have their own descriptor, so that nothing a parser prints gets between them.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _limit("RLIMIT_AS", limits.memory)
    _limit("RLIMIT_CORE", 0)
    # Parse trees are large and live until the end; searching them for garbage again and again took
    # half of the time.
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS, 20, 20)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def part_done() -> None:
        answers.write(PART_DONE)
        answers.flush()
        _limit_processor_time(limits.seconds)

    report_parts_to(part_done)
    threading.Thread(target=_receive, args=(sys.stdin.buffer, requests), daemon=True).start()
    while True:
        request = FileRequest.decode(requests.get())
        _limit_processor_time(limits.seconds)
        for line in answer(request, limits):
            answers.write(line)
            answers.flush()
            _limit_processor_time(limits.seconds)


def answer(request: FileRequest, limits: Limits) -> Iterator[bytes]:
    """Read one file within the limits.

    Yields:
        Answers as in `worker_messages`: one for a file; for a collection one per record, and an
        empty one after the last.
    """
    path, doc_id, options = request.path, request.doc_id, request.options
    try:
        reader = reader_of(path, options)
        if reader is None or not reader.streamed:
            yield encode_items(read_all(path, doc_id, options, limits.characters))
            return
        for item in read_documents(path, doc_id, options):
            yield encode_items([item])
        yield encode_items([])
    except UnreadableFile as error:
        yield encode_refusal(error)
    except MemoryError:
        yield encode_refusal(UnreadableFile("memory", "needs more memory than it may use"))


def _die_with_caller() -> None:
    """Have Linux kill this process when the thread that started it ends.

    That thread lives as long as its pool, which ends its workers anyway. On all systems the end of
    input ends the process too, but it goes unnoticed while an extension or a regular expression
    holds the interpreter's lock.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _receive(stream: BinaryIO, requests: queue.SimpleQueue[bytes]) -> None:
    """Pass requests on; the end of input ends the process, even in the middle of a file."""
    for line in stream:
        requests.put(line)
    os._exit(0)


def _limit(name: str, soft: float) -> None:
    if sys.platform != "win32":
        which = getattr(resource, name)
        # Not every system supports every limit, and none may be raised above the hard limit.
        with contextlib.suppress(ValueError, OSError):
            _, hard = resource.getrlimit(which)
            bound = int(soft) if hard == resource.RLIM_INFINITY else min(int(soft), hard)
            resource.setrlimit(which, (bound, hard))


def _limit_processor_time(seconds: float) -> None:
    """Have the kernel end an endless loop, even if the caller is gone."""
    _limit("RLIMIT_CPU", time.process_time() + seconds + 2)
