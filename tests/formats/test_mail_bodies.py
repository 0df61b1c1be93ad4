"""Which parts of a message are its text, and how that is read."""

from __future__ import annotations

import pytest

from reader_samples import read_one

INVITATION = (
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Albatross review\nLOCATION:Gannet\nEND:VEVENT\n"
    "END:VCALENDAR\n"
)


def text_of(tmp_path, head: str, body: str) -> str:
    path = tmp_path / "a.eml"
    path.write_text(f"Subject: x\nMIME-Version: 1.0\nContent-Type: {head}\n\n{body}")
    return read_one(path).text


def parts(*offers: tuple[str, str]) -> str:
    return "".join(f"--b\nContent-Type: {kind}\n\n{body}\n" for kind, body in offers) + "--b--\n"


@pytest.mark.parametrize(
    "offers",
    [
        [("text/plain", "You are invited."), ("text/calendar; method=REQUEST", INVITATION)],
        [("text/html", "<p>You are invited.</p>"), ("text/calendar", INVITATION)],
        [
            ("text/plain", "You are invited."),
            ("text/html", "<p>You are invited.</p>"),
            ("text/calendar; charset=utf-8", INVITATION),
        ],
    ],
)
def test_an_invitation_says_when_and_where(tmp_path, offers):
    text = text_of(tmp_path, "multipart/alternative; boundary=b", parts(*offers))
    assert text.count("invited") == 1
    assert "Albatross review" in text
    assert "Gannet" in text


@pytest.mark.parametrize("kind", ["text/css", "text/javascript"])
def test_a_saved_page_without_what_only_browsers_need(tmp_path, kind):
    body = parts(("text/html", "<p>The page.</p>"), (kind, ".menu { color: red }"))
    text = text_of(tmp_path, "multipart/related; type=text/html; boundary=b", body)
    assert "The page." in text
    assert "menu" not in text


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ("> the win \n> ch\n", "> the winch"),
        (">> the win \n>> ch\n> and \n> rew\n", ">> the winch\n> andrew"),
        ("> the win \nch\n", "> the win \nch"),
        ("the win \n ch\n", "the winch"),
        ("the win \n> ch\n", "the win \n> ch"),
    ],
)
def test_quoted_lines_flow_within_their_quotation(tmp_path, lines, shown):
    head = "text/plain; format=flowed; delsp=yes"
    assert shown in text_of(tmp_path, head, f"Hello.\n{lines}")
