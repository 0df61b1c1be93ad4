"""Every command works where there is no network, and none even tries to open a connection.

Python's own attempts are caught by an audit hook, in every process that a command starts;
those of native code by tracing system calls and by taking the network away, where the machine
has the tools for that.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bienc_cli
from folders import FRUIT
from schema_check import asks_for_json, checked

HERE = Path(__file__).parent
PATIENCE = 300.0

# Local sockets are allowed: the system's user database is asked through one.
HOOK = """
import os, sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"):
        if not isinstance(arguments[1], (str, bytes)):
            tell(event, arguments)
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        tell(event, arguments)

def tell(event, arguments):
    with open({told!r}, "a") as file:
        file.write(f"{{sys.argv}} {{event}} {{arguments[1:]}}\\n")
    raise OSError(101, "no network")

sys.addaudithook(refuse)
with open({seen!r}, "a") as file:
    file.write(f"{{os.getpid()}}\\n")
"""

PAGE = """<?xml version="1.0"?>
<!DOCTYPE html SYSTEM "http://192.0.2.1/x.dtd" [<!ENTITY x SYSTEM "http://192.0.2.1/y">]>
<html><head><base href="http://192.0.2.1/"><link rel="stylesheet" href="a.css">
<script src="a.js"></script><meta http-equiv="refresh" content="0; url=http://192.0.2.1/"></head>
<body><img src="a.png"><iframe src="b.html"></iframe><object data="c"></object>&x; Apples.</body>
"""
COMMANDS = (
    ("index", "docs"),
    ("query", "apples in autumn"),
    ("query", "apples in autumn", "--no-rerank", "--format", "json"),
    ("query", "apples", "--refresh"),
    ("compare", "apples in autumn"),
    ("similar", "docs/apple.md"),
    ("pairs", "--min-similarity", "0.01", "--min-shared", "0"),
    ("score", "apples", "pears"),
    ("info",),
    ("models",),
    ("check",),
    ("check", "--repair"),
    ("index", "--prune"),
    ("remove", "docs/pear.txt"),
)


class Offline:
    """Runs commands without a network and keeps what tried to use one."""

    def __init__(self, home: Path, program: list[str | Path]) -> None:
        self.home = home
        self.program = program
        self.told = home / "told"
        self.seen = home / "seen"
        (home / "hook").mkdir()
        (home / "hook" / "sitecustomize.py").write_text(
            HOOK.format(told=str(self.told), seen=str(self.seen))
        )
        for name, text in FRUIT.items():
            path = home / "docs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        shutil.copy(HERE.parent.parent / "sample_docs" / "README.md", home / "docs")
        (home / "docs" / "page.html").write_text(PAGE)
        (home / "docs" / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")

    def run(self, *argv: str) -> tuple[int, list[str]]:
        """The exit code, and every attempt to reach anything but this machine."""
        trace = self.home / "trace"
        paths = (self.home / "hook", Path(bienc_cli.__file__).parent.parent, HERE.parent)
        environment = {
            **{name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"},
            "PYTHONPATH": ":".join(map(str, paths)),
        }
        done = subprocess.run(
            [*_without_network(), *_traced(trace), *self.program, *argv],
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert self.seen.exists(), "the hook was not installed"
        if asks_for_json(argv):
            checked(done.stdout)
        attempts = self.told.read_text().splitlines() if self.told.exists() else []
        if trace.exists():
            attempts += re.findall(r".*\bAF_INET6?\b.*", trace.read_text())
        return done.returncode, attempts


def _without_network() -> list[str]:
    command = ["unshare", "--user", "--map-root-user", "--net"]
    works = shutil.which("unshare") and not subprocess.run([*command, "true"]).returncode
    return command if works else []


def _traced(trace: Path) -> list[str]:
    command = ["strace", "-f", "-qq", "-e", "trace=socket,connect,sendto", "-o", str(trace)]
    works = shutil.which("strace") and not subprocess.run([*command, "true"]).returncode
    trace.unlink(missing_ok=True)
    return command if works else []


def test_the_hook_sees_an_attempt(tmp_path: Path) -> None:
    script = "import socket\ntry: socket.create_connection(('192.0.2.1', 80), 1)\nexcept OSError: 0"
    offline = Offline(tmp_path, [sys.executable, "-c", script])
    assert offline.run()[1]


def test_no_command_opens_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With fake models: the commands' own doing."""
    monkeypatch.setenv("BIENC_CACHE", str(tmp_path / "cache"))
    offline = Offline(tmp_path, [sys.executable, HERE / "interrupted.py", "none"])
    for argv in COMMANDS:
        assert offline.run(*argv) == (0, []), argv


@pytest.mark.models
def test_no_command_opens_a_connection_with_real_models(tmp_path: Path) -> None:
    """The libraries' doing: lookups of models, telemetry."""
    offline = Offline(tmp_path, [sys.executable, "-m", "bienc_cli"])
    loading = [argv for argv in COMMANDS if argv[0] in ("index", "query", "compare", "score")]
    for argv in (*loading, ("score", "apples", "pears", "--runtime", "torch")):
        assert offline.run(*argv) == (0, []), argv


@pytest.mark.models
def test_offline_not_even_an_unknown_model_is_looked_up(tmp_path: Path) -> None:
    offline = Offline(tmp_path, [sys.executable, "-m", "bienc_cli"])
    assert offline.run("index", "docs", "--model", "no/such-model", "--offline") == (5, [])
