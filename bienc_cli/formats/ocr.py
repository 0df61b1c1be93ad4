"""Text recognised in pictures, by Tesseract: a program of its own that people install.

It inherits the limits of memory and time of the process that calls it, and has one of its own
for each picture.
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
"""Wall-clock time for one picture."""

MOST_PIXELS = 25_000_000
"""Of a picture that is recognised: a page of A3 at 300 dots an inch, and some more."""

_PROGRAM = "tesseract"
_PACKAGES = ("pypdfium2", "PIL")

# With the orientation found first, where the data for that is installed.
_ORIENTED = "1"
_UPRIGHT = "3"
_NO_LANGUAGES = frozenset({"osd", "equ", "snum"})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in shades of grey.

    Attributes:
        width: in pixels.
        height: likewise.
        shades: a byte for each pixel, row by row, 0 for black.
        dpi: dots an inch where they are known, else 0.
    """

    width: int
    height: int
    shades: bytes
    dpi: int = 0


@dataclass(frozen=True, slots=True)
class Engine:
    """Tesseract as it is installed here.

    Attributes:
        version: `5.3.0`.
        languages: names of its data, `eng`; where none are asked for, all of them are tried on
            every picture.
        scripts: likewise of data for all languages of a script, `script/Latin`.
        finds_orientation: a picture may lie on its side.
    """

    version: str
    languages: tuple[str, ...]
    scripts: tuple[str, ...]
    finds_orientation: bool


@cache
def missing() -> str | None:
    """What to install before anything can be recognised, as a command; None for nothing."""
    if shutil.which(_PROGRAM) is None:
        return "install tesseract-ocr"
    if any(find_spec(package) is None for package in _PACKAGES):
        return install_command("ocr")
    return None if engine().languages else "install tesseract-ocr-eng"


@cache
def engine() -> Engine:
    """What is installed, where something is."""
    version = _told("--version").partition("\n")[0].rpartition(" ")[2]
    named = {line.strip() for line in _told("--list-langs").splitlines()[1:]} - {""}
    # Scripts are listed as paths.
    languages = sorted(name for name in named - _NO_LANGUAGES if "/" not in name)
    scripts = tuple(sorted(name for name in named if "/" in name))
    # The first one decides where they disagree.
    languages.sort(key=lambda name: name != "eng")
    return Engine(version, tuple(languages), scripts, "osd" in named)


def check_languages(languages: Sequence[str]) -> None:
    """Make sure that what is asked for can be recognised, where anything can.

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
    """What makes a picture readable, as the end of a sentence."""
    lack = missing()
    return "index with --ocr to have it recognised" if lack is None else f"{lack}, then use --ocr"


def recogniser(languages: Sequence[str] = ()) -> str:
    """What recognises text in these languages here, for people, or what to install for it."""
    if lack := missing():
        return f"nothing yet ({lack})"
    return f"Tesseract {engine().version} ({', '.join(languages or engine().languages)})"


def recognise(picture: Picture, languages: Sequence[str] = ()) -> str:
    """The text in a picture, line by line; "" where there is none.

    Args:
        picture: what is looked at.
        languages: that it may be in, the likeliest first; all that are installed if empty.

    Raises:
        UnreadableFile: `timeout` when it takes more than `SECONDS`, `crashed` when Tesseract
            ends otherwise than well.
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
            # Several pictures are read at a time already.
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired:
        raise UnreadableFile("timeout", f"not recognised within {SECONDS:g} s") from None
    if done.returncode:
        raise UnreadableFile("crashed", f"Tesseract ended with status {done.returncode}")
    return done.stdout.decode("utf-8", "replace").replace("\f", "").strip()


def _told(argument: str) -> str:
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
