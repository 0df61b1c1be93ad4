"""JSON, as a file and as lines: what is shown is what was written, where it was written."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.formats.json_source import laid_out, members, readable
from bienc_cli.types import LINES_OF_THE_FILE, Anchor, Document, Numbering
from reader_samples import read_items, read_one

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
PRINTED = st.text(st.characters(min_codepoint=32, max_codepoint=0x2000, categories=["L", "N"]))


def read(tmp_path, source: str, name: str = "a.json") -> Document:
    path = tmp_path / name
    path.write_text(source, newline="")
    return read_one(path)


def lines_cited(document: Document) -> list[tuple[int, str]]:
    """Each line of the text with the line of the file that it is said to stand at."""
    numbering = document.numbering
    assert numbering is not None
    found = []
    offset = 0
    for count, line in enumerate(document.text.splitlines(keepends=True)):
        anchor = [one for one in numbering.anchors if one.start <= offset][-1]
        found.append((anchor.number + (count if numbering.follows_lines else 0), line.strip()))
        offset += len(line)
    return found


@pytest.mark.parametrize("layout", ["{%s}", "{\n  %s\n}", "{\n\n%s\n\n}\n"])
@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r'"a": "M\u00fcllabfuhr"', "Müllabfuhr"),
        (r'"a": "\ud83d\ude00 \/ \t!"', "😀 / \t!"),
        (r'"M\u00fcll": 1', "Müll"),
        # As Facebook exports it, and what only looks so.
        (r'"a": "M\u00c3\u00bcll \u00f0\u009f\u0098\u0080"', "Müll 😀"),
        (r'"a": "\u00fc\u00e9 \u00c3\u00a4\u00e9 \\u00c3\u00bc"', r"üé Ã¤é \\u00c3¼"),
        (r'"a": "say \"no\" \\ \u0022"', r"say \"no\" \\ \""),
        ('"a": 1.10', "1.10"),
        ('"a": 1E400', "1E400"),
        ('"a": 12345678901234567890.0', "12345678901234567890.0"),
        ('"same": 1, "same": 2', '"same": 1'),
        (r'"a": "so\u00adft\u200bened"', "softened"),
    ],
)
def test_what_was_written_is_shown(tmp_path, layout, written, shown):
    assert shown in read(tmp_path, layout % written).text


def test_line_breaks_in_strings_divide_words_and_count_for_nothing(tmp_path):
    document = read(tmp_path, '{\n "a": "one\\ntwo\\r\\nthree",\n "b": 1\n}\n')
    assert lines_cited(document) == [
        (1, "{"),
        (2, '"a": "one'),
        (2, "two"),
        (2, 'three",'),
        (3, '"b": 1'),
        (4, "}"),
    ]


def test_a_file_of_one_line_is_cited_by_it(tmp_path):
    document = read(tmp_path, json.dumps({"parts": [{"name": f"bolt{n}"} for n in range(50)]}))
    assert document.text.count("\n") > 100
    assert document.numbering == Numbering("line", (Anchor(0, 1),))


def test_a_file_of_three_lines_is_cited_by_them(tmp_path):
    document = read(tmp_path, '{"a": {"b": 1},\n "c": [2,\n 3]}\n')
    assert [line for line, _ in lines_cited(document)] == [1, 1, 1, 1, 2, 2, 3, 3, 3]


@given(VALUES)
def test_a_layout_is_that_of_the_json_module(value):
    plain = json.dumps(value)
    if "\\" not in plain:
        assert json.loads(laid_out(plain)[0]) == value
        assert laid_out(plain)[0] == json.dumps(value, indent=2)
        assert readable(json.dumps(value, indent=2)) == (
            json.dumps(value, indent=2),
            LINES_OF_THE_FILE,
        )


@given(VALUES, st.sampled_from([None, 1, 4]))
def test_lines_of_a_layout_ascend_and_are_the_files(value, indent):
    source = json.dumps(value, indent=indent)
    for made, numbering in (laid_out(source), readable(source)):
        pairs = itertools.pairwise(numbering.anchors)
        assert all(a.start < b.start and a.number < b.number for a, b in pairs)
        assert numbering.anchors[0] == Anchor(0, 1)
        assert numbering.anchors[-1].number <= source.count("\n") + 1
        assert numbering.anchors[-1].start <= len(made)


@given(st.dictionaries(PRINTED, VALUES, min_size=1))
def test_members_are_those_of_the_object(record):
    found = list(members(json.dumps(record)))
    assert [name for name, _ in found] == list(record)
    for (_, written), value in zip(found, record.values(), strict=True):
        if isinstance(value, str):
            assert written == value
        elif "\\" not in json.dumps(value):
            assert json.loads(written) == value


def test_fields_of_a_record_are_as_written(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(r'{"n": 1.10, "n": 2, "s": "a\u00fc\nb", "l": [1.50, {"k": "\u00fc"}]}')
    (document,) = read_items(path)
    assert isinstance(document, Document)
    assert document.text == 'n: 1.10\nn: 2\ns: aü\nb\nl: [1.50, {"k": "ü"}]'


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp1251"])
@pytest.mark.parametrize("ahead", [0, 5000])
def test_lines_that_are_not_utf8(tmp_path, encoding, ahead):
    word = "погода в Москве и море" if encoding == "cp1251" else "garçon, déjà vu à l'été"
    path = tmp_path / "a.jsonl"
    lines = ['{"text": "plain"}'] * ahead + [json.dumps({"text": word}, ensure_ascii=False)] * 20
    path.write_bytes("\n".join(lines).encode(encoding))
    assert {item.text for item in read_items(path)[ahead:] if isinstance(item, Document)} == {word}


def test_a_broken_byte_among_utf8_lines_costs_one_character(tmp_path):
    path = tmp_path / "a.jsonl"
    line = '{"text": "погода"}\n'.encode()
    path.write_bytes(line * 5 + '{"text": "море'.encode() + b'\xff"}\n' + line)
    texts = [item.text for item in read_items(path) if isinstance(item, Document)]
    assert texts == ["погода"] * 5 + ["море\ufffd", "погода"]


def test_records_are_cited_by_their_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "one\\ntwo\\nthree"}\n\n{"a": 1, "b": 2}\n')
    cited = [item.numbering for item in read_items(path) if isinstance(item, Document)]
    assert cited == [Numbering("line", (Anchor(0, number),)) for number in (1, 3)]


def test_lines_before_the_first_token_are_counted_and_hold_nothing(tmp_path):
    assert read(tmp_path, "\r1").numbering == Numbering("line", (Anchor(0, 2),))
