"""Recognises text in pictures with Tesseract, a program that people install themselves.

It inherits the memory and time limits of the calling process, and has its own time limit for each
picture.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from bienc_cli.errors import UnreadableFile, UsageError
from bienc_cli.extras import install_command

SECONDS = 60.0
"""Wall-clock limit for one picture."""

MOST_PIXELS = 25_000_000
"""Limit on pictures to recognise: a little more than an A3 page at 300 dpi."""

_PROGRAM = "tesseract"
_PACKAGES = ("pypdfium2", "PIL")

# Tesseract's page segmentation modes; the first one detects the orientation, which needs data.
_ORIENTED = "1"
_UPRIGHT = "3"
_NO_LANGUAGES = frozenset({"osd", "equ", "snum"})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in shades of grey.

    Attributes:
        width: in pixels.
        height: in pixels.
        shades: one byte per pixel, row by row, 0 for black.
        dpi: dots per inch; 0 if unknown.
    """

    width: int
    height: int
    shades: bytes
    dpi: int = 0


@dataclass(frozen=True, slots=True)
class Engine:
    """The installed Tesseract.

    Attributes:
        version: such as `5.3.0`.
        languages: names of its language data, such as `eng`; all are tried on every picture if no
            language is given.
        scripts: names of its data for all languages of a script, such as `script/Latin`.
        finds_orientation: it can read pictures that lie on their side.
    """

    version: str
    languages: tuple[str, ...]
    scripts: tuple[str, ...]
    finds_orientation: bool


@cache
def missing() -> str | None:
    """What to install before text can be recognised, as a command; None if nothing is missing."""
    if shutil.which(_PROGRAM) is None:
        return "install tesseract-ocr"
    if any(find_spec(package) is None for package in _PACKAGES):
        return install_command("ocr")
    return None if engine().languages else "install tesseract-ocr-eng"


@cache
def engine() -> Engine:
    """The installed Tesseract; without any data if it is not installed."""
    version = _output_of("--version").partition("\n")[0].rpartition(" ")[2]
    installed = {line.strip() for line in _output_of("--list-langs").splitlines()[1:]} - {""}
    # Scripts are listed as paths.
    languages = sorted(name for name in installed - _NO_LANGUAGES if "/" not in name)
    scripts = tuple(sorted(name for name in installed if "/" in name))
    # Where languages disagree, the first one decides.
    languages.sort(key=lambda name: name != "eng")
    return Engine(version, tuple(languages), scripts, "osd" in installed)


def check_languages(languages: Sequence[str]) -> None:
    """Check that these languages can be recognised, if anything can.

    Raises:
        UsageError: there is no data for a language.
    """
    if not languages or missing() is not None:
        return
    here = engine()
    for language in languages:
        if language not in {*here.languages, *here.scripts}:
            raise UsageError(
                f"Tesseract has no data for the language '{language}' here; it has "
                f"{', '.join(here.languages)}.",
                f"install tesseract-ocr-{language}, or give --ocr-language {here.languages[0]}",
            )


def advice() -> str:
    """How to make a picture readable, as the end of a sentence."""
    lack = missing()
    return "index with --ocr to have it recognised" if lack is None else f"{lack}, then use --ocr"


def recogniser(languages: Sequence[str] = ()) -> str:
    """The program that recognises these languages, as text for people, or what to install."""
    if lack := missing():
        return f"nothing yet ({lack})"
    return f"Tesseract {engine().version} ({', '.join(languages or engine().languages)})"


def recognise(picture: Picture, languages: Sequence[str] = ()) -> str:
    """The text in a picture, line by line; "" if there is none.

    Args:
        picture: the picture to read.
        languages: languages of its text, the likeliest first; all installed ones if empty.

    Raises:
        UnreadableFile: `timeout` if it takes more than `SECONDS`, `crashed` if Tesseract fails.
    """
    here = engine()
    header = f"P5 {picture.width} {picture.height} 255\n".encode()
    mode = _ORIENTED if here.finds_orientation else _UPRIGHT
    arguments = ["stdin", "stdout", "-l", "+".join(languages or here.languages), "--psm", mode]
    if picture.dpi:
        arguments += ["--dpi", str(picture.dpi)]
    try:
        done = subprocess.run(  # noqa: S603  (no shell, and nothing of the file's)
            [_PROGRAM, *arguments],
            input=header + picture.shades,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
            # Several pictures are already read in parallel.
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired:
        raise UnreadableFile("timeout", f"not recognised within {SECONDS:g} s") from None
    if done.returncode:
        raise UnreadableFile("crashed", f"Tesseract ended with status {done.returncode}")
    return done.stdout.decode("utf-8", "replace").replace("\f", "").strip()


def _output_of(argument: str) -> str:
    try:
        return subprocess.run(  # noqa: S603
            [_PROGRAM, argument],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
            encoding="utf-8",
            errors="replace",
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
