"""Answers for other programs: files, grep lines, CSV, Markdown, an editor."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from commands import Run, feed


def test_files_can_be_handed_on(indexed: Run, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = indexed("query", "apples in autumn", "--format", "files")
    assert code == 0
    assert len(out.splitlines()) == len(set(out.splitlines()))
    assert all(Path(line).is_file() for line in out.splitlines())
    # From elsewhere they are still names of files.
    monkeypatch.chdir(docs)
    _, below, _ = indexed("query", "apples in autumn", "--format", "files")
    assert all(Path(line).is_file() for line in below.splitlines())
    assert below != out


def test_grep_lines_lead_to_the_sentence(indexed: Run) -> None:
    code, out, _ = indexed("query", "pears bruise easily", "--format", "grep", "-k", "1")
    assert code == 0
    path, line, text = out.rstrip("\n").split(":", 2)
    assert text in Path(path).read_text().splitlines()[int(line) - 1]


def test_csv_and_markdown_of_answers(indexed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = indexed("query", "cherry stones", "--format", "csv", "-k", "2")
    first, second = csv.DictReader(io.StringIO(out))
    assert code == 0
    assert (first["rank"], second["rank"]) == ("1", "2")
    assert first["text"] == "Cherry stones are small and hard."
    feed(monkeypatch, "pear\ncherry\n")
    code, out, _ = indexed("query", "-", "--format", "csv", "-k", "1")
    assert [row["query"] for row in csv.DictReader(io.StringIO(out))] == ["pear", "cherry"]
    code, out, _ = indexed("query", "cherry stones", "--format", "markdown", "-k", "1")
    assert "1. `docs/deep/cherry.txt:1`" in out
    assert "   > Cherry stones are small and hard." in out


def test_a_hit_is_opened_at_its_line(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "vim"
    editor.write_text('#!/bin/sh\necho "$@" > opened\n')
    editor.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    code, _, err = indexed("query", "pears bruise easily", "--open", "1")
    assert (code, "names an editor" in err) == (2, True)
    monkeypatch.setenv("EDITOR", f"{editor} -R")
    assert indexed("query", "pears bruise easily", "--open", "1")[0] == 0
    assert Path("opened").read_text() == f"-R +3 {tmp_path}/docs/pear.txt\n"
    code, _, err = indexed("query", "pear", "-k", "2", "--open", "3")
    assert (code, "-k 2 shows fewer" in err) == (2, True)
    monkeypatch.setenv("EDITOR", "no-such-editor")
    code, _, err = indexed("query", "pear", "--open", "1")
    assert (code, "does not start" in err) == (2, True)


@pytest.mark.parametrize(
    ("editor", "words"),
    [
        ("code --wait", ["code", "--wait", "--goto", "/a b.md:7"]),
        ("/usr/bin/nvim", ["/usr/bin/nvim", "+7", "/a b.md"]),
        ("hx", ["hx", "/a b.md:7"]),
        ("an-unknown-one", ["an-unknown-one", "/a b.md"]),
    ],
)
def test_each_editor_has_its_grammar(editor: str, words: list[str]) -> None:
    from bienc_cli.cli.editor import command

    assert command(editor, Path("/a b.md"), 7) == words
    assert command(editor, Path("/a b.md"), None) == [*editor.split(), "/a b.md"]


@pytest.mark.parametrize(
    ("script", "said"), [("exit 3", "ended with exit code 3"), ("kill -KILL $$", "by signal 9")]
)
def test_an_editor_that_fails_is_reported(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    editor = tmp_path / "my editor"
    editor.write_text(f"#!/bin/sh\n{script}\n")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", f"'{editor}' --wait")
    code, out, err = indexed("query", "pears bruise easily", "--open", "1", "-f", "plain")
    assert (code, out.count("\n") > 0) == (2, True)
    assert said in err
    assert f"hint: try it by itself: '{editor}' --wait " in err
    assert "/docs/pear.txt" in err
    # The answer is the only document: it was whole before the editor was asked.
    code, out, err = indexed("query", "pears bruise easily", "--open", "1", "-f", "json")
    assert (code, json.loads(out)["hits"][0]["rank"]) == (2, 1)
    assert f"error: The editor '{editor}' " in err
    assert "hint: try it by itself" in err
