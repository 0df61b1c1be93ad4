"""Records of JSON are kept together, and what they are called goes with all of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.chunking.chunker import chunk
from bienc_cli.formats.json_records import record_blocks
from bienc_cli.types import ChunkingParameters
from fakes import FakeTokenizer
from reader_samples import read_one

TALKS = [
    {"id": n, **{name: f"Trip \"{n}\" to Rome"}, "mapping": {"of": [{"title": "inner"}]},
     "said": [f"word{n}x{k} was said to us here" for k in range(20)]}
    for n, name in enumerate(["title", "name", "subject"])
]  # fmt: skip


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    "around",
    [lambda talks: talks, lambda talks: {"a": 1, "talks": talks, "b": {"list": [talks]}}],
)
def test_every_passage_of_a_record_has_its_name(tmp_path, indent, around):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(around(TALKS), indent=indent))
    cut = [*chunk(read_one(path), FakeTokenizer(), ChunkingParameters(64, 0))]
    for n in range(3):
        of_record = [passage for passage in cut if f"word{n}x" in passage.text]
        assert len(of_record) > 2
        for passage in of_record:
            in_text = f'Trip \\"{n}\\" to Rome' in passage.text
            assert in_text or passage.heading == (f'Trip "{n}" to Rome',)
            assert passage.place.kind == "line"


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        ([{"name": "b", "title": "a"}], ["a"]),
        ([{"title": "", "name": "b"}], ["b"]),
        ([{"title": ["x"], "by": {"name": "z"}}], [""]),
        ([{"title": "long " * 99}], [""]),
        ({"title": "x", "deep": {"name": "y"}}, ["", ""]),
        ({"one": [1, 2], "two": [{"name": "y"}, {"name": "z"}], "three": 3},
         ["", "y", "z", ""]),
        ([[{"name": "y"}]], ["y"]),
        ([1, [2, {"name": "y"}]], ["", ""]),
        ([{"k": [{"name": "inner"}], "subject": "outer"}], ["outer"]),
        ("name", []),
    ],
)  # fmt: skip
def test_what_a_record_is_called(value, headers):
    assert [block.header for block in record_blocks(json.dumps(value, indent=1))] == headers


VALUES = st.recursive(
    st.none() | st.integers() | st.sampled_from(["title", "a, b", "[{", '"', "\\", ":", ""]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["title", "name", "k", '{"', ","]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 2]))
def test_blocks_ascend_and_leave_out_brackets_alone(value, indent):
    text = json.dumps(value, indent=indent)
    blocks = record_blocks(text)
    assert all(block.start < block.end for block in blocks)
    assert all(a.end <= b.start for a, b in zip(blocks, blocks[1:], strict=False))
    if isinstance(value, list | dict):
        covered = {place for block in blocks for place in range(block.start, block.end)}
        left = "".join(char for place, char in enumerate(text) if place not in covered)
        assert set(left) <= set("[]{} \n")


@pytest.mark.parametrize("blank", "\n\t\r\f\b")
def test_an_escaped_line_break_in_a_name_parts_words(blank):
    named = json.dumps([{"title": f'One{blank}two "three" C:\\new'}])
    assert [block.header for block in record_blocks(named)] == ['One two "three" C:\\new']
