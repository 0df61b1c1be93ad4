"""The indexing pipeline: discover, read, chunk, encode, commit; see `indexer.index_paths`."""
