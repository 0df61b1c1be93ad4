"""What an OpenDocument file is called that has no title among its properties."""

from __future__ import annotations

import pytest
from odf import dc, draw, style, text
from odf.opendocument import OpenDocumentPresentation, OpenDocumentText

from reader_samples import outline, read_one


def text_in_style(name: str, shown: str = "", parent: str = "", own: str = "") -> OpenDocumentText:
    document = OpenDocumentText()
    if own:
        document.meta.addElement(dc.Title(text=own))
    based = {"parentstylename": parent} if parent else {}
    called = {"displayname": shown} if shown else {}
    document.styles.addElement(style.Style(name="Title", family="paragraph"))
    if name != "Title":
        document.styles.addElement(style.Style(name=name, family="paragraph", **called, **based))
    document.text.addElement(text.P(text="Draft of May"))
    document.text.addElement(text.P(stylename=name, text="The harbour"))
    document.text.addElement(text.H(outlinelevel=1, text="Piers"))
    document.text.addElement(text.P(text="There are two."))
    return document


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"name": "Title"}, "The harbour"),
        ({"name": "P1", "parent": "Title"}, "The harbour"),
        ({"name": "T9", "shown": "Title"}, "The harbour"),
        ({"name": "Title", "own": "untitled"}, "The harbour"),
        ({"name": "Title", "own": "Microsoft Word - harbour.doc"}, "The harbour"),
        ({"name": "Title", "own": "Rules"}, "Rules"),
        ({"name": "Subtitle", "parent": "Text"}, None),
    ],
)
def test_by_the_style_of_titles(tmp_path, fields, title):
    path = tmp_path / "a.odt"
    text_in_style(**fields).save(path)
    document = read_one(path)
    assert document.title == title
    styled = [(1, "The harbour")] if fields["name"] != "Subtitle" else []
    assert outline(document) == [*styled, (1, "Piers")]


def test_a_presentation_by_its_first_slide(tmp_path):
    document = OpenDocumentPresentation()
    for title in ("The harbour", "Piers"):
        page = draw.Page(name=title, masterpagename="Default")
        frame = draw.Frame()
        frame.setAttrNS("urn:oasis:names:tc:opendocument:xmlns:presentation:1.0", "class", "title")
        box = draw.TextBox()
        box.addElement(text.P(text=title))
        frame.addElement(box)
        page.addElement(frame)
        document.presentation.addElement(page)
    path = tmp_path / "a.odp"
    document.save(path)
    assert read_one(path).title == "The harbour"
