"""The page of the benchmarks is what the results say."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import processes
import tables

ROOT = Path(__file__).parent.parent.parent


def test_the_page_is_made_of_the_results() -> None:
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text())
    assert results["schema"] == "bienc.benchmarks/1"
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert page == tables.document(results)


def test_what_was_not_measured_says_so() -> None:
    page = tables.document({})
    assert page.count("Not measured yet.") == page.count("\n## ")


def test_a_figure_is_a_median_with_its_spread() -> None:
    figure = processes.figure([3.0, 1.0, 2.0, 9.0])
    assert figure == {"median": 2.5, "least": 1.0, "most": 9.0, "runs": 4}
    assert tables.spread(figure, "{:.0f}", 1000) == "2500 (1000 to 9000)"


def test_contenders_take_turns() -> None:
    order: list[tuple[str, int]] = []

    def contender(name: str) -> object:
        def measure(number: int) -> dict[str, float]:
            order.append((name, number))
            return {"seconds": float(number)}

        return measure

    figures = processes.side_by_side({"a": contender("a"), "b": contender("b")}, 2)  # type: ignore[dict-item]
    assert order == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert figures["b"]["seconds"]["median"] == 0.5


def test_a_child_is_measured_by_itself() -> None:
    held = bytearray(300 * 2**20)
    small = processes.run([sys.executable, "-c", "print('{\"said\": 1}')"])
    assert small.output == {"said": 1}
    assert small.peak_mib < 100 < len(held) / 2**20
    with pytest.raises(RuntimeError, match="over and out"):
        processes.run([sys.executable, "-c", "raise SystemExit('over and out')"])
