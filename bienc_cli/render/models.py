"""The answer of `models`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.models import ModelStatus
from bienc_cli.render.tables import plain_table
from bienc_cli.render.text import cell
from bienc_cli.render.view import View

SCHEMA = "bienc.models/1"


@dataclass(frozen=True, slots=True)
class ModelsView(View):
    """The models that have a short name."""

    models: Sequence[ModelStatus]

    def as_table(self) -> RenderableType:
        """One model a row; the defaults are marked."""
        table = plain_table()
        table.add_column("model", overflow="fold")
        for name in ("role", "offline", "licence"):
            table.add_column(name, no_wrap=True)
        for status in self.models:
            model = status.model
            named = Text(f"{model.alias}{' *' if status.default else ''}", "bold")
            named.append(f"\n{model.hub_id}\nin {model.carrier.requirement}", "not bold dim")
            table.add_row(
                named,
                model.role.value,
                Text("yes", "green") if status.available_offline else Text("no", "yellow"),
                model.license,
            )
        return Group(
            table,
            Text(
                "* default. Any hub id or local directory of a sentence-transformers model "
                "works too.",
                style="dim",
            ),
        )

    def as_lines(self) -> Iterator[str]:
        """Tab-separated: alias, role, offline or not, licence, hub id, carrier."""
        for status in self.models:
            model = status.model
            yield "\t".join(
                cell(field)
                for field in (
                    model.alias,
                    model.role.value,
                    "offline" if status.available_offline else "absent",
                    model.license,
                    model.hub_id,
                    model.carrier.requirement,
                )
            )

    def as_json(self) -> dict[str, Any]:
        """Everything, `schema` first."""
        return {
            "schema": SCHEMA,
            "models": [
                {
                    "alias": status.model.alias,
                    "role": status.model.role.value,
                    "hub_id": status.model.hub_id,
                    "license": status.model.license,
                    "parameters": status.model.parameters,
                    "dim": status.model.dim,
                    "max_tokens": status.model.architecture.max_tokens,
                    "carrier": status.model.carrier.requirement,
                    "default": status.default,
                    "available_offline": status.available_offline,
                    "carrier_installed": status.carrier_installed,
                    "converted": status.converted,
                    "in_hub_cache": status.in_hub_cache,
                }
                for status in self.models
            ],
        }
