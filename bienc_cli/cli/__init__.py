"""The command line: parse, call one function, render, exit.

`main` is the one place where errors become sentences and exit codes.
"""

from bienc_cli.cli.entry import main

__all__ = ["main"]
