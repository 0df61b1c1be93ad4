"""Several models, indexes and lengths of passages as systems of one comparison."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bienc_cli.errors import UsageError
from bienc_cli.evaluation.experiment import evaluate
from bienc_cli.evaluation.qrels import Item, Qrels, Unit, judged_in
from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import EvaluationOptions
from bienc_cli.evaluation.setups import Setup, evaluate_setups, index_again
from bienc_cli.library.setup_choice import SetupChoice
from bienc_cli.store import open_reader
from bienc_cli.strategy import Strategy
from commands import Run
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import FRUIT, Folder

QUERIES = (Query("1", "apples in autumn"), Query("2", "cherry stones"), Query("3", "a cool cellar"))
QRELS = Qrels(
    Unit.DOCUMENT,
    {
        "1": {Item("apple.md"): 2},
        "2": {Item("deep/cherry.txt"): 1},
        "3": {Item("pear.txt"): 1, Item("gone.txt"): 1},
    },
)
OPTIONS = EvaluationOptions(
    strategies=(Strategy.BI_ENCODER, Strategy.BI_ENCODER_RERANKED), measures=("nDCG@10", "RR@10")
)


def test_each_setup_is_measured_as_it_is_alone_and_against_the_first(
    fruit: Folder, tmp_path: Path
) -> None:
    other = FakeBiEncoder(name="other")
    reranker = FakeCrossEncoder()
    with fruit.open() as index:
        place = index_again(
            index.info, other, None, directory=tmp_path / "more", key_dir=fruit.keys
        )
        with open_reader(place, key_dir=fruit.keys) as second:
            setups = [
                Setup("fake", index, fruit.encoder, reranker, OPTIONS),
                Setup("other", second, other, reranker, OPTIONS),
            ]
            found = evaluate_setups(setups, QUERIES, QRELS)
            for setup in setups:
                judged = judged_in(QRELS, setup.index.documents())
                alone = evaluate(setup.index, QUERIES, judged, setup.bi_encoder, reranker, OPTIONS)
                for system in alone.systems:
                    (same,) = [
                        one for one in found.systems if one.name == f"{setup.name} {system.name}"
                    ]
                    assert same.rankings == system.rankings
                    assert same.means == system.means
    assert [one.name for one in found.setups] == ["fake", "other"]
    assert found.baseline.name == "fake bi-encoder"
    assert found.baseline.differences == {}
    assert set(found.systems[-1].differences) == {"nDCG@10", "RR@10"}
    assert found.missing == ("gone.txt",)


def test_an_index_for_another_model_covers_the_same_and_is_made_once(
    fruit: Folder, tmp_path: Path
) -> None:
    other = FakeBiEncoder(name="other")
    with fruit.open() as index:
        ids = sorted(index.documents())
        for encoded in (index.info.vectors, index.info.vectors):
            place = index_again(index.info, other, None, directory=tmp_path, key_dir=fruit.keys)
            assert len(other.passages_encoded) == encoded
        with open_reader(place, key_dir=fruit.keys) as second:
            assert sorted(one for one, _ in second.documents()) == [one for one, _ in ids]
            assert second.info.encoder == other.identity
            assert second.info.chunking == index.info.chunking
        shorter = index_again(index.info, other, 24, directory=tmp_path, key_dir=fruit.keys)
        assert shorter != place
        with open_reader(shorter, key_dir=fruit.keys) as second:
            assert second.info.chunking.max_tokens == 24


def test_an_index_of_a_list_of_files_is_refused(fruit: Folder, tmp_path: Path) -> None:
    with fruit.open() as index:
        root = replace(index.info.roots[0], files=("apple.md",))
        info = replace(index.info, roots=(root,))
        with pytest.raises(UsageError, match="list of files"):
            index_again(info, FakeBiEncoder(), None, directory=tmp_path, key_dir=fruit.keys)


@pytest.fixture
def judged(run: Run, tmp_path: Path) -> Run:
    for name, text in FRUIT.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    Path("q.tsv").write_text("".join(f"{one.query_id}\t{one.text}\n" for one in QUERIES))
    Path("q.qrels").write_text("1 0 apple.md 2\n2 0 deep/cherry.txt 1\n3 0 pear.txt 1\n")
    assert run("index", "docs")[0] == 0
    return run


FILES = ("compare", "--queries", "q.tsv", "--qrels", "q.qrels")


def test_models_and_lengths_are_rows_of_one_table(judged: Run) -> None:
    argv = (*FILES, "--model", "fake,other", "--passage-tokens", "24,48")
    code, out, err = judged(*argv, "--strategies", "bi-encoder,bm25", "-f", "json")
    assert code == 0, err
    answer = json.loads(out)
    assert [one["name"] for one in answer["setups"]] == [
        *("fake/24", "fake/48", "other/24", "other/48")
    ]
    names = [one["name"] for one in answer["systems"]]
    # The words are the same whichever model is beside them.
    assert names == [
        *("fake/24 bi-encoder", "fake/24 bm25", "fake/48 bi-encoder", "fake/48 bm25"),
        *("other/24 bi-encoder", "other/48 bi-encoder"),
    ]
    assert answer["baseline"] == names[0]
    assert {one["models"]["bi_encoder"]["name"] for one in answer["setups"]} == {"fake", "other"}
    table = judged(*argv, "--strategies", "bi-encoder,bm25")[1]
    assert "of at most 24 tokens" in table


def test_cross_encoders_share_an_index_and_what_reranks_nothing(judged: Run) -> None:
    argv = (
        *FILES,
        "--cross-encoder",
        "one,two",
        "--strategies",
        "bi-encoder,bi-encoder+cross-encoder",
    )
    answer = json.loads(judged(*argv, "-f", "json")[1])
    assert [one["name"] for one in answer["systems"]] == [
        "fake/one bi-encoder",
        "fake/one bi-encoder+cross-encoder",
        "fake/two bi-encoder+cross-encoder",
    ]
    assert len({one["index"]["directory"] for one in answer["setups"]}) == 1


def test_a_model_in_a_directory_goes_by_the_folder_s_name(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "mine", tmp_path / "b" / "mine"
    for directory in (one, other):
        directory.mkdir(parents=True)
    choice = SetupChoice(cross_encoders=("known", str(one)))
    assert choice.names("granite-30m") == ["granite-30m/known", "granite-30m/mine"]
    assert SetupChoice(models=(None, "minilm")).names(str(one)) == ["mine", "minilm"]
    alike = SetupChoice(cross_encoders=(str(one), str(other)))
    assert alike.names("x") == [f"x/{one}", f"x/{other}"]


def test_the_model_of_the_index_needs_no_other_index(judged: Run, tmp_path: Path) -> None:
    argv = (*FILES, "--model", "fake,other", "--strategies", "bi-encoder", "-f", "json")
    first, second = json.loads(judged(*argv)[1])["setups"]
    assert first["index"]["directory"] == str(tmp_path / ".bienc")
    assert second["index"]["directory"].startswith(str(tmp_path / "cache" / "indexes"))


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("compare", "pear", "--model", "fake,other"), "measured over a file of queries"),
        (("compare", "pear", "--passage-tokens", "24"), "measured over a file of queries"),
        ((*FILES, "--passage-tokens", "x"), "is not a list of numbers"),
        (
            (*FILES, "--model", "fake,other", "--fail-under", "nDCG@10=0.5"),
            "--fail-under has no effect",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(judged: Run, argv: tuple[str, ...], message: str) -> None:
    code, _, err = judged(*argv)
    assert code == 2
    assert message in err
