"""Servers as processes: started, found, killed, followed by others, and ended in time."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bienc_cli
import endurance
from commands import Run
from folders import FRUIT, Folder
from warm_server import timeless

HERE = Path(__file__).parent
PATHS = [str(Path(bienc_cli.__file__).parent.parent), str(HERE.parent)]
PATIENCE = 60.0


def next_said_by(process: subprocess.Popen[str]) -> str:
    """Its next line on stderr; an error where none comes, instead of a test that never ends."""
    assert process.stderr is not None
    lines: list[str] = []
    reading = threading.Thread(
        target=lambda said: lines.append(said.readline()), args=(process.stderr,), daemon=True
    )
    reading.start()
    reading.join(PATIENCE)
    assert lines, "nothing was said"
    return lines[0]


class House:
    """A folder with an index, in which commands run as processes of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[subprocess.Popen[str]] = []
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BIENC_")},
            "PYTHONPATH": ":".join(PATHS),
            "BIENC_CACHE": str(home / "cache"),
            "BIENC_DATA": str(home / "data"),
            "XDG_RUNTIME_DIR": "",
        }
        folder = Folder(home)
        folder.keys = home / "data"
        folder.write(dict(FRUIT))
        folder.index()

    def start(self, *argv: str, **environ: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, HERE / "fake_bienc.py", *argv],
            cwd=self.home,
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self.processes.append(process)
        return process

    def run(self, *argv: str, **environ: str) -> tuple[int, str, str]:
        process = self.start(*argv, **environ)
        printed, said = process.communicate(timeout=PATIENCE)
        return process.returncode, printed, said

    def query(self, *argv: str, **environ: str) -> dict:
        code, printed, said = self.run("query", "pear", "-f", "json", *argv, **environ)
        assert code == 0, said
        return json.loads(printed)

    def serve(self, *argv: str, **environ: str) -> subprocess.Popen[str]:
        """A server that has said that it is ready."""
        process = self.start("serve", *argv, **environ)
        assert "queries are answered here" in next_said_by(process)
        return process

    @property
    def sockets(self) -> list[Path]:
        return [one for one in (self.home / "cache" / "run").glob("*") if one.is_socket()]


