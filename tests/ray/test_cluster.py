"""A connection to a Ray cluster: our own is private, another's is one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest

from bienc_cli.errors import ClusterUnavailable, UsageError
from bienc_cli.extras import install_command
from bienc_cli.ray import connected
from ray_workers import PATHS

# Not imported here: what is to hold for the cluster is said in the environment before.
pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")


PRIVATE = """
import os, signal, threading
from pathlib import Path
from bienc_cli.ray import connected

class Worker:
    def die(self):
        os.kill(os.getpid(), signal.SIGKILL)

before, handler = dict(os.environ), signal.getsignal(signal.SIGTERM)
with connected("local", cores=1) as ray:
    (node,) = ray.nodes()
    assert node["NodeManagerAddress"] == "127.0.0.1", node
    # The report of a loss comes from another thread; it has to have come, and to be unseen.
    reported, report = threading.Event(), ray._private.worker.print_to_stdstream
    ray._private.worker.print_to_stdstream = lambda *a, **k: (report(*a, **k), reported.set())
    lost = ray.remote(Worker).options(max_restarts=1, max_task_retries=1).remote()
    try:
        ray.get(lost.die.remote())
    except ray.exceptions.RayError:
        pass
    assert reported.wait(60)
    assert signal.getsignal(signal.SIGTERM) is handler
assert {k: v for k, v in os.environ.items() if k.startswith("RAY_AUTH")} == {}
assert not (Path.home() / ".ray").exists()
"""


def test_a_cluster_of_our_own_is_private_and_silent(tmp_path: Path) -> None:
    others = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    said = subprocess.run(
        [sys.executable, "-c", PRIVATE],
        env={**others, "PYTHONPATH": os.pathsep.join(PATHS), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.0 400 Bad Request\r\n\r\n"])
def test_somebody_else_answers(answer: bytes) -> None:
    from bienc_cli.ray import cluster

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(ClusterUnavailable, match="No Ray cluster answers"):
            cluster._checked(f"127.0.0.1:{port}")
        thread.join()


def test_nobody_answers() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    script = (
        "from bienc_cli.ray import connected\n"
        "from bienc_cli.errors import ClusterUnavailable\n"
        f"for address in ('127.0.0.1:{port}', 'ray://127.0.0.1:{port}'):\n"
        "    try:\n"
        "        with connected(address): pass\n"
        "    except ClusterUnavailable as error: print(error.message, error.hint)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout.count("No Ray cluster answers at") == 2
    assert said.stderr == ""


def test_no_address() -> None:
    addresses = ["somewhere", "docs", "host:", "ray://"]
    script = (
        "import sys\n"
        "from bienc_cli.ray import connected\n"
        "from bienc_cli.errors import UsageError\n"
        "for address in sys.argv[1:]:\n"
        "    try:\n"
        "        with connected(address): pass\n"
        "    except UsageError as error: print(error.message)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, *addresses], capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == [
        f"'{address}' is no address of a Ray cluster." for address in addresses
    ]


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(UsageError, match="Ray is not installed") as caught,
        connected("local"),
    ):
        pass
    assert caught.value.hint is not None
    assert install_command("ray") in caught.value.hint
