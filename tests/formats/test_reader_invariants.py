"""What holds for every reader, whatever is in the file."""

from __future__ import annotations

import itertools
import json
import resource
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.reading import read_documents
from bienc_cli.formats.table import FORMATS, ReadingOptions
from bienc_cli.types import Document, Skipped
from endurance import times
from office_samples import parts_of, zip_of
from reader_samples import docx_bytes, encrypted_pdf_bytes, message_with_attachments, pdf_bytes
from test_reader_epub import epub_bytes
from test_reader_odf import odp_bytes, ods_bytes, odt_bytes
from test_reader_pptx import pptx_bytes
from test_reader_rtf import rtf
from test_reader_xlsx import xlsx_bytes

MARKDOWN = b"""---\ntitle: T\n---\n# A\n\ntext *x*\n\n- l\n  - m\n\n| a | b |\n|---|---|\n| 1 | 2 |
\n```py\nx\n\ny\n```\n\n> q\n\nB\n---\n\n<div>\nx\n</div>\n\n    code\n\n[r]: http://x 'y'\n"""
HTML = b"""<!doctype html><meta charset=cp1252><title>T</title><h1>A<b>b</b></h1><p>x<br>y
<ul><li>1<ol><li>2</ol></ul><table><tr><th>a<td>b<tr><td><table><tr><td>c</table></table>
<pre> x\n y</pre><dl><dt>t<dd>d</dl><blockquote><p>q</blockquote><img alt=i><nav>n</nav>&amp;&#0;"""
PYTHON = (
    b"# c\nimport a\n\n@d\nclass A:\n    x = 1\n\n    def f(self): ...\n\nasync def g(): pass\n"
)
SAMPLES = {
    "text": "words\n\nwörter 文字\r\n".encode(),
    "markdown": MARKDOWN,
    "asciidoc": b"= T\n\n== A *b*\n\n----\n== c\n----\n\nB\n~~\n|===\n|d\n|===\n",
    # TODO is Org's own word for the state of a headline, which the reader takes off.
    "org": b"#+TITLE: T\n* TODO A :b:\n#+begin_src c\n* d\n#+end_src\n** [[x][y]]\n",
    "latex": b"\\title{T}\n\\section*[a]{B \\emph{c}}\n% d\n\\begin{verbatim}\n\\end{verbatim}\n",
    "man": b".TH A 1\n.SH B \\fIc\\fR\n.TP\n\\(em d\n.de e\nf\n..\n",
    "calendar": b"BEGIN:VCARD\nFN:A\nN;ENCODING=QUOTED-PRINTABLE:=C3=\n=BC;B\nNOTE:c\n d\\ne\n",
    "subtitles": b"1\n00:01.000 --> 00:02.000\n<v A>b<i>c</i>\n\n2\n00:03.000 --> 00:04.000\nd\n",
    "rst": b"===\nT\n===\n\nA\n---\n\n.. note:: x\n\n   y\n\n* l\n",
    "html": HTML,
    "svg": b"<svg xmlns='s'>\n<title>A</title><switch><g><text>b<tspan x='1'>c</tspan></text></g>"
    b"</switch>\n<foreignObject><p>d</p></foreignObject><g aria-label='e'/></svg>",
    "pdf": pdf_bytes("One page (with) text", "infor-\nmation", title="T"),
    "docx": docx_bytes(),
    "code": PYTHON,
    "csv": b'a,b\n1,"x\ny"\n2,z\n',
    "json": b'{"title": "T", "a": [1, {"b": "\\ud800,"}], "c": "d"}',
    "jsonl": b'{"_id": 1, "title": "T", "text": "x"}\n{"a": [1]}\n[]\n{"text": "\\ud800"}\n',
}
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# A\n", "text"]},
        {"cell_type": "code", "source": "x", "outputs": [{"text": ["1\r2"]}, {"data": {"a/b": 1}}]},
    ]
}
MESSAGE = message_with_attachments()
SAMPLES |= {
    "pptx": pptx_bytes(),
    "xlsx": xlsx_bytes(),
    "odt": odt_bytes(),
    "ods": ods_bytes(),
    "odp": odp_bytes(),
    "epub": epub_bytes(),
    "rtf": rtf(r"\pard\s1 A\par{\footnote n}\intbl a\cell\row\pard {\f2\'8c\'ae}\u252\'fc\bin1 x"),
    "notebook": json.dumps(NOTEBOOK).encode(),
    "mail": MESSAGE,
    "mbox": b"From a@b Mon Jun  3 10:00:00 2024\n"
    + MESSAGE
    + b"\nFrom c@d Mon Jun  3 11:00 2024\n\nx\n",
}
PACKAGES = ("docx", "pptx", "xlsx", "odt", "ods", "odp", "epub")
OWN_TEXT = ("text", "markdown", "rst", "code", "csv")
"""Formats whose documents are the file's own text."""

MOST_KIB = 400 << 10
READ_BY_ALL = [name for name in FORMATS if name != "image"]
"""Pictures have tests of their own: what is recognised is another program's work."""
SUFFIXES = {name: FORMATS[name].suffixes[0] for name in FORMATS}


