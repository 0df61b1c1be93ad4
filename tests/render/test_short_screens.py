"""An answer takes no more lines than the terminal has, and shows as much as fits there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from bienc_cli.render.search import SearchView
from bienc_cli.search import SearchOptions, SearchResult, search
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder

TEXTS = {
    "scale": "Scale forms where hard water is heated. Descale the machine every three months. " * 4,
    "除垢": "除垢很重要。水垢会在加热硬水的地方形成。机器每三个月除垢一次。" * 12,
}


@pytest.fixture(scope="module", params=TEXTS)
def answer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SearchResult]:
    """Ten hits, each of a passage that is longer than any snippet."""
    folder = Folder(tmp_path_factory.mktemp("short"))
    text = TEXTS[request.param]
    folder.write({f"machines/manual {n:02}.md": f"# Descaling {n}\n\n{text}" for n in range(12)})
    folder.index()
    options = SearchOptions(best_sentence=True)
    with folder.open() as reader:
        found = search(reader, request.param, FakeBiEncoder(), FakeCrossEncoder(), options)
        # A line above them would say that these do not know the language.
        yield replace(found, answered=None)


def lines_of(view: SearchView, width: int) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None).print(view.as_table(), crop=False)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("height", [22, 34, 48, 58, 90, 200])
def test_it_fits_and_says_as_much_as_there_is_room_for(
    answer: SearchResult, width: int, height: int
) -> None:
    shown = lines_of(SearchView(answer, lines=height), width)
    assert len(shown) <= height
    assert max(map(cell_len, shown)) <= width
    assert sum("manual" in line for line in shown) == 10
    widest = lines_of(SearchView(answer), width)
    assert len(shown) >= min(len(lines_of(SearchView(answer, lines=height - 9), width)), height)
    if len(widest) <= height:
        assert shown == widest


def test_columns_have_names_however_few_the_lines(answer: SearchResult) -> None:
    shown = lines_of(SearchView(answer, compact=True), 80)
    assert shown[0].split()[:4] == ["#", "moved", "relev.", "passage"]
    assert shown[0].endswith("  moved by the cross-encoder; relev.: its 0 to 1")
    assert lines_of(SearchView(answer, compact=True), 60)[0].split()[4:] == []
    assert len(shown) == 1 + 2 * 10 + 1
    first = shown[1].split()
    assert first[0] == "1"
    assert first[3].startswith("docs/machines/")
    assert shown[2].endswith("…")
