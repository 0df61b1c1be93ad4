import io

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from bienc_cli.chunking.places import Places
from bienc_cli.types import Document
from office_samples import changed, parts_of
from reader_samples import block_texts, outline, read_one


def pptx_bytes() -> bytes:
    """A presentation with each thing that the reader tells apart."""
    show = Presentation()
    show.core_properties.title = "Harbour day"
    first = show.slides.add_slide(show.slide_layouts[1])
    first.shapes.title.text = "Mooring"
    first.placeholders[1].text = "Moor at the pontoon"
    first.notes_slide.notes_text_frame.text = "Mention the barnacles"
    show.slides.add_slide(show.slide_layouts[6])
    third = show.slides.add_slide(show.slide_layouts[6])
    table = third.shapes.add_table(2, 2, *[Inches(1)] * 4).table
    for cell, text in zip(table.iter_cells(), ["Berth", "Fee", "North", "12"], strict=True):
        cell.text = text
    group = third.shapes.add_group_shape()
    group.shapes.add_textbox(*[Inches(1)] * 4).text_frame.text = "Grouped words"
    fourth = show.slides.add_slide(show.slide_layouts[5])
    fourth.shapes.title.text = "Guests"
    data = CategoryChartData()
    data.categories = ["April", "May"]
    data.add_series("Yachts", (3, 5))
    fourth.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *[Inches(1)] * 4, data)
    buffer = io.BytesIO()
    show.save(buffer)
    return buffer.getvalue()


def read(tmp_path, content: bytes) -> Document:
    path = tmp_path / "a.pptx"
    path.write_bytes(content)
    return read_one(path)


def slide_of(document: Document, words: str) -> int | None:
    start = document.text.index(words)
    place = Places(document).of(start, start + len(words), ())
    assert place.kind == "slide"
    assert place.first == place.last
    return place.first


def test_slides_are_places_and_their_titles_headings(tmp_path):
    document = read(tmp_path, pptx_bytes())
    assert document.title == "Harbour day"
    assert outline(document) == [(1, "Mooring"), (1, "Guests")]
    assert block_texts(document) == [
        "Moor at the pontoon",
        "Mention the barnacles",
        "Berth | Fee\nNorth | 12",
        "Grouped words",
        "Yachts\nApril\nMay",
    ]
    where = {"Mooring": 1, "barnacles": 1, "North": 3, "Grouped": 3, "Guests": 4, "Yachts": 4}
    assert {words: slide_of(document, words) for words in where} == where


@pytest.mark.parametrize(
    "title", ["PowerPoint Presentation", "PowerPoint-Präsentation", "Untitled 1", "deck.pptx", " "]
)
def test_without_a_title_of_a_person_the_first_slide_gives_one(tmp_path, title):
    change = replaced("docProps/core.xml", "Harbour day", title)
    assert read(tmp_path, changed(pptx_bytes(), change)).title == "Mooring"


def test_a_slide_without_a_title_is_not_under_the_one_before(tmp_path):
    document = read(tmp_path, pptx_bytes())
    assert document.headings[0].end == document.text.index("Berth")


def replaced(name: str, old: str, new: str):
    return lambda parts: parts.update({name: parts[name].replace(old.encode(), new.encode())})


def test_slides_come_in_the_order_in_which_they_are_shown(tmp_path):
    name = "ppt/presentation.xml"

    def swap(parts: dict[str, bytes]) -> None:
        xml = parts[name].decode()
        first, last = '<p:sldId id="256" r:id="rId7"/>', '<p:sldId id="259" r:id="rId11"/>'
        ids = [row + "/>" for row in xml.split("<p:sldIdLst>")[1].split("/>")[:4]]
        first, last = ids[0], ids[-1]
        parts[name] = xml.replace(first, "#").replace(last, first).replace("#", last).encode()

    document = read(tmp_path, changed(pptx_bytes(), swap))
    assert slide_of(document, "Guests") == 1
    assert slide_of(document, "Mooring") == 4


FOOTER = (
    '<p:sp><p:nvSpPr><p:cNvPr id="9" name="x"/><p:cNvSpPr/><p:nvPr><p:ph type="{}"/></p:nvPr>'
    "</p:nvSpPr><p:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:txBody></p:sp></p:spTree>"
)


def test_dates_and_numbers_are_left_out_and_footers_read_once(tmp_path):
    def add(parts: dict[str, bytes]) -> None:
        for number in (1, 3):
            name = f"ppt/slides/slide{number}.xml"
            for kind, text in (("dt", "1 May"), ("sldNum", "99"), ("ftr", "Harbour office")):
                shape = FOOTER.format(kind, text).encode()
                parts[name] = parts[name].replace(b"</p:spTree>", shape)

    text = read(tmp_path, changed(pptx_bytes(), add)).text
    assert "1 May" not in text
    assert "99" not in text
    assert text.count("Harbour office") == 1


def gone(*names: str):
    return lambda parts: [parts.pop(name) for name in names]


