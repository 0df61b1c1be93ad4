"""Search document folders by meaning, locally.

    from bienc_cli import Index

    Index.open(".").search("sour espresso", k=5)

`Index` is the front door (`bienc_cli/library/`), imported when somebody asks for it. Commands are
thin: each calls a method of `Index` or `Models`, and prints what that answers.
"""

from __future__ import annotations

TYPE_CHECKING = False  # As in `bienc_cli.server.client`: every `bienc query` imports this.
if TYPE_CHECKING:
    from typing import Any

    from bienc_cli.library.front_door import Index
    from bienc_cli.library.reporting import Reporter
    from bienc_cli.library.shared_models import Models

__all__ = ["Index", "Models", "Reporter", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Every command imports this package, and none of them pays for what it does not use.
    if name == "Index":
        from bienc_cli.library.front_door import Index

        return Index
    if name == "Models":
        from bienc_cli.library.shared_models import Models

        return Models
    if name == "Reporter":
        from bienc_cli.library.reporting import Reporter

        return Reporter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
