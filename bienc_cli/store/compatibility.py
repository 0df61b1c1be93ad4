"""Whether what is to be written agrees with what an index was made with."""

from __future__ import annotations

from dataclasses import replace

from bienc_cli.errors import IndexMismatch
from bienc_cli.store.protocol import IndexInfo
from bienc_cli.store.room import Begun
from bienc_cli.types import ChunkingParameters, EncoderIdentity


def check_agreement(
    info: IndexInfo | Begun, encoder: EncoderIdentity, chunking: ChunkingParameters
) -> None:
    """Refuse vectors of another model, and passages cut otherwise.

    Raises:
        IndexMismatch: they are.
    """
    if info.encoder.fingerprint != encoder.fingerprint:
        was = "is being" if isinstance(info, Begun) else "was"
        raise IndexMismatch(
            f"This index {was} made with {info.encoder.name}, not {encoder.name}.",
            f"make another: bienc index PATH --model {encoder.name} --index DIR",
        )
    # An improved algorithm may cut anew what it reads anew.
    if replace(info.chunking, version=chunking.version) != chunking:
        raise IndexMismatch(
            f"This index has passages of {info.chunking.max_tokens} tokens with "
            f"{info.chunking.overlap_tokens} of overlap, not {chunking.max_tokens} "
            f"with {chunking.overlap_tokens}.",
            "make another: bienc index PATH --index DIR",
        )
