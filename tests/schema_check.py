"""Holds what commands print as JSON to the schemas that ship with the package.

    from schema_check import checked

The fixture `run` does so with everything it sees.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from jsonschema import Draft202012Validator

from bienc_cli import schemas

seen: set[str] = set()
"""Schemas that something was checked against in this process."""


def checked(printed: str) -> list[dict[str, Any]]:
    """The JSON documents of an output, each valid by the schema that it names."""
    found = list(_documents(printed))
    for document in found:
        validator(document["schema"]).validate(document)
        seen.add(document["schema"])
    return found


def asks_for_json(argv: Sequence[str]) -> bool:
    """Whether a command line asks for JSON, however it is spelt."""
    written_together = {"--format=json", "--format=jsonl", "-fjson", "-fjsonl"}
    return bool(written_together & set(argv)) or any(
        flag in ("--format", "-f") and value in ("json", "jsonl") for flag, value in pairwise(argv)
    )


@functools.cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(
        schemas.load(name), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def _documents(printed: str) -> Iterator[dict[str, Any]]:
    decoder, rest = json.JSONDecoder(), printed.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        yield document
        rest = rest[end:].lstrip()
