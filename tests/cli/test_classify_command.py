"""`bienc classify` through `main(argv)`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Run, feed
from fakes import FakeClassifier


@pytest.fixture
def classifying(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    from bienc_cli import models

    monkeypatch.setattr(models, "load_cross_encoder", lambda name, **_: FakeClassifier())
    return run


@pytest.fixture
def indexed(run: Run, tmp_path: Path) -> Run:
    texts = {
        "a.txt": "an invoice",
        "b.txt": "a contract",
        "c.jsonl": '{"_id": "7", "text": "invoice"}',
    }
    (tmp_path / "docs").mkdir()
    for name, text in texts.items():
        (tmp_path / "docs" / name).write_text(text)
    assert run("index", "docs")[0] == 0
    return run


def test_a_pair_has_every_label(classifying: Run) -> None:
    code, out, _ = classifying("classify", "apples and pears", "apples", "-f", "json")
    assert code == 0
    answer = json.loads(out)
    (pair,) = answer["pairs"]
    assert pair["label"] == "entailment"
    assert [one["label"] for one in pair["forward"]] == ["contradiction", "entailment", "neutral"]
    assert pair["backward"] == []
    assert answer["model"]["name"] == "fake-nli"


def test_both_ways_are_read_when_asked_for(classifying: Run) -> None:
    argv = ("classify", "apples and pears", "apples", "--both")
    (pair,) = json.loads(classifying(*argv, "-f", "json")[1])["pairs"]
    assert max(pair["backward"], key=lambda one: one["logit"])["label"] == "neutral"
    assert "B → A" in classifying(*argv)[1]
    line = classifying(*argv, "-f", "plain")[1].rstrip("\n").split("\t")
    assert (line[0], len(line)) == ("entailment", 7)


@pytest.mark.parametrize("format_", ["json", "jsonl", "plain", "table"])
def test_pairs_from_stdin_each_have_an_answer(
    classifying: Run, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    lines = b'["one two", "one"]\nnonsense\n{"a": "one", "b": "not one"}\n'
    feed(monkeypatch, lines)
    code, out, err = classifying("classify", "-", "-f", format_)
    assert code == 2
    if format_ in ("table", "plain"):
        assert "Line 2 of standard input is not valid JSON" in err
    if format_ == "plain":
        assert [line.split("\t")[0] for line in out.splitlines()] == [
            "entailment",
            "",
            "contradiction",
        ]
    if format_ == "jsonl":
        documents = [json.loads(line) for line in out.splitlines()]
        assert [one["schema"] for one in documents] == [
            "bienc.classify/1",
            "bienc.error/1",
            "bienc.classify/1",
        ]


def test_documents_get_labels_by_both_encoders(indexed: Run) -> None:
    argv = ("classify", "--labels", "invoice,contract")
    answer = json.loads(indexed(*argv, "-f", "json")[1])
    assert [one["bi_encoder_label"] for one in answer["documents"]] == [
        "invoice",
        "contract",
        "invoice",
    ]
    assert answer["models"]["cross_encoder"] is None
    both = json.loads(indexed(*argv, "--cross-encoder", "fake-cross", "-f", "json")[1])
    assert both["cross_encoder_by"] == "relevance"
    assert [one["cross_encoder_label"] for one in both["documents"]][:2] == ["invoice", "contract"]
    table = indexed(*argv, "docs/a.txt", "--cross-encoder", "fake-cross")[1]
    assert "they agree on 1 of 1" in table
    lines = indexed(*argv, "-f", "plain")[1].splitlines()
    assert [line.split("\t")[:2] for line in lines] == [
        ["docs/a.txt", "invoice"],
        ["docs/b.txt", "contract"],
        ["docs/c.jsonl (7)", "invoice"],
    ]


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("a", "b"), 2, "fake-cross has one label, which is relevance"),
        (("a",), 2, "Two texts make a pair, not 1"),
        ((), 2, "Two texts make a pair, not 0"),
        (("a", " "), 2, "The pair has an empty text"),
        (("a", "b", "--model", "x"), 2, "--model has no effect"),
        (("--labels", "one"), 2, "no choice of labels"),
        (("--labels", "a,b", "--both"), 2, "--both has no effect"),
        (("--labels", "a,b", "none/"), 1, "no document of the index matches none/"),
        (("--labels", "a,b", "--index", "nowhere"), 3, "no such index"),
    ],
)
def test_errors_say_what_and_exit_with_their_code(
    indexed: Run, argv: tuple[str, ...], code: int, message: str
) -> None:
    got, _, err = indexed("classify", *argv)
    assert got == code, err
    assert message in err
    assert "Traceback" not in err
