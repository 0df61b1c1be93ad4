"""The table of formats: their names, suffixes and file names, and the modules that read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Protocol, cast

from bienc_cli.errors import UsageError
from bienc_cli.extras import install_command
from bienc_cli.formats.binary import BINARY_SUFFIXES
from bienc_cli.formats.ocr import missing
from bienc_cli.types import Document, Skipped

_MEBIBYTE = 1 << 20
_NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """Options that select among readers of one format.

    Attributes:
        pdf_engine: a key of `PDF_ENGINES`.
        ocr: recognise text in pictures and on scanned pages if Tesseract is installed.
        ocr_languages: Tesseract's names of the languages to recognise; all installed ones if empty.
    """

    pdf_engine: str = "pypdf"
    ocr: bool = False
    ocr_languages: tuple[str, ...] = ()

    @property
    def recognises(self) -> bool:
        """Whether text is recognised on this machine."""
        return self.ocr and missing() is None


DEFAULT_READING = ReadingOptions()


class ReadFunction(Protocol):
    """The signature of a format's `read`."""

    def __call__(self, path: Path, doc_id: str) -> Iterator[Document | Skipped]:
        """Read one file.

        Args:
            path: the file.
            doc_id: its path under the indexed root (POSIX).

        Yields:
            Its documents (one, except for collections) and, for a collection, the records that
            could not be read.

        Raises:
            UnreadableFile: the file as a whole cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Format:
    """One line of the table.

    Attributes:
        name: as in `Document.format` and `--type`.
        version: raised whenever the same file yields another document or other passages.
        module: imported when the first file of the format is read.
        suffixes: lower case, with the dot.
        file_names: well-known file names, lower case; they win over suffixes.
        isolated_from: size in bytes from which a file is read in a worker process; 0 if parsing
            can hang or exhaust memory at any size. Smaller files are read faster than a worker
            can be asked.
        streamed: a collection, read record by record in constant memory, in a worker too.
        variant: the engine or OCR languages, if not the default.
        function: name of the module's reading function.
        languages: passed to the function if not empty: the languages to recognise.
    """

    name: str
    version: int
    module: str
    suffixes: tuple[str, ...]
    file_names: tuple[str, ...] = ()
    isolated_from: int = _MEBIBYTE
    streamed: bool = False
    variant: str = ""
    function: str = "read"
    languages: tuple[str, ...] = ()

    @property
    def stamp(self) -> str:
        """Identifies the reader of a stored document; another stamp makes it stale."""
        return f"{self.name}{'+' if self.variant else ''}{self.variant}/{self.version}"

    def read(self, path: Path, doc_id: str) -> Iterator[Document | Skipped]:
        """Call the format's reading function, without translating its errors."""
        function = getattr(import_module(self.module), self.function)
        if self.languages:
            function = partial(function, languages=self.languages)
        return cast(ReadFunction, function)(path, doc_id)


_PACKAGE = "bienc_cli.formats"

