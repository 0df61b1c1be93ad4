"""Citations that a terminal opens (OSC 8), where it can."""

from __future__ import annotations

import socket
from urllib.parse import quote

from bienc_cli.render.listing import line_of
from bienc_cli.search.result import Hit


def link_to(hit: Hit, form: str | None) -> str:
    """A style of rich that links to a hit's file, or to its line; empty for no link.

    Args:
        hit: whose file may be elsewhere, and then has no link.
        form: with `{host}`, `{path}` and `{line}` to be filled in; None for no links.
    """
    stamp = hit.passage.file
    if form is None or stamp is None:
        return ""
    path = quote(str(stamp.path).encode("utf-8", "surrogateescape"))
    return " link " + form.format(host=socket.gethostname(), path=path, line=line_of(hit) or 1)
