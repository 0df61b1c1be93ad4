"""What stands on a page beside its text: footers, notices, and what parts words unseen."""

import pytest

from bienc_cli.chunking.outline import Outline
from reader_samples import read_one


def read(tmp_path, source):
    path = tmp_path / "a.html"
    path.write_text(f"<title>T</title>{source}")
    return read_one(path)


BODY = "<h2>Pears</h2><p>Words of the page.</p>"


@pytest.mark.parametrize(
    "notice",
    [
        "<div class=cookie-banner>We use cookies.</div>",
        "<div id=cookieConsent><p>Cookies help us.</p><p><a href=x>More</a></p></div>",
        "<aside class='x cookies'>This site uses cookies.</aside>",
        "<div id=onetrust-consent-sdk>Your cookie choices</div>",
        "<div class='gdpr_popup'>Wir verwenden Cookies.</div>",
        "<div id=CybotCookiebotDialog>Cookies</div>",
    ],
)
def test_notices_on_cookies_are_left_out(tmp_path, notice):
    document = read(tmp_path, BODY + notice)
    assert "ookie" not in document.text
    assert "Words of the page." in document.text


@pytest.mark.parametrize(
    "content",
    [
        "<div class=cookie-recipes>Bake the cookies.</div>",
        "<div class=consent-form>You agree to the operation.</div>",
        "<main class=cookie-info>How we use cookies.</main>",
        f"<div class=cookie-info>{'Of cookies and their makers. ' * 99}</div>",
    ],
)
def test_what_is_about_them_is_read(tmp_path, content):
    text = read(tmp_path, BODY + content).text
    assert any(word in text for word in ("cookies", "operation"))


@pytest.mark.parametrize(
    ("footer", "shown"),
    [
        ("<div><footer>Made with <a href=x>A tool</a></footer></div>", False),
        ("<div><footer>Its own words, of which there are more than seven.</footer></div>", True),
        ("<blockquote>Say it.<footer>Jane Doe</footer></blockquote>", True),
        ("<article><p>a</p><footer>By Jane Doe</footer></article>", True),
    ],
)
def test_footers(tmp_path, footer, shown):
    document = read(tmp_path, BODY + footer)
    said = [word for word in ("Made", "Its own", "Jane") if word in document.text]
    assert bool(said) == shown


def test_the_footer_of_a_page_stands_under_no_heading(tmp_path):
    document = read(
        tmp_path, f"{BODY}<footer>It was written in May by those who live there.</footer>"
    )
    trail = Outline(document.headings).trail
    assert trail(document.text.index("Words")) == ("Pears",)
    assert trail(document.text.index("written")) == ()


@pytest.mark.parametrize(
    "between",
    ["<button>Copy</button>", "<nav>x</nav>", "<video>x</video>", "<div hidden>x</div>"],
)
def test_what_is_not_seen_parts_words(tmp_path, between):
    assert "one two" in read(tmp_path, f"<h2>A</h2><div>one{between}two</div>").text.replace(
        "\n", " "
    )


@pytest.mark.parametrize(
    "within", ["<!-- x -->", "<script>x</script>", "<wbr>", "<span hidden>x</span>"]
)
def test_what_is_within_a_word_does_not(tmp_path, within):
    assert "onetwo" in read(tmp_path, f"<h2>A</h2><div>one{within}two</div>").text


@pytest.mark.parametrize("tag", ["footer", "div class=toc", "div class=cookie-banner"])
def test_nesting_costs_no_more_than_its_depth(tmp_path, tag):
    document = read(tmp_path, f"{BODY}{f'<{tag}>' * 3000}cookie words")
    assert "Words of the page." in document.text
