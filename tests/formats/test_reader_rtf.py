import pytest

from bienc_cli.errors import UnreadableFile
from bienc_cli.types import Document
from reader_samples import block_texts, outline, read_items, read_one

FONTS = (
    r"{\fonttbl{\f0\fnil\fcharset0 Times New Roman;}{\f1\fcharset204 Arial Cyr;}"
    r"{\f2\fcharset128 MS Gothic;}{\f3\fcharset2 Symbol;}{\f4\fcharset2 Wingdings;}}"
)
STYLES = (
    r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2 heading 2;}{\*\cs10 Default;}"
    r"{\s3\outlinelevel2 Mine;}}"
)
HEAD = r"{\rtf1\ansi\ansicpg1252\deff0" + FONTS + r"{\colortbl;\red0\green0\blue0;}" + STYLES


def rtf(body: str, head: str = HEAD) -> bytes:
    return f"{head}{body}}}".encode("latin-1")


def read(tmp_path, content: bytes) -> Document:
    path = tmp_path / "a.rtf"
    path.write_bytes(content)
    return read_one(path)


def test_title_headings_paragraphs_and_tables(tmp_path):
    document = read(
        tmp_path,
        rtf(
            r"{\info{\title Yearly report}{\author Ada}}"
            r"\pard\plain\s1 Results\par\pard\plain Sales rose.\par"
            r"\pard\s2 By region\par"
            r"\trowd\cellx100\cellx200\pard\intbl Region\cell Sales\cell\row"
            r"\trowd\pard\intbl North\par east\cell 12\cell\row"
            r"\pard\s3 Own style\par\pard The end."
        ),
    )
    assert document.title == "Yearly report"
    assert outline(document) == [(1, "Results"), (2, "By region"), (3, "Own style")]
    assert block_texts(document) == [
        "Sales rose.",
        "Region | Sales\nNorth east | 12",
        "The end.",
    ]
    assert document.numbering is None


def test_the_number_in_front_of_a_heading_leaves_it_one(tmp_path):
    """It has a format of its own, and resets the paragraph's in its group."""
    numbered = r"{\listtext\pard\plain 1.\tab}\ls1 Results\par\pard\plain Sales rose.\par"
    document = read(tmp_path, rtf(rf"\pard\plain\s1{numbered}"))
    assert outline(document) == [(1, "1. Results")]
    assert block_texts(document) == ["Sales rose."]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"Schl\'fcssel", "Schlüssel"),
        (r"Schl\u252?ssel", "Schlüssel"),
        (r"Schl\u252\'fcssel", "Schlüssel"),
        (r"{\uc2 Schl\u252??ssel}", "Schlüssel"),
        (r"{\uc0 Schl\u252ssel}", "Schlüssel"),
        (r"\u-10179?\u-8704?", "😀"),
        (r"{\f1\'ca\'eb\'fe\'f7}", "Ключ"),
        (r"{\f2\'8c\'ae}", "鍵"),
        (r"{\f3 a-b}\'fc {\f3\'61}", "α-βü α"),
        (r"{\f4\'fc} done {\f3\u61537\'3f}", "✓ done α"),
        (r"{\upr{Schlussel}{\*\ud{Schl\u252?ssel}}}!", "Schlüssel!"),
        (r"a\~b\_c\-d", "a b-cd"),
        (r"\{braces\} and \\", "{braces} and \\"),
        (r"\ldblquote quoted\rdblquote\emdash x", "“quoted”—x"),
        (r"one\tab two\line three", "one\ttwo\nthree"),
        ("bro\r\nken", "broken"),
        (r"{\field{\*\fldinst HYPERLINK x}{\fldrslt the link}}", "the link"),
        (r"{\*\unheard hidden}shown", "shown"),
        (r"{\pict\pngblip 89504e470d0a1a0a}behind", "behind"),
        ("{\\pict\\bin5 }}{{\\}behind", "behind"),
        (r"{\deleted gone}kept", "kept"),
        (r"word{\super 12} m\super 2\nosupersub  and\super th\plain  x", "word¹² m² andth x"),
        (r"{\v hidden}kept", "kept"),
        (r"\v hidden\v0 kept \v hidden\plain  too", "kept  too"),
        (r"kept{\xe {\v index entry}}{\tc contents entry}", "kept"),
        (r"{\pntext 1.\tab}item", "1.\titem"),
    ],
)  # fmt: skip
def test_the_text_is_what_is_shown(tmp_path, body, text):
    assert block_texts(read(tmp_path, rtf(rf"\pard {body}\par end"))) == [text, "end"]


