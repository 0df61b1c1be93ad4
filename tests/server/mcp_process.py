"""A process of `bienc mcp` with fake models, over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FAKE = Path(__file__).with_name("fake_bienc.py")


@dataclass(frozen=True)
class Mcp:
    """A process that listens.

    Attributes:
        address: of the endpoint.
        headers: that entitle.
    """

    process: subprocess.Popen[str]
    address: str
    headers: Mapping[str, str]

    @property
    def port(self) -> int:
        return int(self.address.split(":")[2].split("/")[0])


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


@contextmanager
def mcp_over_http(*options: str) -> Iterator[Mcp]:
    """Started in the working directory, and told to end."""
    argv = [sys.executable, str(FAKE), "mcp", "--http", "127.0.0.1:0", *options]
    with subprocess.Popen(
        argv,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if token := os.environ.get("BIENC_TOKEN"):
            name, value = "Authorization", f"Bearer {token}"
        else:
            name, _, value = process.stdout.readline().strip().partition(": ")
        try:
            yield Mcp(process, address, {name: value})
        finally:
            process.terminate()
            printed = process.stdout.read()
    assert printed == ""


def descriptors_of(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def bytes_of(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
