"""Pictures: their text is recognised page by page; needs the extra `ocr` and Tesseract."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bienc_cli.errors import UnreadableFile
from bienc_cli.formats.ocr import MOST_PIXELS, Picture, recognise
from bienc_cli.formats.pages import Page, paged_document
from bienc_cli.formats.patience import part_done
from bienc_cli.types import Document, Skipped

if TYPE_CHECKING:
    from PIL.Image import Image

_DECODERS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")
"""Pillow has many more, some of which run other programs."""

_MOST_DECODED = 120_000_000
"""In pixels: four bytes each, and as much again during conversion."""

_MOST_PAGES = 5_000

_SMALL = 1_000_000
"""In pixels: Tesseract reads smaller pictures better at twice the size. Letters on a screen are
about ten pixels high, those it was trained on about thirty."""

_WHITE = (255, 255, 255, 255)


def read(path: Path, doc_id: str, languages: Sequence[str] = ()) -> Iterator[Document | Skipped]:
    """Read a picture, or the pages of a TIFF file; see `table.ReadFunction`."""
    failed: list[Skipped] = []
    with warnings.catch_warnings():
        # Pillow's warnings about the content of a file help no user.
        warnings.simplefilter("ignore")
        pages = list(_pages(path, doc_id, languages, failed))
    if failed and not any(page.text for page in pages):
        raise UnreadableFile(failed[0].code, failed[0].reason)
    reason = "a picture in which no text was recognised"
    yield paged_document(doc_id, pages, None, format_name="image", no_text=reason)
    yield from failed


def _pages(
    path: Path, doc_id: str, languages: Sequence[str], failed: list[Skipped]
) -> Iterator[Page]:
    from PIL.TiffImagePlugin import TiffImageFile

    with _opened(path) as image:
        # Further frames of other formats are an animation, not pages.
        count = image.n_frames if isinstance(image, TiffImageFile) else 1
        for index in range(min(count, _MOST_PAGES)):
            text = ""
            try:
                with _decoding_errors_translated():
                    image.seek(index)
                    text = recognise(_prepared(image), languages)
            except UnreadableFile as error:
                failed.append(Skipped(f"{doc_id} p.{index + 1}", error.code, error.reason))
            part_done()
            yield Page(text, recognised=bool(text))


def _opened(path: Path) -> Image:
    from PIL import Image

    with _decoding_errors_translated():
        return Image.open(path, formats=_DECODERS)


@contextlib.contextmanager
def _decoding_errors_translated() -> Iterator[None]:
    from PIL import Image

    try:
        yield
    except Image.DecompressionBombError as error:
        raise UnreadableFile("too_large", "a picture of too many pixels") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        # The system's errors have a number, Pillow's have none.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnreadableFile("broken", "a broken picture") from error


def _prepared(image: Image) -> Picture:
    """The picture upright, in shades of grey on white, and scaled to a size Tesseract reads well.

    Raises:
        UnreadableFile: it is too large to decode.
    """
    from PIL import ImageOps

    width, height = image.size
    if width * height > _MOST_DECODED:
        raise UnreadableFile("too_large", f"a picture of {width:,} x {height:,} pixels")
    grey = _grey(ImageOps.exif_transpose(image))
    width, height = grey.size
    if width * height > MOST_PIXELS:
        scale = (MOST_PIXELS / (width * height)) ** 0.5
        grey = grey.resize((max(int(width * scale), 1), max(int(height * scale), 1)))
    elif width * height < _SMALL:
        grey = grey.resize((2 * width, 2 * height))
    return Picture(*grey.size, grey.tobytes())


def _grey(image: Image) -> Image:
    from PIL import Image as images

    if image.mode.startswith(("I", "F")):
        # With 16 bits, the conversion would make everything above 255 white.
        image = image.convert("F")
        least, most = cast(tuple[float, float], image.getextrema())
        scale = 255 / max(most - least, 1.0)
        return image.point(lambda value: value * scale - least * scale).convert("L")
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        image = images.alpha_composite(images.new("RGBA", image.size, _WHITE), image)
    return image.convert("L")
