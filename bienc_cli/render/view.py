"""The ways in which a result can be shown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bienc_cli.render.printable import visible

if TYPE_CHECKING:
    from rich.console import RenderableType


class OutputFormat(StrEnum):
    """How a result is printed."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    plain = "plain"


class QueryFormat(StrEnum):
    """How an answer is printed: like any result, or for other programs and notes."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    plain = "plain"
    files = "files"
    grep = "grep"
    csv = "csv"
    markdown = "markdown"


class CompareFormat(StrEnum):
    """How a comparison is printed: like any result, or for a CI job."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    plain = "plain"
    markdown = "markdown"
    junit = "junit"


class View(ABC):
    """A result that can render itself as a table, lines and JSON.

    A command passes it to `Output.show`, which prints the requested form; the others are never
    rendered.
    """

    __slots__ = ()

    @abstractmethod
    def as_table(self) -> RenderableType:
        """For people."""

    @abstractmethod
    def as_lines(self) -> Iterator[str]:
        """Tab-separated fields, one record a line."""

    @abstractmethod
    def as_json(self) -> dict[str, Any]:
        """One document with everything, `schema` first."""

    def other_forms(self) -> Mapping[str, Iterator[str]]:
        """Lines by name of a format that only some results have; rendered lazily."""
        return {}

    def as_documents(self) -> Iterator[dict[str, Any]]:
        """The documents for JSON lines: a single one, unless the result is a list of answers."""
        yield self.as_json()


def error_as_json(code: str, message: str, hint: str | None) -> dict[str, Any]:
    """The error document that every command prints on failure."""
    return {
        "schema": "bienc.error/1",
        "error": {"code": code, "message": visible(message), "hint": hint and visible(hint)},
    }


def as_items(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Documents as items of a list: without their schema, except for errors."""
    return [
        document
        if "error" in document
        else {key: document[key] for key in document if key != "schema"}
        for document in documents
    ]
