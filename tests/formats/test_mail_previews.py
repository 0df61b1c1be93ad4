"""What programs show of a mail in their list alone is no text of it."""

from __future__ import annotations

import pytest

from reader_samples import read_one

PREVIEW = "A preview of words that nobody sees in the mail itself, however long they are."
STYLES = [
    "display:none;max-height:0;overflow:hidden;mso-hide:all;",
    "font-size:1px;color:#fff;max-height:0px;max-width:0px;opacity:0;overflow:hidden",
    "display: none !important; visibility: hidden; opacity: 0; color: transparent",
    "visibility:hidden;height:0",
    "opacity:0.0",
]
SHEETS = [
    ".preheader { color: transparent; display: none; height: 0 }",
    "span.preheader{display:none!important}",
    "#x .preheader, .y { display:none }",
]
SEEN = [
    "font-size:0px;padding:20px",
    "line-height:0",
    "opacity:0.8",
    "max-height:0.5em",
    "mso-hide:all",
    "mso-max-height:0",
]


def text_of(tmp_path, page: str) -> str:
    path = tmp_path / "a.eml"
    head = "Subject: x\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
    path.write_text(f"{head}<html><head>{page}<p>Dear reader, we meet on Friday.</p></body></html>")
    text = read_one(path).text
    assert "Dear reader, we meet on Friday." in text
    return text


@pytest.mark.parametrize("style", STYLES)
def test_hidden_where_it_stands(tmp_path, style):
    page = f'<body><div id="question" style="{style}">{PREVIEW}</div>'
    assert "preview" not in text_of(tmp_path, page)


@pytest.mark.parametrize("sheet", SHEETS)
def test_hidden_by_a_style_sheet(tmp_path, sheet):
    page = f'<style>{sheet}</style></head><body><span class="preheader">{PREVIEW}</span>'
    assert "preview" not in text_of(tmp_path, page)


@pytest.mark.parametrize("style", SEEN)
def test_what_a_mail_shows_is_read(tmp_path, style):
    page = f'<body><div class="preheader" style="{style}">{PREVIEW}</div>'
    assert "preview" in text_of(tmp_path, page)


@pytest.mark.parametrize("style", STYLES)
def test_a_mail_of_nothing_else_is_that(tmp_path, style):
    path = tmp_path / "a.eml"
    head = "Subject: x\nMIME-Version: 1.0\nContent-Type: text/html\n\n"
    path.write_text(f'{head}<div style="{style}">{PREVIEW}</div>')
    assert "preview" in read_one(path).text
