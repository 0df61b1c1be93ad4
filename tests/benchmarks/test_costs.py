"""What the page on scaling says is what the rates give."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import costs

ROOT = Path(__file__).parent.parent.parent
RATES = costs.Rates(
    encode=0.01,
    gpu=2_000,
    write=0.001,
    graph=0.002,
    catalog=3_000,
    graph_bytes=4 * costs.DIM + 150,
    first_search=1e-6,
    graph_load=5e-6,
    bm25=2e-8,
    search=0.002,
)


def test_the_page_is_made_of_the_rates() -> None:
    page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    made = costs.documents(costs.rates(json.loads(costs.RESULTS.read_text())))
    assert sorted(costs.places(page)) == sorted(made)
    assert page == costs.filled(page, made), "python benchmarks/costs.py --write docs/scaling.md"


def test_rates_are_those_of_the_largest_index() -> None:
    results = json.loads(costs.RESULTS.read_text())
    largest = results["scaling"]["sizes"]["1000000"]
    rates = costs.rates(results)
    assert rates.catalog * 10**6 == pytest.approx(largest["bytes"]["catalog"])
    assert rates.write * 10**6 == pytest.approx(largest["build_seconds"] - largest["graph_seconds"])
    # hnswlib: 2 x M links of 4 bytes, their number, a label of 8 bytes; upper levels hold little.
    assert 2 * costs.HNSW_M * 4 + 4 + 8 <= rates.links <= 2 * costs.HNSW_M * 4 + 4 + 8 + 12


def test_a_worked_example() -> None:
    """100 million passages, 1536 + 150 + 700 bytes with 30 % more, in nodes of 102.4 GB."""
    fit = costs.layout(RATES, 10**8, costs.VECTOR_INDEXES[0], segment=RATES.segment)
    assert fit.memory_gb == pytest.approx(310.18)
    assert fit.nodes == 4
    assert fit.disk_gb == pytest.approx(160)
    assert fit.stored_gb == pytest.approx(482.2)
    assert fit.segments == math.ceil(10**8 * (1536 + 1600) / 2**30) == 293
    assert fit.cpu_seconds == pytest.approx(293 * 0.002 * 0.512)
    assert fit.queries == pytest.approx(64 / fit.cpu_seconds)


def test_a_sector_holds_two_vectors_of_diskann() -> None:
    assert costs.VECTOR_INDEXES[2].disk(RATES) == 2048


@given(st.integers(1, 10**11), st.sampled_from(costs.VECTOR_INDEXES))
def test_memory_fits_into_the_nodes_and_none_is_idle(count: int, index: costs.VectorIndex) -> None:
    fit = costs.layout(RATES, count, index, segment=RATES.segment)
    room = costs.NODE_GB * RATES.usable
    assert (fit.nodes - 1) * room < fit.memory_gb <= fit.nodes * room or fit.nodes == 1
    larger = costs.layout(RATES, count, index, segment=16 * RATES.segment)
    assert larger.cpu_seconds <= fit.cpu_seconds


@pytest.mark.parametrize(
    ("hours", "said"),
    [(0.001, "3.6 s"), (0.5, "30 min"), (15.28, "15 h"), (71.9, "72 h"), (1528.0, "64 days")],
)
def test_durations(hours: float, said: str) -> None:
    assert costs._hours(hours) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0"), (0.0929, "0.093"), (1.09, "1.1"), (365.1, "370"), (36_498, "36,000")],
)
def test_two_figures_count(number: float, said: str) -> None:
    assert costs._number(number) == said


def test_only_marked_places_are_filled() -> None:
    page = "a\n<!-- costs: rates -->\nold\n<!-- end -->\nb\n"
    once = costs.filled(page, {"rates": "new\n"})
    assert once == "a\n<!-- costs: rates -->\n\nnew\n\n<!-- end -->\nb\n"
    assert costs.filled(once, {"rates": "new\n"}) == once
    with pytest.raises(KeyError):
        costs.filled(page, {})
