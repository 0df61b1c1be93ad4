"""A rare name of the query puts the passages that have it first."""

from __future__ import annotations

import pytest

from bienc_cli.search import SearchOptions, Strategy, search
from bienc_cli.search.exactness import RARE, having_names, names_in
from bienc_cli.store import Filter
from fakes import FakeBiEncoder, FakeCrossEncoder
from folders import Folder


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("failed login from 10.0.0.1?", ["10.0.0.1"]),
        ("what is new in v3.11, or 3.12", ["v3.11"]),
        ("error E1042 (0x80070057)", ["E1042", "0x80070057"]),
        ("on 2024-01-31 at 12:30:05", ["2024-01-31", "12:30:05"]),
        ("order 4711081", ["4711081"]),
        (
            "run_in_executor and std::vector of a@b.org",
            ["run_in_executor", "std::vector", "a@b.org"],
        ),
        ("curl exit code 28 in 2024", []),
        ("vitamin B12, IL-6 and 7-day-old worms of a 5-6 mg dose, 3.5 times", []),
        ("a well-known state-of-the-art method, and/or e.g. that", []),
    ],
)
def test_what_is_a_name(query: str, names: list[str]) -> None:
    assert names_in(query) == names


def log(*, lines: int = 200) -> str:
    """Lines that differ in nothing but numbers, far apart enough to be passages of their own."""
    return "".join(
        f"2024-03-01 host sshd: failed password for u{n % 9} from 10.{n % 7}.{n % 11}.{n}\n\n"
        + f"The rest of entry number {n} is of no interest to anybody at all.\n\n" * 3
        for n in range(lines)
    )


@pytest.mark.parametrize("strategy", [Strategy.BLEND, Strategy.LIGHT_BLEND])
def test_the_line_that_is_named_comes_first(folder: Folder, strategy: Strategy) -> None:
    folder.write({"sshd.log": log()})
    folder.index()
    with folder.open() as reader:
        for n in range(3, 200, 17):
            name = f"10.{n % 7}.{n % 11}.{n}"
            query = f"failed password for u{n % 9} from {name}"
            options = SearchOptions(strategy=strategy, k=3)
            hits = search(reader, query, FakeBiEncoder(), FakeCrossEncoder(), options).hits
            assert f"{name}\n" in hits[0].passage.passage.text
            assert [hit.rank for hit in hits] == [1, 2, 3]
            assert hits[0].candidate is not None
            assert hits[0].candidate.exact == 1


def test_neither_a_neighbour_nor_what_many_have_counts(folder: Folder) -> None:
    folder.write(
        {f"{n}.txt": f"Host 192.168.1.254 in room {n}, model MX-770.\n" for n in range(RARE + 1)}
        | {"a.txt": "Host 192.168.254.1 in the cellar.\n"}
    )
    folder.index()
    with folder.open() as reader:
        (only,) = having_names(reader, "where is 192.168.254.1", Filter())
        assert "cellar" in reader.passages([only])[0].passage.text
        assert having_names(reader, "who has 192.168.1.254 or an MX-770", Filter()) == {}
        assert having_names(reader, "who has 192.168.1.25", Filter()) == {}
        some = Filter(paths=("1.txt", "2.txt"))
        assert len(having_names(reader, "who has 192.168.1.254", some)) == 2
