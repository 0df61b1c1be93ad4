"""Determines which roots a run covers, and the files under each.

A root is what a user named: a folder, a file, or a list of files. It is recorded with its settings,
so that `bienc index` alone repeats them. A path inside a covered folder belongs to that folder's
root if the root's rules would find it. If several roots find a file, through whatever links, it
belongs to the innermost one, so no file is indexed twice and none loses the settings it was
requested with.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bienc_cli.errors import PathNotFound
from bienc_cli.formats.ocr import check_languages
from bienc_cli.formats.table import ReadingOptions
from bienc_cli.indexing.absence import Whereabouts, is_below, mounts_among, whereabouts_of
from bienc_cli.indexing.discovery import FoundFile, items_under
from bienc_cli.indexing.report import IndexOptions
from bienc_cli.languages import language_called
from bienc_cli.store import Mount, Root
from bienc_cli.types import Skipped


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of examining one root.

    Attributes:
        root: with the device and mounts that the index recorded.
        files: the files to index.
        skipped: what should be indexed but cannot be read.
        named: the user named it, or a folder around it, in this run.
        part: the part of the root that was named, by path under it; "" for all of it.
        now: its current state, compared with what the index recorded.
        mounts: the mounts below it.
    """

    root: Root
    files: tuple[FoundFile, ...]
    skipped: tuple[Skipped, ...]
    now: Whereabouts
    named: bool = False
    part: str = ""
    mounts: tuple[Mount, ...] = ()

    def unreadable(self, codes: Collection[str]) -> frozenset[str]:
        """Paths under the root that could not be examined, for any of these reasons."""
        return frozenset(skipped.path for skipped in self.skipped if skipped.code in codes)


@dataclass(frozen=True, slots=True)
class Look:
    """The roots that a run covers.

    Attributes:
        findings: one for each root; no file is in two of them.
        absorbed: roots entirely covered by another root, to be removed.
        absent: covered roots that do not exist.
    """

    findings: tuple[Finding, ...]
    absorbed: tuple[Root, ...]
    absent: tuple[Root, ...]


def look(
    paths: Sequence[Path],
    listed: Sequence[Path] | None,
    base: Path,
    covered: Sequence[Root],
    options: IndexOptions,
) -> Look:
    """Examine everything a run covers.

    Args:
        paths: the named paths, absolute; empty for everything the index covers.
        listed: files from a list, absolute, instead of `paths`; None without a list.
        base: listed files below it get ids relative to it.
        covered: the roots that the index covers already.
        options: the given options.

    Raises:
        PathNotFound: a named path has vanished, or no listed file exists.
    """
    if listed is not None:
        named = list(_findings_of_list(listed, base, covered, options))
    else:
        named = _findings_of_paths(paths, covered, options)
    everything = not paths and listed is None
    chosen = {finding.root.path for finding in named}
    others: list[Finding] = []
    absent: list[Root] = []
    # Outer folders first: an examined folder leaves files to the roots inside it.
    for root in sorted(covered, key=lambda covered_root: len(os.path.realpath(covered_root.path))):
        within = any(_holds(finding, root) for finding in named)
        concerned = (
            everything
            or within
            or any(_reaches_into(finding, root) for finding in named)
            or any(_holds(other, root) for other in others)
        )
        if root.path in chosen or not concerned:
            continue
        if root.path.exists():
            others.append(
                _look_at(_with_options(root, options) if everything else root, named=within)
            )
        else:
            absent.append(root)
    findings, absorbed = _disjoint([*named, *others])
    covered_paths = {root.path for root in covered}
    return Look(
        tuple(findings),
        tuple(finding.root for finding in absorbed if finding.root.path in covered_paths),
        tuple(absent),
    )


def _holds(finding: Finding, root: Root) -> bool:
    """Whether a root is inside a folder that was examined whole."""
    real = os.path.realpath(root.path)
    return finding.root.files is None and _is_inside(real, os.path.realpath(finding.root.path))


def _reaches_into(finding: Finding, root: Root) -> bool:
    """Whether a root may contain files of an examined one, and has to leave them to it."""
    real = os.path.realpath(root.path)
    if finding.root.files is None:
        return _is_inside(os.path.realpath(finding.root.path), real)
    return any(_is_inside(name, real) for name in _real_names(finding))


