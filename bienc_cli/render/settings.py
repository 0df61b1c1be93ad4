"""The answer of `info --settings`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from bienc_cli.render.columns import Grid
from bienc_cli.render.json_fields import writable
from bienc_cli.render.printable import cell, one_line
from bienc_cli.render.view import View
from bienc_cli.settings import Origin, Setting

SCHEMA = "bienc.settings/1"

_ORIGIN_NAMES = {
    Origin.DEFAULT: "built in",
    Origin.ENVIRONMENT: "environment",
    Origin.FOLDER: "the folder's file",
    Origin.USER: "your own file",
    Origin.INDEX: "the index",
    Origin.FLAG: "typed",
    Origin.FOUND: "found here or above",
}


@dataclass(frozen=True, slots=True)
class SettingsView(View):
    """The effective defaults, and where each comes from."""

    settings: Mapping[str, Setting[Any]]

    def as_table(self) -> RenderableType:
        """One setting per row."""
        table = Grid()
        for name in ("setting", "value", "from"):
            table.column(name, wraps=name != "setting")
        for name, setting in self.settings.items():
            style = "dim" if setting.source is Origin.DEFAULT else ""
            table.row(Text(name, "bold"), Text(_value(setting)), Text(_origin(setting), style))
        return table

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: name, value, source, where."""
        for name, setting in self.settings.items():
            value = "" if setting.value is None else _value_text(setting.value)
            where = "" if setting.where is None else str(setting.where)
            yield "\t".join([name, cell(value), setting.source.value, cell(where)])

    def as_json(self) -> dict[str, Any]:
        """Everything, `schema` first."""
        return {
            "schema": SCHEMA,
            "settings": [
                {
                    "name": name,
                    "value": writable(setting.value)
                    if isinstance(setting.value, str)
                    else setting.value,
                    "source": setting.source.value,
                    "where": None if setting.where is None else writable(str(setting.where)),
                }
                for name, setting in self.settings.items()
            ],
        }


def _value(setting: Setting[Any]) -> str:
    return "–" if setting.value is None else one_line(_value_text(setting.value))


def _value_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _origin(setting: Setting[Any]) -> str:
    where = "" if setting.where is None else f", {one_line(str(setting.where))}"
    return f"{_ORIGIN_NAMES[setting.source]}{where}"
