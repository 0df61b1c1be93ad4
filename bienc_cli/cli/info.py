"""`bienc info`."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bienc_cli.cli import options as opt
from bienc_cli.cli.output import Output
from bienc_cli.render.view import OutputFormat
from bienc_cli.settings import Origin, Setting

if TYPE_CHECKING:
    from bienc_cli.store import IndexInfo


def info(
    skipped: Annotated[
        bool,
        typer.Option(
            "--skipped",
            help="Also list every skipped file with its reason.",
            rich_help_panel=opt.OUTPUT_PANEL,
        ),
    ] = False,
    settings: Annotated[
        bool,
        typer.Option(
            "--settings",
            help="Show the settings in effect without options, and where each was set.",
            rich_help_panel=opt.OUTPUT_PANEL,
        ),
    ] = False,
    format_: opt.FormatOption = OutputFormat.table,
    index: opt.IndexOption = None,
) -> int:
    """Show what an index holds.

    Documents, passages, formats, model, chunking, sizes and age.
    """
    from bienc_cli.cli.opening import opened

    output = Output(format_)
    if settings:
        opt.refuse_without_effect(
            {"--skipped": skipped}, "settings are shown", "leave out one or the other"
        )
        return _show_settings(output, index)
    with opened(index, output) as opened_index:
        status = opened_index.status(skipped=skipped)
    output.warn_all(status.warnings)
    output.show(status.view())
    return 0


def _show_settings(output: Output, index: str | None) -> int:
    from bienc_cli.cli.opening import opened
    from bienc_cli.errors import IndexNotFound
    from bienc_cli.render.settings import SettingsView

    try:
        with opened(index, output) as opened_index:
            settings = _effective_settings(opened_index.info, index)
    except IndexNotFound:
        if index is not None:
            raise
        settings = _effective_settings(None)
    output.show(SettingsView(settings))
    return 0


def _effective_settings(
    info: IndexInfo | None, index_name: str | None = None
) -> dict[str, Setting[Any]]:
    """Every setting by name; `query.k` for a command's setting.

    Args:
        info: of the index, whose model takes precedence; None if there is none.
        index_name: the index as typed, or from the environment.
    """
    from bienc_cli.environment import defaults, variables
    from bienc_cli.models import DEFAULT_BI_ENCODER, DEFAULT_CROSS_ENCODER

    settings: dict[str, Setting[Any]] = {
        "index": _index(info, index_name),
        "cache": _directory("BIENC_CACHE", variables.cache_directory()),
        "data": _directory("BIENC_DATA", variables.key_directory()),
        "model": variables.default_model("model", "BIENC_MODEL", DEFAULT_BI_ENCODER),
        "cross-encoder": variables.default_model(
            "cross-encoder", "BIENC_CROSS_ENCODER", DEFAULT_CROSS_ENCODER
        ),
    }
    if info is not None:
        settings["model"] = Setting(info.encoder.name, Origin.INDEX)
    for table, names in defaults.KEYS.items():
        for name in names:
            setting_name = f"{table}.{name}" if table else name
            if setting_name not in settings:
                built_in = Setting(_built_in(table, name), Origin.DEFAULT)
                settings[setting_name] = defaults.in_use().of(name, table) or built_in
    if variables.is_offline():
        settings["offline"] = Setting(True, Origin.ENVIRONMENT, "HF_HUB_OFFLINE")
    return settings


def _index(info: IndexInfo | None, index_name: str | None) -> Setting[Any]:
    if index_name is None and info is not None:
        return Setting(str(info.directory), Origin.FOUND)
    if index_name is None:
        return Setting(None, Origin.DEFAULT)
    if index_name == os.environ.get("BIENC_INDEX"):
        return Setting(index_name, Origin.ENVIRONMENT, "BIENC_INDEX")
    return Setting(index_name, Origin.FLAG)


def _directory(variable: str, path: Path) -> Setting[Any]:
    if os.environ.get(variable):
        return Setting(str(path), Origin.ENVIRONMENT, variable)
    return Setting(str(path), Origin.DEFAULT)


def _built_in(table: str, name: str) -> object:
    from bienc_cli.cli.compare import compare
    from bienc_cli.cli.judge import judge
    from bienc_cli.cli.query import query
    from bienc_cli.environment import defaults
    from bienc_cli.search import DEFAULT_K
    from bienc_cli.strategy import DEFAULT_STRATEGY

    if name == "strategy":
        return DEFAULT_STRATEGY.value
    if (table, name) == ("query", "k"):
        return DEFAULT_K
    commands: dict[str, Callable[..., int]] = {"compare": compare, "judge": judge}
    parameters = inspect.signature(commands.get(table, query)).parameters
    value = parameters[defaults.parameter_of(name)].default
    return getattr(value, "value", value)
