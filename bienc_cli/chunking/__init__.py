"""Cuts documents into passages."""

from bienc_cli.chunking.chunker import chunk

__all__ = ["chunk"]
