"""How long the tests of endurance go on.

    BIENC_ENDURANCE=full python -m pytest tests/store tests/formats tests/indexing

runs them at full size, which takes the better part of an hour; without it they are short.
"""

import os

FULL = os.environ.get("BIENC_ENDURANCE") == "full"


def times(short: int, full: int) -> int:
    """How often: `full` when asked for, else `short`."""
    return full if FULL else short
