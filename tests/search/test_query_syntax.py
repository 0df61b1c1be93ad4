"""Quotation marks and minuses in a query, and what they leave alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import UsageError
from bienc_cli.search.query_syntax import Asked, understood


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ('"error code" 28', Asked("error code 28", phrases=("error code",))),
        ("“smart  quotes” too", Asked("smart quotes too", phrases=("smart quotes",))),
        ("jaguar -car", Asked("jaguar", without=("car",))),
        ("jaguar -car, -Cars.", Asked("jaguar", without=("car", "Cars"))),
        ('jaguar -"sports car"', Asked("jaguar", without_phrases=("sports car",))),
        ("valve -mx-7731", Asked("valve", without_phrases=("mx-7731",))),
        ("tee -绿茶", Asked("tee", without_phrases=("绿茶",))),
        ("maison -été", Asked("maison", without=("été",))),
        ('"-name" find', Asked("-name find", phrases=("-name",))),
        ('"a b" "c d"', Asked("a b c d", phrases=("a b", "c d"))),
        ("„zwei Worte“ mehr", Asked("zwei Worte mehr", phrases=("zwei Worte",))),
        ("„dwa słowa” i", Asked("dwa słowa i", phrases=("dwa słowa",))),
        ("«\u00a0deux mots\u00a0» et", Asked("deux mots et", phrases=("deux mots",))),
        ("»zwei Worte« mehr", Asked("zwei Worte mehr", phrases=("zwei Worte",))),
        ("maison -«deux mots»", Asked("maison", without_phrases=("deux mots",))),
        ("黒澤の「七人の侍」の音楽", Asked("黒澤の七人の侍の音楽", phrases=("七人の侍",))),
        ("『紅樓夢』 作者", Asked("紅樓夢 作者", phrases=("紅樓夢",))),
    ],
)
def test_phrases_and_what_is_not_wanted(query: str, asked: Asked) -> None:
    assert understood(query) == asked


@pytest.mark.parametrize(
    "query",
    [
        "git clean -d",
        "ls -la",
        "commit --no-verify",
        "gcc -std=c99 -O2",
        "a well-known method",
        "pages 10 - 20",
        "below -5 degrees",
        'a 5" disk',
        'an "open quotation',
        'nothing in ""',
        'dashes  "--"  here ',
        "it's 6'2\"",
        "eine „offene Anführung",
        "x >> y << z",
        "„“ «»",
    ],
)
def test_what_is_as_it_is(query: str) -> None:
    assert understood(query) == Asked(query)


@pytest.mark.parametrize("query", ["-car", '-"sports car"', "-one -two"])
def test_to_leave_out_all_and_ask_for_nothing_is_refused(query: str) -> None:
    with pytest.raises(UsageError, match="only says what is not wanted"):
        understood(query)


@pytest.mark.parametrize("mark", ['"', "„", "«", "„ a ", "「"])
def test_quotations_without_an_end_take_no_longer_than_others(mark: str) -> None:
    # It would take hours to look for the end from each place again.
    query = f"{mark * 3}{'word ' * 400_000}"
    assert understood(query).without == ()


@given(st.text('ab "-“”„«»「」é汽1.', max_size=24))
def test_every_query_is_understood_once_and_for_all(query: str) -> None:
    try:
        asked = understood(query)
    except UsageError:
        return
    if not asked.narrows:
        assert asked.text == query
    for phrase in asked.phrases:
        assert phrase in asked.text
