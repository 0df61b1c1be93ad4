"""The page of a matrix: the numbers of the JSON, shaded, whatever the texts are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from selectolax.lexbor import LexborHTMLParser

import report_browser
from bienc_cli.errors import StorageError
from bienc_cli.evaluation.matrix import ScoreMatrix, score_matrix
from bienc_cli.render.matrix import MatrixView
from bienc_cli.render.report import matrix_as_html
from commands import Run
from fakes import FakeBiEncoder, FakeCrossEncoder
from report_browser import Browser

CREATED = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
QUERIES = ["a red pear", "<script>alert(1)</script>", "one\ntwo"]
PASSAGES = ["red pears", "stones " * 40, "\x1b[31m & <b>bold</b>", "a pear"]


@pytest.fixture(scope="module")
def matrix() -> ScoreMatrix:
    return score_matrix(QUERIES, PASSAGES, FakeBiEncoder(), FakeCrossEncoder())


@pytest.fixture(scope="module")
def page(matrix: ScoreMatrix) -> LexborHTMLParser:
    return LexborHTMLParser(matrix_as_html(matrix, created=CREATED))


@pytest.mark.parametrize(
    ("encoder", "measure"), [("bi-encoder", "similarity"), ("cross-encoder", "relevance")]
)
def test_each_map_has_the_numbers_of_the_json(
    matrix: ScoreMatrix, page: LexborHTMLParser, encoder: str, measure: str
) -> None:
    rows = page.css(f"#{encoder} tbody tr")
    shown = [[float(one.attributes["value"] or "") for one in row.css("data")] for row in rows]
    expected = MatrixView(matrix).as_json()[measure]
    assert shown == expected
    shades = [
        int((cell.attributes["class"] or "").split("heat-")[1])
        for row in rows
        for cell in row.css("td")
    ]
    assert (min(shades), max(shades)) == (0, 20)
    order = np.argsort(np.ravel(expected))
    assert list(np.array(shades)[order]) == sorted(shades)


def test_texts_are_texts(page: LexborHTMLParser) -> None:
    assert page.css("script, b") == []
    assert next(one.text() for one in page.css("#passages li")) == "red pears"
    assert "<script>alert(1)</script>" in [one.text() for one in page.css("#bi-encoder tbody th")]
    assert "\x1b" not in page.html


def test_equal_scores_are_one_shade() -> None:
    one = score_matrix(["a pear"], ["a pear", "a pear"], FakeBiEncoder(), FakeCrossEncoder())
    assert matrix_as_html(one, created=CREATED).count('class="n heat-0"') == 4


@pytest.mark.skipif(report_browser.found() is None, reason="no Chromium is installed")
@pytest.mark.parametrize(("width", "dark"), [(1200, False), (390, True)])
def test_it_fits_and_asks_nobody(
    matrix: ScoreMatrix, tmp_path: Path, width: int, dark: bool
) -> None:
    file = tmp_path / "matrix.html"
    file.write_text(matrix_as_html(matrix, created=CREATED), encoding="utf-8")
    with Browser.start(tmp_path) as browser:
        page = browser.open(file, width=width, dark=dark)
        assert page.complaints == []
        assert [one.split(":")[0] for one in page.requests if not one.startswith("data:")] == [
            "file"
        ]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        colours = page.evaluate(
            "[...new Set(Array.from(document.querySelectorAll('td'), "
            "one => getComputedStyle(one).backgroundColor))]"
        )
    assert {"rgb(24, 36, 68)", "rgb(250, 214, 90)"} <= set(colours)


def test_the_command_writes_it_and_refuses_it_for_a_pair(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("score", "a", "b", "c", "--report", "out/m.html", "-f", "json")
    assert (code, out.startswith("{")) == (0, True)
    assert "<table" in (tmp_path / "out" / "m.html").read_text()
    code, out, err = run("score", "a", "b", "--report", "m.html")
    assert (code, out) == (2, "")
    assert "--report has no effect: pairs are no matrix" in err
    code, out, err = run("score", "a", "b", "c", "--report", "/proc/m.html")
    assert (code, out) == (StorageError.exit_code, "")
    assert "'/proc/m.html' cannot be written" in err