def _findings_of_paths(
    paths: Sequence[Path], covered: Sequence[Root], options: IndexOptions
) -> list[Finding]:
    chosen: dict[Path, Finding] = {}
    # Outer folders first, so that a path named twice is found in the first.
    for path in sorted(paths, key=lambda named: len(Path(os.path.realpath(named)).parts)):
        finding = _finding_of_path(path, chosen, covered, options)
        chosen[finding.root.path] = finding
    return list(chosen.values())


def _finding_of_path(
    path: Path, chosen: dict[Path, Finding], covered: Sequence[Root], options: IndexOptions
) -> Finding:
    """Examine the root that a path belongs to; a new root if it belongs to none."""
    real = os.path.realpath(path)
    roots = [finding.root for finding in chosen.values()]
    roots += [root for root in covered if root.path not in chosen]
    # A root that is named itself takes precedence over those around it.
    for root in sorted(roots, key=lambda candidate: os.path.realpath(candidate.path) != real):
        if root.files is None and _is_inside(real, os.path.realpath(root.path)):
            finding = _finding_within(path, real, root, chosen.get(root.path), options)
            if finding is not None:
                return finding
    # A new root that replaces others inside it does not bring back what they had removed.
    removed = tuple(
        (Path(os.path.realpath(root.path)).relative_to(real) / name).as_posix()
        for root in covered
        if _is_inside(os.path.realpath(root.path), real)
        for name in root.removed
    )
    return _look_at(_with_options(Root(path, removed=removed), options), named=True)


def _finding_within(
    path: Path, real: str, root: Root, earlier: Finding | None, options: IndexOptions
) -> Finding | None:
    """Examine a root for a path in it; None if the path is not to belong to the root.

    Args:
        path: as it was named.
        real: the same, resolved; the root's path, or below it.
        root: the root.
        earlier: the root's finding, if another path has already been found in it.
        options: the given options.
    """
    top = os.path.realpath(root.path)
    settings = _with_options(root, options)
    if real == top:
        # Named differently, it is requested afresh, with everything in it.
        requested = settings if path == root.path else replace(settings, removed=())
        return earlier or _look_at(requested, named=True)
    same = replace(settings, excludes_file=root.excludes_file) == root
    if not same and earlier is None:
        # Other settings than the folder around it: a root of its own.
        return None
    below = Path(real).relative_to(top).as_posix()
    # Naming a removed path brings it back.
    removed = tuple(name for name in root.removed if not is_below(below, name))
    finding = earlier
    if finding is None or removed != root.removed:
        finding = _look_at(replace(settings, removed=removed), named=True)
    if not any(is_below(file.doc_id, below) for file in finding.files):
        return None
    # If the root is named twice, all of it is meant, or several parts of it.
    return finding if earlier is not None else replace(finding, part=below)


def _is_inside(real: str, top: str) -> bool:
    """Whether a resolved path equals another one or lies below it."""
    return real == top or real.startswith(top.rstrip("/") + "/")


def _with_options(root: Root, options: IndexOptions) -> Root:
    """A root with the given settings, and its recorded ones where none were given.

    Raises:
        UsageError: text recognition lacks the data for a language.
    """
    root = replace(
        root,
        include=root.include if options.include is None else tuple(options.include),
        exclude=root.exclude if options.exclude is None else tuple(options.exclude),
        max_bytes=root.max_bytes if options.max_bytes is None else options.max_bytes,
        hidden=root.hidden if options.hidden is None else options.hidden,
        pdf_engine=options.pdf_engine or root.pdf_engine,
        ocr=(root.ocr or bool(options.ocr_languages)) if options.ocr is None else options.ocr,
        ocr_languages=root.ocr_languages
        if options.ocr_languages is None
        else tuple(options.ocr_languages),
        language=root.language if options.language is None else _language(options.language),
        excludes_file=options.excludes_file or root.excludes_file,
    )
    check_languages(root.ocr_languages if root.ocr else ())
    return root


