"""The command line: parse, call one function, render, exit.

`main` is the only place where errors become messages and exit codes.
"""

from bienc_cli.cli.entry import main

__all__ = ["main"]
