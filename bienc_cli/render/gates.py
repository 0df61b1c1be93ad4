"""Gates for CI jobs: as lines, and as JUnit XML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import quoteattr

from bienc_cli.evaluation.gates import GateResult
from bienc_cli.render.printable import one_line


def gate_line(gate: GateResult) -> str:
    """`passed  blend: ...` or `FAILED  blend: ...`."""
    return f"{'passed' if gate.passed else 'FAILED'}  {one_line(gate.message)}"


def as_junit(gates: Sequence[GateResult]) -> Iterator[str]:
    """Lines of a JUnit report: a test case for each gate."""
    failed = sum(not gate.passed for gate in gates)
    counts = f'tests="{len(gates)}" failures="{failed}"'
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites {counts}>"
    yield f'  <testsuite name="bienc compare" {counts}>'
    for gate in gates:
        name = quoteattr(one_line(f"{gate.measure} at least {gate.least:g}"))
        case = f"    <testcase classname={quoteattr(one_line(gate.system))} name={name}"
        if gate.passed:
            yield f"{case}/>"
        else:
            yield f"{case}>"
            yield f"      <failure message={quoteattr(one_line(gate.message))}/>"
            yield "    </testcase>"
    yield "  </testsuite>"
    yield "</testsuites>"