def test_ending_one_by_hand_is_no_failure(house: House) -> None:
    process = house.serve()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert said in ("", "note: ending, because you ended it\n")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    if house.sockets:
        house.run("serve", "--stop")
    for process in house.processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def eventually(holds: Callable[[], object]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(held)


def test_a_server_is_found_stopped_and_done_without(house: House) -> None:
    process = house.serve()
    cold = house.query("--no-server")
    served = house.query()
    assert served.pop("served")
    for one in (served, cold):
        del one["seconds"]
    assert served == cold
    code, _, said = house.run("serve")
    assert (code, "running already" in said) == (0, True)
    assert "served" not in house.query("--threads", "1")
    assert "served" not in house.query(BIENC_CROSS_ENCODER="another")
    code, _, said = house.run("serve", "--stop")
    assert (code, str(process.pid) in said) == (0, True)
    assert process.wait(PATIENCE) == 143
    assert house.sockets == []
    assert "served" not in house.query()
    assert house.run("serve", "--stop")[0] == 1


def test_one_that_does_not_listen_takes_what_it_left_along(house: House) -> None:
    """It is ended by another thread than the one that would have tidied up."""
    argv = ("--http", "127.0.0.1:0", "--open")
    server = house.serve(*argv, BROWSER="true", FAKE_STUCK="1")
    assert next_said_by(server) == "stuck\n"
    assert len(house.sockets) == 1
    assert list((house.home / "cache" / "run").glob("open-*"))
    server.terminate()
    assert server.wait(PATIENCE) == 143
    assert [one.suffix for one in (house.home / "cache" / "run").iterdir()] == [".lock"]


def test_what_a_client_s_environment_says_of_its_output_holds(house: House) -> None:
    house.serve()
    for environ in (
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii"},
        {"COLUMNS": "50"},
        {"FORCE_COLOR": "1"},
    ):
        for form in ("json", "table"):
            argv = ("query", "pear", "-k", "2", "-f", form)
            served = house.run(*argv, **environ)
            cold = house.run(*argv, "--no-server", **environ)
            assert "served" in served[1]
            assert (served[0], served[2]) == (cold[0], cold[2])
            assert timeless(served[1]) == timeless(cold[1]), environ


def test_a_kill_in_the_midst_of_an_answer_costs_none(house: House) -> None:
    server = house.serve(FAKE_SLOW="600")
    client = house.start("query", "pear", "-f", "json")
    assert next_said_by(server) == "reading\n"
    server.kill()
    printed, _ = client.communicate(timeout=PATIENCE)
    assert client.returncode == 0
    assert "served" not in json.loads(printed)
    # What it has left is no obstacle to the next one.
    assert len(house.sockets) == 1
    house.serve()
    assert house.query()["served"]


def test_a_kill_at_any_moment_costs_no_answer(house: House) -> None:
    """Before it is asked, while it is, and behind it; its place is taken by the next one."""
    wanted = [hit["path"] for hit in house.query("--no-server")["hits"]]
    dice = random.Random(15)
    answered = 0
    for _ in range(endurance.times(2, 200)):
        server = house.serve()
        started = time.monotonic()
        assert house.query()["served"]
        took = time.monotonic() - started
        client = house.start("query", "pear", "-f", "json")
        # Most of it is its start, so that the moments are close together at the end.
        time.sleep(took * dice.uniform(0, 1.2) ** 0.5)
        server.kill()
        printed, said = client.communicate(timeout=PATIENCE)
        assert (client.returncode, said) == (0, "")
        answer = json.loads(printed)
        answered += "served" in answer
        assert [hit["path"] for hit in answer["hits"]] == wanted
        server.wait(PATIENCE)
    print(f"{answered} were answered before it was killed")
    house.serve()
    assert house.query()["served"]


def test_an_index_made_anew_is_served_with_the_next_query(house: House) -> None:
    house.serve()
    assert house.query()["served"]
    before = house.query()["index"]
    shutil.rmtree(house.home / ".bienc")
    (house.home / "docs" / "new.txt").write_text("A pear that nobody has seen before.\n")
    assert house.run("index", "docs")[0] == 0
    answer = house.query()
    assert answer["served"]
    assert "docs/new.txt" in [hit["path"] for hit in answer["hits"]]
    assert answer["index"] != before


def test_a_server_that_is_held_up_is_not_waited_for(house: House) -> None:
    server = house.serve()
    assert house.query()["served"]
    server.send_signal(signal.SIGSTOP)
    assert "served" not in house.query()
    server.send_signal(signal.SIGCONT)
    assert house.query()["served"]


def test_it_ends_when_nobody_asks(house: House) -> None:
    server = house.serve("--idle", "0.01")
    _, said = server.communicate(timeout=PATIENCE)
    assert server.returncode == 0
    assert "nobody has asked for long" in said
    assert house.sockets == []


def test_it_ends_when_nobody_can_find_it(house: House) -> None:
    server = house.serve()
    for socket in house.sockets:
        socket.unlink()
    _, said = server.communicate(timeout=PATIENCE)
    assert "the socket was removed" in said


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_client_that_is_interrupted_says_so(
    house: House, number: int, code: int, word: str
) -> None:
    server = house.serve(FAKE_SLOW="600")
    client = house.start("query", "pear")
    assert next_said_by(server) == "reading\n"
    client.send_signal(number)
    _, said = client.communicate(timeout=PATIENCE)
    assert client.returncode == code
    assert said == f"\nbienc: {word}\n"


def test_it_is_started_by_itself_where_that_is_wanted(house: House) -> None:
    program = house.home / "program"
    fake = HERE / "fake_bienc.py"
    program.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" "{fake}" "$@"\n')
    program.chmod(0o700)
    house.environ["FAKE_PROGRAM"] = str(program)
    assert "served" not in house.query()
    assert not (house.home / "cache" / "run").exists()
    assert "served" not in house.query(BIENC_SERVER="auto")
    assert eventually(lambda: house.query().get("served"))
    assert house.run("serve", "--stop")[0] == 0
    assert "served" not in house.query()


def test_without_an_index_the_page_has_nothing_to_show(house: House, tmp_path: Path) -> None:
    code, printed, said = house.run("serve", "--http", "127.0.0.1:0", "--index", "nowhere")
    assert (code, printed) == (3, "")
    assert "nowhere" in said


def test_the_address_is_printed_with_the_token(house: House) -> None:
    token = "one-that-nobody-guesses"
    server = house.serve("--http", "127.0.0.1:0", BIENC_TOKEN=token)
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    assert address.endswith(f"/?token={token}")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--open",), "--open has no effect"),
        (("--token", "a-token-for-these-tests"), "--token has no effect"),
        (("--stop", "--http", "127.0.0.1:0"), "--http has no effect"),
        (("--http", "0.0.0.0:0"), "not on the loopback"),
        (("--http", "8000"), "not an address and a port"),
        (("--http", "127.0.0.1:99999"), "not an address and a port"),
        (("--http", "127.0.0.1:0", "--token", "short"), "A token has 16"),
        (("--http", "127.0.0.1:0", "--token", "with a blank in it, and long"), "A token has 16"),
    ],
    ids=str,
)
def test_what_cannot_be_served_is_said(
    indexed: Run, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr("bienc_cli.server.life.live", lambda *_, **__: pytest.fail("it is served"))
    code, printed, error = indexed("serve", *argv)
    assert (code, printed) == (2, "")
    assert said in error
    assert "hint:" in error


def test_the_browser_is_led_there_by_a_private_file(house: House) -> None:
    """Others see what a browser is started with; the token is not in it."""
    seen = house.home / "seen"
    browser = house.home / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{seen}.new"\nmv "{seen}.new" "{seen}"\n')
    browser.chmod(0o700)
    token = "one-that-nobody-guesses"
    server = house.serve("--http", "127.0.0.1:0", "--open", BROWSER=str(browser), BIENC_TOKEN=token)
    assert eventually(seen.exists)
    address = seen.read_text().strip()
    assert token not in address
    way = Path(address.removeprefix("file://"))
    assert way.stat().st_mode & 0o077 == 0
    assert token in way.read_text()
    server.terminate()
    server.communicate(timeout=PATIENCE)
    assert not way.exists()
