"""Quotation marks and minuses in a query, and what they leave alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import UsageError
from bienc_cli.search.query_syntax import ParsedQuery, parse_operators


@pytest.mark.parametrize(
    ("query", "parsed"),
    [
        ('"error code" 28', ParsedQuery("error code 28", phrases=("error code",))),
        ("“smart  quotes” too", ParsedQuery("smart quotes too", phrases=("smart quotes",))),
        ("jaguar -car", ParsedQuery("jaguar", without=("car",))),
        ("jaguar -car, -Cars.", ParsedQuery("jaguar", without=("car", "Cars"))),
        ('jaguar -"sports car"', ParsedQuery("jaguar", without_phrases=("sports car",))),
        ("valve -mx-7731", ParsedQuery("valve", without_phrases=("mx-7731",))),
        ("tee -绿茶", ParsedQuery("tee", without_phrases=("绿茶",))),
        ("maison -été", ParsedQuery("maison", without=("été",))),
        ('"-name" find', ParsedQuery("-name find", phrases=("-name",))),
        ('"a b" "c d"', ParsedQuery("a b c d", phrases=("a b", "c d"))),
        ("„zwei Worte“ mehr", ParsedQuery("zwei Worte mehr", phrases=("zwei Worte",))),
        ("„dwa słowa” i", ParsedQuery("dwa słowa i", phrases=("dwa słowa",))),
        ("«\u00a0deux mots\u00a0» et", ParsedQuery("deux mots et", phrases=("deux mots",))),
        ("»zwei Worte« mehr", ParsedQuery("zwei Worte mehr", phrases=("zwei Worte",))),
        ("maison -«deux mots»", ParsedQuery("maison", without_phrases=("deux mots",))),
        ("黒澤の「七人の侍」の音楽", ParsedQuery("黒澤の七人の侍の音楽", phrases=("七人の侍",))),
        ("『紅樓夢』 作者", ParsedQuery("紅樓夢 作者", phrases=("紅樓夢",))),
    ],
)
def test_phrases_and_what_is_not_wanted(query: str, parsed: ParsedQuery) -> None:
    assert parse_operators(query) == parsed


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
    assert parse_operators(query) == ParsedQuery(query)


@pytest.mark.parametrize("query", ["-car", '-"sports car"', "-one -two"])
def test_to_leave_out_all_and_ask_for_nothing_is_refused(query: str) -> None:
    with pytest.raises(UsageError, match="only says what is not wanted"):
        parse_operators(query)


@pytest.mark.parametrize("mark", ['"', "„", "«", "„ a ", "「"])
def test_quotations_without_an_end_take_no_longer_than_others(mark: str) -> None:
    # It would take hours to look for the end from each place again.
    query = f"{mark * 3}{'word ' * 400_000}"
    assert parse_operators(query).without == ()


@given(st.text('ab "-“”„«»「」é汽1.', max_size=24))
def test_every_query_is_understood_once_and_for_all(query: str) -> None:
    try:
        parsed = parse_operators(query)
    except UsageError:
        return
    if not parsed.narrows:
        assert parsed.text == query
    for phrase in parsed.phrases:
        assert phrase in parsed.text
