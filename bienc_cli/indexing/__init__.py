"""The way in: discover, read, chunk, encode, commit."""

from bienc_cli.indexing.forget import RemovalReport, Removed, remove_paths
from bienc_cli.indexing.indexer import (
    DEFAULT_OVERLAP_TOKENS,
    DEFAULT_PASSAGE_TOKENS,
    EncoderLoader,
    index_paths,
)
from bienc_cli.indexing.report import (
    DocumentCounts,
    IndexObserver,
    IndexOptions,
    IndexReport,
    Progress,
    SilentObserver,
)

__all__ = [
    "DEFAULT_OVERLAP_TOKENS",
    "DEFAULT_PASSAGE_TOKENS",
    "DocumentCounts",
    "EncoderLoader",
    "IndexObserver",
    "IndexOptions",
    "IndexReport",
    "Progress",
    "RemovalReport",
    "Removed",
    "SilentObserver",
    "index_paths",
    "remove_paths",
]
