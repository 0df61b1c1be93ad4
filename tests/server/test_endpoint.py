"""Where a server is found: by this user, this version and this environment alone."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bienc_cli.errors import StorageError
from bienc_cli.server import client, endpoint
from bienc_cli.server.claim import claim
from bienc_cli.server.client import ServedAnswer
from bienc_cli.server.commands import CommandServer
from bienc_cli.server.endpoint import Endpoint, endpoint_for
from bienc_cli.server.listener import Activity, Listener
from bienc_cli.server.threads import AnsweringThreads


def test_the_name_says_what_answers_depend_on(tmp_path: Path) -> None:
    plain = endpoint_for({"HOME": "/home/one", "LANG": "C"}, str(tmp_path))
    assert plain.path == endpoint_for({"HOME": "/home/one", "LANG": "de"}, str(tmp_path)).path
    assert plain.path == endpoint_for({"HOME": "/home/one", "BIENC_INDEX": "x"}, str(tmp_path)).path
    for name in ("HOME", "BIENC_CROSS_ENCODER", "BIENC_CACHE", "HF_HUB_OFFLINE", "SUDO_UID"):
        assert plain.name != endpoint_for({"HOME": "/home/one", name: "x"}, str(tmp_path)).name


def test_another_version_is_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = endpoint_for({}, str(tmp_path))
    monkeypatch.setattr(endpoint, "__version__", "9.9.9")
    assert endpoint_for({}, str(tmp_path)).path != before.path


def test_a_runtime_directory_is_used_if_it_is_private(tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    environ = {"XDG_RUNTIME_DIR": str(runtime)}
    assert endpoint_for(environ, str(tmp_path)).directory == f"{runtime}/bienc-run"
    runtime.chmod(0o755)
    assert endpoint_for(environ, str(tmp_path)).directory == f"{tmp_path}/run"
    assert endpoint_for({"XDG_RUNTIME_DIR": "run"}, str(tmp_path)).directory == f"{tmp_path}/run"


def test_socket_and_directory_are_this_user_s_alone(tmp_path: Path) -> None:
    there = Endpoint(str(tmp_path / "new" / "run"), "socket")
    before = os.umask(0)
    try:
        with claim(there) as place:
            assert place is not None
            assert place.holds()
            status = Path(there.path).stat()
            assert stat.S_ISSOCK(status.st_mode)
            assert stat.S_IMODE(status.st_mode) == 0o600
            assert stat.S_IMODE(Path(there.directory).stat().st_mode) == 0o700
    finally:
        os.umask(before)
    assert not Path(there.path).exists()


@pytest.mark.parametrize("spoil", ["open", "link", "file"])
def test_a_directory_that_others_may_enter_is_refused(tmp_path: Path, spoil: str) -> None:
    directory = tmp_path / "run"
    if spoil == "open":
        directory.mkdir(mode=0o750)
        directory.chmod(0o750)
    elif spoil == "link":
        (tmp_path / "real").mkdir(mode=0o700)
        directory.symlink_to("real")
    else:
        directory.touch()
    there = Endpoint(str(directory), "socket")
    with pytest.raises(StorageError, match="only you can enter"):
        claim(there)
    assert client.connect(there) is None


def test_somebody_else_s_server_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Endpoint(str(tmp_path / "run"), "socket")
    with claim(there) as place:
        assert place is not None
        place.listen()
        found = client.connect(there)
        assert found is not None
        assert endpoint.peer(found) == (os.getpid(), os.geteuid())
        found.close()
        monkeypatch.setattr(endpoint, "peer", lambda _: (1, os.geteuid() + 1))
        assert client.connect(there) is None


def test_a_place_is_one_server_s(tmp_path: Path) -> None:
    there = Endpoint(str(tmp_path / "run"), "socket")
    with claim(there) as first:
        assert first is not None
        assert claim(there) is None
    with claim(there) as second:
        assert second is not None


def test_what_a_killed_server_left_is_no_obstacle(tmp_path: Path) -> None:
    there = Endpoint(str(tmp_path / "run"), "socket")
    Path(there.directory).mkdir(0o700)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(there.path)
    assert client.connect(there) is None
    with claim(there) as place:
        assert place is not None
        place.listen()
        found = client.connect(there)
        assert found is not None
        found.close()


def test_a_place_that_was_swept_is_noticed(tmp_path: Path) -> None:
    there = Endpoint(str(tmp_path / "run"), "socket")
    with claim(there) as place:
        assert place is not None
        Path(there.path).unlink()
        assert not place.holds()


def test_a_path_of_any_length_will_do(tmp_path: Path) -> None:
    directory = tmp_path / ("long" * 30) / "run"
    there = Endpoint(str(directory), "socket")
    assert len(there.path) > 108
    with claim(there) as place:
        assert place is not None
        place.listen()
        found = client.connect(there)
        assert found is not None
        found.close()


PROGRAM = """
import os, socket, sys
from bienc_cli.server import client
from bienc_cli.server.endpoint import Endpoint
directory, name = sys.argv[1:]
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
print("found" if client.connect(Endpoint(directory, name)) else "not found")
with socket.socket(socket.AF_UNIX) as connection:
    try:
        connection.connect(f"{directory}/{name}")
        print("connected")
        connection.sendall(b"{}\\n")
        print(connection.recv(100) or "nothing")
    except PermissionError:
        print("refused")
    except ConnectionError:
        print("nothing")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="takes two users, and so root")
def test_two_users_never_reach_each_other(tmp_path: Path) -> None:
    """Not by the directory; and if that were open, neither side would speak to the other."""
    there = Endpoint(str(tmp_path / "run"), "socket")
    for above in (tmp_path, *tmp_path.parents):
        if not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o001)

    def answer(*_: object) -> ServedAnswer:
        raise AssertionError("another user was listened to")

    def said() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, there.directory, there.name],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()

    with claim(there) as place:
        assert place is not None
        Listener(place.listen(), CommandServer(AnsweringThreads(1), answer).converse, Activity())
        assert said() == ["not found", "refused"]
        Path(there.directory).chmod(0o777)
        Path(there.path).chmod(0o777)
        assert said() == ["not found", "connected", "nothing"]