def test_fonts_have_encodings_of_their_own_beside_the_files(tmp_path):
    head = HEAD.replace("ansicpg1252", "ansicpg1251")
    document = read(tmp_path, rtf(r"\pard {\f1\'ca\'eb\'fe\'f7} {\f0 caf\'e9}\par", head))
    assert block_texts(document) == ["Ключ café"]


@pytest.mark.parametrize(
    "aside",
    [
        r"{\footnote\pard {\super\chftn} Hollyhock}",
        r"{\*\footnote Hollyhock}",
        r"{\*\annotation Hollyhock}",
        r"{\shp{\*\shpinst\shpleft100{\sp{\sn x}{\sv 1}}{\shptxt Hollyhock\par}}{\shprslt again}}",
    ],
)
def test_what_stands_beside_a_paragraph_comes_behind_it(tmp_path, aside):
    document = read(tmp_path, rtf(rf"\pard Fees{aside} are due.\par Next\par"))
    assert block_texts(document) == ["Fees are due.", "Hollyhock", "Next"]


def test_headers_and_footers_come_last_each_once(tmp_path):
    body = (
        r"{\header Harbour\par}{\headerf Harbour\par}{\footer Office}\pard\s1 A\par\pard Text\par"
    )
    document = read(tmp_path, rtf(body))
    assert block_texts(document) == ["Text", "Harbour", "Office"]


@pytest.mark.parametrize(
    "cut", [rf"\pard Words {end}" for end in ("", "{", r"{\b", r"\'f", "}", "}}}} more", r"\u")]
)
def test_what_breaks_off_is_read_to_there(tmp_path, cut):
    assert "Words" in read(tmp_path, (HEAD + cut).encode()).text


def test_text_behind_a_table_that_never_ends(tmp_path):
    document = read(tmp_path, rtf(r"\trowd\pard\intbl a\cell\row Behind\par \intbl more words"))
    assert "Behind" in document.text
    assert "more words" in document.text


def test_groups_may_nest_as_deep_as_they_like(tmp_path):
    document = read(tmp_path, rtf("{" * 100_000 + r"\b deep" + "}" * 100_000))
    assert document.text.strip() == "deep"


def test_what_only_has_the_suffix(tmp_path):
    path = tmp_path / "a.rtf"
    path.write_bytes(b"just words")
    with pytest.raises(UnreadableFile) as refusal:
        read_items(path)
    assert refusal.value.code == "broken"


PICTURE = (
    r"{\pict{\*\picprop{\sp{\sn pictureGray}{\sv 1}}{\sp{\sn wzDescription}{\sv %s}}}"
    r"\pngblip 89504e47}"
)


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (PICTURE % "A walrus", ["See it.", "A walrus"]),
        (PICTURE % r"A {\f1 walrus}", ["See it.", "A walrus"]),
        (PICTURE % "picture.png", ["See it."]),
        (r"{\shp{\*\shpinst{\sp{\sn gtextUNICODE}{\sv Sold out}}}}", ["See it.", "Sold out"]),
        (
            r"{\shp{\*\shpinst{\sp{\sn wzDescription}{\sv A box}}{\shptxt in it\par}}}",
            ["See it.", "A box", "in it"],
        ),
    ],
)
def test_what_is_said_of_pictures_and_drawings(tmp_path, body, texts):
    assert block_texts(read(tmp_path, rtf(rf"\pard See it.{body}\par"))) == texts


@pytest.mark.parametrize(
    ("instruction", "result", "shown"),
    [
        (r'EQ \\* jc2 \\* "Font:x" \\o\\ad(\\s\\up 9({\f1 reading}),{base})', "", "a base here"),
        (r"EQ \\o(\\s\\up 9(reading),base)", "", "a base here"),
        (r'HYPERLINK "http://example.org/(a,b)"', "link", "a link here"),
        ("PAGE", "7", "a 7 here"),
    ],
)
def test_what_fields_show(tmp_path, instruction, result, shown):
    field = rf"{{\field{{\*\fldinst {instruction}}}{{\fldrslt {result}}}}}"
    assert block_texts(read(tmp_path, rtf(rf"\pard a {field} here\par"))) == [shown]
