"""`python -m bienc_cli`, and the console command `bienc`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line of this process and exit with its code."""
    try:
        from bienc_cli.cli.interrupts import end_now, end_soon_when_interrupted

        end_soon_when_interrupted()
        from bienc_cli.cli import main
    except KeyboardInterrupt:
        sys.exit(130)
    end_now(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
