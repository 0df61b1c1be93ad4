"""The page in a real browser: nothing fetched, nothing complained of, everything there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import report_browser
from bienc_cli.evaluation.results import Evaluation
from bienc_cli.render import evaluation as rendered
from bienc_cli.render.report import as_html
from report_browser import Browser, Page
from report_samples import sample

pytestmark = pytest.mark.skipif(report_browser.found() is None, reason="no Chromium is installed")

SCREENS = [(1100, False), (1100, True), (375, False), (375, True)]
_MEANS = """
Array.from(document.querySelectorAll('#quality table'), table => [
  table.caption.textContent.trim(),
  Array.from(table.tBodies[0].rows, row => [
    row.cells[0].textContent.trim(), row.querySelector('data').value,
    row.querySelector('data').textContent,
  ]),
])
"""


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    return sample(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def file(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(as_html(evaluation, created=datetime.now(UTC)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def page(browser: Browser, file: Path) -> Page:
    return browser.open(file)


def test_the_browser_would_notice(browser: Browser, tmp_path: Path) -> None:
    """Requests and complaints are seen where there are some."""
    path = tmp_path / "loud.html"
    path.write_text("<img src='nowhere.png'><script>console.error('no'); absent()</script>")
    loud = browser.open(path)
    assert [one.rpartition("/")[2] for one in loud.requests] == ["loud.html", "nowhere.png"]
    assert len(loud.complaints) >= 2


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_it_asks_for_nothing_and_fits(browser: Browser, file: Path, width: int, dark: bool) -> None:
    page = browser.open(file, width=width, dark=dark)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert [one for one in page.requests if not one.startswith("data:")] == [file.as_uri()]
    assert page.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (min(map(int, background[4:-1].split(","))) < 100) is dark


@pytest.mark.parametrize("width", [360, 390, 700, 1100])
def test_nothing_is_cut_at_the_edge(browser: Browser, file: Path, width: int) -> None:
    """Neither a number nor a mark of an axis is to be scrolled to, however narrow the screen."""
    page = browser.open(file, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    outside = page.evaluate(
        "[...document.querySelectorAll('th, td, p, li, dd, svg text, svg circle')].filter(one => {"
        "const {left, right, width} = one.getBoundingClientRect();"
        "return width && (left < 0 || right > innerWidth) }).map(one => one.outerHTML)"
    )
    assert outside == []


def test_a_page_that_tries_cannot_fetch(browser: Browser, file: Path, tmp_path: Path) -> None:
    """Even with an element smuggled in, the policy holds."""
    path = tmp_path / "smuggled.html"
    smuggled = '<img src="http://127.0.0.1:9/x.png"><script>document.title = "run"</script></main>'
    path.write_text(file.read_text(encoding="utf-8").replace("</main>", smuggled))
    page = browser.open(path)
    assert any("Content Security Policy" in one for one in page.complaints)
    assert page.evaluate("document.title") != "run"


def test_its_numbers_are_those_of_the_json(page: Page, evaluation: Evaluation) -> None:
    told = json.loads(json.dumps(rendered.EvaluationView(evaluation).as_json()))
    expected = [
        [
            measure,
            [
                [
                    system["name"],
                    json.dumps(system["means"][measure]["value"]),
                    f"{system['means'][measure]['value']:.4f}",
                ]
                for system in told["systems"]
            ],
        ]
        for measure in told["measures"]
    ]
    assert page.evaluate(_MEANS) == expected


def test_queries_are_searched_sorted_and_opened(page: Page) -> None:
    shown = "Array.from(document.querySelectorAll('.query:not([hidden]) .id'), e => e.textContent)"
    asked = "words.value = '{}'; words.dispatchEvent(new Event('input'))"
    assert page.evaluate(shown) == ["q1", "q2", "q<3>", "q4"]
    page.evaluate(asked.format("PEAR"))
    assert page.evaluate(shown) == ["q2", "q4"]
    assert page.evaluate("found.textContent") == "2 of 4 shown"
    page.evaluate(asked.format(""))
    page.evaluate("order.value = 'gained'; order.dispatchEvent(new Event('change'))")
    changes = page.evaluate(
        "Array.from(document.querySelectorAll('.query'), e => Number(e.dataset.change || 0))"
    )
    assert changes == sorted(changes, reverse=True)
    assert any(changes)
    page.evaluate(
        "new Promise(done => { addEventListener('hashchange', done); location.hash = 'q2' })"
    )
    assert page.evaluate("document.getElementById('q2').open")
    assert page.complaints == []


def test_it_can_be_read_without_the_script(browser: Browser, file: Path, tmp_path: Path) -> None:
    path = tmp_path / "still.html"
    html = file.read_text(encoding="utf-8")
    path.write_text(html[: html.index("<script>")] + html[html.index("</script>") :])
    page = browser.open(path)
    assert page.evaluate("getComputedStyle(controls).display") == "none"
    page.evaluate("document.querySelector('summary').click()")
    assert page.evaluate("document.querySelector('.ranking li').getBoundingClientRect().height > 0")


def test_it_prints(page: Page) -> None:
    assert page.printed().startswith(b"%PDF-")
