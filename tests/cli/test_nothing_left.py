"""What leaves nothing is named: a filter, a threshold, or that there is no answer."""

from __future__ import annotations

import json

import pytest

from bienc_cli.formats.table import FORMATS, format_named
from bienc_cli.strategy import Strategy
from commands import Run


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--path", "nope/"), "--path 'nope/'"),
        (("--type", "pdf"), "--type pdf"),
        (("--path", "*.md", "--type", "txt"), "--path '*.md' --type text"),
    ],
)
def test_a_filter_that_no_document_passes(
    indexed: Run, strategy: Strategy, options: tuple[str, ...], said: str
) -> None:
    argv = ("query", "pear", "--strategy", strategy.value, *options)
    sentence = f"no document of the index matches {said}"
    code, out, err = indexed(*argv, "-f", "json")
    assert code == 1
    assert err == f"warning: {sentence}\n"
    assert json.loads(out)["warnings"] == [sentence]
    assert sentence in indexed(*argv)[2]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("similar", "docs/pear.txt", "--path", "nope/"), "--path 'nope/'"),
        (("pairs", "--path", "nope/"), "--path 'nope/'"),
        (("pairs", "--between", "nope/", "--with", "deep/"), "--between 'nope/'"),
        (("pairs", "--between", "deep/", "--with", "nope/"), "--with 'nope/'"),
        (("compare", "pear", "--path", "nope/"), "--path 'nope/'"),
    ],
)
def test_nor_with_other_commands(indexed: Run, argv: tuple[str, ...], said: str) -> None:
    code, out, err = indexed(*argv)
    assert code == 1
    assert f"warning: no document of the index matches {said}\n" in err
    assert "nothing found" in out or "no pairs" in out
    assert "overlap" not in out
    [sentence] = json.loads(indexed(*argv, "-f", "json")[1])["warnings"]
    assert sentence.endswith(said)


def test_a_phrase_that_no_passage_has(indexed: Run) -> None:
    code, out, err = indexed("query", '"pears bruise never" -apple', "-f", "json")
    sentence = "there is no passage with \"pears bruise never\" and without 'apple'"
    assert (code, err) == (1, f"warning: {sentence}\n")
    found = json.loads(out)
    assert found["warnings"] == [sentence]
    assert (found["phrases"], found["without"]) == (["pears bruise never"], ["apple"])
    code, out, _ = indexed("query", '"pears bruise" keeps', "--strategy", "bm25")
    assert code == 0
    assert 'with "pears bruise"' in " ".join(out.split())
    # A filter that leaves nothing is named before a phrase that does.
    assert "--path 'nope/'" in indexed("query", '"no"', "--path", "nope/")[2]


@pytest.mark.parametrize("strategy", ["bm25", "bm25+cross-encoder", "cross-encoder"])
def test_a_model_that_nothing_is_compared_by(indexed: Run, strategy: str) -> None:
    code, _, err = indexed("query", "pear", "--strategy", strategy, "--model", "minilm")
    assert code == 2
    assert f"--model has no effect: the strategy {strategy} compares no vectors" in err


def test_words_that_nobody_wrote_are_another_matter(indexed: Run) -> None:
    code, _, err = indexed("query", "zebra", "--strategy", "bm25", "--path", "*.md")
    assert (code, err) == (1, "")


@pytest.mark.parametrize("strategy", [one for one in Strategy if one.needs_cross_encoder])
def test_a_threshold_that_no_passage_reaches(indexed: Run, strategy: Strategy) -> None:
    argv = ("query", "pear", "--strategy", strategy.value, "-f", "json")
    hits = json.loads(indexed(*argv)[1])["hits"]
    best = max(hit["relevance"] for hit in hits)
    code, out, err = indexed(*argv, "--min-relevance", "0.99999")
    assert code == 1
    were = "passage was" if len(hits) == 1 else "passages were"
    said = f"{len(hits)} {were} less relevant than --min-relevance 0.99999; the best has {best:.3f}"
    assert json.loads(out)["warnings"] == [said]
    assert err == f"warning: {said}\n"
    # One that some reach is nothing to speak of.
    assert indexed(*argv, "--min-relevance", f"{best - 0.001:.3f}")[2] == ""


def test_the_best_is_told_from_the_threshold(indexed: Run) -> None:
    argv = ("query", "pear", "-f", "json")
    best = max(hit["relevance"] for hit in json.loads(indexed(*argv)[1])["hits"])
    threshold = f"{best + 0.00002:.5f}"
    said = json.loads(indexed(*argv, "--min-relevance", threshold)[1])["warnings"][0]
    assert float(said.rsplit(" ", 1)[1]) < float(threshold)


def test_formats_by_their_suffixes() -> None:
    named = {"md": "markdown", "txt": "text", "py": "code", "htm": "html", ".MD": "markdown"}
    assert {name: format_named(name) for name in named} == named
    assert {format_named(name) for name in FORMATS} == set(FORMATS)
    assert [format_named(name) for name in ("", ".", "exe", "nope")] == [None] * 4


def test_a_type_is_filtered_by_suffix(indexed: Run) -> None:
    _, out, _ = indexed("query", "pear apple", "--type", "md", "--type", "markdown", "-f", "json")
    assert {hit["format"] for hit in json.loads(out)["hits"]} == {"markdown"}


def test_hits_of_which_none_seems_to_answer(indexed: Run) -> None:
    said = "nothing here seems to answer"
    for options in ((), ("--compact",), ("-f", "markdown")):
        code, out, err = indexed("query", "qwrtz blorf zzxq", *options)
        assert (code, err) == (0, "")
        assert out.index(said) < out.index("docs/")
        assert said not in indexed("query", "pears bruise", *options)[1]
    assert said not in indexed("query", "qwrtz blorf zzxq", "--no-rerank")[1]
    for query, answered in (("qwrtz blorf zzxq", False), ("pears bruise", True)):
        code, out, _ = indexed("query", query, "-f", "json")
        assert (code, json.loads(out)["answered"]) == (0, answered)
