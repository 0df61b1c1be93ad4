"""Indexing on a Ray cluster of several processes of this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bienc_cli.errors import ClusterUnavailable, IndexNotFound
from bienc_cli.indexing import encoding
from bienc_cli.indexing.indexer import index_paths
from bienc_cli.indexing.workers import Workers
from bienc_cli.milvus.address import MilvusAddress
from bienc_cli.ray import actors, connected, on_ray, workers
from bienc_cli.ray.workers import _plan
from bienc_cli.stages import Stopwatch
from bienc_cli.types import BiEncoder
from fakes import FakeBiEncoder
from folders import FRUIT, Folder
from ray_workers import PATHS, DyingEncoder, UnaskedEncoder, load_dying, load_fake, load_other

# Not imported here: what is to hold for the cluster is said in the environment before.
pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """A cluster of three cores, as Ray counts them; a process can start one, and no second."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("PYTHONPATH", os.pathsep.join(PATHS))
            ray = stack.enter_context(connected("local", cores=3))
        yield ray


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that every encoder has several."""
    monkeypatch.setattr(encoding, "_SHARE", 16)


def fill(folder: Folder) -> None:
    folder.write(dict(FRUIT))
    folder.write({f"many/{n}.txt": f"Text number {n}.\n\nAnd more of it.\n" for n in range(150)})
    folder.write({"broken.pdf": b"%PDF-1.7\nnothing", "empty.txt": "", "x.bin": b"\x00\x01"})
    records = "".join(f'{{"_id": "r{n}", "text": "record {n}"}}\n' for n in range(200))
    folder.write({"records.jsonl": records + "not json\n"})


def index(
    folder: Folder, start_workers: Callable[[BiEncoder, Stopwatch], AbstractContextManager[Workers]]
) -> Any:
    return index_paths(
        [folder.root],
        directory=folder.directory,
        load_encoder=lambda _: folder.encoder,
        key_dir=folder.keys,
        start_workers=start_workers,
    )


def content(folder: Folder) -> list[tuple[Any, ...]]:
    """Every passage, in the order of the index, with its vector as a query finds it."""
    with folder.open() as reader:
        return [
            (
                one.passage_id,
                one.document_id,
                one.path,
                one.title,
                one.passage,
                round(
                    reader.similarities(
                        FakeBiEncoder().encode_passages([one.passage.embedded_text])[0],
                        [one.passage_id],
                    )[0],
                    5,
                ),
            )
            for one in reader.iter_passages()
        ]


@pytest.mark.parametrize("outside", [False, True])
def test_the_index_is_the_same_as_without(
    ray: Any, tmp_path: Path, outside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_is_outside", lambda _: outside)
    here, there = Folder(tmp_path / "here"), Folder(tmp_path / "there")
    for folder in (here, there):
        fill(folder)
    alone = here.index()
    report = index(there, on_ray("local", load_fake, threads=1))
    assert report.runtime == "ray, 3 x fake cpu fp32"
    assert content(there) == content(here)
    for name in ("documents", "passages", "encoded", "reused", "tokens", "text_characters"):
        assert getattr(report, name) == getattr(alone, name)
    assert report.skipped == alone.skipped
    # The model of this process has encoded nothing.
    assert there.encoder.passages_encoded == []


def test_the_index_in_milvus_is_the_same_as_without(ray: Any, tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite")
    here, there = Folder(tmp_path / "here"), Folder(tmp_path / "there")
    for folder in (here, there):
        fill(folder)
        folder.directory = MilvusAddress(str(folder.home / "i.db"), "things")
    alone = here.index()
    report = index(there, on_ray("local", load_fake, threads=1))
    assert (report.passages, report.encoded) == (alone.passages, alone.encoded)
    # Paths are absolute there.
    assert [(*one[:2], *one[3:]) for one in content(there)] == [
        (*one[:2], *one[3:]) for one in content(here)
    ]


def test_only_what_changed_is_read_and_nothing_starts_where_nothing_did(
    ray: Any, tmp_path: Path
) -> None:
    folder = Folder(tmp_path)
    fill(folder)
    index(folder, on_ray("local", load_fake, threads=1))

    def never(*_: object) -> Any:
        raise AssertionError("a cluster was asked for")

    assert not index(folder, never).committed
    folder.write({"many/7.txt": "Another text.\n"})
    report = index(folder, on_ray("local", load_fake, threads=1))
    assert (report.documents.changed, report.encoded) == (1, 1)


def test_a_killed_worker_changes_nothing(ray: Any, tmp_path: Path) -> None:
    here, there = Folder(tmp_path / "here"), Folder(tmp_path / "there")
    for folder in (here, there):
        fill(folder)
    here.index()
    DyingEncoder.told(tmp_path)
    report = index(there, on_ray("local", load_dying(tmp_path), threads=1))
    assert (tmp_path / "died").read_text() != str(os.getpid())
    assert report.committed
    assert content(there) == content(here)


def test_a_killed_reader_changes_nothing(
    ray: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray_workers

    here, there = Folder(tmp_path / "here"), Folder(tmp_path / "there")
    for folder in (here, there):
        fill(folder)
    here.index()
    monkeypatch.setattr(actors, "read_and_cut", ray_workers.dying_reader(tmp_path))
    index(there, on_ray("local", load_fake, threads=1))
    assert (tmp_path / "reader died").exists()
    assert content(there) == content(here)


def test_workers_with_another_model_are_refused(ray: Any, folder: Folder) -> None:
    fill(folder)
    with pytest.raises(ClusterUnavailable, match="another fake"):
        index(folder, on_ray("local", load_other, threads=1))


@pytest.mark.parametrize("who", ["encoder", "reader"])
def test_workers_of_another_version_are_refused(
    ray: Any, folder: Folder, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:

    if who == "reader":
        # Nodes without an encoder read too.
        monkeypatch.setattr(actors, "EncodingActor", UnaskedEncoder)
    monkeypatch.setattr(workers, "__version__", "9.9.9")
    folder.write(dict(FRUIT))
    with pytest.raises(ClusterUnavailable, match=r"has bienc .*, and this machine 9\.9\.9"):
        index(folder, on_ray("local", load_fake, threads=1))
    with pytest.raises(IndexNotFound):
        folder.open()


def test_a_worker_that_does_not_see_the_folder(
    ray: Any, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray_workers

    fill(folder)
    monkeypatch.setattr(actors, "read_and_cut", ray_workers.read_elsewhere)
    with pytest.raises(ClusterUnavailable, match="does not see"):
        index(folder, on_ray("local", load_fake, threads=1))
    with pytest.raises(IndexNotFound):
        folder.open()


def test_an_error_of_a_worker_is_a_sentence(ray: Any, folder: Folder) -> None:
    import ray_workers

    fill(folder)
    with pytest.raises(ClusterUnavailable, match=r"A worker failed: .*out of ink"):
        index(folder, on_ray("local", ray_workers.load_failing, threads=1))


def test_what_is_under_way_is_bounded(ray: Any) -> None:
    """Batches are taken as results are: two for each encoder ahead of what was given out."""
    taken: list[int] = []

    def batches() -> Iterator[list[str]]:
        for number in range(40):
            taken.append(number)
            yield [f"text {number}"]

    with on_ray("local", load_fake, threads=1)(FakeBiEncoder(), Stopwatch()) as ray_workers:
        assert ray_workers.width == 3
        for number, vectors in enumerate(ray_workers.encode(batches())):
            assert len(taken) <= number + 2 * ray_workers.width + 1
            expected = FakeBiEncoder().encode_passages([f"text {number}"])
            assert np.array_equal(vectors, expected)
    assert len(taken) == 40


@pytest.mark.parametrize(
    ("resources", "threads", "encoders", "each", "gpus"),
    [
        ({"CPU": 2.0}, None, 1, 2, 0),
        ({"CPU": 2.0}, 1, 2, 1, 0),
        ({"CPU": 64.0}, None, 16, 4, 0),
        ({"CPU": 2.0}, 8, 1, 2, 0),
        ({"CPU": 64.0, "GPU": 8.0}, None, 8, 1, 1),
    ],
)
def test_as_many_encoders_as_fit(
    resources: dict[str, float], threads: int | None, encoders: int, each: int, gpus: int
) -> None:
    plan = _plan(resources, threads)
    assert (plan.encoders, plan.threads, plan.gpus) == (encoders, each, gpus)


def test_a_cluster_is_told_from_what_else_answers(ray: Any) -> None:
    from bienc_cli.ray import cluster

    address = ray.get_runtime_context().gcs_address
    assert cluster._checked(address) == address


def test_nothing_else_imports_it() -> None:
    script = (
        "import sys, pkgutil, importlib, bienc_cli\n"
        "for one in pkgutil.walk_packages(bienc_cli.__path__, 'bienc_cli.'):\n"
        "    if not one.name.endswith('__main__'): importlib.import_module(one.name)\n"
        "assert 'ray' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def descendants(number: int) -> set[int]:
    """Processes below one, as /proc has them."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found: set[int] = set()
    level = {number}
    while level := {child for child, parent in parents.items() if parent in level}:
        found |= level
    return found


def test_interrupted_it_leaves_no_process_behind(tmp_path: Path) -> None:
    """From a process of its own, with a cluster of its own."""
    folder = Folder(tmp_path)
    fill(folder)
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import ray_workers; from pathlib import Path; from folders import Folder\n"
        "from bienc_cli.cli.process import end_soon_when_interrupted\n"
        "from test_ray import index\n"
        "from bienc_cli.ray import on_ray\n"
        "end_soon_when_interrupted()\n"
        f"folder = Folder(Path({str(tmp_path)!r}))\n"
        "index(folder, on_ray('local', ray_workers.load_slow, threads=1))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(PATHS),
            "TOLD": str(tmp_path / "told"),
        },
        stderr=subprocess.PIPE,
    )
    try:
        while not (tmp_path / "told").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        started = descendants(process.pid)
        assert int((tmp_path / "told").read_text()) in started
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
        for _ in range(300):
            left = [number for number in started if Path("/proc", str(number)).exists()]
            if not left:
                break
            signal.sigtimedwait([], 0.1)
        assert left == []
    finally:
        process.kill()
    with pytest.raises(IndexNotFound):
        folder.open()