_FORMATS = (
    Format(
        name="text",
        version=12,
        module=f"{_PACKAGE}.text",
        suffixes=tuple(
            (
                ".txt .text .log .bib .po .pot .xml .plist .fb2 .opml .xsd .xsl .xslt "
                ".rss .atom .yaml .yml .toml .ini .cfg .conf .properties .diff .patch"
            ).split()
        ),
        file_names=tuple(
            (
                "readme license licence copying notice authors contributors changelog changes news "
                "install todo thanks"
            ).split()
        ),
        isolated_from=64 * _MEBIBYTE,
    ),
    Format(
        name="markdown",
        version=11,
        module=f"{_PACKAGE}.markdown",
        suffixes=(".md", ".markdown", ".mdown", ".mkd", ".mdx", ".qmd", ".rmd"),
        isolated_from=_MEBIBYTE // 4,
    ),
    Format(
        name="asciidoc",
        version=8,
        module=f"{_PACKAGE}.asciidoc",
        suffixes=(".adoc", ".asciidoc"),
    ),
    Format(name="org", version=8, module=f"{_PACKAGE}.org", suffixes=(".org",)),
    Format(
        name="latex", version=10, module=f"{_PACKAGE}.latex", suffixes=(".tex", ".ltx", ".latex")
    ),
    Format(
        name="man",
        version=7,
        module=f"{_PACKAGE}.man",
        # Others are recognised by their start: an old log may end in `.1` too.
        suffixes=(".man", ".mdoc", ".roff"),
    ),
    Format(name="rst", version=10, module=f"{_PACKAGE}.rst", suffixes=(".rst", ".rest")),
    Format(
        name="html",
        version=12,
        module=f"{_PACKAGE}.html",
        suffixes=(".html", ".htm", ".xhtml"),
        # The parser takes time quadratic in the depth of nesting.
        isolated_from=_MEBIBYTE // 16,
    ),
    Format(
        name="svg",
        version=3,
        module=f"{_PACKAGE}.svg",
        suffixes=(".svg",),
        isolated_from=_MEBIBYTE // 16,
    ),
    Format(name="pdf", version=8, module=f"{_PACKAGE}.pdf", suffixes=(".pdf",), isolated_from=0),
    Format(
        name="docx",
        version=10,
        module=f"{_PACKAGE}.docx",
        suffixes=(".docx", ".docm", ".dotx", ".dotm"),
        isolated_from=0,
    ),
    Format(
        name="pptx",
        version=3,
        module=f"{_PACKAGE}.pptx",
        suffixes=(".pptx", ".pptm", ".potx", ".potm", ".ppsx", ".ppsm"),
        isolated_from=0,
    ),
    Format(
        name="xlsx",
        version=8,
        module=f"{_PACKAGE}.xlsx",
        suffixes=(".xlsx", ".xlsm", ".xltx", ".xltm"),
        isolated_from=0,
    ),
    Format(
        name="odt",
        version=9,
        module=f"{_PACKAGE}.odf",
        suffixes=(".odt", ".ott", ".fodt"),
        isolated_from=0,
    ),
    Format(
        name="ods",
        version=7,
        module=f"{_PACKAGE}.odf",
        suffixes=(".ods", ".ots", ".fods"),
        isolated_from=0,
    ),
    Format(
        name="odp",
        version=6,
        module=f"{_PACKAGE}.odf",
        suffixes=(".odp", ".otp", ".fodp", ".odg"),
        isolated_from=0,
    ),
    Format(
        name="rtf",
        version=4,
        module=f"{_PACKAGE}.rtf",
        suffixes=(".rtf",),
        isolated_from=0,
    ),
    Format(
        name="epub",
        version=10,
        module=f"{_PACKAGE}.epub",
        suffixes=(".epub",),
        isolated_from=0,
    ),
    Format(
        name="notebook",
        version=5,
        module=f"{_PACKAGE}.notebook",
        suffixes=(".ipynb",),
        isolated_from=_MEBIBYTE // 4,
    ),
    Format(
        name="mail",
        version=9,
        module=f"{_PACKAGE}.mail",
        suffixes=(".eml", ".emlx"),
        # Attachments may have any format.
        isolated_from=0,
    ),
    Format(
        name="calendar",
        version=8,
        module=f"{_PACKAGE}.calendar",
        suffixes=(".ics", ".ical", ".ifb", ".vcf", ".vcard"),
    ),
    Format(
        name="subtitles",
        version=1,
        module=f"{_PACKAGE}.subtitles",
        suffixes=(".srt", ".vtt"),
    ),
    Format(
        name="mbox",
        version=9,
        module=f"{_PACKAGE}.mbox",
        suffixes=(".mbox", ".mbx"),
        file_names=("mbox",),
        isolated_from=0,
        streamed=True,
    ),
    Format(
        name="code",
        version=9,
        module=f"{_PACKAGE}.code",
        suffixes=tuple(
            (
                ".py .pyi .pyx .js .mjs .cjs .jsx .ts .mts .cts .tsx .vue .svelte .java .kt .kts "
                ".scala .groovy .gradle .c .h .cc .cpp .cxx .hh .hpp .hxx .cu .cuh .m .mm .cs .fs "
                ".fsx .vb .go .rs .zig .nim .d .swift .dart .rb .php .pl .pm .lua .tcl .r .jl .m4 "
                ".sh .bash .zsh .fish .ps1 .bat .cmd .sql .graphql .proto .thrift .hs .lhs .ml "
                ".mli .elm .erl .hrl .ex .exs .clj .cljs .cljc .edn .lisp .el .scm .rkt .f .f90 "
                ".f95 .for .adb .ads .pas .asm .s .v .sv .vhd .vhdl .tf .hcl .nix .cmake .mk .bzl "
                ".css .scss .sass .less .vim .awk .sol .wat .glsl .hlsl .metal .cl"
            ).split()
        ),
        file_names=tuple(
            (
                "makefile gnumakefile dockerfile containerfile vagrantfile jenkinsfile rakefile "
                "gemfile justfile procfile cmakelists.txt meson.build build.bazel workspace "
                "sconstruct"
            ).split()
        ),
        # Grammars are third-party parsers in C.
        isolated_from=0,
    ),
    Format(name="csv", version=9, module=f"{_PACKAGE}.csv", suffixes=(".csv", ".tsv", ".tab")),
    Format(
        name="json",
        version=11,
        module=f"{_PACKAGE}.json",
        suffixes=(".json", ".jsonc", ".json5", ".geojson", ".jsonld", ".webmanifest", ".har"),
    ),
    Format(
        name="jsonl",
        version=7,
        module=f"{_PACKAGE}.jsonl",
        suffixes=(".jsonl", ".ndjson"),
        isolated_from=_NEVER,
        streamed=True,
    ),
    Format(
        name="image",
        version=1,
        module=f"{_PACKAGE}.image",
        suffixes=tuple(".png .jpg .jpeg .jpe .tif .tiff .bmp .webp".split()),
        isolated_from=0,
    ),
)

