"""A rare name of the query puts the passages that have it first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.search import Hit, SearchOptions, search
from bienc_cli.search.exact_names import (
    RARE,
    names_in,
    numbers_in,
    passages_with_names,
    shares_of_numbers,
)
from bienc_cli.search.fusion import DEFAULT_BLEND, POOLING, pooled
from bienc_cli.search.reranking import ordered, relevance_of
from bienc_cli.search.sentences import likeliest
from bienc_cli.store import Filter, IndexReader
from bienc_cli.strategy import Strategy
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
        ("what does tar -C do, and --exclude-from", ["-C", "--exclude-from"]),
        ("commit 3f2a9c1, 4caed5ee", ["3f2a9c1", "4caed5ee"]),
        ("getUserById, userId; iPhone, mRNA, scFv", ["getUserById", "userId"]),
        ("above $1250000", ["1250000"]),
        ("lists in C++ or C#? (C++17)", ["C++", "C#", "C++17"]),
        ("what does Ctrl+Shift+P do, PD-1+ and CD4+ cells, a+b, #4 and C", ["Ctrl+Shift+P"]),
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
        (only,) = passages_with_names(reader, "where is 192.168.254.1", Filter())
        assert "cellar" in reader.passages([only])[0].passage.text
        assert passages_with_names(reader, "who has 192.168.1.254 or an MX-770", Filter()) == {}
        assert passages_with_names(reader, "who has 192.168.1.25", Filter()) == {}
        some = Filter(paths=("1.txt", "2.txt"))
        assert len(passages_with_names(reader, "who has 192.168.1.254", some)) == 2


WRITINGS = {
    "a.md": "Call getUserById to fetch one.\n",
    "b.md": "Call get_user_by_name to fetch one.\n",
    "c.md": "Fixed in commit 4c1aebe0cf2fb1a62a6d168a4f03b3294ed539dd at last.\n",
    "d.md": "Fixed in commit 8caed5ee by the way.\n",
    "e.md": "Ticket ABC-123 is open.\n",
    "f.md": "Ticket ABC-1234 is open.\n",
    "g.md": "RFC 2616 describes it.\n",
    "h.md": "A budget of $1,250,000 was approved.\n",
    "i.md": "The book is 978-3-16-148410-0 with a blue cover.\n",
}


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("get_user_by_id", "a.md"),
        ("what does getUserByName do", "b.md"),
        ("4c1aebe", "c.md"),
        ("what was fixed in 4c1aebe0cf", "c.md"),
        ("8caed5ee1bfd29061bee6669fce70316b67504c5", "d.md"),
        ("ABC123", "e.md"),
        ("ticket ABC1234", "f.md"),
        ("RFC2616", "g.md"),
        ("1250000", "h.md"),
        ("9783161484100", "i.md"),
    ],
)
@pytest.mark.parametrize("strategy", [Strategy.BLEND, Strategy.LIGHT_BLEND])
def test_a_name_that_others_write_differently_comes_first(
    folder: Folder, query: str, named: str, strategy: Strategy
) -> None:
    folder.write(dict(WRITINGS))
    folder.index()
    options = SearchOptions(strategy=strategy, k=2)
    with folder.open() as reader:
        result = search(reader, query, FakeBiEncoder(), FakeCrossEncoder(), options)
    assert result.hits[0].passage.passage.doc_id == named
    assert [hit.candidate.exact for hit in result.hits if hit.candidate] == [1, 0]
    if strategy is Strategy.BLEND:
        assert result.answered is True


def test_a_language_of_programs_is_told_from_its_neighbours(folder: Folder) -> None:
    languages = {f"{name}.md": f"How we build {name} here.\n" for name in ("C", "C#", "C++", "F#")}
    folder.write({**languages, "keys.md": "Ctrl+Shift+P is one.\n", "key.md": "Ctrl+P another.\n"})
    folder.index()
    options = SearchOptions(strategy=Strategy.LIGHT_BLEND, k=1)
    with folder.open() as reader:
        for query, first in (("C++", "C++.md"), ("c# build", "C#.md"), ("Ctrl+P", "key.md")):
            (hit,) = search(reader, query, FakeBiEncoder(), options=options).hits
            assert hit.passage.passage.doc_id == first


MANUALS = {
    "create.md": "Options of tar\n\n-c, --create\n: Makes an archive, as -C does not.\n",
    "directory.md": "Options of tar\n\n-C, --directory=DIR\n: Goes to the folder.\n",
    "exclude.md": "Options of tar\n\n-X FILE, --exclude-from=FILE\n: What is left out.\n",
    "all.md": "Options of tar\n\n--exclude-from-all\n: More.\n",
    "use.md": "With -C, -X, --directory and --exclude-from, or -c, tar does what is asked.\n",
}


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("tar -C", "directory.md"),
        ("tar -c", "create.md"),
        ("tar -X", "exclude.md"),
        ("tar --exclude-from", "exclude.md"),
        ("tar --directory", "directory.md"),
    ],
)
def test_of_an_option_the_line_that_explains_it_comes_first(
    folder: Folder, query: str, named: str
) -> None:
    folder.write(dict(MANUALS))
    folder.index()
    options = SearchOptions(strategy=Strategy.LIGHT_BLEND, k=5)
    with folder.open() as reader:
        hits = search(reader, query, FakeBiEncoder(), options=options).hits
    assert hits[0].passage.passage.doc_id == named
    assert [bool(hit.candidate and hit.candidate.exact) for hit in hits] == [True, *[False] * 4]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("curl exit code 28", {"28"}),
        (
            "Article 17(3), version 2.4.1; at 14:07, $1,299.00.",
            {"17", "3", "2.4.1", "14:07", "14", "07", "1299.00"},
        ),
        ("28\nOperation timeout", {"28"}),
        ("on 2024-03-01", {"2024-03-01", "2024", "03", "01"}),
        ("B12, sha256, x86_64 and 3rd", set()),
        ("٢٨ دقيقة", {"28"}),
        ("no number", set()),
    ],
)
def test_numbers_that_stand_by_themselves(text: str, numbers: set[str]) -> None:
    assert numbers_in(text) == numbers


def test_shares_of_the_numbers_asked_for() -> None:
    texts = ["23 and 24", "code 24", "code 240", ""]
    assert shares_of_numbers("rsync exit code 23 or 24", texts) == [1.0, 0.5, 0.0, 0.0]
    assert shares_of_numbers("rsync exit code", texts) == [0.0] * 4


SCORES = st.lists(
    st.tuples(*[st.floats(-20, 20, allow_nan=False)] * 3, st.floats(0, 1)), min_size=1, max_size=20
).map(lambda rows: np.round(np.array(rows), 3).T)


@given(SCORES)
def test_a_number_adds_to_a_pool_what_is_said_of_it(scores: np.ndarray) -> None:
    *signals, shares = scores
    without = pooled(DEFAULT_BLEND, *signals)
    assert pooled(DEFAULT_BLEND, *signals, 0.0, shares) == pytest.approx(
        without + POOLING.numbers * shares
    )


@pytest.fixture
def alike(
    reader: IndexReader, bi_encoder: FakeBiEncoder, cross_encoder: FakeCrossEncoder
) -> list[Hit]:
    """Rows of a list, as the models see them: the second one a little less similar."""
    (hit,) = search(reader, "pears", bi_encoder, cross_encoder, SearchOptions(k=1)).hits
    assert hit.candidate is not None
    hits = []
    for row, similarity in zip((26, 28, 40, 41, 42), (0.81, 0.80, 0.7, 0.69, 0.68), strict=True):
        passage = replace(hit.passage.passage, text=f"{row}\nAn error.")
        stored = replace(hit.passage, passage_id=row, passage=passage)
        candidate = replace(hit.candidate, similarity=similarity, bm25=9.0)
        hits.append(Hit(1, stored, candidate, relevance=relevance_of(4.0)))
    return hits


def test_the_row_with_the_number_comes_first(alike: list[Hit]) -> None:
    def first(query: str, hits: list[Hit]) -> str:
        return ordered(hits, DEFAULT_BLEND, query)[0].passage.passage.text[:2]

    assert first("exit code", alike) == "26"
    assert first("exit code 28", alike) == "28"
    # It is a part of the evidence.
    irrelevant = replace(alike[1], relevance=relevance_of(-9.0))
    assert first("exit code 28", [alike[0], irrelevant, *alike[2:]]) == "26"


def test_a_sentence_with_the_number_is_shown() -> None:
    days = [
        "On 2024-01-03 the committee met.",
        "On 2024-03-01 it met.",
        "In 2024 the committee met.",
    ]
    assert likeliest("committee on 2024-03-01", [days]) == [[1]]
    assert likeliest("committee in 2024", [days], least=0.0) == [[0, 1, 2]]
    rows = ["28\nOperation timeout.", "An application told curl to abort.", "Curl had no code."]
    assert likeliest("curl exit code 28", [rows]) == [[0]]
    assert likeliest("curl exit code", [rows], least=0.0) == [[0, 1, 2]]
    assert likeliest("curl exit code 99", [rows], least=0.0) == [[0, 1, 2]]
