"""Run in a process of its own: `bienc` with fake models that is stuck at one stage.

    python interrupted.py STAGE ARGUMENTS...

STAGE is what blocks: `load`, `encode`, `graph`, `query`; or `none`. It blocks in native code
that looks at no signal, after it has said so on standard output.
"""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakes import FakeBiEncoder


def stuck(*_: object, **__: object) -> None:
    print("stuck", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", (1 << 31) - 1)


def with_fake_models() -> FakeBiEncoder:
    """Let this process load no others; its bi-encoder."""
    from bienc_cli import models
    from fakes import FakeBiEncoder, FakeCrossEncoder

    encoder = FakeBiEncoder()
    models.load_bi_encoder = lambda *_, **__: encoder  # type: ignore[assignment]
    models.identify_bi_encoder = lambda *_, **__: encoder.identity  # type: ignore[assignment]
    models.load_cross_encoder = lambda *_, **__: FakeCrossEncoder()  # type: ignore[assignment]
    return encoder


def main() -> None:
    from bienc_cli import models
    from bienc_cli.__main__ import run
    from bienc_cli.store import graph

    stage = sys.argv.pop(1)
    encoder = with_fake_models()
    match stage:
        case "load":
            models.load_bi_encoder = stuck  # type: ignore[assignment]
        case "encode":
            encode, calls = encoder.encode_passages, iter((False, True))
            encoder.encode_passages = (  # type: ignore[method-assign]
                lambda texts: stuck() if next(calls) else encode(texts)  # type: ignore[assignment]
            )
        case "graph":
            graph.FEWEST, graph.TAIL_LEAST = 1, 10
            graph.write = stuck  # type: ignore[assignment]
        case "query":
            encoder.encode_queries = stuck  # type: ignore[assignment]
    run()


if __name__ == "__main__":
    main()
