import base64
import json
import random

import pytest

from bienc_cli.chunking.places import Places
from bienc_cli.errors import UnreadableFile
from bienc_cli.types import Document
from reader_samples import block_texts, outline, read_items, read_one

PICTURE = base64.b64encode(random.Random(1).randbytes(900)).decode()
ADDRESS = f"data:image/png;base64,{PICTURE}"


def notebook(*cells: dict, **more: object) -> str:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, **more})


def code(source: object, *outputs: dict) -> dict:
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def markdown(source: object) -> dict:
    return {"cell_type": "markdown", "source": source}


def read(tmp_path, content: str) -> Document:
    path = tmp_path / "a.ipynb"
    path.write_text(content)
    return read_one(path)


def cell_of(document: Document, words: str) -> int | None:
    start = document.text.index(words)
    return Places(document).of(start, start + len(words), ()).first


def test_cells_are_places_and_markdown_headings_headings(tmp_path):
    content = notebook(
        markdown(["# Flow meter\n", "Remove the *offset* first.\n", "\n", "## Why\n", "Drift."]),
        code(["import a\n", "\n", "\n", "b()"]),
        {"cell_type": "raw", "source": "as it is"},
        markdown("# Next"),
    )
    document = read(tmp_path, content)
    assert outline(document) == [(1, "Flow meter"), (2, "Why"), (1, "Next")]
    assert document.title == "Flow meter"
    assert "import a\n\n\nb()" in block_texts(document)
    where = {"Flow meter": 1, "Drift": 1, "import a": 2, "b()": 2, "as it is": 3, "Next": 4}
    assert {words: cell_of(document, words) for words in where} == where


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ({"output_type": "stream", "text": ["7 litres\n", "8 litres"]}, "7 litres\n8 litres"),
        ({"output_type": "execute_result", "data": {"text/plain": "42", "text/html": "x"}}, "42"),
        ({"output_type": "display_data", "data": {"text/html": "<b>forty</b> two"}}, "forty two"),
        ({"output_type": "error", "traceback": ["\x1b[0;31mNo\x1b[0m: 'a'"]}, "No: 'a'"),
        ({"output_type": "error", "ename": "KeyError", "evalue": "a"}, "KeyError: a"),
        ({"output_type": "pyout", "text": "old", "png": PICTURE}, "old"),
        ({"output_type": "display_data", "data": {"image/png": PICTURE}}, None),
        ({"data": {"image/png": PICTURE, "text/plain": ["<Figure with 1 Axes>"]}}, None),
        ({"data": {"image/png": PICTURE, "text/plain": "Plan of the harbour"}},
         "Plan of the harbour"),
        ({"output_type": "pyout", "png": PICTURE, "text": "<plot at 0x7f>"}, None),
        ({"data": {"text/plain": "<Harbour of 4 berths>"}}, "<Harbour of 4 berths>"),
        ({"output_type": "display_data", "data": {"image/svg+xml": "<svg/>"}}, None),
        ({"output_type": "display_data", "data": {"application/json": {"a": 1}}}, None),
        ({"output_type": "display_data", "data": {"text/html": f"<img src='{ADDRESS}'>"}}, None),
        ({"output_type": "stream", "text": PICTURE}, None),
        ({"output_type": "stream", "text": "10%\r50%\r100%\nend\r\n"}, "100%\nend"),
        ("no output at all", None),
    ],
)  # fmt: skip
def test_outputs_are_text_and_never_pictures(tmp_path, output, shown):
    document = read(tmp_path, notebook(code("run()", output)))
    assert block_texts(document) == (["run()", shown] if shown else ["run()"])


def test_pictures_in_markdown_are_left_out(tmp_path):
    picture = f"![chart]({ADDRESS}) behind"
    document = read(tmp_path, notebook(markdown(picture)))
    assert PICTURE[:40] not in document.text
    assert "chart" in document.text
    assert "behind" in document.text


def test_the_format_before_this_one(tmp_path):
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Old"},
        {"cell_type": "code", "input": "a = 1", "outputs": []},
    ]
    content = json.dumps({"worksheets": [{"cells": cells}], "nbformat": 3})
    document = read(tmp_path, content)
    assert outline(document) == [(2, "Old")]
    assert cell_of(document, "a = 1") == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [("{", "broken"), ("[]", "broken"), ("{}", "empty"), ('{"cells": [1, null, {}]}', "empty")],
)
def test_what_only_has_the_suffix(tmp_path, content, code):
    path = tmp_path / "a.ipynb"
    path.write_text(content)
    with pytest.raises(UnreadableFile) as refusal:
        read_items(path)
    assert refusal.value.code == code


def test_a_cell_without_words_counts_too(tmp_path):
    content = notebook(markdown("one"), markdown(" "), code(""), markdown("four"))
    assert cell_of(read(tmp_path, content), "four") == 4