FORMATS: Mapping[str, Format] = MappingProxyType({known.name: known for known in _FORMATS})
"""All formats by name, in the order in which they are listed."""

_PDFIUM = replace(FORMATS["pdf"], version=7, module=f"{_PACKAGE}.pdfium", variant="pdfium")

PDF_ENGINES: Mapping[str, Format] = MappingProxyType({"pypdf": FORMATS["pdf"], "pdfium": _PDFIUM})
"""The formats of PDF by engine; `pypdf` is the default."""

IMAGE = FORMATS["image"]
"""Pictures, which are only read with OCR."""

_BY_NAME = {name: known for known in _FORMATS for name in known.file_names}
_BY_SUFFIX = {suffix: known for known in _FORMATS for suffix in known.suffixes}


def format_named(name: str) -> str | None:
    """The name of the format with this name or suffix (`md`, `.htm`); None if there is none."""
    wanted = name.strip().lower().lstrip(".")
    if wanted in FORMATS:
        return wanted
    by_suffix = _BY_SUFFIX.get(f".{wanted}")
    return by_suffix.name if by_suffix else None


def is_unreadable(suffix: str, options: ReadingOptions = DEFAULT_READING) -> bool:
    """Whether files with this suffix (lower case, with the dot) have no reader at all."""
    return suffix in BINARY_SUFFIXES or (suffix in IMAGE.suffixes and not options.recognises)


def formats_under(options: ReadingOptions) -> Iterator[Format]:
    """All formats, as read with these options."""
    return (_with_options(known, options) for known in _FORMATS)


def format_by_file_name(path: PurePath, options: ReadingOptions = DEFAULT_READING) -> Format | None:
    """The format that the file's name alone suggests; None if the name says nothing.

    Raises:
        UsageError: the PDF engine is unknown or not installed.
    """
    name = path.name.lower()
    suffix = path.suffix.lower()
    # Dockerfile.dev and Makefile.am are named by their stem, readme.md by its suffix.
    named = _BY_NAME.get(name) or _BY_SUFFIX.get(suffix) or _BY_NAME.get(name.split(".", 1)[0])
    return None if named is None else _with_options(named, options)


def _with_options(named: Format, options: ReadingOptions) -> Format:
    if named is IMAGE and options.ocr_languages:
        variant = "-".join(options.ocr_languages)
        return replace(IMAGE, variant=variant, languages=options.ocr_languages)
    return pdf_format(options) if named is FORMATS["pdf"] else named


def pdf_format(options: ReadingOptions) -> Format:
    """PDF as read with these options.

    Raises:
        UsageError: there is no such engine, or its package is not installed.
    """
    return _pdf_format(options.pdf_engine, options.ocr_languages, recognises=options.recognises)


@cache
def _pdf_format(engine: str, languages: tuple[str, ...], *, recognises: bool) -> Format:
    """See `pdf_format`."""
    if engine not in PDF_ENGINES:
        raise UsageError(
            f"There is no PDF engine '{engine}'.", f"give one of: {', '.join(PDF_ENGINES)}"
        )
    if engine == "pdfium" and find_spec("pypdfium2") is None:
        raise UsageError("The PDF engine 'pdfium' is not installed.", install_command("pdfium"))
    chosen = PDF_ENGINES[engine]
    if not recognises:
        return chosen
    parts = (chosen.variant, "-".join(("ocr", *languages)))
    variant = "+".join(filter(None, parts))
    return replace(chosen, variant=variant, function="read_scans_too", languages=languages)
