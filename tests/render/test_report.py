"""The page as a parser sees it; `test_report_in_browser.py` has it as a browser does."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from bienc_cli.evaluation.queries import Query
from bienc_cli.evaluation.results import Evaluation
from bienc_cli.evaluation.runs import Run
from bienc_cli.render import evaluation as rendered
from bienc_cli.render.report import as_html
from bienc_cli.strategy import Strategy
from report_samples import HOSTILE, QUERIES, sample

CREATED = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    run = Run("other <b>system</b>", {"q1": ["pear.txt", "apple.md"], "q2": ["pear.txt"]})
    return sample(tmp_path_factory.mktemp("report"), runs=(run,))


@pytest.fixture(scope="module")
def html(evaluation: Evaluation) -> str:
    return as_html(evaluation, created=CREATED)


@pytest.fixture(scope="module")
def page(html: str) -> LexborHTMLParser:
    return LexborHTMLParser(html)


def text(node: LexborNode | None) -> str:
    assert node is not None
    return " ".join(node.text().split())


def table(page: LexborHTMLParser, section: str, caption: str) -> dict[str, list[float]]:
    """Rows of a table by system, as the values behind what is shown."""
    for found in page.css(f"#{section} table"):
        if text(found.css_first("caption")) == caption:
            return {
                text(row.css_first("th")): [
                    float(one.attributes["value"] or "") for one in row.css("data")
                ]
                for row in found.css("tbody tr")
            }
    raise AssertionError(f"no table '{caption}' in #{section}")


def known(*values: float | None) -> list[float]:
    return [value for value in values if value is not None]


def test_every_number_is_that_of_the_json(evaluation: Evaluation, page: LexborHTMLParser) -> None:
    told: dict[str, Any] = json.loads(json.dumps(rendered.EvaluationView(evaluation).as_json()))
    assert told["measures"] == ["nDCG@10", "RR@10", "R@100"]
    for measure in told["measures"]:
        shown = table(page, "quality", measure)
        compared = table(page, "differences", measure)
        assert len(shown) == len(told["systems"]) == len(compared) + 1
        for system in told["systems"]:
            mean = system["means"][measure]
            assert shown[system["name"]] == [mean["value"], mean["low"], mean["high"]]
        for system in told["systems"][1:]:
            one = system["differences"][measure]
            assert compared[system["name"]] == known(
                *(one[key] for key in ("mean", "low", "high", "wins", "ties", "losses")),
                one["p_randomisation"],
                one["p_corrected"],
            )
    times = table(page, "cost", "Time of a query")
    for system in told["systems"]:
        keys = ("p50", "p95", "passages_scored", "queries_per_second")
        latency = system["latency"]
        assert times[system["name"]] == ([latency[key] for key in keys] if latency else [])
    for caption, key in (("overlap@10", "overlap"), ("RBO", "rbo")):
        shown = table(page, "agreement", caption)
        assert shown == {one["name"]: [one[key]] for one in told["systems"][1:]}


def test_what_is_shown_is_the_number_behind_it(page: LexborHTMLParser) -> None:
    for one in page.css("#quality data, #differences td:not(:last-child):not(:first-child) data"):
        exact, shown = float(one.attributes["value"] or ""), one.text().replace("−", "-")
        if not shown.startswith("<"):
            places = len(shown.partition(".")[2])
            assert float(shown) == pytest.approx(exact, abs=0.5000001 * 10**-places)


def test_the_first_sentence_names_the_best(evaluation: Evaluation, page: LexborHTMLParser) -> None:
    best = max(evaluation.systems, key=lambda one: one.means["nDCG@10"].value)
    lead = text(page.css_first(".lead"))
    assert best.name in lead
    assert f"{best.means['nDCG@10'].value:.4f}" in lead
    assert f"{evaluation.baseline.means['nDCG@10'].value:.4f}" in lead


def test_nothing_can_be_fetched(html: str, page: LexborHTMLParser) -> None:
    policy = page.css_first("meta[http-equiv=Content-Security-Policy]")
    assert policy is not None
    rules = dict(
        rule.strip().split(" ", 1) for rule in (policy.attributes["content"] or "").split(";")
    )
    assert rules["default-src"] == "'none'"
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        (element,) = page.css(tag)
        digest = hashlib.sha256(element.text().encode()).digest()
        assert rules[rule] == f"'sha256-{base64.b64encode(digest).decode()}'"
    for element in page.css("*"):
        for name, value in element.attributes.items():
            assert name != "style"
            assert not name.startswith("on")
            assert name not in ("src", "srcset", "action", "data", "xlink:href")
            if name == "href":
                assert (value or "").startswith("#") or value == "data:,"
    style = page.css_first("style")
    assert style is not None
    assert not re.search(r"url\(|@import|@font-face", style.text())
    assert not re.search(r"(?:https?|wss?):", html)


def test_links_lead_somewhere(page: LexborHTMLParser) -> None:
    ids = [element.attributes["id"] for element in page.css("[id]")]
    assert len(ids) == len(set(ids))
    for link in page.css("a"):
        assert (link.attributes["href"] or "")[1:] in ids


def test_texts_are_shown_and_not_obeyed(html: str, page: LexborHTMLParser) -> None:
    assert len(page.css("script")) == len(page.css("style")) == 1
    assert not page.css("main b b")
    assert "49" not in text(page.css("details.query")[2].css_first(".question"))
    for bad in ("\u202e", "\x1b", "\x00", "<script>alert", "other <b>"):
        assert bad not in html
    question = text(page.css("details.query")[2].css_first("summary"))
    assert '<script>alert(1)</script> & "quoted" \' </style> \\u202etxt.exe␛[31m ␀' in question
    assert "{{ 7 * 7 }}" in question
    assert "q<3>" in question
    texts = [text(one) for one in page.css(".ranking li p")]
    # What turns the direction of a text is taken out when a file is read.
    assert any("<script>alert(1)</script>" in one and "\\u202e" not in one for one in texts)
    assert HOSTILE in QUERIES[2].text


def test_every_query_has_both_rankings(evaluation: Evaluation, page: LexborHTMLParser) -> None:
    details = page.css("details.query")
    assert len(details) == len(evaluation.queries)
    other = max(evaluation.systems[1:], key=lambda one: one.means["nDCG@10"].value)
    for query, shown in zip(evaluation.queries, details):
        assert query.query_id in text(shown.css_first(".id"))
        left, right = shown.css(".ranking")
        assert text(left.css_first("h3")) == "bm25"
        assert text(right.css_first("h3")) == other.name
        for ranking, system in ((left, evaluation.baseline), (right, other)):
            hits = system.hits[query.query_id]
            assert [one.attributes["data-p"] for one in ranking.css("li")] == [
                str(hit.passage.passage_id) for hit in hits
            ]
        assert len(shown.css(".compact tr")) == len(evaluation.systems)
    marked = text(details[0].css_first(".ranking li .relevant"))
    assert marked == "relevant (2)"
    assert "no judgments" in text(details[3].css_first("summary"))


def test_missing_judged_documents_are_said(page: LexborHTMLParser) -> None:
    assert "1 judged document not in the index" in text(page.css_first(".warnings"))
    assert "nowhere.txt" in text(page.css_first(".warnings"))


def test_every_system_is_in_the_trade_off(evaluation: Evaluation, page: LexborHTMLParser) -> None:
    timed = {one.name for one in evaluation.systems if one.latency}
    for kind in (".for-desk", ".for-phone"):
        titles = [text(one) for one in page.css(f"svg.trade-off{kind} circle title")]
        assert {one.rpartition(": ")[0] for one in titles} == timed
        assert page.css_first(f"svg{kind} path.front") is not None


def test_bars_are_the_differences(evaluation: Evaluation, page: LexborHTMLParser) -> None:
    figures = page.css("#gains figure")
    assert len(figures) == len(evaluation.systems) - 1
    by_name = {one.name: one for one in evaluation.systems}
    for figure in figures:
        one = by_name[text(figure.css_first("h3"))].differences["nDCG@10"]
        assert len(figure.css("rect.gain")) == one.wins
        assert len(figure.css("rect.loss")) == one.losses


def test_a_ranking_from_a_file_has_no_time(page: LexborHTMLParser) -> None:
    assert table(page, "cost", "Time of a query")["other <b>system</b>"] == []
    assert "Rankings read from files have no time." in text(page.css_first("#cost .note"))


def test_files_alone_can_be_compared(evaluation: Evaluation) -> None:
    """Without passages both rankings are of items, and there is no time to plot."""
    run = evaluation.systems[-1]
    files = tuple(replace(run, name=name) for name in ("first", "second"))
    first = replace(files[0], differences={}, overlap=None, rbo=None)
    page = LexborHTMLParser(
        as_html(
            replace(evaluation, systems=(first, files[1]), bi_encoder=None, cross_encoder=None),
            created=CREATED,
        )
    )
    assert not page.css("#cost, #trade-off, .trade-off")
    shown = page.css("details.query")[0]
    items = [text(one.css_first("b")) for one in shown.css(".ranking")[0].css("li")]
    assert items == ["pear.txt", "apple.md"]
    assert text(shown.css(".ranking")[1].css("li")[1]) == "apple.md = relevant (2)"
    assert "nothing found" in text(page.css("details.query")[2].css_first(".ranking"))


def test_items_of_a_run_are_cited_as_people_write_places(tmp_path: Path) -> None:
    items = ("pear.txt:1-2", "r.pdf#page=3", "b.xlsx#row=Costs!2-9", "c.docx#heading=How to", "d")
    page = as_html(
        sample(
            tmp_path,
            grades={"q1": {"pear.txt:1-2": 1}},
            runs=(Run("theirs", {"q1": items}),),
        ),
        created=CREATED,
    )
    for cited in ("pear.txt:1-2", "r.pdf p.3", "b.xlsx Costs!2-9", "c.docx#How to"):
        assert cited in page
    assert "#page=" not in page
    assert "#row=" not in page


def test_without_judgments_it_speaks_of_agreement_only(tmp_path: Path) -> None:
    html = as_html(sample(tmp_path, grades={}), created=CREATED)
    page = LexborHTMLParser(html)
    assert "There are no judgments" in text(page.css_first(".lead"))
    assert not page.css("#quality, #trade-off, #differences, #gains, .grade, .change, .is-best")
    assert page.css_first("#agreement") is not None
    assert page.css_first("#cost") is not None
    assert text(page.css("details.query .ranking h3")[1]) == "blend@4"


def test_one_query_and_one_system(tmp_path: Path) -> None:
    one = sample(tmp_path, queries=QUERIES[:1], strategies=(Strategy.BM25,))
    page = LexborHTMLParser(as_html(one, created=CREATED))
    assert text(page.css_first("h1")) == "1 system on 1 query"
    assert "bm25 reaches nDCG@10" in text(page.css_first(".lead"))
    assert not page.css("#differences, #gains, #agreement")
    assert len(page.css(".ranking")) == 1
    (mean,) = table(page, "quality", "nDCG@10").values()
    assert mean == [one.baseline.means["nDCG@10"].value]  # no interval from one query


def test_one_query_and_two_systems(tmp_path: Path) -> None:
    two = (Strategy.BM25, Strategy.BI_ENCODER)
    one = sample(tmp_path, queries=QUERIES[:1], strategies=two)
    page = LexborHTMLParser(as_html(one, created=CREATED))
    assert "one query alone does not say" in text(page.css_first(".lead"))


def test_the_page_of_many_queries_stays_small(evaluation: Evaluation) -> None:
    """300 queries, 6 systems, ten long passages each."""
    long = "What is said here goes on for a while, as passages do. " * 30
    queries = tuple(Query(f"query-{number}", f"question {number}") for number in range(300))

    def hits(system: Any) -> Any:
        (hit,) = system.hits["q1"][:1]
        passage = replace(hit.passage.passage, text=long, heading=("A heading of some length",))
        stored = replace(hit.passage, passage=passage)
        ten = [
            replace(hit, rank=rank, passage=replace(stored, passage_id=rank))
            for rank in range(1, 11)
        ]
        return {query.query_id: tuple(ten) for query in queries}

    systems = tuple(
        replace(
            system,
            hits=hits(system),
            rankings={query.query_id: [f"document-{n}" for n in range(100)] for query in queries},
            values={
                name: {query.query_id: 0.5 for query in queries} for name in evaluation.measures
            },
            differences={
                name: replace(one, gained=(), lost=()) for name, one in system.differences.items()
            },
        )
        for system in evaluation.systems[:-1]
    )
    grades = {query.query_id: {"document-3": 1} for query in queries}
    html = as_html(
        replace(evaluation, queries=queries, judged=tuple(grades), grades=grades, systems=systems),
        created=CREATED,
    )
    assert len(html.encode()) < 5_000_000
    page = LexborHTMLParser(html)
    assert len(page.css("details.query")) == 300
    assert "With so many queries the passages are cut to" in text(page.css_first("#queries .note"))
