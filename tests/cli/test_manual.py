"""The manual page is what the help says, and man(1) can show it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bienc_cli.cli.manual import manual, pages

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/bienc.1"


def test_the_page_that_is_installed_is_that_of_this_version() -> None:
    assert PAGE.read_text(encoding="utf-8") == manual(), "make man"
    assert '"docs/bienc.1" = "share/man/man1/bienc.1"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_every_word_of_the_help_is_in_it() -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-cbou", "-rLL=100n", str(PAGE)],
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    # Typeset words may be broken at a hyphen, and quotation marks are curled.
    shown = re.sub(r"\s|[‐−-]", "", done.stdout).replace("’", "'").replace("‘", "`")
    for name, page in pages():
        # What the program itself is stands under NAME, in small letters.
        own = page.paragraphs[1:] if name == "bienc" else [page.usage, *page.paragraphs]
        told = [*own, *(one.line for one in page.examples)]
        told += [
            part for group in page.groups for one in group.entries for part in (one.name, one.text)
        ]
        for text in told:
            assert re.sub(r"\s|-", "", text) in shown, text


def test_it_has_every_exit_code() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    codes = re.findall(r"^\| (\d+) \|", readme, re.MULTILINE)
    text = manual()
    assert all(re.search(rf"^\.B (\d+, )?{code}\b", text, re.MULTILINE) for code in codes)
