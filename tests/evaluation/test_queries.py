"""Files of queries in every form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import PathNotFound, UsageError
from bienc_cli.evaluation.queries import Query, read_queries


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "queries"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


TOPICS = """<top>
<num> Number: 301
<title> International Organized
  Crime

<desc> Description:
Identify organizations.
</top>

<top>
<num>302</num>
<title>Poliomyelitis and Post-Polio</title>
</top>
"""


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("how to prune\nwhen to plant\n", [("1", "how to prune"), ("2", "when to plant")]),
        ("one\n\n  \nfour", [("1", "one"), ("4", "four")]),
        (
            "q1\thow to prune\nq2\t when to plant \n",
            [("q1", "how to prune"), ("q2", "when to plant")],
        ),
        ("query-id\ttext\nq1\tprune\n", [("q1", "prune")]),
        ("_id\tquery\nq1\tprune\n", [("q1", "prune")]),
        ("id\n", [("1", "id")]),
        ("q1\ta\tb\n", [("q1", "a\tb")]),
        (
            '{"_id": "q1", "text": "prune"}\n{"id": 7, "query": "plant"}\n',
            [("q1", "prune"), ("7", "plant")],
        ),
        ('{"text": "prune"}\n\n{"text": "plant"}\n', [("1", "prune"), ("3", "plant")]),
        ('{"_id": "a", "text": "b"}\n\ufeff{"_id": "c", "text": "d"}', [("a", "b"), ("c", "d")]),
        ('{"_id": "q1", "text": "a\\nb", "metadata": {}}', [("q1", "a\nb")]),
        (
            TOPICS,
            [("301", "International Organized Crime"), ("302", "Poliomyelitis and Post-Polio")],
        ),
        (
            '{"_id": null, "text": "prune"}\n{"_id": null, "id": null, "query": "plant"}\n',
            [("1", "prune"), ("2", "plant")],
        ),
        ('{"_id": null, "id": "q7", "text": null, "query": "plant"}\n', [("q7", "plant")]),
        (
            "Topics of 1999\n<top>\n<num>1\n<title>prune\n</top> <top><num>2<title>plant</top>\n",
            [("1", "prune"), ("2", "plant")],
        ),
        ("<TOP><NUM>1</NUM>\n<TITLE>prune\n</TOP>", [("1", "prune")]),
        ("same\tprune\nsame\tprune\n", [("same", "prune")]),
        ("\ufeffq1\tprüfen\r\nq2\tпосев\r\n", [("q1", "prüfen"), ("q2", "посев")]),
        (b"\xef\xbb\xbfquery-id\ttext\r\nq1\tprune\r\n", [("q1", "prune")]),
        ("a\u2028b\x0cc\n", [("1", "a\u2028b\x0cc")]),
    ],
)
def test_every_form_is_read(
    tmp_path: Path, content: str | bytes, expected: list[tuple[str, str]]
) -> None:
    assert read_queries(written(tmp_path, content)) == tuple(Query(*one) for one in expected)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "There is no query"),
        ("\n \r\n", "There is no query"),
        ("query-id\ttext\n", "There is no query"),
        ('{"text": "fine"}\n\n{broken\n', "Line 3 of .* is not valid JSON from character 2 on"),
        ("{" + '"a":[' * 100_000, "Line 1 of .* is not valid JSON"),
        ('{"_id": "q1"}\n', "Line 1 of .* has no text"),
        ('{"_id": "q1", "text": ["a"]}\n', "Line 1 of .* has no text"),
        ('{"_id": "q1", "text": " "}\n', "Query 'q1' in .* has no text"),
        ("q1\tfine\nq2\t\n", "Query 'q2' in .* has no text"),
        ("q1\tone\nq1\tanother\n", "two queries with the id 'q1'"),
        ("<top><title>no number</top>", "no <num> or no <title>"),
        ("<top><num>1</top>", "no <num> or no <title>"),
        (b"caf\xe9\n", "is not UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        read_queries(written(tmp_path, content))


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(PathNotFound, match="There is no"):
        read_queries(tmp_path / "none")
    with pytest.raises(UsageError, match="cannot be read"):
        read_queries(tmp_path)


texts = st.text(min_size=1).filter(lambda text: text.strip())


@given(st.dictionaries(texts, texts, min_size=1, max_size=5))
def test_json_lines_hold_any_text(
    tmp_path_factory: pytest.TempPathFactory, asked: dict[str, str]
) -> None:
    lines = [json.dumps({"_id": name, "text": text}) for name, text in asked.items()]
    path = written(tmp_path_factory.mktemp("json"), "\n".join(lines))
    assert read_queries(path) == tuple(Query(name, text) for name, text in asked.items())
