"""What no command may load without need; each in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from bienc_cli.cli.app import command_line
from schema_check import asks_for_json, checked

HEAVY = {
    "torch",
    "transformers",
    "sentence_transformers",
    "openvino",
    "hnswlib",
    "onnx",
    "pypdf",
    "lxml",
    "selectolax",
    "watchfiles",
    "scipy",
    "pymilvus",
    "milvus_lite",
    "grpc",
    "pandas",
    "mcp",
    "jsonschema",
    "ray",
    "PIL",
    "pypdfium2",
}

PROGRAM = """
import sys
from bienc_cli.cli import main
code = main(sys.argv[1:])
print(sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


COMMANDS = list(command_line().commands)


@pytest.mark.parametrize(
    "argv",
    [["--help"], *([name, "--help"] for name in COMMANDS), ["models", "--format", "json"]],
)
def test_light_commands_load_nothing_heavy(argv: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *argv], capture_output=True, text=True, check=True
    )
    loaded = set(eval(done.stderr.splitlines()[-1]))
    assert loaded & HEAVY == set()
    if asks_for_json(argv):
        checked(done.stdout)
    if "--help" in argv:
        assert "numpy" not in loaded


CLIENT = """
import os
import sys
from bienc_cli.__main__ import run
from bienc_cli.cli import process
from bienc_cli.server import client
assert client.ask(["query", "x"], os.environ, process.endpoint()) is None
print(sorted(sys.modules))
"""


def test_a_client_of_the_server_loads_next_to_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BIENC_CACHE", str(tmp_path))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("BIENC_SERVER", raising=False)
    done = subprocess.run(
        [sys.executable, "-c", CLIENT], capture_output=True, text=True, check=True
    )
    loaded = set(eval(done.stdout))
    assert "bienc_cli.server.wire" in loaded
    needless = {"typer", "rich", "numpy", "asyncio", "subprocess", "shutil", "sqlite3"}
    assert loaded & {*HEAVY, *needless, "bienc_cli.strategy", "bienc_cli.cli.app"} == set()


VALUES = """
import sys
from bienc_cli.cli.boundary import run_here
for words in sys.argv[1:]:
    print(run_here(words.split()), words)
print(sorted(sys.modules))
"""


def test_plain_values_of_options_load_no_validator(tmp_path: Path) -> None:
    lines = [
        f"query pear -k 5 --context 2 --format json --strategy bm25 --index {tmp_path}",
        "models --format json",
    ]
    done = subprocess.run(
        [sys.executable, "-c", VALUES, *lines], capture_output=True, text=True, check=True
    )
    *answers, loaded = done.stdout.splitlines()
    assert [one for one in answers if one[0] in "03"] == [f"3 {lines[0]}", f"0 {lines[1]}"]
    assert "pydantic" not in {name.split(".")[0] for name in eval(loaded)}
    # None of the other commands is made ready for one that is named.
    assert "bienc_cli.cli.compare" not in eval(loaded)


def test_an_answer_in_json_loads_nothing_that_lays_out_tables() -> None:
    program = "import sys, bienc_cli.cli.query, bienc_cli.render.search; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in eval(done.stdout)}
    assert loaded & {"rich", "xml", "http", "scipy"} == set()


QUERY = """
import sys
import bienc_cli.cli.query, bienc_cli.environment.defaults, bienc_cli.indexing.freshness
import bienc_cli.library.front_door, bienc_cli.library.search_answers, bienc_cli.models
import bienc_cli.render.search, bienc_cli.search, bienc_cli.search.sentences
import bienc_cli.store.reader
print(sorted(sys.modules))
"""


def test_a_query_imports_nothing_that_only_others_use() -> None:
    done = subprocess.run([sys.executable, "-c", QUERY], capture_output=True, text=True, check=True)
    needless = {"csv", "email", "gzip", "importlib.metadata", "random", "statistics"}
    assert set(eval(done.stdout)) & {*needless, "bienc_cli.chunking.chunker"} == set()
