"""Every command works where there is no network, and none even tries to open a connection.

Python's own attempts are caught by an audit hook, in every process that a command starts;
those of native code by tracing system calls and by taking the network away, where the machine
has the tools for that.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
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

# In one process: what libraries look up when they are imported, they look up once.
IN_TURN = """
import json, sys

commands = json.loads(sys.argv[1])
{models}
from bienc_cli.cli import main

codes = []
for argv in commands:
    sys.argv[1:] = argv
    codes.append(main(argv))
    print("\\x1e", end="", flush=True)
with open({codes!r}, "w") as file:
    json.dump(codes, file)
"""
FAKE_MODELS = "import interrupted; interrupted.with_fake_models()"
Command = tuple[str, ...]

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

    def __init__(self, home: Path, *, models: str = "") -> None:
        self.home = home
        self.codes = home / "codes"
        self.script = IN_TURN.format(models=models, codes=str(self.codes))
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

    def run(self, *commands: Command) -> tuple[dict[Command, int], list[str]]:
        """The exit codes, and every attempt to reach anything but this machine."""
        done, attempts = self.attempts(self.script, json.dumps(commands))
        assert "Traceback" not in done.stderr, done.stderr
        printed = done.stdout.split("\x1e")[:-1]
        for argv, text in zip(commands, printed, strict=True):
            if asks_for_json(argv):
                checked(text)
        codes = json.loads(self.codes.read_text())
        return dict(zip(commands, codes, strict=True)), attempts

    def attempts(
        self, script: str, *argv: str
    ) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        """Run a script of Python."""
        trace = self.home / "trace"
        paths = (
            *(self.home / "hook", Path(bienc_cli.__file__).parent.parent),
            *(HERE, HERE.parent),
        )
        environment = {
            **{name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"},
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
        }
        tracing = [*_tracing(), "-o", str(trace)] if _tracing() else []
        done = subprocess.run(
            [*_without_network(), *tracing, sys.executable, "-c", script, *argv],
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert self.seen.exists(), "the hook was not installed"
        attempts = self.told.read_text().splitlines() if self.told.exists() else []
        if trace.exists():
            attempts += re.findall(r".*\bAF_INET6?\b.*", trace.read_text())
        return done, attempts


@cache
def _without_network() -> Sequence[str]:
    return _working(["unshare", "--user", "--map-root-user", "--net"])


@cache
def _tracing() -> Sequence[str]:
    # By a filter in the kernel: else every call of the models' threads would stop for it.
    filtered = ["strace", "--seccomp-bpf", "-f", "-qq"]
    return _working([*filtered, "-e", "trace=socket,connect,sendto"])


def _working(command: list[str]) -> list[str]:
    """A command that runs another, or nothing where it does not work."""
    works = (
        shutil.which(command[0])
        and not subprocess.run([*command, "true"], capture_output=True).returncode
    )
    return command if works else []


def test_the_hook_sees_an_attempt(tmp_path: Path) -> None:
    script = "import socket\ntry: socket.create_connection(('192.0.2.1', 80), 1)\nexcept OSError: 0"
    assert Offline(tmp_path).attempts(script)[1]


def test_no_command_opens_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With fake models: the commands' own doing."""
    monkeypatch.setenv("BIENC_CACHE", str(tmp_path / "cache"))
    offline = Offline(tmp_path, models=FAKE_MODELS)
    assert offline.run(*COMMANDS) == (dict.fromkeys(COMMANDS, 0), [])


@pytest.mark.models
def test_no_command_opens_a_connection_with_real_models(tmp_path: Path) -> None:
    """The libraries' doing: lookups of models, telemetry."""
    # The other commands load the same models by the same functions.
    loading = [*COMMANDS[:2], ("score", "apples", "pears", "--runtime", "torch")]
    assert Offline(tmp_path).run(*loading) == (dict.fromkeys(loading, 0), [])


@pytest.mark.models
def test_offline_not_even_an_unknown_model_is_looked_up(tmp_path: Path) -> None:
    unknown = ("index", "docs", "--model", "no/such-model", "--offline")
    assert Offline(tmp_path).run(unknown) == ({unknown: 5}, [])