def _language(name: str) -> str | None:
    return None if name == "auto" else language_called(name)


def _findings_of_list(
    listed: Sequence[Path], base: Path, covered: Sequence[Root], options: IndexOptions
) -> Iterator[Finding]:
    """One root for the listed files below `base`, one for each other; replaces the last list."""
    existing = [path for path in listed if os.path.lexists(path)]
    if listed and not existing:
        raise PathNotFound(
            f"None of the {len(listed):,} listed files is there.",
            "check the list, and where it is relative to",
        )
    inside = {path.relative_to(base).as_posix() for path in existing if path.is_relative_to(base)}
    base_root = next((root for root in covered if root.path == base), None)
    if base_root is not None and base_root.files is None:
        yield _look_at(_with_options(base_root, options), named=True)
    elif inside or (base_root is not None and listed):
        root = _with_options(replace(base_root or Root(base), files=tuple(sorted(inside))), options)
        finding = _look_at(root, named=True)
        yield replace(finding, skipped=(*finding.skipped, *_missing(listed, base)))
    outside = [path for path in existing if not (path.is_relative_to(base) or path.is_dir())]
    yield from _findings_of_paths(outside, covered, options)


def _missing(listed: Sequence[Path], base: Path) -> Iterator[Skipped]:
    """The listed files that do not exist."""
    for path in listed:
        if not os.path.lexists(path):
            shown = path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)
            yield Skipped(shown, "missing", "listed, and not there")


def _look_at(root: Root, *, named: bool) -> Finding:
    files: list[FoundFile] = []
    skipped: list[Skipped] = []
    for item in items_under(root):
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            files.append(item)
    if not root.path.exists():
        raise PathNotFound(f"There is no '{root.path}' here any more.")
    return Finding(
        root,
        tuple(files),
        tuple(skipped),
        whereabouts_of(root),
        named,
        mounts=mounts_among(root.path, files),
    )


def reading_of(root: Root) -> ReadingOptions:
    """The reading options of a root's files."""
    return ReadingOptions(root.pdf_engine, root.ocr, root.ocr_languages)


# ---------------------------------------------------------------- overlaps


def _disjoint(findings: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Make findings disjoint; also returns those that are left with nothing to do.

    An outer root absorbs an inner one if it finds all of its files and reads them with the same
    engine and language; otherwise the inner one keeps what it finds, and the outer one leaves that
    to it.
    """
    reals = {id(finding): os.path.realpath(finding.root.path) for finding in findings}
    outermost_first = sorted(findings, key=lambda finding: len(reals[id(finding)]))
    kept: list[Finding] = []
    absorbed: list[Finding] = []
    for inner in outermost_first:
        top = reals[id(inner)]
        around = [
            finding for finding in kept if _is_inside(top, os.path.realpath(finding.root.path))
        ]
        if not around:
            kept.append(inner)
            continue
        inner_names = set(_real_names(inner))
        if any(_absorbs(outer, inner, inner_names) for outer in around):
            absorbed.append(inner)
            continue
        kept = [
            _without(finding, inner_names) if finding in around else finding for finding in kept
        ]
        kept.append(inner)
    order = {finding.root.path: position for position, finding in enumerate(findings)}
    return sorted(kept, key=lambda finding: order[finding.root.path]), absorbed


def _absorbs(outer: Finding, inner: Finding, inner_names: set[str]) -> bool:
    return (
        outer.root.files is None
        and reading_of(outer.root) == reading_of(inner.root)
        and outer.root.language == inner.root.language
        and not inner.now.lost_mounts
        and bool(inner_names)
        and inner_names <= set(_real_names(outer))
    )


def _real_names(finding: Finding) -> Iterator[str]:
    """The resolved path of each file; files only reachable through links already have it."""
    top, real = str(finding.root.path), os.path.realpath(finding.root.path)
    for file in finding.files:
        path = str(file.path)
        yield real + path[len(top) :] if path.startswith(top) else path


def _without(finding: Finding, claimed: set[str]) -> Finding:
    files = tuple(
        file
        for file, name in zip(finding.files, _real_names(finding), strict=True)
        if name not in claimed
    )
    return replace(finding, files=files)
