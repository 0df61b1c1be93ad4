"""The names of columns in tables of markup that is read as its source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bienc_cli.formats.table_headers import with_headers
from bienc_cli.types import Block
from reader_samples import read_one
from test_long_tables import NAMES, ROWS, TABLE, Table, passages, rows_in

AFTER = "\n\nThat was the table.\n"


def spaced(row: list[str] | tuple[str, ...]) -> list[str]:
    return [f"{cell:<14}" for cell in row]


def asciidoc(table: Table) -> bytes:
    head, *rows = [" ".join(f"|{cell}" for cell in row) for row in table]
    return "\n".join(["= Parts", "", "|===", head, "", *rows, "|==="]).encode() + AFTER.encode()


def asciidoc_by_cells(table: Table) -> bytes:
    rows = ["\n".join(f"|*{cell}*" for cell in row) for row in table]
    head = ["= Parts", "", '[cols="1,2,3",options="header"]', ".What there is", "|==="]
    return "\n".join([*head, *rows, "|==="]).encode() + AFTER.encode()


def org(table: Table) -> bytes:
    head, *rows = [f"| {' | '.join(row)} |" for row in table]
    return "\n".join(["* Parts", "#+caption: All", head, "|--+--+--|", *rows]).encode() + (
        AFTER.encode()
    )


def grid(table: Table) -> bytes:
    rule = f"+{'+'.join(['-' * 16] * 3)}+"
    head, *rows = [f"| {' | '.join(spaced(row))} |\n{rule}" for row in table]
    head = head.replace("-", "=")
    return "\n".join(["Parts", "=====", "", rule, head, *rows]).encode() + AFTER.encode()


def simple(table: Table) -> bytes:
    rule = "  ".join(["=" * 14] * 3)
    head, *rows = ["  ".join(spaced(row)) for row in table]
    body = "\n\n".join(["\n".join(rows[:9]), "\n".join(rows[9:])])
    lines = ["Parts", "=====", "", rule, head, rule, body, rule]
    return "\n".join(lines).encode() + AFTER.encode()


def list_table(table: Table) -> bytes:
    rows = ["   * - " + "\n     - ".join(row) for row in table]
    head = ["Parts", "=====", "", ".. list-table:: All", "   :header-rows: 1", ""]
    return "\n".join([*head, *rows]).encode() + AFTER.encode()


def csv_table(table: Table) -> bytes:
    head, *rows = [", ".join(f'"{cell}"' for cell in row) for row in table]
    lines = ["Parts", "=====", "", ".. csv-table:: All", f"   :header: {head}", ""]
    return "\n".join([*lines, *(f"   {row}" for row in rows)]).encode() + AFTER.encode()


def latex(table: Table) -> bytes:
    head, *rows = [" & ".join(rf"\textbf{{{cell}}}" for cell in row) + r" \\" for row in table]
    begin = r"\section{Parts}\begin{longtable}[c]{@{}lp{3cm}r@{}}\caption{All}\\ \toprule"
    lines = [begin, head, r"\midrule", *rows, r"\end{longtable}"]
    return "\n".join(lines).encode() + AFTER.encode()


WRITERS = [
    (asciidoc, ".adoc"),
    (asciidoc_by_cells, ".asciidoc"),
    (org, ".org"),
    (grid, ".rst"),
    (simple, ".rst"),
    (list_table, ".rst"),
    (csv_table, ".rst"),
    (latex, ".tex"),
]


@pytest.mark.parametrize(("write", "suffix"), WRITERS)
def test_every_passage_has_the_names_of_the_columns(
    tmp_path: Path, write: Callable[[Table], bytes], suffix: str
) -> None:
    of_table = [cut for cut in passages(tmp_path, write, suffix, TABLE) if rows_in(cut)]
    assert len(of_table) > 5
    for passage in of_table:
        assert all(name in passage.embedded_text for name in NAMES)
        assert passage.heading[0] == "Parts"
        if "Unit price" not in passage.text:
            assert passage.heading[-1] == "Article, Unit price, In stock"


@pytest.mark.parametrize(
    ("source", "suffix"),
    [
        ("|===\n|widget |1\n|cog |2\n|===\n", ".adoc"),
        ('[options="noheader"]\n|===\n|widget |1\n\n|cog |2\n|===\n', ".adoc"),
        ("| widget | 1 |\n| cog | 2 |\n", ".org"),
        ("|---+---|\n| widget | 1 |\n|---+---|\n", ".org"),
        ("#+begin_src sh\n| a | b |\n|---+---|\n| c | d |\n#+end_src\n", ".org"),
        ("+----+----+\n| a  | b  |\n+----+----+\n| c  | d  |\n+----+----+\n", ".rst"),
        ("==  ==\na   b\n==  ==\n\nwords\n\n==  ==\nc   d\n==  ==\n", ".rst"),
        (".. list-table::\n\n   * - a\n     - b\n", ".rst"),
        (r"\begin{tabular}{ll} a & b \\ c & d \\ \hline \end{tabular}", ".tex"),
    ],
)
def test_a_table_without_names_has_none(tmp_path: Path, source: str, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text(source)
    assert {block.header for block in read_one(path).blocks} == {""}


def test_blocks_of_a_table_are_one() -> None:
    blocks = [Block(0, 5), Block(6, 9), Block(11, 20), Block(22, 30)]
    joined = (Block(0, 5), Block(6, 20, "a, b"), Block(22, 30))
    assert with_headers(blocks, [(6, 20, "a, b"), (40, 50, "c")]) == joined


def test_rows_are_all_there(tmp_path: Path) -> None:
    for write, suffix in WRITERS:
        text = " ".join(cut.text for cut in passages(tmp_path, write, suffix, TABLE))
        assert all(row[0] in text for row in ROWS)
