"""The answer of `models`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from bienc_cli.models import ModelStatus
from bienc_cli.render.columns import Grid, Words
from bienc_cli.render.printable import cell
from bienc_cli.render.view import View

SCHEMA = "bienc.models/1"


@dataclass(frozen=True, slots=True)
class ModelsView(View):
    """The models with a short name."""

    models: Sequence[ModelStatus]

    def as_table(self) -> RenderableType:
        """One model per row, with the defaults marked."""
        table = Grid()
        table.column("model", wraps=True)
        for name in ("role", "offline", "licence"):
            table.column(name)
        for status in self.models:
            model = status.model
            model_cell = Group(
                Words(f"{model.alias}{' *' if status.default else ''}", "bold"),
                Words(model.hub_id, "dim"),
                Words(f"in {model.carrier.requirement}", "dim"),
            )
            table.row(
                model_cell,
                model.role.value,
                _offline(status),
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


def _offline(status: ModelStatus) -> Text:
    if status.converted:
        return Text("prepared", "green")
    return Text("yes", "green") if status.available_offline else Text("no", "yellow")
