"""`python -m bienc_cli`, and the console command `bienc`."""

from __future__ import annotations

import gc
import os
import sys


def run() -> None:
    """Run the command line of this process and exit with its code."""
    # Imports create many objects and no garbage.
    gc.set_threshold(50_000)
    # Typer imports pydantic, which would search all installed packages for plugins.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from bienc_cli.cli import process

    process.insist_on_utf_8()
    try:
        from bienc_cli.cli import main
        from bienc_cli.cli.process import end_now, end_soon_when_interrupted

        code = main(sys.argv[1:], begin=end_soon_when_interrupted)
    except KeyboardInterrupt:
        # Interrupted during an import; `main` itself handles interrupts.
        sys.stderr.write("\nbienc: interrupted\n")
        sys.exit(130)
    end_now(code)


if __name__ == "__main__":
    run()
