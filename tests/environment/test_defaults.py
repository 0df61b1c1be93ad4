"""`bienc.toml`: what it sets, what wins over it, what it may not, and where each came from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bienc_cli.cli import preload
from bienc_cli.cli.app import COMMANDS, command_line
from bienc_cli.environment import defaults
from commands import Run


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own file, not yet there."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config/bienc").mkdir(parents=True)
    return tmp_path / "config/bienc/bienc.toml"


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    return tmp_path / "bienc.toml"


def settings(run: Run, *argv: str) -> dict[str, tuple[object, str, str | None]]:
    code, out, _ = run("info", "--settings", "-f", "json", *argv)
    assert code == 0
    return {
        one["name"]: (one["value"], one["source"], one["where"])
        for one in json.loads(out)["settings"]
    }


def test_flag_beats_folder_beats_user_beats_default(
    indexed: Run, users: Path, folders: Path
) -> None:
    argv = ("query", "pear", "-q", "-f", "json")

    def number(*more: str) -> int:
        return len(json.loads(indexed(*argv, *more)[1])["hits"])

    assert number() == 5
    users.write_text("[query]\nk = 3\n")
    assert number() == 3
    folders.write_text("[query]\nk = 2\n")
    assert number() == 2
    assert number("-k", "1") == 1
    assert settings(indexed)["query.k"] == (2, "folder", str(folders))
    folders.unlink()
    assert settings(indexed)["query.k"] == (3, "user", str(users))


def test_a_folder_below_has_it_too(
    indexed: Run, folders: Path, users: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.write_text('format = "jsonl"\n')
    monkeypatch.chdir("docs")
    assert json.loads(indexed("query", "pear", "-q")[1])["schema"] == "bienc.query/2"
    # An error too is what a pipe was told to expect.
    code, out, err = indexed("query", " ")
    assert (code, json.loads(out)["error"]["code"], err) == (2, "usage", "")
    assert indexed("query", "pear", "-q", "-f", "plain")[1].startswith("1\t")


def test_the_index_and_the_environment_beat_files_for_models(
    run: Run, docs: Path, users: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.write_text('model = "from-user"\ncross-encoder = "x"\n')
    assert settings(run)["model"] == ("from-user", "user", str(users))
    monkeypatch.setenv("BIENC_MODEL", "from-environment")
    assert settings(run)["model"] == ("from-environment", "environment", "BIENC_MODEL")
    assert settings(run)["cross-encoder"] == ("x", "user", str(users))
    assert run("index", "docs", "-q")[0] == 0
    assert settings(run)["model"] == ("from-environment", "index", None)
    # Of another model than the index's nothing is said: it is no flag.
    monkeypatch.delenv("BIENC_MODEL")
    assert run("query", "pear", "-q")[0] == 0


def test_a_folders_file_names_no_model_to_be_looked_up(
    run: Run, users: Path, folders: Path
) -> None:
    for name in ("someone/model", "./weights", "/etc"):
        for key in ("model", "cross-encoder"):
            folders.write_text(f'{key} = "{name}"\n')
            code, _, err = run("info", "--settings")
            assert code == 2
            assert "by their short names only" in err
            folders.unlink()
            users.write_text(f'{key} = "{name}"\n')
            assert settings(run)[key][0] == name
            users.unlink()
    folders.write_text('model = "minilm"\n')
    assert settings(run)["model"] == ("minilm", "folder", str(folders))


def test_somebody_elses_file_does_not_count(
    run: Run, folders: Path, users: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.write_text("[query]\nk = 2\n")
    monkeypatch.setattr("bienc_cli.store.privacy._ourselves", lambda: {4242})
    assert settings(run)["query.k"] == (10, "default", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[query]\nkk = 2\n", "there is no setting 'kk'"),
        ("[quary]\nk = 2\n", "there is no setting [quary]"),
        ('[query]\nk = "2"\n', "k is a whole number, not '2'"),
        ("[query]\nk = true\n", "k is a whole number, not True"),
        ("[query]\nrerank = 1\n", "rerank is true or false, not 1"),
        ('[query]\nstrategy = "bee"\n', "There is no strategy 'bee'"),
        ("[compare]\nstrategies = [1]\n", "strategies is a list of texts"),
        ('runtime = "abacus"\n', "there is no runtime 'abacus'"),
        ('format = "xml"\n', "there is no format 'xml'"),
        ("k = 2\n", "there is no setting 'k'"),
        ("k = = 2\n", "cannot be read"),
        ("k = '\udcff'\n", "cannot be read"),
        ('[query]\nrun-out = "/home"\n', "there is no setting 'run-out'"),
    ],
)
def test_what_cannot_be_understood_is_said_with_the_file(
    run: Run, folders: Path, users: Path, text: str, said: str
) -> None:
    folders.write_bytes(os.fsencode(text))
    code, out, err = run("info")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {folders}")
    assert said in err
    # Help is for those who are stuck.
    assert run("query", "--help")[0] == run("--version")[0] == 0


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ('strategy = "bi+ce"\n', ("--no-rerank",)),
        ("rerank = false\n", ("--strategy", "blend")),
        ("candidates = 20\nmin-relevance = 0.1\n", ("--strategy", "bm25")),
        ("candidates = 20\nrerank-budget = 50\n", ("--no-rerank",)),
        ("candidates = 10\n", ("-k", "15")),
    ],
)
def test_what_is_typed_is_never_contradicted_by_a_file(
    indexed: Run, folders: Path, users: Path, text: str, argv: tuple[str, ...]
) -> None:
    folders.write_text(f"[query]\n{text}")
    assert indexed("query", "pear", "-q", *argv)[0] == 0


def test_every_command_takes_what_is_set_for_all(indexed: Run, folders: Path, users: Path) -> None:
    names = set(command_line().commands)
    assert set(defaults.Defaults({}).for_parser([], COMMANDS)) == names
    folders.write_text('threads = 1\nformat = "json"\ndevice = "cpu"\noffline = true\n')
    for argv in (
        ("index", "docs"),
        ("compare", "pear"),
        ("score", "a", "b"),
        ("info",),
        ("check",),
    ):
        assert json.loads(indexed(*argv)[1])["schema"].startswith(f"bienc.{argv[0]}/")


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("", True),
        ("[query]\nk = 3\n", True),
        ('[query]\nstrategy = "bm25"\n', False),
        ("[query]\nrerank = false\n", False),
        ('cross-encoder = "ms-marco-minilm-l12"\n', False),
        ("threads = 1\n", False),
    ],
)
def test_no_cross_encoder_is_begun_that_a_file_does_not_want(
    run: Run, folders: Path, users: Path, monkeypatch: pytest.MonkeyPatch, text: str, begins: bool
) -> None:
    folders.write_text(text)
    begun: list[bool] = []
    monkeypatch.setattr(
        "bienc_cli.cli.preload.begin_models",
        lambda *, cross_encoder, **_: begun.append(cross_encoder),
    )
    words = defaults.use(["query", "x"]).as_words(["query", "x"])
    preload.begin(["query", "x", *words])
    assert any(begun) == begins


def test_an_index_that_is_typed_comes_before_the_environment_s(
    indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIENC_INDEX", ".bienc")
    assert settings(indexed)["index"] == (".bienc", "environment", "BIENC_INDEX")
    assert indexed("index", "docs", "--index", "other")[0] == 0
    assert settings(indexed, "--index", "other")["index"] == ("other", "flag", None)


def test_settings_in_every_form(indexed: Run, folders: Path, users: Path) -> None:
    folders.write_text('[compare]\nstrategies = ["bm25", "bi+ce"]\n')
    named = "bm25,bi-encoder+cross-encoder"
    assert settings(indexed)["compare.strategies"] == (named, "folder", str(folders))
    assert (
        f"compare.strategies\t{named}\tfolder\t{folders}"
        in indexed("info", "--settings", "-f", "plain")[1]
    )
    shown = indexed("info", "--settings")[1]
    assert "the folder's file" in shown
    assert "built in" in shown
    assert settings(indexed)["index"][0] == str(folders.parent / ".bienc")
    assert settings(indexed)["index"][1] == "found"
    assert "found here or above" in shown
    assert indexed("info", "--settings", "--index", "nowhere")[0] == 3
    assert indexed("info", "--settings", "--skipped")[0] == 2
    assert "bm25" in indexed("compare", "pear", "-q", "-f", "plain")[1]


def test_the_example_in_the_manual(run: Run, folders: Path, users: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs/commands.md").read_text(encoding="utf-8")
    example = manual.split("```toml\n")[1].split("```")[0]
    folders.write_text(example)
    held = settings(run)
    assert {name for name, (_, source, _) in held.items() if source == "folder"} == {
        "model",
        "cross-encoder",
        "runtime",
        "format",
        "query.k",
        "query.strategy",
        "compare.strategies",
        "judge.depth",
    }
    for name in held:
        if name not in ("index", "cache", "data"):
            assert name.split(".")[-1] in manual.split("```toml\n")[0] + example
