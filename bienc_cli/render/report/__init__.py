"""Renders results as one self-contained HTML page: no server, no network."""

from bienc_cli.render.report.matrix import matrix_as_html
from bienc_cli.render.report.page import as_html

__all__ = ["as_html", "matrix_as_html"]
