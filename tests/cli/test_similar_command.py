"""`bienc similar` through `main(argv)`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Run, feed
from folders import FRUIT, Folder

DOCS = {
    **FRUIT,
    "orchard.md": "# Apples\n\nThe apple tree blossoms in spring.\n\n## Sale\n\nPears for sale.\n",
}


@pytest.fixture
def docs(folder: Folder) -> Path:
    folder.write(dict(DOCS))
    return folder.root


@pytest.fixture
def without_models(monkeypatch: pytest.MonkeyPatch, indexed: Run) -> Run:
    from bienc_cli import models

    def refuse(name: str, **_: object) -> object:
        raise AssertionError(f"{name} is loaded")

    monkeypatch.setattr(models, "load_bi_encoder", refuse)
    monkeypatch.setattr(models, "load_cross_encoder", refuse)
    return indexed


@pytest.mark.parametrize(
    "named", ["docs/apple.md", "./docs/apple.md", "docs/deep/../apple.md", "apple.md"]
)
def test_a_document_of_the_index_needs_no_model(without_models: Run, named: str) -> None:
    code, out, err = without_models("similar", named, "-f", "json")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer["models"] == {"bi_encoder": None, "cross_encoder": None}
    assert answer["subject"]["indexed"] is True
    assert answer["hits"][0]["document_id"] == "orchard.md"
    assert "apple.md" not in [hit["document_id"] for hit in answer["hits"]]
    assert set(answer["seconds"]) == {"open_index", "find", "search", "total"}


def test_a_full_path_and_a_place_are_understood(without_models: Run, tmp_path: Path) -> None:
    code, out, _ = without_models("similar", f"{tmp_path}/docs/apple.md:7", "-f", "json")
    answer = json.loads(out)
    assert code == 0
    assert answer["subject"]["passages"] == 1
    assert answer["hits"][0]["like"]["text"].endswith("Apples ripen in autumn.")


def test_passages_of_the_same_document_are_similar_too(without_models: Run) -> None:
    _, out, _ = without_models("similar", "docs/apple.md:7", "--unit", "passage", "-f", "json")
    assert "apple.md" in [hit["document_id"] for hit in json.loads(out)["hits"]]


def test_a_file_from_outside_and_standard_input_are_encoded(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new.txt").write_text("Cherry stones are hard.\n")
    answer = json.loads(indexed("similar", "new.txt", "-k", "1", "-f", "json")[1])
    assert answer["hits"][0]["document_id"] == "deep/cherry.txt"
    assert answer["subject"] == {"name": "new.txt", "indexed": False, "passages": 1, "compared": 1}
    assert answer["models"]["bi_encoder"]["name"] == "fake"
    feed(monkeypatch, b"Cherry stones are hard.")
    answer = json.loads(indexed("similar", "-", "-k", "1", "-f", "json")[1])
    assert answer["hits"][0]["document_id"] == "deep/cherry.txt"
    assert answer["subject"]["name"] == "standard input"


def test_the_cross_encoder_reads_when_it_is_asked_to(indexed: Run) -> None:
    argv = ("similar", "docs/apple.md", "--strategy", "bi-encoder+cross-encoder")
    answer = json.loads(indexed(*argv, "-f", "json")[1])
    assert answer["reranked"] == 4
    assert answer["models"]["cross_encoder"]["name"] == "fake-cross"
    relevances = [hit["relevance"] for hit in answer["hits"]]
    assert relevances == sorted(relevances, reverse=True)
    assert "relev." in indexed(*argv)[1]


def test_every_form_of_the_answer(without_models: Run) -> None:
    code, table, _ = without_models("similar", "docs/apple.md", "-k", "2")
    assert code == 0
    assert "matched" in table
    assert "docs/orchard.md" in table
    _, lines, _ = without_models("similar", "docs/apple.md", "-k", "2", "-f", "plain")
    rows = [line.split("\t") for line in lines.splitlines()]
    assert [len(row) for row in rows] == [7, 7]
    assert rows[0][4] == "docs/orchard.md:1"
    full = without_models("similar", "docs/apple.md", "-k", "2", "--full")[1]
    assert "blossoms in spring" in full


def test_nothing_similar_enough_is_exit_1(without_models: Run) -> None:
    code, out, err = without_models(
        "similar", "docs/apple.md", "--min-similarity", "0.9999", "-f", "json"
    )
    assert code == 1
    assert json.loads(out)["hits"] == []
    assert "nothing is as similar as" in err
    assert without_models("similar", "docs/apple.md", "--path", "none/")[0] == 1


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("nowhere.md",), 2, "neither a document of the index nor a file called 'nowhere.md'"),
        (("",), 2, "nor a file called ''"),
        ((".",), 2, ". is a folder, and no document"),
        (("docs/apple.md:99",), 2, "no passage at docs/apple.md:99"),
        (("docs/apple.md", "--unit", "page"), 2, "takes document or passage, not 'page'"),
        (("docs/apple.md", "--strategy", "bm25"), 2, "not by bm25"),
        (("docs/apple.md", "--candidates", "30"), 2, "--candidates has no effect"),
        (("docs/apple.md", "--min-similarity", "2"), 2, "A similarity of 2.0 does not exist"),
        (("docs/apple.md", "-k", "0"), 2, "1 or more"),
        (("docs/apple.md", "--index", "nowhere"), 3, "no such index"),
        (("broken.pdf",), 2, "broken.pdf cannot be read"),
        (("empty.txt",), 2, "empty.txt cannot be read: holds no text"),
        (("apple.md", "--model", "other"), 0, ""),
    ],
)
def test_errors_say_what_and_exit_with_their_code(
    indexed: Run, tmp_path: Path, argv: tuple[str, ...], code: int, message: str
) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    (tmp_path / "empty.txt").write_text("\n")
    got, _, err = indexed("similar", *argv)
    assert got == code, err
    assert message in err
    assert "Traceback" not in err