def check(document: Document) -> None:
    """The promises of `Document`, and that it can be stored and printed."""
    length = len(document.text)
    assert not document.text.isspace()
    assert document.text
    assert "\0" not in document.text
    assert "\r" not in document.text
    for string in (document.text, document.title or "", document.doc_id):
        string.encode()
    starts = [heading.start for heading in document.headings]
    assert starts == sorted(set(starts))
    assert all(0 <= start < length for start in starts)
    for heading in document.headings:
        assert heading.level >= 1
        assert heading.end is None or heading.start <= heading.end <= length
        assert heading.title == " ".join(heading.title.split()) != ""
        heading.title.encode()
    for block in document.blocks:
        assert 0 <= block.start < block.end <= length
        assert document.text[block.start : block.end].strip()
    assert all(a.end <= b.start for a, b in itertools.pairwise(document.blocks))
    if document.numbering is not None:
        anchors = document.numbering.anchors
        starts = [anchor.start for anchor in anchors]
        assert starts[0] == 0
        assert starts == sorted(set(starts))
        assert starts[-1] <= length
        assert all(anchor.number >= 0 for anchor in anchors)
    assert document.title is None or document.title == " ".join(document.title.split()) != ""


def read_and_check(path, content: bytes, engine: str = "pypdf") -> int:
    """Read whatever it is; only a verdict may be raised."""
    path.write_bytes(content)
    documents = 0
    for item in items_or_verdict(path, engine):
        if isinstance(item, Skipped):
            assert item.code
            assert item.reason
            item.reason.encode()
        else:
            check(item)
            documents += 1
    return documents


def items_or_verdict(path, engine) -> Iterator[Document | Skipped]:
    try:
        yield from read_documents(path, path.name, ReadingOptions(engine))
    except UnreadableFile as refusal:
        yield Skipped(path.name, refusal.code, refusal.reason)


@st.composite
def damaged(draw: st.DrawFn, sample: bytes) -> bytes:
    """A valid file with bits flipped, a part cut out or repeated, or its end missing."""
    content = bytearray(sample)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        kind = draw(st.sampled_from(["flip", "cut", "repeat", "truncate", "insert"]))
        until = draw(st.integers(at, min(len(content), at + 64)))
        if kind == "flip" and at < len(content):
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del content[at:until]
        elif kind == "repeat":
            content[at:at] = content[at:until] * draw(st.integers(1, 20))
        elif kind == "truncate":
            del content[at:]
        else:
            content[at:at] = draw(st.binary(max_size=20))
    return bytes(content)


fuzzed = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module", autouse=True)
def bounded_memory() -> Iterator[None]:
    """All of it, in this very process: what no limit of a worker had to hold back."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_KIB


@pytest.mark.parametrize("name", READ_BY_ALL)
def test_the_sample_itself_is_read(name, tmp_path):
    assert read_and_check(tmp_path / f"a{SUFFIXES[name]}", SAMPLES[name]) >= 1


@pytest.mark.parametrize("name", READ_BY_ALL)
def test_arbitrary_bytes(name, tmp_path):
    path = tmp_path / f"a{SUFFIXES[name]}"

    @settings(fuzzed, max_examples=times(60, 2000))
    @given(st.binary(max_size=500))
    def run(content):
        read_and_check(path, content)

    run()


@pytest.mark.parametrize("name", PACKAGES)
def test_damaged_parts(name, tmp_path):
    """Of archives, whose checksums would hide most damage from the readers."""
    path = tmp_path / f"a{SUFFIXES[name]}"
    parts = parts_of(SAMPLES[name])
    names = sorted(part for part in parts if not part.endswith((".jpeg", "styles.xml")))

    @settings(fuzzed, max_examples=times(50, 3000))
    @given(st.sampled_from(names).flatmap(lambda n: st.tuples(st.just(n), damaged(parts[n]))))
    def run(damage):
        part, content = damage
        read_and_check(path, zip_of({**parts, part: content}))

    run()


@pytest.mark.parametrize("name", sorted(set(READ_BY_ALL) - {"pdf", *PACKAGES}))
def test_arbitrary_text(name, tmp_path):
    path = tmp_path / f"a{SUFFIXES[name]}"
    # The characters that mean something to one format or another, close together.
    marks = st.text("#=-*`~>|[](){}<>/\\\"'&;:,.!@ \n\t\r\f\u2028ax1é\ufeff", max_size=120)

    @settings(fuzzed, max_examples=times(75, 1000))
    @given(marks)
    def run(text):
        read_and_check(path, text.encode())

    run()


@pytest.mark.parametrize("name", READ_BY_ALL)
def test_damaged_files(name, tmp_path):
    path = tmp_path / f"a{SUFFIXES[name]}"

    @settings(fuzzed, max_examples=times(50, 3000))
    @given(damaged(SAMPLES[name]))
    def run(content):
        read_and_check(path, content)

    run()


@pytest.mark.parametrize("engine", ["pypdf", "pdfium"])
def test_damaged_encrypted_pdf(engine, tmp_path):
    if engine == "pdfium":
        pytest.importorskip("pypdfium2")
    sample = encrypted_pdf_bytes("Secret text", "", "AES-256")
    path = tmp_path / "a.pdf"

    @settings(fuzzed, max_examples=times(60, 3000))
    @given(damaged(sample))
    def run(content):
        read_and_check(path, content, engine)

    run()


@pytest.mark.parametrize("name", OWN_TEXT)
def test_formats_of_text_are_their_own_text(name, tmp_path):
    """Offsets and lines are the file's."""
    path = tmp_path / f"a{SUFFIXES[name]}"
    path.write_bytes(SAMPLES[name])
    (document,) = read_documents(path, path.name)
    assert isinstance(document, Document)
    assert document.text == SAMPLES[name].decode().replace("\r\n", "\n")
