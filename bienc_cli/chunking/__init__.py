"""Documents to passages."""

from bienc_cli.chunking.chunker import CHUNKING_VERSION, ChunkingParameters, chunk

__all__ = ["CHUNKING_VERSION", "ChunkingParameters", "chunk"]
