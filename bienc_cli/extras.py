"""Builds the command that installs an optional part of this program.

It installs from where the program itself came from: the name alone would be looked up in the
package index, where it may belong to nobody or to somebody else.
"""

from __future__ import annotations

import json
from pathlib import Path

_DISTRIBUTION = "bienc-cli"
_PACKAGE = Path(__file__).parent


def install_command(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install '{_source(extra)}'"


def _source(extra: str) -> str:
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file():
        return f"{checkout}[{extra}]"
    # Every query imports this module, and hardly any needs these.
    from importlib import metadata
    from urllib.parse import unquote, urlsplit

    requirement = f"{_DISTRIBUTION}[{extra}]"
    try:
        # PEP 610: written by installers if a package was installed from a location.
        direct_url = metadata.distribution(_DISTRIBUTION).read_text("direct_url.json")
        origin = json.loads(direct_url or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return requirement
    url = str(origin.get("url", ""))
    if "vcs_info" in origin:
        return f"{requirement} @ {origin['vcs_info']['vcs']}+{url}"
    folder = Path(unquote(urlsplit(url).path))
    if url.startswith("file:") and (folder / "pyproject.toml").is_file():
        return f"{folder}[{extra}]"
    return requirement
