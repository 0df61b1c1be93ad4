"""`bienc remove` and `bienc index --prune` through `main(argv)`."""

from __future__ import annotations

import json
import shutil
import unicodedata
from pathlib import Path

import pytest

from commands import Run


def test_paths_as_shown_and_as_on_disk(
    indexed: Run, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = json.loads(indexed("query", "cherry stones", "-f", "json")[1])["hits"][0]["path"]
    assert indexed("remove", shown)[0] == 0
    assert indexed("remove", str(docs / "pear.txt"))[0] == 0
    monkeypatch.chdir(docs / "deep")
    code, out, err = indexed("remove", "../apple.md", "--format", "json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert report["schema"] == "bienc.remove/1"
    assert report["removed"] == [
        {"path": str(docs / "apple.md"), "roots": 0, "files": 1, "documents": 1}
    ]
    assert report["unmatched"] == []
    assert report["committed"] is True
    assert report["documents"] == 1
    assert set(report["seconds"]) == {"remove", "compact", "total"}


@pytest.mark.parametrize(("stored", "typed"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_letters_composed_and_decomposed_are_one_name(
    run: Run, docs: Path, stored: str, typed: str
) -> None:
    """File systems keep either, and keyboards type either."""
    (docs / unicodedata.normalize(stored, "grün.txt")).write_text("herons\n")
    run("index", "docs")
    named = "docs/" + unicodedata.normalize(typed, "grün.txt")
    query = ("query", "herons", "--strategy", "bm25", "--path", named)
    assert run(*query)[0] == 0
    assert run("remove", named)[0] == 0
    assert run("query", "herons", "--strategy", "bm25")[0] == 1


def test_a_link_and_where_it_leads_are_one_place(run: Run, docs: Path) -> None:
    (docs.parent / "link").symlink_to("docs")
    run("index", "docs")
    query = ("query", "cherry stones", "--strategy", "bm25", "--path", "link/deep/cherry.txt")
    assert run(*query)[0] == 0
    assert run("remove", "link/deep/cherry.txt")[0] == 0
    assert run("remove", "docs/deep/cherry.txt")[0] == 1
    assert run("index", "link")[0] == 0
    assert run("remove", "docs/pear.txt")[0] == 0
    assert run("remove", "link/pear.txt")[0] == 1


def test_the_folder_above_a_link_is_the_shell_s(run: Run, tmp_path: Path) -> None:
    for name, text in {"other/a.txt": "storks", "real/other/a.txt": "herons"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "real/deep").mkdir()
    (tmp_path / "link").symlink_to("real/deep")
    assert Path("link/../other/a.txt").read_text() == "herons"
    assert run("index", "link/../other")[0] == 0
    assert run("query", "herons", "--strategy", "bm25")[0] == 0
    assert run("query", "storks", "--strategy", "bm25")[0] == 1
    assert run("remove", "link/../other/a.txt")[0] == 0


def test_the_table(indexed: Run) -> None:
    code, out, err = indexed("remove", "docs/pear.txt", "docs/deep")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["removed", "roots", "files", "documents"]
    assert lines[1].split() == ["docs/pear.txt", "0", "1", "1"]
    assert lines[2].split() == ["docs/deep", "0", "1", "1"]
    assert lines[3].startswith("2 documents and ")


def test_what_matches_nothing_is_named(indexed: Run) -> None:
    code, out, err = indexed("remove", "nothing\x1b[2J.txt", "docs/pear.txt", "-f", "plain")
    assert code == 1
    assert err == "warning: the index knows nothing of nothing␛[2J.txt\n"
    assert out == "removed\tdocs/pear.txt\t0\t1\t1\nunmatched\tnothing␛[2J.txt\n"
    code, out, _ = indexed("remove", "nothing.txt")
    assert code == 1
    assert out.startswith("nothing removed; 3 documents")
    assert json.loads(indexed("remove", "nothing", "-f", "jsonl")[1])["unmatched"] == ["nothing"]


def test_without_an_index(run: Run, docs: Path) -> None:
    code, out, err = run("remove", "docs")
    assert (code, out) == (3, "")
    assert "no index in" in err
    assert run("remove")[0] == 2


def test_prune(indexed: Run, docs: Path, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "fig.txt").write_text("Figs.")
    indexed("index", "more")
    shutil.rmtree(docs)
    code, _, err = indexed("index")
    assert code == 0
    assert "docs is not there; what the index knows of it is kept" in err
    code, out, err = indexed("index", "--prune", "-f", "json")
    assert code == 0
    assert "docs is not there; it is forgotten" in err
    assert json.loads(out)["documents"] == {
        "total": 1,
        "new": 0,
        "changed": 0,
        "unchanged": 1,
        "removed": 4,
    }
    assert indexed("index")[2] == ""
