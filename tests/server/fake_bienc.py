"""Run in a process of its own: `bienc` with fake models.

    python fake_bienc.py ARGUMENTS...

FAKE_SLOW is how many seconds the cross-encoder takes; FAKE_PROGRAM what it starts a server by;
FAKE_PATIENCE how many seconds an HTTP request may take to come. With FAKE_STUCK a server that is
ready says "stuck" and is from then on in native code, which looks at no signal.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bienc_cli.types import PairScores


def stuck(*_: object, **__: object) -> None:
    print("stuck", file=sys.stderr, flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", (1 << 31) - 1)


def main() -> None:
    from bienc_cli import models
    from bienc_cli.__main__ import run
    from bienc_cli.server import life, requests
    from fakes import FakeBiEncoder, FakeCrossEncoder

    encoder = FakeBiEncoder()
    # Whoever asks does so in another process, and what is kept would look like a leak.
    encoder.queries_encoded = encoder.passages_encoded = deque(maxlen=0)  # type: ignore[assignment]
    cross_encoder = FakeCrossEncoder()
    cross_encoder.pairs_scored = deque(maxlen=0)  # type: ignore[assignment]

    class Slow(FakeCrossEncoder):
        def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> PairScores:
            print("reading", file=sys.stderr, flush=True)
            time.sleep(float(os.environ["FAKE_SLOW"]))
            return super().score_pairs(pairs)

    if patience := os.environ.get("FAKE_PATIENCE"):
        requests._REQUEST_SECONDS = float(patience)
    if "FAKE_STUCK" in os.environ:
        life.live = stuck  # type: ignore[assignment]
    slow = float(os.environ.get("FAKE_SLOW", "0"))
    models.load_bi_encoder = lambda *_, **__: encoder  # type: ignore[assignment]
    models.identify_bi_encoder = lambda *_, **__: encoder.identity  # type: ignore[assignment]
    models.load_cross_encoder = (  # type: ignore[assignment]
        lambda *_, **__: Slow() if slow else cross_encoder
    )
    sys.executable = os.environ.get("FAKE_PROGRAM", sys.executable)
    run()


if __name__ == "__main__":
    main()