def junk(*names: str):
    return lambda parts: parts.update(dict.fromkeys(names, b"<junk"))


@pytest.mark.parametrize(
    "change",
    [
        gone("docProps/core.xml", "ppt/theme/theme1.xml"),
        gone("ppt/slideMasters/slideMaster1.xml", "[Content_Types].xml"),
        gone("_rels/.rels"),
        junk("ppt/presentation.xml"),
        junk("ppt/_rels/presentation.xml.rels"),
        junk("ppt/notesSlides/notesSlide1.xml", "docProps/core.xml"),
        gone("ppt/slides/slide2.xml"),
        replaced("ppt/slides/_rels/slide1.xml.rels", "../notesSlides/notesSlide1.xml", "NULL"),
    ],
)
def test_a_bad_part_costs_itself_only(tmp_path, change):
    document = read(tmp_path, changed(pptx_bytes(), change))
    assert slide_of(document, "Mooring") == 1
    assert slide_of(document, "Guests") == 4 - ("slide2" in str(change))


def test_what_somebody_wrote_of_a_picture(tmp_path):
    picture = (
        '<p:pic><p:nvPicPr><p:cNvPr id="9" name="Picture 8" descr="{}"/></p:nvPicPr></p:pic>'
        "</p:spTree>"
    )
    for descr, said in (("A heron on the slipway", True), ("heron.jpg", False)):
        show = changed(
            pptx_bytes(), replaced("ppt/slides/slide3.xml", "</p:spTree>", picture.format(descr))
        )
        document = read(tmp_path, show)
        assert (descr in block_texts(document)) is said
        assert not said or slide_of(document, descr) == 3


def test_raised_digits_are_no_part_of_the_word(tmp_path):
    show = Presentation()
    slide = show.slides.add_slide(show.slide_layouts[6])
    paragraph = slide.shapes.add_textbox(*[Inches(1)] * 4).text_frame.paragraphs[0]
    for words, baseline in (("Fees", "0"), ("1", "30000"), (" in H", "0"), ("2", "-25000")):
        run = paragraph.add_run()
        run.text = words
        run.font._element.set("baseline", baseline)
    buffer = io.BytesIO()
    show.save(buffer)
    assert block_texts(read(tmp_path, buffer.getvalue())) == ["Fees¹ in H2"]


def test_contents_for_old_and_new_programs_are_read_once(tmp_path):
    def offer(parts: dict[str, bytes]) -> None:
        name = "ppt/slides/slide3.xml"
        shape = FOOTER.format("body", "{}").replace("</p:spTree>", "")
        namespace = "http://schemas.openxmlformats.org/markup-compatibility/2006"
        both = (
            f'<mc:AlternateContent xmlns:mc="{namespace}"><mc:Choice>{shape.format("new words")}'
            f"</mc:Choice><mc:Fallback>{shape.format('old words')}</mc:Fallback>"
            "</mc:AlternateContent></p:spTree>"
        )
        parts[name] = parts[name].replace(b"</p:spTree>", both.encode())

    text = read(tmp_path, changed(pptx_bytes(), offer)).text
    assert text.count("new words") == 1
    assert "old words" not in text


def test_the_sample_has_what_the_tests_change():
    parts = parts_of(pptx_bytes())
    assert {"ppt/notesSlides/notesSlide1.xml", "ppt/slides/slide4.xml"} <= parts.keys()


def test_the_words_of_a_diagram(tmp_path):
    names = "http://schemas.openxmlformats.org/drawingml/2006"
    frame = (
        f'<p:graphicFrame><a:graphic xmlns:a="{names}/main"><a:graphicData><dgm:relIds '
        f'xmlns:dgm="{names}/diagram" r:dm="rId77"/></a:graphicData></a:graphic>'
        "</p:graphicFrame></p:spTree>"
    )
    data = (
        f'<dgm:dataModel xmlns:dgm="{names}/diagram" xmlns:a="{names}/main"><dgm:ptLst><dgm:pt>'
        "<dgm:t><a:p><a:r><a:t>Haul out</a:t></a:r></a:p></dgm:t></dgm:pt><dgm:pt>"
        "<dgm:t><a:p><a:r><a:t>Scrape</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst>"
        "</dgm:dataModel>"
    )

    def add(parts: dict[str, bytes]) -> None:
        slide, rels = "ppt/slides/slide3.xml", "ppt/slides/_rels/slide3.xml.rels"
        row = '<Relationship Id="rId77" Type="x/diagramData" Target="../diagrams/data1.xml"/>'
        end = b"</Relationships>"
        parts[slide] = parts[slide].replace(b"</p:spTree>", frame.encode())
        parts[rels] = parts[rels].replace(end, row.encode() + end)
        parts["ppt/diagrams/data1.xml"] = data.encode()

    assert "Haul out\nScrape" in block_texts(read(tmp_path, changed(pptx_bytes(), add)))
