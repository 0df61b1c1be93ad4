"""Folders and indexes that tests share."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bienc_cli.store import IndexReader
from commands import Run
from endurance import times
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import FRUIT, Folder
from report_browser import Browser
from schema_check import asks_for_json, checked

# As the store sets it, and before a test imports gRPC by itself.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
# Tests run beside each other: threads of torch and BLAS that wait for each other would only spin.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A slow machine is no fault of the code: nothing here depends on the clock.
settings.register_profile(
    "project",
    deadline=None,
    max_examples=times(50, 1_000),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")

# A shell that runs the tests in the background has them, and all that they start, ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)


SKIPS = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--allowed-skips", type=Path, help="a file of patterns of skips' reasons")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SKIPS] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that at the end no worker waits for another.

    What needs torch stands together: a worker that runs none of it does not import it.
    """
    room = Path(__file__).parent / "models"
    items.sort(
        key=lambda item: room not in item.path.parents and not item.get_closest_marker("models")
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    allowed = session.config.getoption("--allowed-skips")
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if allowed is None or reporter is None:
        return
    patterns = [line for line in allowed.read_text().splitlines() if line and line[0] != "#"]
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(re.search(pattern, reason) for pattern in patterns):
            session.config.stash[SKIPS].append(f"{report.nodeid}: {reason}")
    if session.config.stash[SKIPS] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.stash[SKIPS]:
        terminalreporter.section("skips that are not allowed")
        for line in config.stash[SKIPS]:
            terminalreporter.line(line)


@pytest.fixture(autouse=True)
def environment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command before has set for its process, such as being offline, holds no longer."""
    # Of a terminal's size, readline leaves its guess to the processes that run tests side by side.
    for variable in ("HF_HUB_OFFLINE", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def fruit(folder: Folder) -> Folder:
    folder.write(dict(FRUIT))
    folder.index()
    return folder


@pytest.fixture
def reader(fruit: Folder) -> Iterator[IndexReader]:
    with fruit.open() as opened:
        yield opened


@pytest.fixture
def bi_encoder() -> FakeBiEncoder:
    return FakeBiEncoder()


@pytest.fixture
def cross_encoder() -> FakeCrossEncoder:
    return FakeCrossEncoder()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `main(argv)` in `tmp_path` with fake models; gives (exit code, stdout, stderr).

    What it prints as JSON is held to its schema.
    """
    from bienc_cli import models
    from bienc_cli.cli import main

    bi, cross = FakeBiEncoder(), FakeCrossEncoder()

    def load_bi(name: str, **_: object) -> FakeBiEncoder:
        return bi if name in ("granite-30m", "fake") else FakeBiEncoder(name=name)

    def identify(name: str, **_: object) -> object:
        return load_bi(name).identity

    monkeypatch.setattr(models, "load_bi_encoder", load_bi)
    monkeypatch.setattr(models, "identify_bi_encoder", identify)
    monkeypatch.setattr(models, "load_cross_encoder", lambda name, **_: cross)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIENC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BIENC_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in (
        "BIENC_INDEX",
        "BIENC_SAFE",
        "BIENC_MODEL",
        "BIENC_CROSS_ENCODER",
        "BIENC_DEBUG",
        "COLUMNS",
    ):
        monkeypatch.delenv(name, raising=False)

    def call(*argv: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main(list(argv))
        captured = capfd.readouterr()
        if asks_for_json(argv):
            checked(captured.out)
        return code, captured.out, captured.err

    return call


@pytest.fixture
def docs(folder: Folder) -> Path:
    folder.write(dict(FRUIT))
    return folder.root


@pytest.fixture
def indexed(run: Run, docs: Path) -> Run:
    """`run`, where `docs` is indexed."""
    assert run("index", "docs")[0] == 0
    return run


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser.start(tmp_path_factory.mktemp("browser")) as browser:
        yield browser
