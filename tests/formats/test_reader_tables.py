"""CSV, JSON and JSON lines."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats import csv as reader_csv
from bienc_cli.formats import jsonl
from bienc_cli.types import Anchor, Document, Numbering, Skipped
from reader_samples import block_texts, outline, read_items, read_one

FIELDS = st.text(st.characters(exclude_characters="\r\0"), max_size=8)


def read(tmp_path, name, source):
    path = tmp_path / name
    path.write_text(source, newline="")
    return read_one(path)


class TestCsv:
    def test_rows_are_blocks_and_the_header_is_above_them_all(self, tmp_path):
        source = 'name,price,note\n"Apple, red",1,"two\nlines"\n\nPear,2,\n'
        document = read(tmp_path, "a.csv", source)
        assert document.text == source
        assert block_texts(document) == [
            "name,price,note",
            '"Apple, red",1,"two\nlines"',
            "Pear,2,",
        ]
        assert outline(document) == [(1, "name, price, note")]
        assert document.headings[0].start == 0

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_the_delimiter_is_found(self, tmp_path, delimiter):
        rows = [["id", "text"], ["1", "a, b; c | d"], ["2", "e, f"]]
        source = "".join(f'{row[0]}{delimiter}"{row[1]}"\n' for row in rows)
        assert outline(read(tmp_path, "a.csv", source)) == [(1, "id, text")]

    @pytest.mark.parametrize("source", ["1,2\n3,4\n", "a,a\n1,2\n", "only,header\n"])
    def test_not_every_first_row_is_a_header(self, tmp_path, source):
        assert outline(read(tmp_path, "a.csv", source)) == []

    def test_an_open_quotation_mark_does_not_swallow_the_rest(self, tmp_path):
        source = 'id,text\n1,"never closed\n' + "2,more of it\n" * 20_000
        document = read(tmp_path, "a.csv", source)
        assert len(document.blocks) > 20_000

    @given(rows=st.lists(st.lists(FIELDS, min_size=2, max_size=4), min_size=1))
    def test_rows_are_those_the_csv_module_writes(self, rows):
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
        text = buffer.getvalue()
        found = list(reader_csv._rows(text, ","))
        assert [row for _, _, row in found] == rows
        assert "".join(text[start:end] for start, end, _ in found) == text


class TestJson:
    def test_written_for_people_it_is_kept(self, tmp_path):
        source = '{\n  "title": "T",\n  "list": [1, {"x": "}, \\""}],\n  "s": "a, b"\n}\n'
        document = read(tmp_path, "a.json", source)
        assert document.text == source
        assert document.title == "T"
        assert block_texts(document) == [
            '"title": "T",',
            '"list": [1, {"x": "}, \\""}],',
            '"s": "a, b"',
        ]

    def test_written_for_machines_it_is_laid_out(self, tmp_path):
        document = read(tmp_path, "a.json", '[{"a":"é"},{"b":[1,2]}]')
        assert document.text.startswith('[\n  {\n    "a": "é"\n  },\n')
        assert len(document.blocks) == 2

    @pytest.mark.parametrize("source", ['{"a": ', "[" * 100_000, "NaN nonsense", "9" * 5000])
    def test_what_does_not_parse_is_text(self, tmp_path, source):
        document = read(tmp_path, "a.json", source)
        assert document.text == source
        assert document.blocks == ()

    @given(
        value=st.recursive(
            st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
            lambda inner: (
                st.lists(inner, min_size=1) | st.dictionaries(st.text(), inner, min_size=1)
            ),
        )
    )
    def test_a_block_for_each_member_and_each_further_record(self, value, tmp_path_factory):
        path = tmp_path_factory.mktemp("json") / "a.json"
        path.write_text(json.dumps(value))
        document = read_one(path)
        members = len(value) if isinstance(value, list | dict) else 0
        assert len(document.blocks) == members + further_records(value, top=True)
        document.text.encode()


def further_records(value: object, *, top: bool = False) -> int:
    """How many objects stand in lists below the outermost value, none of them the first in its."""
    if isinstance(value, dict):
        return sum(map(further_records, value.values()))
    if not isinstance(value, list):
        return 0
    of_records = not top and isinstance(value[0], dict)
    own = sum(isinstance(one, dict) for one in value[1:]) if of_records else 0
    return own + sum(further_records(one) for one in value if isinstance(one, list))


def at(line: int) -> Numbering:
    return Numbering("line", (Anchor(0, line),))


class TestJsonLines:
    def test_records_become_documents(self, tmp_path):
        path = tmp_path / "c.jsonl"
        path.write_text(
            '{"_id": "d1", "title": "T", "text": "one\\r\\ntwo"}\n'
            '{"id": 7, "text": "seven"}\n'
            "\n"
            '{"text": "no id"}\n'
            '{"title": "only a title", "text": ""}\n'
            '{"name": "Ada", "born": 1815, "tags": ["x", "y"]}'
        )
        assert read_items(path) == [
            Document("d1", "one\ntwo", "jsonl", title="T", numbering=at(1)),
            Document("7", "seven", "jsonl", numbering=at(2)),
            Document("c.jsonl#4", "no id", "jsonl", numbering=at(4)),
            Document("c.jsonl#5", "only a title", "jsonl", title="only a title", numbering=at(5)),
            Document(
                "c.jsonl#6", 'name: Ada\nborn: 1815\ntags: ["x", "y"]', "jsonl", numbering=at(6)
            ),
        ]

    def test_broken_records_cost_themselves_only(self, tmp_path):
        path = tmp_path / "c.jsonl"
        path.write_bytes(
            b'{"text": "a"}\n{"text": \n[1]\n{"text": " "}\n'
            + b"[" * 100_000
            + b'\n{"text": "b"}\n'
        )
        items = read_items(path)
        assert [item.text for item in items if isinstance(item, Document)] == ["a", "b"]
        assert [(i.path, i.code) for i in items if isinstance(i, Skipped)] == [
            ("c.jsonl:2", "bad_record"),
            ("c.jsonl:3", "bad_record"),
            ("c.jsonl:4", "empty"),
            ("c.jsonl:5", "bad_record"),
        ]

    def test_an_id_that_comes_again_is_told_apart_by_its_line(self, tmp_path):
        path = tmp_path / "c.jsonl"
        path.write_text('{"_id": "a", "text": "x"}\n' * 2 + '{"_id": "a#2", "text": "x"}\n')
        ids = [item.doc_id for item in read_items(path)]
        assert ids == ["a", "a#2", "a#2#3"]

    def test_a_record_that_is_too_long_is_skipped(self, tmp_path, monkeypatch):
        monkeypatch.setattr(jsonl, "_LONGEST_RECORD", 100)
        path = tmp_path / "c.jsonl"
        path.write_text(json.dumps({"text": "x" * 1000}) + '\n{"text": "short"}\n')
        skipped, document = read_items(path)
        assert (skipped.path, skipped.code) == ("c.jsonl:1", "too_large")
        assert (document.text, document.numbering) == ("short", at(2))

    def test_it_is_read_as_it_is_asked_for(self, tmp_path):
        path = tmp_path / "c.jsonl"
        path.write_text('{"text": "x"}\n' * 3 + "broken\n" * 1_000_000)
        records = iter(jsonl.read(path, "c.jsonl"))
        assert [next(records).numbering for _ in range(3)] == [at(1), at(2), at(3)]

    def test_a_file_of_anything_else_is_refused_as_a_whole(self, tmp_path):
        path = tmp_path / "c.jsonl"
        path.write_text("a line of a log\n" * 1000)
        with pytest.raises(UnreadableFile) as refusal:
            read_items(path)
        assert refusal.value.code == "broken"

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
    def test_byte_order_marks(self, tmp_path, encoding):
        path = tmp_path / "c.jsonl"
        path.write_text('{"text": "é"}\n{"text": "ü"}\n', encoding=encoding)
        assert [item.text for item in read_items(path)] == ["é", "ü"]
