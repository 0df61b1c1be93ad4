"""The way in: discover, read, chunk, encode, commit; `indexer.index_paths` is all of it."""
