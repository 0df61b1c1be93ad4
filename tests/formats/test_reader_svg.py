import pytest

from bienc_cli.chunking.places import Places
from bienc_cli.errors import UnreadableFile
from reader_samples import block_texts, read_one

DRAWING = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<title>Harbour map</title>
<desc>Where the berths are</desc>
{}
</svg>
"""


def read(tmp_path, content: str):
    path = tmp_path / "a.svg"
    path.write_text(DRAWING.format(content), encoding="utf-8")
    return read_one(path)


def test_title_and_description_are_read(tmp_path):
    document = read(tmp_path, "<path d='M0 0L9 9'/>")
    assert document.title == "Harbour map"
    assert block_texts(document) == ["Harbour map", "Where the berths are"]


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("<text>North <tspan>pi</tspan>er</text>", ["North pier"]),
        (
            "<text><tspan x='1' y='2'>North</tspan><tspan x='1' dy='9'>pier</tspan></text>",
            ["North pier"],
        ),
        ("<g><text>A</text><a><text>B</text></a></g>", ["A", "B"]),
        ("<text>caf&#233; &amp; bar</text>", ["café & bar"]),
        (
            "<foreignObject><p xmlns='x'>in a</p><p xmlns='x'>page</p></foreignObject>",
            ["in a page"],
        ),
        (
            "<switch><foreignObject><p>as a page</p></foreignObject><text>as text</text></switch>",
            ["as a page"],
        ),
        ("<switch/>", []),
        ("<g aria-label='Tides'><path d='M0'/></g>", ["Tides"]),
        ("<path><title>The crane</title></path>", ["The crane"]),
        ("<style>.a{fill:red}</style><script>var a</script><metadata>m</metadata>", []),
        ("<defs><text>unused</text></defs><text display='none'>x</text>", []),
        ("<text style='visibility: hidden'>x</text>", []),
        ("<image xlink:href='data:image/png;base64,AAAA'/>", []),
    ],
)
def test_what_is_seen_of_a_drawing(tmp_path, content, texts):
    assert block_texts(read(tmp_path, content))[2:] == texts


def test_words_are_cited_at_their_lines(tmp_path):
    document = read(tmp_path, "\n\n<text>\nNorth</text>")
    start = document.text.index("North")
    assert Places(document).of(start, start + 5, ()).first == 7


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("<svg xmlns='http://www.w3.org/2000/svg'><path d='M0'/></svg>", "binary"),
        ("<html><p>x</p></html>", "broken"),
        ("", "broken"),
    ],
)
def test_what_holds_no_words(tmp_path, content, code):
    path = tmp_path / "a.svg"
    path.write_text(content)
    with pytest.raises(UnreadableFile) as refusal:
        read_one(path)
    assert refusal.value.code == code


def test_alternatives_within_alternatives_take_no_longer(tmp_path):
    deep = 200
    content = "<switch>" * deep + "<text>core</text>" + "</switch>" * deep
    assert block_texts(read(tmp_path, content))[2:] == ["core"]
