"""The page in a real browser: searched, walked through with the keyboard, read, and quiet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import report_browser
from commands import Run
from report_browser import Browser, Page
from warm_server import TOKEN, Running

pytestmark = pytest.mark.skipif(report_browser.found() is None, reason="no Chromium is installed")

FOCUS = "document.activeElement.textContent"
RANKS = """
Object.fromEntries(['left', 'right'].map(side => [side, Array.from(
  document.querySelectorAll(`.${side} .hit`),
  hit => [hit.querySelector('.open').textContent, hit.querySelector('.moved').textContent],
)]))
"""


def address(server: Running) -> str:
    return f"http://127.0.0.1:{server.port}/?token={TOKEN}"


def opened(browser: Browser, server: Running, *, width: int = 1200, dark: bool = False) -> Page:
    page = browser.open(address(server), width=width, dark=dark)
    page.until("document.getElementById('index').textContent")
    return page


def search(page: Page, query: str) -> None:
    page.write(query)
    page.press("Enter")
    page.until("document.querySelectorAll('.ranking').length === 2")


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (1200, True), (390, False)])
def test_it_fits_and_asks_nobody_else(
    browser: Browser, server: Running, width: int, dark: bool
) -> None:
    page = opened(browser, server, width=width, dark=dark)
    search(page, "a pear in the cellar")
    assert page.complaints == []
    assert {one.split("?")[0].split("/", 3)[2] for one in page.requests} == {
        f"127.0.0.1:{server.port}"
    }
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        "Array.from(document.querySelectorAll('button, input, select, [role=tab]'), one => "
        "one.getBoundingClientRect()).filter(box => box.width && box.height < 24).length"
    )
    assert small == 0
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (min(map(int, background[4:-1].split(","))) < 100) is dark


def test_no_line_number_is_broken_on_a_phone(
    browser: Browser, indexed: Run, server: Running, tmp_path: Path
) -> None:
    for length in range(10, 20):
        text = "\n" * 1233 + "A quince is hard.\n"
        (tmp_path / "docs" / f"{'n' * length}.txt").write_text(text)
    assert indexed("index")[0] == 0
    page = opened(browser, server, width=390)
    search(page, "A quince is hard")
    lines = page.evaluate(
        "Array.from(document.querySelectorAll('.left .open'), one => { "
        "const range = document.createRange(); const last = one.lastChild; "
        "range.setStart(last, last.length - 4); range.setEnd(last, last.length); "
        "return [one.textContent.slice(-4), range.getClientRects().length, "
        "one.getBoundingClientRect().height > 30] })"
    )
    numbered = [one for one in lines if one[0] == "1234"]
    assert any(wrapped for _, _, wrapped in numbered)
    assert {boxes for _, boxes, _ in numbered} == {1}


def test_both_rankings_are_those_of_the_command(
    browser: Browser, indexed: Run, server: Running
) -> None:
    page = opened(browser, server)
    search(page, "apples ripen in autumn")
    expected = {}
    ranks = {}
    for side, strategy in (("left", "bi-encoder"), ("right", "blend")):
        printed = indexed(
            "query", "apples ripen in autumn", "--strategy", strategy, "-f", "json", "--no-server"
        )[1]
        hits = json.loads(printed)["hits"]
        expected[side] = [hit["citation"] for hit in hits]
        ranks[side] = {hit["citation"]: hit["rank"] for hit in hits}
    shown = page.evaluate(RANKS)
    assert {side: [name for name, _ in hits] for side, hits in shown.items()} == expected
    for name, moved in shown["right"]:
        if name not in ranks["left"]:
            assert moved == "new"
            continue
        gained = ranks["left"][name] - ranks["right"][name]
        assert moved == ("=" if not gained else f"{'↑' if gained > 0 else '↓'}{abs(gained)}")
    times = page.evaluate("document.querySelector('.right .times').textContent")
    for stage in ("encode query", "search", "rerank", "total"):
        assert stage in times
    lit = page.evaluate("Array.from(document.querySelectorAll('mark'), one => one.textContent)")
    assert {"Apples", "ripen", "autumn"} <= set(lit)
    assert not {"in", "In"} & set(lit)


@pytest.mark.parametrize("width", [1200, 390])
def test_the_keyboard_is_enough(browser: Browser, server: Running, width: int) -> None:
    page = opened(browser, server, width=width)
    assert page.evaluate("document.activeElement.id") == "query"
    search(page, "a pear in the cellar")
    shown = page.evaluate(RANKS)
    page.press("ArrowDown")
    assert page.evaluate(FOCUS) == shown["left"][0][0]
    page.press("ArrowDown")
    assert page.evaluate(FOCUS) == shown["left"][1][0]
    page.press("ArrowRight")
    assert page.evaluate(FOCUS) == shown["right"][1][0]
    assert page.evaluate("document.activeElement.getBoundingClientRect().height > 0")
    page.press("ArrowUp")
    page.press("Enter")
    page.until("document.querySelector('dialog').open")
    assert page.evaluate("document.activeElement.id") == "document"
    assert page.evaluate("document.getElementById('title').textContent") == shown["right"][0][0]
    page.press("Escape")
    page.until("!document.querySelector('dialog').open")
    assert page.evaluate(FOCUS) == shown["right"][0][0]
    page.press("/")
    assert page.evaluate("document.activeElement.id") == "query"
    assert page.complaints == []


def test_a_document_is_read_around_the_hit(
    browser: Browser, server: Running, tmp_path: Path
) -> None:
    page = opened(browser, server)
    search(page, "apples ripen in autumn")
    page.press("ArrowDown")
    page.press("Enter")
    page.until("document.querySelector('dialog').open")
    text = page.evaluate("document.getElementById('document').textContent")
    assert text == (tmp_path / "docs" / "apple.md").read_text()
    assert "ripen" in page.evaluate("document.getElementById('passage').textContent")
    assert page.evaluate("document.getElementById('passage').dataset.place").startswith("line")


def test_a_filter_holds_for_both(browser: Browser, server: Running) -> None:
    page = opened(browser, server)
    search(page, "apple")
    page.evaluate(
        "document.getElementById('type').value = 'csv';"
        "document.getElementById('type').dispatchEvent(new Event('change'))"
    )
    page.until(
        "document.querySelectorAll('.hit').length && "
        "Array.from(document.querySelectorAll('.open')).every(one => "
        "one.textContent.includes('table.csv'))"
    )
    assert "type=csv" in page.evaluate("location.hash")


def test_what_a_document_says_is_text(
    browser: Browser, indexed: Run, server: Running, tmp_path: Path
) -> None:
    hostile = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    (tmp_path / "docs" / "hostile.txt").write_text(f"Quince {hostile}\n")
    assert indexed("index")[0] == 0
    page = opened(browser, server)
    search(page, "quince")
    page.press("ArrowDown")
    page.press("Enter")
    page.until("document.querySelector('dialog').open")
    assert hostile in page.evaluate("document.getElementById('document').textContent")
    assert page.evaluate("document.querySelectorAll('main img, dialog img').length") == 0
    assert page.evaluate("document.title") != "run"
    assert page.complaints == []


def test_an_error_is_shown_with_its_hint(browser: Browser, server: Running) -> None:
    page = opened(browser, server)
    page.evaluate("document.getElementById('path').value = '['; 0")
    page.write("   ")
    page.press("Enter")
    page.until("!document.querySelector('[role=alert]').hidden")
    assert page.evaluate("document.getElementById('message').textContent") == "The query is empty."
    assert page.evaluate("document.getElementById('advice').textContent")
